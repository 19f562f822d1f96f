/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_PIDFILE_H
#define BT_API_PIDFILE_H

/*
 * One daemon for each pair of roots: locks that go with the process, and the
 * file that tells its id.
 */

#include "base/attr.h"
#include "base/err.h"

/** Make the directory `path` where it is missing, and lock it for this process. `what` names it
 * in messages. Returns a descriptor that holds the lock; kind CONFLICT where another process
 * has it. */
bt_nodiscard int bt_pidfile_lock_root(const char *path, const char *what, struct bt_err *err);

/** Write our process id to `path`; kind CONFLICT where a living process is named there. */
bt_nodiscard int bt_pidfile_write(const char *path, struct bt_err *err);

#endif
