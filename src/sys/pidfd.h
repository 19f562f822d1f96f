/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_PIDFD_H
#define BT_SYS_PIDFD_H

/*
 * A process held by a descriptor, so that its number cannot come to mean another.
 *
 * pidfd_open(2) came with Linux 5.3 and setns(2) with such a descriptor with 5.8.
 * Without them the directory of the process in procfs is held: it, too, is of this
 * process for ever, takes signals (pidfd_send_signal(2), Linux 5.1), and has its
 * namespaces. It cannot be waited for.
 */

#include <sys/types.h>

#include "base/attr.h"

/** Hold the process `pid`. Returns a descriptor owned by the caller, -ESRCH, or -errno. */
bt_nodiscard int bt_pidfd_open(pid_t pid);

/** Send a signal to the process, which had the number `pid`. Returns 0, -ESRCH where it has gone,
 * or -errno. */
bt_nodiscard int bt_pidfd_signal(int pidfd, pid_t pid, int signal);

/** Enter the namespaces of `types` (CLONE_NEW*) of the process, which had the number `pid`: the
 * user namespace first, the mount namespace last. Returns 0 or -errno; after a failure the caller
 * may be in some of them. */
bt_nodiscard int bt_pidfd_setns(int pidfd, pid_t pid, int types);

#endif
