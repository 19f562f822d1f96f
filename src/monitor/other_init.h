/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_MONITOR_OTHER_INIT_H
#define BT_MONITOR_OTHER_INIT_H

/*
 * The init of another runtime's container. `start` of runc and crun returns once it
 * let go of the init, which is the runtime's own program still, with that one's signal
 * handlers: for a moment a SIGTERM ends it with a code of the runtime's, where the
 * container's program would have caught it, or as first process of its namespace
 * ignored it. Nobody is told of such an exec; so what the process runs is compared.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"

#define BT_OTHER_INIT_CMDLINE 256

/** What a process runs. */
struct bt_other_init {
	dev_t dev; /* of its program; 0 where that is not told */
	ino_t ino;
	size_t len; /* of the beginning of its arguments */
	char cmdline[BT_OTHER_INIT_CMDLINE];
};

/** What `pid` runs now; nothing where it has ended. */
void bt_other_init_look(pid_t pid, struct bt_other_init *ret);

/** Wait until `pid` runs something else than `before`, or has ended (`pidfd`); or for
 * `timeout_ms`, which passes where the container's program is the runtime itself with the same
 * arguments, or the process executes none: a virtual machine's. Returns whether it does, or has
 * ended. */
bool bt_other_init_await(pid_t pid, int pidfd, const struct bt_other_init *before, int timeout_ms);

#endif
