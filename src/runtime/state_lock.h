/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_STATE_LOCK_H
#define BT_RUNTIME_STATE_LOCK_H

/*
 * Who changes what a container is: its creator, its start, its deletion, one after the
 * other. The lock is a file in the container's directory, made by its creator and gone with it:
 * whoever waited for it learns that the container is another one, or none, by now.
 *
 * It ends with the process that holds it, and no child inherits it (fcntl(2), "Advisory record
 * locking"): an init whose creator was killed keeps nobody out.
 */

#include "base/attr.h"

/** Make the lock in a new container's directory, and hold it. Returns a descriptor (owned) whose
 * closing lets go; -ENOENT where the directory is gone again; or another -errno. */
bt_nodiscard int bt_state_lock_create(const char *dir);

/** Take the lock of the container in `dir`, for `timeout_ms` at most (-1: for ever, 0: do not
 * wait). Returns a descriptor (owned) whose closing lets go; -EAGAIN where another holds it all the
 * time; -ENOENT where there is no such container, or no more; or another -errno. */
bt_nodiscard int bt_state_lock_take(const char *dir, int timeout_ms);

/** Hold a lock again that was let go of by bt_state_lock_release(), for ever. Returns 1; 0 where
 * the container was deleted meanwhile; or -errno. */
bt_nodiscard int bt_state_lock_retake(int lock);
/** Let go, and keep the descriptor. Returns 0 or -errno. */
bt_nodiscard int bt_state_lock_release(int lock);

#endif
