/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_LAUNCH_H
#define BT_RUNTIME_LAUNCH_H

/*
 * Starting processes in containers: what the monitor and the OCI command line
 * both stand on. A container is created in two steps, as the OCI runtime
 * specification (runtime.md, lifecycle) wants it: create sets everything up and
 * leaves the init waiting just before execve(2); start lets it go.
 *
 * The calling process must have one thread. The init becomes its child and is
 * reaped by the caller.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "codec/oci_spec.h"
#include "runtime/cgroups.h"
#include "runtime/launch_request.h"
#include "runtime/sync.h"

#define BT_LAUNCH_START_SOCKET "start.sock"

/** A created container. Zeroed is none. What is borrowed comes from the request and must live
 * until bt_launch_start() has returned. */
struct bt_launch {
	pid_t pid;
	int pidfd;                      /* owned */
	int sync_fd;                    /* owned: releases the init and brings its last error */
	int console_fd;                 /* owned: the master of the terminal, or -EBADF */
	bool started;                   /* the init has been let go already */
	const struct bt_oci_spec *spec; /* borrowed, for the poststart hooks */
	const char *id, *bundle;        /* borrowed */
	/* What the machine could not give in full ("; " between), for the user to see, or "". */
	char warning[256];
};

/**
 * Create: cgroup and limits, namespaces, mounts, pivot_root, devices, user,
 * capabilities, filter; hooks up to createContainer run. The init then waits, unless
 * req->at_once lets it go on: how that went is for bt_launch_start() to say.
 *
 * Returns 0; or a negative errno with nothing left behind. Kind INVALID where the
 * specification asks for something impossible; the message names the field.
 */
bt_nodiscard int bt_launch_create(const struct bt_launch_request *req, struct bt_launch *ret,
				  struct bt_err *err);

/**
 * Start: the init execs the user's program. Waits until execve(2) has succeeded
 * or failed. err->errnum then tells 127 (ENOENT) from 126 (EACCES, EISDIR,
 * ENOEXEC …): see bt_launch_exit_code(). After a failure the init is dead, and
 * the caller reaps it and calls bt_launch_cleanup().
 */
bt_nodiscard int bt_launch_start(struct bt_launch *launch, struct bt_err *err);

/** The two steps of it, for who has something to do between them: the program runs, and its
 * poststart hooks, which find a running container (runtime specification, "Lifecycle", 8 and 9). */
bt_nodiscard int bt_launch_release(struct bt_launch *launch, struct bt_err *err);
bt_nodiscard int bt_launch_poststart(const struct bt_launch *launch, struct bt_err *err);

/** Take up a container that another process created with this state directory: fill *ret so
 * that bt_launch_start() can follow. `pid` is its init's. Returns 0 or -errno. */
bt_nodiscard int bt_launch_reach(const char *state_dir, pid_t pid, struct bt_launch *ret,
				 struct bt_err *err);

/** 127, 126 or 125: how Docker and shells report a start that failed with `err`. */
int bt_launch_exit_code(const struct bt_err *err);
/** The same of an exec, of whose failure the daemon has told before: 127 or 126, as Docker. */
int bt_launch_exec_exit_code(const struct bt_err *err);

/** The start has failed: kill the process, a child of the caller, which may run for all that (only
 * a hook of poststart may have failed), reap it, and bt_launch_done(). */
void bt_launch_end(struct bt_launch *launch);
/** Release descriptors and leave it empty; the process is not touched. */
void bt_launch_done(struct bt_launch *launch);

/** Kill whatever is left in the container's cgroup, wait for it (ten seconds at most), remove the
 * cgroup, and run the poststop hooks. A hook that fails is a warning and hinders nothing (runtime
 * specification, "Lifecycle", 13). `warning` may be NULL. */
bt_nodiscard int bt_launch_cleanup(const struct bt_cgroups_owner *owner,
				   char warning[BT_SYNC_WARNING_LEN], struct bt_err *err);

/** The part of it that leaves and removes the container's class of service (runtime/rdt.h). */
void bt_launch_leave_class(const struct bt_cgroups_owner *owner);

struct bt_launch_exec {
	pid_t target; /* the container's init */
	/* Of it, bt_state_start_time(): its number may be another's by now; 0: it is a child of
	 * the caller. */
	uint64_t target_start;
	const struct bt_oci_process *process; /* borrowed */
	const struct bt_oci_spec
		*spec; /* of the container, for cgroup and rootless rules; borrowed */
	const char *id;
	struct bt_launch_filter seccomp;
	int stdio[3];
	int preserve_fds;
	bool no_pivot; /* as the container was created */
	bool no_new_keyring;
	bool systemd_cgroup; /* as the container was created */
	bool rootless;
	/* Groups below the container's to begin in, as runtime/exec_cgroup.h says; borrowed. */
	struct bt_oci_strings sub_cgroups;
};

/**
 * Run another process in the namespaces and cgroup of a running container; it is
 * a child of the caller and has execed when this returns. After a failure nothing
 * is left; bt_launch_exit_code() tells 127 from 126.
 */
bt_nodiscard int bt_launch_exec(const struct bt_launch_exec *req, struct bt_launch *ret,
				struct bt_err *err);

#endif
