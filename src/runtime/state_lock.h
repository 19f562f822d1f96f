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

#include <signal.h>
#include <sys/types.h>

#include "base/attr.h"

/** Make the lock in a new container's directory, and hold it. Returns a descriptor (owned) whose
 * closing lets go; -ENOENT where the directory is gone again; or another -errno. */
bt_nodiscard int bt_state_lock_create(const char *dir);

/** Take the lock of the container in `dir`, for `timeout_ms` at most (-1: for ever, 0: do not
 * wait). Returns a descriptor (owned) whose closing lets go; -EAGAIN where another holds it all the
 * time; -ENOENT where there is no such container, or no more; or another -errno. */
bt_nodiscard int bt_state_lock_take(const char *dir, int timeout_ms);

/** Hold the lock of the container in `dir` again, which was let go of by bt_state_lock_release().
 * Returns 1; 0 where the container was deleted meanwhile; -EINTR where another holds it and a
 * signal of `enough` has come, which the caller has blocked; or another -errno. */
bt_nodiscard int bt_state_lock_retake(int lock, const char *dir, const sigset_t *enough);
/** Let go, and keep the descriptor. Returns 0 or -errno. */
bt_nodiscard int bt_state_lock_release(int lock);

/** Who holds the lock of the container in `dir`, another process than the caller, which must not
 * hold it itself: it would let go. Returns 1, with a number of 0 or less where the process is not
 * to be seen from here (in another PID namespace, on another machine); 0 where nobody does; or
 * -errno.
 */
bt_nodiscard int bt_state_lock_holder(const char *dir, pid_t *ret);
/** Take the lock of the container in `dir` from whoever holds it for `timeout_ms` (0: at all): that
 * process is ended by SIGKILL, and the next one that holds it for as long. Returns a descriptor
 * (owned) whose closing lets go; -ENOENT where there is no such container, or no more; -EREMOTE
 * where the process is not to be seen from here; -EAGAIN where several have held on to it; or
 * another -errno. */
bt_nodiscard int bt_state_lock_take_by_force(const char *dir, int timeout_ms);

/** Close the lock of a container of which all is removed but the directory, and remove that.
 * A network file system keeps a removed file in its directory, under another name, as long as
 * somebody has it open: those who wait for the lock are given ten seconds to see that it is gone.
 * Returns 0, also where the directory is another container's by now; or -errno. */
bt_nodiscard int bt_state_lock_close(int *lock, const char *dir);

#endif
