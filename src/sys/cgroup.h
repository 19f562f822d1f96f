/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_CGROUP_H
#define BT_SYS_CGROUP_H

/*
 * Control groups, versions 1, 2 and both at once, behind one interface.
 *
 * Which hierarchies there are is read once from mountinfo (struct bt_cgroup_host);
 * each controller sits on at most one of them. A group is the same path in every
 * hierarchy, held by a directory descriptor in each. Limits are given in the terms
 * of the OCI specification (that is, of version 1) and converted where a controller
 * is on version 2, as runc converts them.
 *
 * No policy: a controller that is missing is seen in `controllers`; asking for a
 * limit of such a controller is -EOPNOTSUPP, and nothing else is.
 * Unless said otherwise, functions return 0 or -errno.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "sys/cgroup_controller.h"
#include "sys/cgroup_limits.h"

#define BT_CGROUP_HIERARCHIES_MAX 24

struct bt_cgroup_hierarchy {
	int fd; /* O_PATH directory of the mount point, owned */
	bool v2;
	uint32_t controllers; /* bits; none for a named hierarchy (systemd's) */
	char *mount_point;    /* owned */
	char *name;           /* of a named hierarchy, owned, else NULL */
};

/** What the machine has. Zeroed is nothing. */
struct bt_cgroup_host {
	struct bt_cgroup_hierarchy v[BT_CGROUP_HIERARCHIES_MAX];
	unsigned n;
	int unified;                          /* index of the version 2 hierarchy, or -1 */
	int8_t where[BT_CGROUP_CONTROLLERS_]; /* hierarchy of each controller, or -1 */
	uint32_t controllers;                 /* all that are anywhere */
};

/** Read /proc/self/mountinfo and open each hierarchy once. No hierarchy at all is no error. */
bt_nodiscard int bt_cgroup_host_open(struct bt_cgroup_host *ret);

/** The part of it that opens nothing: `text` is a mountinfo file (proc(5)). Descriptors are
 * -EBADF. Returns 0, -E2BIG with more hierarchies than fit, or -ENOMEM. */
bt_nodiscard int bt_cgroup_host_parse(const char *text, struct bt_cgroup_host *ret);

/** Release everything and leave it empty. */
void bt_cgroup_host_done(struct bt_cgroup_host *host);

#define bt_auto_cgroup_host bt_auto(bt_cgroup_host_done)

/** Version 2 and nothing else? */
bool bt_cgroup_host_is_v2(const struct bt_cgroup_host *host);

/** Is there a version 1 hierarchy, which processes can only be moved into after their birth? */
bool bt_cgroup_host_has_v1(const struct bt_cgroup_host *host);

/** A group. Zeroed is none; the host must outlive it. */
struct bt_cgroup {
	const struct bt_cgroup_host *host;
	char *path;                          /* "/docker/<id>", owned */
	int dirs[BT_CGROUP_HIERARCHIES_MAX]; /* O_PATH, owned; -EBADF: not there */
	unsigned ndirs;                      /* the host's n */
};

/**
 * Make the group in every hierarchy, with all missing parents: on version 2
 * controllers are handed down to it, on version 1 a cpuset gets its parent's
 * processors and nodes. One that exists is taken as it is.
 *
 * @path: absolute within each hierarchy; "." and ".." are -EINVAL.
 *
 * After a failure nothing that it made remains, but for parents.
 */
bt_nodiscard int bt_cgroup_create(const struct bt_cgroup_host *host, const char *path,
				  struct bt_cgroup *ret);

/**
 * The first step of bt_cgroup_create(), for who has a child born while the rest is made: only
 * what clone3(2) needs, that is the version 2 hierarchy (bt_cgroup_clone_fd()). Where there is no
 * other, all is done.
 */
bt_nodiscard int bt_cgroup_begin(const struct bt_cgroup_host *host, const char *path,
				 struct bt_cgroup *ret);

/** The second step: the version 1 hierarchies. After a failure the group is as it was begun. */
bt_nodiscard int bt_cgroup_complete(struct bt_cgroup *cg);

/** Open a group that exists in at least one hierarchy; -ENOENT where in none. */
bt_nodiscard int bt_cgroup_open(const struct bt_cgroup_host *host, const char *path,
				struct bt_cgroup *ret);

/** The same for who needs no more than one controller's hierarchy; -EOPNOTSUPP where there is no
 * such controller. */
bt_nodiscard int bt_cgroup_open_one(const struct bt_cgroup_host *host, const char *path,
				    enum bt_cgroup_controller controller, struct bt_cgroup *ret);

/** Have `cg` stand, in the hierarchy of number `hierarchy`, for the group at `sub` below the one it
 * stands for there; its path stays. Slashes at the ends do not matter, and nothing but slashes is
 * the group itself. Returns 0, -EINVAL where a component is "..", or as openat(2): -ENOENT where
 * there is none, or where `cg` itself is not there. After a failure `cg` is as it was. */
bt_nodiscard int bt_cgroup_descend(struct bt_cgroup *cg, unsigned hierarchy, const char *sub);

/** Remove the group where nothing is in it, with one call for each hierarchy; a missing one is
 * fine. -EBUSY where processes or groups are left: then bt_cgroup_open(), kill, bt_cgroup_remove().
 */
bt_nodiscard int bt_cgroup_remove_empty(const struct bt_cgroup_host *host, const char *path);

/** Close (the group itself stays) and leave it empty. */
void bt_cgroup_done(struct bt_cgroup *cg);

#define bt_auto_cgroup bt_auto(bt_cgroup_done)

/** Move the process `pid` into the group, in every hierarchy. */
bt_nodiscard int bt_cgroup_add(const struct bt_cgroup *cg, pid_t pid);

/**
 * Move the calling process, which must have one thread. Much cheaper than
 * bt_cgroup_add(): the kernel takes no lock on all thread groups for a thread that
 * moves itself. Async-signal-safe, allocates nothing. The descriptors may have been
 * opened by a parent: rights are those of who opened the group.
 *
 * @skip_unified: the process was born in it (bt_cgroup_clone_fd()).
 */
bt_nodiscard int bt_cgroup_enter(const struct bt_cgroup *cg, bool skip_unified);

/**
 * bt_cgroup_enter() for a child born into a group that was begun, once it is complete: it holds no
 * descriptors of the rest, so it goes by the path. Async-signal-safe, allocates nothing.
 */
bt_nodiscard int bt_cgroup_enter_made(const struct bt_cgroup *cg);

/** The directory of a controller in the group (borrowed), or -EOPNOTSUPP. */
int bt_cgroup_dir(const struct bt_cgroup *cg, enum bt_cgroup_controller controller);

/** Is that directory of version 2? */
bool bt_cgroup_dir_is_v2(const struct bt_cgroup *cg, enum bt_cgroup_controller controller);

/** A directory for clone3(2)'s CLONE_INTO_CGROUP, borrowed; -EBADF where version 2 is not
 * there. The child still has to be moved in the version 1 hierarchies. */
int bt_cgroup_clone_fd(const struct bt_cgroup *cg);

/** Is there a version 1 hierarchy, so that CLONE_INTO_CGROUP is not enough? */
bool bt_cgroup_needs_enter(const struct bt_cgroup *cg);

/* ---- limits ----------------------------------------------------------------- */

/**
 * Set limits. What is not `set` stays as it is.
 *
 * @ret_what: after a failure, a constant that names the limit by its place in
 *            linux.resources ("memory.swap"). May be NULL.
 *
 * Returns 0, -EOPNOTSUPP where the controller or its file is missing, -EINVAL where
 * limits contradict one another, -EBUSY where more memory is in use, or what the
 * kernel answered to the write.
 */
bt_nodiscard int bt_cgroup_limit(const struct bt_cgroup *cg, const struct bt_cgroup_limits *limits,
				 const char **ret_what);

/**
 * Add to `limits` what the group has of those that version 2 sets together, where only one of them
 * is given: quota or period; and memory, where only memory and swap together is. Nothing on version
 * 1. bt_cgroup_limit() does it by itself: this is for who tells somebody else besides.
 *
 * Returns 0, -EBADMSG for a file of another form, or what the kernel answered; *ret_what as
 * there.
 */
bt_nodiscard int bt_cgroup_fill(const struct bt_cgroup *cg, struct bt_cgroup_limits *limits,
				const char **ret_what);

/* ---- life ------------------------------------------------------------------- */

/** Stop every process of the group and its children; returns when they stand still, or
 * -ETIMEDOUT (and thawed again) after two seconds. */
bt_nodiscard int bt_cgroup_freeze(const struct bt_cgroup *cg);
/** Let them go on. */
bt_nodiscard int bt_cgroup_freeze_end(const struct bt_cgroup *cg);
/** 1 where the group is frozen, 0 where not. */
int bt_cgroup_freeze_is_on(const struct bt_cgroup *cg);

/** Send `signal` to every process of the group and its children. SIGKILL also reaches what
 * is frozen, and what is being forked meanwhile; it does not wait for the ends. */
bt_nodiscard int bt_cgroup_kill(const struct bt_cgroup *cg, int signal);

/** All processes of the group and its children, in no order: a new array (owned), at most
 * 1048576. */
bt_nodiscard int bt_cgroup_pids(const struct bt_cgroup *cg, pid_t **ret, size_t *ret_n);

/** 1 where a process is in the group or its children, 0 where none is. */
int bt_cgroup_pids_any(const struct bt_cgroup *cg);

/**
 * Remove the group and its children from every hierarchy, and close it. While the
 * kernel still counts dying processes (-EBUSY) it tries again, for `timeout_ms` at
 * most. A group that is gone is fine.
 */
bt_nodiscard int bt_cgroup_remove(struct bt_cgroup *cg, int timeout_ms);

/* ---- out of memory ------------------------------------------------------------ */

/** Tells when the group runs out of memory. Zeroed with fd -EBADF is none. */
struct bt_cgroup_oom {
	int fd;  /* owned; readable when something may have happened */
	int dir; /* owned: the memory controller's directory */
	bool v2;
	uint64_t seen; /* kills counted so far */
};

/** Start watching. -EOPNOTSUPP without a memory controller. Where the user may watch no more files
 * (version 2) the descriptor never becomes readable, and bt_cgroup_oom_read() counts all the same.
 */
bt_nodiscard int bt_cgroup_oom_open(const struct bt_cgroup *cg, struct bt_cgroup_oom *ret);
/** Empty the descriptor. Returns how many processes were killed since the last call. */
int bt_cgroup_oom_read(struct bt_cgroup_oom *oom);
/** Stop watching and leave it empty. */
void bt_cgroup_oom_done(struct bt_cgroup_oom *oom);
/** How many processes the kernel has killed in the group for want of memory. */
bt_nodiscard int bt_cgroup_oom_kills(const struct bt_cgroup *cg, uint64_t *ret);

#endif
