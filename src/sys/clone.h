/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_CLONE_H
#define BT_SYS_CLONE_H

/*
 * A child process with namespaces of its own, in one system call.
 */

#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"

struct bt_clone {
	uint64_t flags; /* CLONE_NEW*, CLONE_PARENT */
	int cgroup_fd;  /* v2 directory to be born in, or negative */
};

/**
 * Clone the calling process, which must have one thread. The child gets a copy of
 * all memory, as after fork(2), but none of the C library's fork handlers have run:
 * it may not start threads.
 *
 * Returns the child's pid and fills *ret_pidfd (close-on-exec, owned by the caller);
 * 0 in the child; or -errno. Where clone3(2) is not to be had (Linux 5.3, 5.7 with `cgroup_fd`; a
 * filter), clone(2) is used, and the child moves into the group itself before this returns
 * in it. CLONE_NEWTIME is -ENOSYS then.
 */
bt_nodiscard pid_t bt_clone(const struct bt_clone *args, int *ret_pidfd);

/**
 * Kill and reap the child `leader`, and whoever it has left: clones that are the caller's children
 * (CLONE_PARENT) and whose numbers it has not told. They are found by the group of processes that
 * it makes of itself (setpgid(2)) before it clones, and that they must not leave before they are
 * told to. The leader may have ended, and must not be reaped yet: its number is nobody else's then.
 */
void bt_clone_end_group(pid_t leader);

/** The name under /proc/PID/ns of the namespace type CLONE_NEW*; "?" if there is none. */
const char *bt_clone_namespace_name(int type);

#endif
