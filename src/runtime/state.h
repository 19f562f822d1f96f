/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_STATE_H
#define BT_RUNTIME_STATE_H

/*
 * What the OCI command line remembers of a container between its calls: a
 * directory <root>/<id>, mode 0700, with state.json, a copy of the configuration,
 * and until the start the init's socket. It lies on a tmpfs and needs no syncing.
 * A state.json that has its name never changes; each save is a file of its own in its place.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "codec/oci_spec.h"
#include "runtime/cgroups.h"
#include "sys/cgroup.h"

enum bt_state_status {
	BT_STATE_CREATING,
	BT_STATE_CREATED,
	BT_STATE_RUNNING,
	BT_STATE_PAUSED,
	BT_STATE_STOPPED,
};

/** Strings and the specification live in the arena. Zeroed is none. */
struct bt_state {
	struct bt_arena arena;
	const char *id;
	const char *dir; /* <root>/<id> */
	const char *bundle;
	const char *rootfs;
	pid_t pid;
	uint64_t start_time; /* of the init, /proc/PID/stat: tells it from a later process */
	int64_t created;     /* nanoseconds since the epoch */
	bool creating;       /* `pid` is still the creating process, which may have been killed */
	bool no_pivot, no_new_keyring;
	bool systemd_cgroup; /* systemd's driver keeps its group */
	bool rootless;       /* it may have none */
	struct bt_oci_spec spec;
};

/** May `id` name a container? Letters, digits, "_", "+", "-", ".", and neither "." nor "..". */
bool bt_state_id_valid(const char *id);

/** Make the directory of a new container, with its lock, which is held (runtime/state_lock.h).
 * Returns 0; -EEXIST (kind CONFLICT) where there is one already; or another -errno. `*ret_dir` is a
 * new string, `*ret_lock` a descriptor (both owned). */
bt_nodiscard int bt_state_reserve(const char *root, const char *id, char **ret_dir, int *ret_lock,
				  struct bt_err *err);

/** Write state.json, at once for whoever reads it, and before it the configuration's copy unless
 * `config` is NULL: first with `creating` set, so that what a killed creation leaves behind can be
 * found, and again when the container is there. Killed or failing at any point it leaves the state
 * before, whole. One writer at a time: the container's creator. */
bt_nodiscard int bt_state_save(const struct bt_state *state, const char *config,
			       struct bt_err *err);

/** Read a container's state. Returns 0, or -ENOENT (kind NOT_FOUND) where there is none. */
bt_nodiscard int bt_state_load(const char *root, const char *id, struct bt_state *ret,
			       struct bt_err *err);

/** What the container is doing now. Returns 0, or -errno where want of memory or descriptors keeps
 * it from being told: what is not known is no end. */
bt_nodiscard int bt_state_status(const struct bt_state *state, enum bt_state_status *ret,
				 struct bt_err *err);

/** Something about the container has failed as `err` says. Where it has ended or was deleted
 * meanwhile, that is put in its place. Returns -err->errnum. */
int bt_state_failed(const struct bt_state *state, struct bt_err *err);

/** "creating", "created", "running", "paused", "stopped". */
const char *bt_state_status_name(enum bt_state_status status);

/** The container as the owner of its control group; borrows from the state. */
struct bt_cgroups_owner bt_state_owner(const struct bt_state *state);

/** Open the container's control group; `ret` refers to the machine's, which stays. */
bt_nodiscard int bt_state_cgroup(const struct bt_state *state, struct bt_cgroup *ret,
				 struct bt_err *err);

/** Send a signal to the init, if it still is the one of the state. Returns 0 or -ESRCH or
 * another -errno. */
bt_nodiscard int bt_state_signal(const struct bt_state *state, int signal);

/** The start time of a process, in clock ticks since the boot. Returns 1; 0 where it has ended
 * (also as a zombie); or -errno. */
bt_nodiscard int bt_state_start_time(pid_t pid, uint64_t *ret);

/** Remove the directory, the state first: what is removed in part is a container no more, and
 * removing it again goes on from there. `lock` is the caller's lock on it, which is let go of where
 * the file system wants it closed (bt_state_lock_close()), or NULL. */
bt_nodiscard int bt_state_remove(const char *dir, int *lock, struct bt_err *err);

/** Release what it holds and leave it empty. */
void bt_state_done(struct bt_state *state);

#define bt_auto_state bt_auto(bt_state_done)

#endif
