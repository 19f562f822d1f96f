/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_OCI_EXEC_FLAGS_H
#define BT_RUNTIME_OCI_EXEC_FLAGS_H

/*
 * What the flags of `exec` say.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/* The kernel takes 65536 groups; nobody types more. */
#define BT_OCI_EXEC_FLAGS_MAX 256

/** Zeroed: none was given. Texts are borrowed of the arguments. */
struct bt_oci_exec_flags {
	const char *console_socket, *pid_file, *pidfd_socket, *process, *cwd, *user, *label,
		*apparmor;
	bool tty, detach, no_new_privs, ignore_paused;
	char *env[BT_OCI_EXEC_FLAGS_MAX];
	size_t nenv;
	uint32_t gids[BT_OCI_EXEC_FLAGS_MAX];
	size_t ngids;
	char *cgroups[BT_OCI_EXEC_FLAGS_MAX]; /* "CONTROLLER:PATH" or "PATH" */
	size_t ncgroups;
	uint64_t caps; /* bits */
	int preserve_fds;
};

/** Read the flags before the first argument, which is at `optind` then; `argv[0]` is the command's
 * name. Of a flag that is no list the last counts. Returns 0, -EINVAL, or -E2BIG for a list of more
 * than BT_OCI_EXEC_FLAGS_MAX; *ret may hold some of them then. */
bt_nodiscard int bt_oci_exec_flags_take(int argc, char **argv, struct bt_oci_exec_flags *ret,
					struct bt_err *err);

/** --user: "UID" or "UID:GID"; without one the group is 0. Returns 0, -EINVAL or -ENOMEM. */
bt_nodiscard int bt_oci_exec_flags_user(const char *text, uint32_t *ret_uid, uint32_t *ret_gid,
					struct bt_err *err);

#endif
