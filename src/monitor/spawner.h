/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_MONITOR_SPAWNER_H
#define BT_MONITOR_SPAWNER_H

/*
 * The spawner: a small process of one thread that forks monitors. It runs
 * `berth-runtime spawner` from a sealed memfd, so that nothing reachable through
 * /proc from a container is a file that can be written, and it is started before
 * the daemon's first thread exists. See docs/decisions/0001-processes.md.
 */

#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

/**
 * Daemon's side: copy the program at `runtime_path` into a sealed memfd and run
 * it as the spawner, in a session of its own. Where one has died it may be called
 * again, also by a process with threads: between fork and exec it allocates nothing.
 * The copy, milliseconds of a daemon's start, is made by the new process; where it fails the
 * reason is logged, and the process is gone.
 *
 * *ret_pid is a child that the caller reaps; *ret_fd (owned by the caller,
 * close-on-exec) is the connection for bt_client_spawn(). The spawner exits when
 * every copy of it is closed; monitors go on.
 */
bt_nodiscard int bt_spawner_start(const char *runtime_path, pid_t *ret_pid, int *ret_fd,
				  struct bt_err *err);

/** A program beside the monitor's, which a request asks for. */
struct bt_spawner_helper {
	const char *request; /* the whole packet: BT_PROTOCOL_… */
	/** Descriptors that came with the request (owned); returns its exit code. */
	int (*run)(const int *fds, size_t nfds);
};

/**
 * The spawner's own loop on connection `fd` (owned): receive, fork, answer, reap.
 * Returns an exit code: 0 when the connection ended. In each forked child it runs
 * the monitor, or one of `helpers` (up to one without a request), and never returns.
 */
int bt_spawner_run(int fd, const struct bt_spawner_helper *helpers);

#endif
