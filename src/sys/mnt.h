/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_MNT_H
#define BT_SYS_MNT_H

/*
 * The mount API of Linux 5.2 and 5.12 (mount_setattr), through descriptors: a mount is made
 * detached, changed while nobody can see it, and attached to a descriptor of its
 * target, so no path is ever looked up twice. Attributes are MOUNT_ATTR_* and
 * propagation MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE of <sys/mount.h>.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/** What the kernel says about a refused option, with its NUL. */
#define BT_MNT_WHY_LEN 160

/** A new file system. Strings are borrowed. */
struct bt_mnt_fs {
	const char *type;
	const char *source;         /* shown in mountinfo; NULL: the type */
	const char *const *options; /* "key=value" or "flag" each */
	size_t noptions;
	bool read_only;      /* the superblock too, not only the mount */
	uint64_t attributes; /* of the mount */
};

/**
 * Make a detached mount of a new file system: fsopen, fsconfig, fsmount.
 *
 * @why: buffer for the kernel's explanation of a failure ("" if it gave none), or NULL.
 *
 * Returns 0 with a descriptor owned by the caller, or -errno.
 */
bt_nodiscard int bt_mnt_create(const struct bt_mnt_fs *fs, char why[BT_MNT_WHY_LEN], int *ret_fd);

/** Clone what is mounted at `path` below `at` ("": `at` itself), with everything mounted
 * below it where `recursive`, as a detached mount. Symlinks at the end are followed.
 * Returns 0 with a descriptor owned by the caller, or -errno. */
bt_nodiscard int bt_mnt_clone(int at, const char *path, bool recursive, int *ret_fd);

/** Attach a detached mount on top of what `target_fd` names. Returns 0 or -errno. */
bt_nodiscard int bt_mnt_attach(int mount_fd, int target_fd);

/** Attach it at `path` below the directory `at`. Symlinks on the way are followed: only for trees
 * that nobody else can change. Returns 0 or -errno. */
bt_nodiscard int bt_mnt_attach_at(int mount_fd, int at, const char *path);

/** A change of a mount's properties: mount_setattr(2). */
struct bt_mnt_change {
	bool recursive;
	uint64_t set, clear;  /* MOUNT_ATTR_* */
	uint64_t propagation; /* MS_*, or 0: as it is */
	int userns_fd;        /* with MOUNT_ATTR_IDMAP in `set` */
};

/** Apply a change to the mount of `fd`. Returns 0 or -errno. Where mount_setattr(2) is not to be
 * had, sys/mnt_remount.h does what it can: -ENOSYS for a mount that is detached. */
bt_nodiscard int bt_mnt_apply(int fd, const struct bt_mnt_change *change);

/** Apply a change to a detached mount and attach it at `path` below `at` ("": on `at` itself);
 * where the kernel cannot change what is detached, attach it first. Returns 0 or -errno. */
bt_nodiscard int bt_mnt_attach_changed(int mount_fd, int at, const char *path,
				       const struct bt_mnt_change *change);

/** The magic number of the file system that `fd` lies on (statfs(2)), or 0 if it cannot be
 * told. */
unsigned long bt_mnt_magic(int fd);

#endif
