/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_PLAN_H
#define BT_RUNTIME_PLAN_H

/*
 * Everything an init needs, worked out before it exists: options sorted, mount
 * sources opened on the host, namespaces opened, the environment laid out. The
 * creating process may allocate and may explain; the init, between clone and
 * exec, only carries out.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "codec/oci_spec.h"
#include "runtime/launch_request.h"
#include "runtime/mount_options.h"
#include "runtime/seccomp.h"
#include "runtime/sync.h"
#include "sys/cgroup.h"
#include "sys/mnt.h"

enum bt_plan_mount_kind {
	BT_PLAN_FS,      /* a new file system of mount->type */
	BT_PLAN_BIND,    /* source_fd */
	BT_PLAN_CGROUP,  /* the container's control groups */
	BT_PLAN_REMOUNT, /* other attributes for what is mounted there */
};

struct bt_plan_mount {
	const struct bt_oci_mount *mount;
	struct bt_mount_options options;
	enum bt_plan_mount_kind kind;
	int source_fd; /* owned: detached clone of a bind's source */
	bool source_is_dir;
	bool late; /* its attributes can only be changed when it is attached */
};

/** A namespace of somebody else that the process enters. */
struct bt_plan_join {
	int type; /* CLONE_NEW* */
	int fd;   /* owned, or borrowed where `borrowed` */
	bool borrowed;
};

#define BT_PLAN_NAMESPACES_MAX 8

/** What one process of a container is made with; shared by create and exec. */
struct bt_plan_process {
	const struct bt_oci_process *process; /* borrowed */
	struct bt_oci_capabilities caps;      /* cut to what this machine has */
	struct bt_launch_filter filter;       /* zeroed: none */
	struct bt_seccomp_filter compiled;    /* owned, where the filter was not given */
	bool notify;                          /* its listener goes to the creator */
	char **env;            /* the process' environment, with room for HOME before the NULL */
	size_t env_len;        /* entries used */
	bool home_missing;     /* no HOME was given */
	const char *path_list; /* $PATH of the environment, or the default */
	int stdio[3];          /* borrowed; -EBADF with a terminal */
	int preserve_fds;
	bool count_late; /* RLIMIT_NPROC is for bt_process_lead(): a process is born in between */
	bool new_keyring;
	const char *keyring_name;
};

struct bt_plan {
	const struct bt_launch_request *req; /* borrowed */
	const struct bt_oci_spec *spec;      /* borrowed */
	struct bt_arena arena;
	int rootfs_fd;          /* owned: detached clone of the root */
	const char *root_place; /* where createContainer hooks find it; NULL: nobody looks */
	bool root_late;         /* its propagation can only be changed when it is attached */
	bool root_used_up;      /* it is the caller's own: the init sends a clone back */
	int map_userns;         /* owned: a user namespace with the container's maps, for mounts */
	uint64_t clone_flags;   /* namespaces made with the init */
	uint64_t unshare_flags; /* made by the init itself, later */
	struct bt_plan_join joins[BT_PLAN_NAMESPACES_MAX];
	size_t njoins;
	struct bt_plan_mount *mounts;
	size_t nmounts;
	uint64_t root_propagation; /* MS_* */
	bool root_propagation_recursive;
	bool root_propagation_given;
	struct bt_plan_process process;
	struct bt_cgroup cgroup; /* owned: the container's group, or none yet */
	int net_sock; /* borrowed: brings the network namespace (runtime/net_maker.h), or negative
		       */
	/* The creator makes the rest of the group while the init mounts, and says so (GROUP). */
	bool group_comes_later;
	const char *hook_state; /* runtime/hooks.h; NULL without hooks */
	char warning[BT_SYNC_WARNING_LEN];
};

/** Append a warning, separated by "; ", cut where the buffer ends. */
void bt_plan_warn(char warning[BT_SYNC_WARNING_LEN], const char *fmt, ...) bt_printf(2, 3);

/** Does the plan make the container a namespace of `type` (CLONE_NEW*) of its own? */
bool bt_plan_makes(const struct bt_plan *plan, uint64_t type);

/** The propagation that the clone of the root begins with: what was asked for, but for a shared or
 * unbindable root, which becomes that when it is entered. A clone of what the host shares would
 * show the host all that is mounted in it, and pivot_root(2) takes no root that is shared. */
struct bt_mnt_change bt_plan_root_change(const struct bt_plan *plan);

/** Is the container in a user namespace that is not its creator's? */
bool bt_plan_has_userns(const struct bt_plan *plan);

#endif
