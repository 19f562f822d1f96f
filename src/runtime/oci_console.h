/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_OCI_CONSOLE_H
#define BT_RUNTIME_OCI_CONSOLE_H

/*
 * The terminal of a container started from the OCI command line: handed to the
 * caller's console socket, or in the foreground copied to our own terminal.
 */

#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "runtime/oci_notify.h"

/** Send the terminal's master to the unix stream socket at `path`, as runc does: one byte or more
 * of data with the descriptor. */
bt_nodiscard int bt_oci_console_send(const char *path, int master, struct bt_err *err);
/** The same of a process' pidfd (--pidfd-socket), with `kind` as the data: "standard" for a
 * container's init, "setns" for a process of exec. */
bt_nodiscard int bt_oci_console_send_pidfd(const char *path, const char *kind, int pidfd,
					   struct bt_err *err);

/** From here on signals wait for bt_oci_console_attend(), which passes them on: one that comes as
 * soon as the process runs must not end us instead. For before it is started; the process and hooks
 * begin with no signal blocked all the same. Returns 0 or -errno. */
bt_nodiscard int bt_oci_console_hold(struct bt_err *err);

/** Stay with the process `pid` until it ends: pass signals on, and with a terminal (`master` not
 * negative) copy both ways, our own terminal being raw meanwhile. What it says to `notify` is
 * handed on, with ourselves as the main process. Reaps it. Returns its exit code (128 + signal); or
 * -errno where its end cannot be watched for, and it runs on. */
bt_nodiscard int bt_oci_console_attend(pid_t pid, int master, const struct bt_oci_notify *notify,
				       struct bt_err *err);

#endif
