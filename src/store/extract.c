/* SPDX-License-Identifier: Apache-2.0 */

#include "store/extract.h"

#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "base/str.h"
#include "store/file_caps.h"
#include "store/tree_size.h"

#define WHITEOUT      ".wh."
#define WHITEOUT_META ".wh..wh."
#define OPAQUE        ".wh..wh..opq"
#define XATTR_OPAQUE  "trusted.overlay.opaque"

/* What is remembered of directories until the end is bounded. */
#define DIRS_MAX      (1u << 20)
#define DIR_NAMES_MAX (64u << 20)

/* Setgid and sticky directories, and their times, must wait until nothing more is made in them. */
struct bt_extract_dir {
	char *path;
	mode_t mode;
	struct timespec times[2];
};

static int fail(struct bt_err *err, int r, const char *what, const char *path)
{
	if (r == -ENOSPC || r == -EDQUOT || r == -EROFS || r == -EIO || r == -ENOMEM ||
	    r == -EMFILE)
		return bt_err_sys(err, r, "%s /%s", what, path);
	return bt_err_set(err, BT_ERR_INVALID, -r, "invalid archive: %s /%s: %s", what, path,
			  strerror(-r));
}

/* libarchive takes "-5.5" of a pax header apart into -5 and .5; to the kernel that is -6 + .5. */
static void before_epoch(struct timespec *t)
{
	if (t->tv_sec >= 0 || t->tv_nsec <= 0)
		return;
	t->tv_sec--;
	t->tv_nsec = 1000000000 - t->tv_nsec;
}

static void get_times(struct archive_entry *entry, struct timespec ret[2])
{
	ret[0].tv_nsec = ret[1].tv_nsec = UTIME_NOW;
	ret[0].tv_sec = ret[1].tv_sec = 0;
	if (archive_entry_mtime_is_set(entry)) {
		ret[1].tv_sec = archive_entry_mtime(entry);
		ret[1].tv_nsec = archive_entry_mtime_nsec(entry);
		before_epoch(&ret[1]);
		ret[0] = ret[1];
	}
	if (archive_entry_atime_is_set(entry)) {
		ret[0].tv_sec = archive_entry_atime(entry);
		ret[0].tv_nsec = archive_entry_atime_nsec(entry);
		before_epoch(&ret[0]);
	}
}

static int get_owner(const struct bt_extract *x, struct archive_entry *entry, uid_t *ret_uid,
		     gid_t *ret_gid)
{
	int64_t uid = x->owner ? x->owner->uid : archive_entry_uid(entry);
	int64_t gid = x->owner ? x->owner->gid : archive_entry_gid(entry);

	/* The highest value means "no change" to chown(2). */
	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
		return -EOVERFLOW;
	if (x->ids) {
		uid = bt_id_map_outside(x->ids->uids, x->ids->nuids, (uint32_t)uid);
		gid = bt_id_map_outside(x->ids->gids, x->ids->ngids, (uint32_t)gid);
	}
	*ret_uid = (uid_t)uid;
	*ret_gid = (gid_t)gid;
	return 0;
}

/* overlay's own attributes would let a layer redirect, hide or mix files of others. */
static bool xattr_is_allowed(const char *name)
{
	return !bt_str_after(name, "trusted.overlay.") && !bt_str_after(name, "user.overlay.");
}

/* Set the entry's extended attributes on `fd`, or where that is negative on `name` in `at`. File
 * systems without them, and labels of another security module, are no error. */
static int set_xattrs(const struct bt_extract *x, struct archive_entry *entry, int fd, int at,
		      const char *name)
{
	unsigned char caps[BT_FILE_CAPS_MAX];
	bt_auto_free char *path = NULL;
	const char *key;
	const void *value;
	size_t len;

	if (archive_entry_xattr_reset(entry) == 0)
		return 0;
	if (fd < 0) {
		path = bt_str_format("/proc/self/fd/%d/%s", at, name);
		if (!path)
			return -ENOMEM;
	}
	while (archive_entry_xattr_next(entry, &key, &value, &len) == 0) {
		int r;

		if (!key || !xattr_is_allowed(key))
			continue;
		if (x->ids && strcmp(key, "security.capability") == 0 &&
		    bt_file_caps_outside(value, len, x->ids, caps) > 0) {
			value = caps;
			len = sizeof(caps);
		}
		r = path ? lsetxattr(path, key, value, len, 0) : fsetxattr(fd, key, value, len, 0);
		if (r < 0 && errno != ENOTSUP && errno != EPERM && errno != EINVAL)
			return -errno;
	}
	return 0;
}

static bool is_whiteout(int at, const char *name)
{
	struct stat st;

	return fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(0, 0);
}

/* An entry comes where something is already: out of its way. */
static int displace(struct bt_extract *x, int at, const char *name, const char *path)
{
	char number[16];
	int64_t below;
	struct stat st;
	int r = 0;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (x->keep_kinds && S_ISDIR(st.st_mode))
		return -EISDIR;
	/* What is displaced no longer counts, unless it has another name. */
	if (S_ISDIR(st.st_mode) && bt_tree_size(at, name, &below) == 0)
		x->size -= below;
	else if ((S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)) && st.st_nlink == 1)
		x->size -= st.st_size;
	(void)snprintf(number, sizeof(number), "%u", x->shadows);
	if (x->shadow_fd < 0)
		r = bt_io_remove_tree(at, name);
	else if (renameat(at, name, x->shadow_fd, number) < 0)
		r = -errno;
	else if (x->skeleton)
		bt_skeleton_moved(x->skeleton, path, x->shadows++);
	/* Some of the descriptors may lead into what was just moved; `at` is among them. */
	bt_tree_forget(&x->tree);
	return r;
}

/* displace(), and find the parent again. */
static int make_room(struct bt_extract *x, int *at, const char *path, const char **name)
{
	int r = displace(x, *at, *name, path);

	if (r < 0)
		return r;
	*at = bt_tree_parent(&x->tree, path, true, name);
	return *at < 0 ? *at : 0;
}

/* Most files are of who makes them: the question is cheaper than the change. A directory's setgid
 * bit may have given a new file another group. */
static int own(int fd, uid_t uid, gid_t gid)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid == uid && st.st_gid == gid)
		return 0;
	return fchown(fd, uid, gid) < 0 ? -errno : 0;
}

static int finish_file(const struct bt_extract *x, struct archive_entry *entry, int fd, mode_t mode)
{
	struct timespec times[2];
	uid_t uid = 0;
	gid_t gid = 0;
	int r = get_owner(x, entry, &uid, &gid);

	if (r < 0)
		return r;
	r = own(fd, uid, gid);
	if (r < 0)
		return r;
	/* A change of the owner clears the setuid bits. */
	if ((mode & 06000) && fchmod(fd, mode) < 0)
		return -errno;
	r = set_xattrs(x, entry, fd, -1, NULL);
	if (r < 0)
		return r;
	get_times(entry, times);
	return futimens(fd, times) < 0 ? -errno : 0;
}

static int make_file(struct bt_extract *x, struct archive_entry *entry, int at, const char *path,
		     const char *name, struct bt_err *err)
{
	static const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	mode_t mode = archive_entry_perm(entry) & 07777;
	bt_auto_close int fd = openat(at, name, flags, mode);
	int64_t n;
	int r = 0;

	if (fd < 0 && errno == EEXIST) {
		r = make_room(x, &at, path, &name);
		if (r < 0)
			return fail(err, r, "replace", path);
		fd = openat(at, name, flags, mode);
	}
	if (fd < 0)
		return fail(err, -errno, "create", path);
	n = x->content(x->content_arg, fd, err);
	if (n < 0)
		return (int)n;
	r = finish_file(x, entry, fd, mode);
	if (r < 0)
		return fail(err, r, "set attributes of", path);
	x->size += n;
	return 0;
}

static int defer_dir(struct bt_extract *x, struct archive_entry *entry, const char *path)
{
	struct bt_extract_dir *dir;

	x->dirs_names += strlen(path) + 1;
	if (x->dirs_len == DIRS_MAX || x->dirs_names > DIR_NAMES_MAX)
		return -E2BIG;
	if (x->dirs_len == x->dirs_cap) {
		size_t cap = x->dirs_cap ? 2 * x->dirs_cap : 64;
		struct bt_extract_dir *more = reallocarray(x->dirs, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		x->dirs = more;
		x->dirs_cap = cap;
	}
	dir = &x->dirs[x->dirs_len];
	dir->path = strdup(path);
	if (!dir->path)
		return -ENOMEM;
	dir->mode = archive_entry_perm(entry) & 07777;
	get_times(entry, dir->times);
	x->dirs_len++;
	return 0;
}

/* Open the directory `name`, new or already there. */
static int open_new_dir(struct bt_extract *x, int at, const char *path, const char *name)
{
	bt_auto_close int fd = -EBADF;
	bool hides = false;

	if (name[0] == '\0') {
		fd = openat(x->tree.root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? -errno : bt_take_fd(&fd);
	}
	if (mkdirat(at, name, 0700) < 0) {
		if (errno != EEXIST)
			return -errno;
		fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0) {
			int r;

			if (x->keep_kinds)
				return -ENOTDIR;
			/* A directory that takes the place of a whiteout hides what is below. */
			hides = x->whiteouts && is_whiteout(at, name);
			r = make_room(x, &at, path, &name);
			if (r < 0)
				return r;
			if (mkdirat(at, name, 0700) < 0)
				return -errno;
		}
	}
	if (fd < 0)
		fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || (hides && fsetxattr(fd, XATTR_OPAQUE, "y", 1, 0) < 0))
		return -errno;
	return bt_take_fd(&fd);
}

static int make_dir(struct bt_extract *x, struct archive_entry *entry, int at, const char *path,
		    const char *name)
{
	bt_auto_close int fd = open_new_dir(x, at, path, name);
	uid_t uid = 0;
	gid_t gid = 0;
	int r;

	if (fd < 0)
		return fd;
	r = get_owner(x, entry, &uid, &gid);
	if (r == 0)
		r = own(fd, uid, gid);
	if (r == 0)
		r = set_xattrs(x, entry, fd, -1, NULL);
	if (r == 0 && x->implied)
		r = bt_implied_told(x->implied, fd);
	if (r < 0)
		return r;
	return defer_dir(x, entry, path);
}

/* The entry without content and descriptor that `name` becomes. */
static int make_node(struct archive_entry *entry, int at, const char *name)
{
	mode_t mode = archive_entry_mode(entry);
	dev_t dev = 0;

	if (S_ISLNK(mode)) {
		const char *target = archive_entry_symlink(entry);

		if (!target || !target[0])
			return -EINVAL;
		return symlinkat(target, at, name) < 0 ? -errno : 0;
	}
	if (S_ISCHR(mode) || S_ISBLK(mode))
		dev = makedev((unsigned int)archive_entry_rdevmajor(entry),
			      (unsigned int)archive_entry_rdevminor(entry));
	else if (!S_ISFIFO(mode))
		return -EINVAL;
	return mknodat(at, name, mode, dev) < 0 ? -errno : 0;
}

static int make_special(struct bt_extract *x, struct archive_entry *entry, int at, const char *path,
			const char *name)
{
	bool is_link = archive_entry_filetype(entry) == AE_IFLNK;
	struct timespec times[2];
	uid_t uid = 0;
	gid_t gid = 0;
	int r = make_node(entry, at, name);

	if (r == -EEXIST) {
		r = make_room(x, &at, path, &name);
		if (r == 0)
			r = make_node(entry, at, name);
	}
	if (r == 0)
		r = get_owner(x, entry, &uid, &gid);
	if (r < 0)
		return r;
	if (fchownat(at, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	r = set_xattrs(x, entry, -1, at, name);
	if (r < 0)
		return r;
	if (is_link)
		x->size += (int64_t)strlen(archive_entry_symlink(entry));
	get_times(entry, times);
	return utimensat(at, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int make_hardlink(struct bt_extract *x, const char *target, int at, const char *path,
			 const char *name)
{
	bt_auto_free char *clean = NULL;
	bt_auto_close int held = -EBADF;
	const char *target_name;
	int r, from;

	r = bt_tree_clean(target, &clean);
	if (r < 0)
		return r;
	if (clean[0] == '\0' || strcmp(clean, path) == 0)
		return -EINVAL;
	/* The tree may close the descriptor that it lent. */
	held = fcntl(at, F_DUPFD_CLOEXEC, 0);
	if (held < 0)
		return -errno;
	from = bt_tree_parent(&x->tree, clean, false, &target_name);
	if (from < 0)
		return from;
	if (linkat(from, target_name, held, name, 0) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	r = displace(x, held, name, path);
	if (r < 0)
		return r;
	from = bt_tree_parent(&x->tree, clean, false, &target_name);
	if (from < 0)
		return from;
	return linkat(from, target_name, held, name, 0) < 0 ? -errno : 0;
}

/* ".wh.name": hide what the layers below have there. What this layer itself has there already
 * hides it, a directory after having been made opaque. */
static int make_whiteout(int at, const char *name)
{
	bt_auto_close int fd = -EBADF;
	const char *hidden = name + strlen(WHITEOUT);

	if (strcmp(name, OPAQUE) == 0)
		return fsetxattr(at, XATTR_OPAQUE, "y", 1, 0) < 0 ? -errno : 0;
	if (bt_str_after(name, WHITEOUT_META))
		return 0; /* bookkeeping of aufs */
	if (hidden[0] == '\0' || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0)
		return -EINVAL;
	if (mknodat(at, hidden, S_IFCHR, makedev(0, 0)) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	fd = openat(at, hidden, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return 0;
	return fsetxattr(fd, XATTR_OPAQUE, "y", 1, 0) < 0 ? -errno : 0;
}

static bool names_whiteout(const struct bt_extract *x, const char *path)
{
	return x->whiteouts && bt_str_after(bt_path_base(path), WHITEOUT);
}

enum bt_extract_kind bt_extract_kind(const struct bt_extract *x, struct archive_entry *entry,
				     const char *path)
{
	if (archive_entry_hardlink(entry) || archive_entry_filetype(entry) != AE_IFREG ||
	    path[0] == '\0' || names_whiteout(x, path))
		return BT_EXTRACT_OTHER;
	return BT_EXTRACT_FILE;
}

int bt_extract_entry(struct bt_extract *x, struct archive_entry *entry, const char *path,
		     struct bt_err *err)
{
	const char *target = archive_entry_hardlink(entry), *name = "";
	bool is_dir = archive_entry_filetype(entry) == AE_IFDIR;
	int at = x->tree.root, r;

	if (path[0] == '\0' && (!is_dir || target))
		return fail(err, -EINVAL, "make", path);
	if (path[0] != '\0')
		at = bt_tree_parent(&x->tree, path, true, &name);
	/* Some tools list what went with a directory that has become a file: that hides it already.
	 */
	if (at == -ENOTDIR && names_whiteout(x, path))
		return 0;
	if (at < 0)
		return fail(err, at, "reach the directory of", path);
	if (bt_extract_kind(x, entry, path) == BT_EXTRACT_FILE)
		return make_file(x, entry, at, path, name, err);
	if (names_whiteout(x, path))
		r = make_whiteout(at, name);
	else if (target)
		r = make_hardlink(x, target, at, path, name);
	else if (is_dir)
		r = make_dir(x, entry, at, path, name);
	else
		r = make_special(x, entry, at, path, name);
	return r < 0 ? fail(err, r, "make", path) : 0;
}

static int finish_dir(struct bt_extract *x, const struct bt_extract_dir *dir)
{
	bt_auto_close int fd = -EBADF;

	fd = bt_tree_open(&x->tree, dir->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	/* A later entry took its place. */
	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
		return 0;
	if (fd < 0)
		return fd;
	return fchmod(fd, dir->mode) < 0 || futimens(fd, dir->times) < 0 ? -errno : 0;
}

int bt_extract_finish(struct bt_extract *x, struct bt_err *err)
{
	for (size_t i = 0; i < x->dirs_len; i++) {
		int r = finish_dir(x, &x->dirs[i]);

		if (r < 0)
			return fail(err, r, "set attributes of", x->dirs[i].path);
	}
	return 0;
}

void bt_extract_done(struct bt_extract *x)
{
	for (size_t i = 0; i < x->dirs_len; i++)
		free(x->dirs[i].path);
	free(x->dirs);
	x->dirs = NULL;
	x->dirs_len = x->dirs_cap = 0;
	bt_tree_done(&x->tree);
}
