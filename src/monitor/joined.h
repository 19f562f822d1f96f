/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_MONITOR_JOINED_H
#define BT_MONITOR_JOINED_H

/*
 * The processes whose namespaces a container joins (--network, --pid, --ipc
 * container:X). The specification names them by number, /proc/N/ns/…, and a
 * number that has become free is given to anybody, also to a program of the
 * host: a later run of the container must not follow it there. So each process
 * is held from the first run on, and no run begins after one of them has ended.
 */

#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "monitor/protocol.h"

/** Zeroed: none is joined. */
struct bt_joined {
	int fds[BT_SPAWN_JOINED_MAX]; /* pidfds, owned; -EBADF where the kernel has none */
	unsigned n;
};

/**
 * Hold `pids`, which run now, before the first run.
 *
 * Returns 0, or a negative errno: CONFLICT where one has ended. Where the kernel has no pidfds it
 * is 0, too, but no later run begins.
 */
bt_nodiscard int bt_joined_hold(const pid_t *pids, unsigned n, struct bt_joined *ret,
				struct bt_err *err);

/** Before a later run: 0 while all of them live, or CONFLICT. */
bt_nodiscard int bt_joined_check(const struct bt_joined *joined, struct bt_err *err);

/** Let go of them. */
void bt_joined_done(struct bt_joined *joined);

#endif
