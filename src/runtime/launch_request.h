/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_LAUNCH_REQUEST_H
#define BT_RUNTIME_LAUNCH_REQUEST_H

/*
 * What a container is created from.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "codec/oci_spec.h"

/** A compiled filter; zeroed: none given. */
struct bt_launch_filter {
	const void *insns; /* struct sock_filter[], borrowed */
	size_t len;        /* bytes */
	unsigned flags;    /* of seccomp(2) SECCOMP_SET_MODE_FILTER */
};

struct bt_launch_request {
	const char *id;
	const struct bt_oci_spec *spec; /* borrowed */
	const char *bundle;             /* root.path is relative to it; NULL with rootfs_fd */
	/* Detached mount that becomes "/", borrowed, or -EBADF. The container gets a clone; before
	 * Linux 6.15 it gets the mount itself, and a clone is put in its place under the same
	 * number. */
	int rootfs_fd;
	int netns_fd;                    /* joined instead of making one, borrowed, or -EBADF */
	struct bt_launch_filter seccomp; /* instead of compiling spec->linux.seccomp */
	int stdio[3];                    /* become 0, 1, 2 without a terminal; borrowed */
	bool no_pivot, no_new_keyring;
	bool systemd_cgroup;
	bool rootless; /* a control group that cannot be had is done without */
	/* bt_launch_start() follows at once: the init need not wait for it where nothing has to be
	 * done before. */
	bool at_once;
	/* Called with the init's process id while it is being set up, before it may go on to the
	 * user's program; NULL: nothing is. A failure is that of the creation. */
	int (*born)(void *arg, pid_t pid, struct bt_err *err);
	void *born_arg;
	int preserve_fds; /* 3 .. 3+n-1 stay open */
	/* Where the init also listens for a start by another process, at BT_LAUNCH_START_SOCKET:
	 * see bt_launch_reach(). NULL: it ends when this process does before the start. */
	const char *state_dir;
};

#endif
