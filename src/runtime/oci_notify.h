/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_OCI_NOTIFY_H
#define BT_RUNTIME_OCI_NOTIFY_H

/*
 * sd_notify(3) from a container started by the OCI command line, as runc has it: where the caller
 * has $NOTIFY_SOCKET, the program gets a socket of its own at /run/notify/notify.sock. Of what it
 * says there "READY=1" alone is handed on, with a process of the host's as MAINPID: a container has
 * nothing else to say to the host's service manager.
 *
 * `create` makes the directory that is mounted, `start` the socket in it; `run` makes both.
 */

#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "runtime/state.h"

/** The socket that the container's program writes to, or none: then `fd` is negative. */
struct bt_oci_notify {
	int fd;           /* owned */
	const char *host; /* $NOTIFY_SOCKET, borrowed */
};
#define BT_OCI_NOTIFY_NONE ((struct bt_oci_notify){ .fd = -EBADF })

/** With $NOTIFY_SOCKET: make the directory in state->dir, and add its mount and the variable to
 * state->spec (in its arena). Without it nothing is done. Returns 0 or a negative errno. */
bt_nodiscard int bt_oci_notify_plan(struct bt_state *state, struct bt_err *err);

/** With $NOTIFY_SOCKET, and where bt_oci_notify_plan() made the directory: bind the socket in it.
 * Returns 0 with *ret (none where there is nothing to do), or a negative errno. */
bt_nodiscard int bt_oci_notify_bind(const char *state_dir, struct bt_oci_notify *ret,
				    struct bt_err *err);

/** Read one message; where it says that the program is ready, hand that on with `main` as the
 * service's process. Returns 1 where it was handed on, or 0. */
int bt_oci_notify_take(const struct bt_oci_notify *notify, pid_t main);

/** Wait until the container's init says that it is ready, or has ended; hand it on with the init as
 * MAINPID, and wait (30 seconds at most) until the manager has read it: it would not believe a
 * process that has gone. Does nothing with none. */
void bt_oci_notify_wait(const struct bt_oci_notify *notify, pid_t init);

/** Close it; the file goes with the state's directory. */
void bt_oci_notify_done(struct bt_oci_notify *notify);

#endif
