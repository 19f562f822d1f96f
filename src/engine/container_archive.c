/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_archive.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"
#include "engine/container.h"
#include "engine/container_event.h"
#include "engine/container_root.h"
#include "engine/container_row.h"
#include "engine/jget.h"
#include "engine/user_lookup.h"
#include "store/pack.h"
#include "store/untar.h"
#include "sys/inroot.h"

struct bt_container_archive {
	struct bt_container *container;
	int at;     /* the directory that the file is in */
	char *name; /* the file in it; "." for the directory itself */
	char *as;   /* what it is called in the archive */
	struct bt_id_map ids;
};

/* Bits of Go's os.FileMode, which the API prints as a number. */
static int64_t go_mode(mode_t mode)
{
	static const struct {
		mode_t type;
		unsigned bits;
	} types[] = {
		{ S_IFDIR, 1u << 31 }, { S_IFLNK, 1u << 27 },  { S_IFBLK, 1u << 26 },
		{ S_IFIFO, 1u << 25 }, { S_IFSOCK, 1u << 24 }, { S_IFCHR, 1u << 26 | 1u << 21 },
	};
	unsigned bits = mode & 0777;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((mode & S_IFMT) == types[i].type)
			bits |= types[i].bits;
	bits |= (mode & S_ISUID) ? 1u << 23 : 0;
	bits |= (mode & S_ISGID) ? 1u << 22 : 0;
	bits |= (mode & S_ISVTX) ? 1u << 20 : 0;
	return bits;
}

static int not_found(const char *ref, const char *path, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
			  "Could not find the file %.200s in container %.100s", path, ref);
}

/* What a failed lookup in the container means: the client asked for something else than is there.
 */
static int lookup_failed(int r, const char *ref, const char *path, struct bt_err *err)
{
	if (r == -ENOENT || r == -ENOTDIR)
		return not_found(ref, path, err);
	if (r == -ELOOP || r == -ENAMETOOLONG || r == -EXDEV)
		return bt_err_set(err, BT_ERR_INVALID, -r, "look up %.200s: %s", path,
				  strerror(-r));
	return bt_err_sys(err, r, "look up %.200s", path);
}

/* Where a symlink at `clean` leads, as a path in the container; NULL without memory. */
static char *target_of(int at, const char *name, const char *clean)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(at, name, text, sizeof(text) - 1);
	bt_auto_free char *joined = NULL;

	text[n > 0 ? n : 0] = '\0';
	if (text[0] == '/')
		return bt_path_clean(text);
	joined = bt_str_format("%.*s/%s", (int)(bt_path_base(clean) - clean), clean, text);
	return joined ? bt_path_clean(joined) : NULL;
}

static int make_stat(const struct bt_container_archive *a, const char *clean, const char *base,
		     json_t **ret, struct bt_err *err)
{
	bt_auto_free char *target = NULL;
	char mtime[BT_TIME_RFC3339_LEN];
	struct stat st;

	if (fstatat(a->at, a->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	target = S_ISLNK(st.st_mode) ? target_of(a->at, a->name, clean) : strdup("");
	bt_time_rfc3339(st.st_mtim.tv_sec * BT_TIME_NSEC_PER_SEC + st.st_mtim.tv_nsec, mtime);
	if (!ret)
		return 0;
	*ret = json_pack("{s:o,s:I,s:I,s:s,s:o}", "name", bt_json_text(base), "size",
			 (json_int_t)st.st_size, "mode", (json_int_t)go_mode(st.st_mode), "mtime",
			 mtime, "linkTarget", bt_json_text(target ? target : ""));
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "look at %s", clean);
}

/* Does a path ask for what is behind a symlink, by a slash or a dot at its end? */
static bool wants_directory(const char *path)
{
	return *path == '\0' || bt_str_ends(path, "/") || bt_str_ends(path, "/.") ||
	       strcmp(path, ".") == 0;
}

/* Open the directory that `clean` is in, or `clean` itself where `inside`. */
static int find(struct bt_container_archive *a, const char *clean, bool inside, struct bt_err *err,
		int *ret_lookup)
{
	bt_auto_close int root = -EBADF;
	bt_auto_free char *dir = NULL, *rest = NULL;
	const char *base;

	*ret_lookup = 0;
	root = bt_container_root_open(a->container, clean, inside, &rest, &a->ids, err);
	if (root < 0)
		return root;
	base = bt_path_base(rest);
	if (inside || *base == '\0') {
		a->name = strdup(".");
		*ret_lookup = bt_inroot_open(root, rest, O_PATH | O_DIRECTORY, 0, &a->at);
	} else {
		a->name = strdup(base);
		dir = strndup(rest, (size_t)(base - rest));
		if (dir)
			*ret_lookup = bt_inroot_open(root, dir, O_PATH | O_DIRECTORY, 0, &a->at);
	}
	return a->name && (inside || *base == '\0' || dir)
		       ? 0
		       : bt_err_sys(err, -ENOMEM, "look up %s", clean);
}

int bt_container_archive_open(struct bt_engine *engine, const char *ref, const char *path,
			      json_t **ret_stat, struct bt_container_archive **ret,
			      struct bt_err *err)
{
	bt_auto_free char *absolute = bt_str_format("/%s", path);
	bt_auto_free char *clean = absolute ? bt_path_clean(absolute) : NULL;
	struct bt_container_archive *a = calloc(1, sizeof(*a));
	const char *base;
	int lookup = 0, r = a && clean ? 0 : bt_err_sys(err, -ENOMEM, "look up %s", path);

	if (a)
		a->at = -EBADF;
	if (r == 0)
		r = bt_container_get(engine, ref, &a->container, err);
	if (r == 0) {
		bt_auto_lock(op, &a->container->op);

		r = find(a, clean, wants_directory(path), err, &lookup);
	}
	if (r == 0) {
		base = strcmp(clean, "/") == 0   ? "/"
		       : bt_str_ends(path, "/.") ? "."
						 : bt_path_base(clean);
		a->as = strdup(base);
		if (lookup == 0)
			lookup = make_stat(a, clean, base, ret_stat, err);
		r = lookup < 0 ? lookup_failed(lookup, ref, path, err) : 0;
	}
	if (r == 0 && ret)
		*ret = bt_take(a);
	bt_container_archive_close(a);
	return r;
}

int bt_container_archive_write(struct bt_container_archive *archive,
			       int (*fn)(void *arg, const void *data, size_t len), void *arg,
			       struct bt_err *err)
{
	const struct bt_pack pack = { .at = archive->at,
				      .name = archive->name,
				      .as = archive->as,
				      .cross_mounts = true,
				      .ids = archive->ids.nuids > 0 ? &archive->ids : NULL,
				      .write = fn,
				      .write_arg = arg };

	bt_container_event(archive->container, "archive-path", NULL);
	return bt_pack(&pack, err);
}

void bt_container_archive_close(struct bt_container_archive *archive)
{
	if (!archive)
		return;
	bt_container_unref(archive->container);
	bt_close(&archive->at);
	free(archive->name);
	free(archive->as);
	free(archive);
}

static ssize_t read_archive(void *arg, void *buf, size_t len, struct bt_err *err)
{
	const int *fd = arg;
	ssize_t n;

	do {
		n = read(*fd, buf, len);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? bt_err_sys(err, -errno, "receive the archive") : n;
}

/* The directory to unpack into must be there, and may be written to. */
static int check_place(int root, const char *rest, bool in_volume, const char *ref,
		       const char *path, struct bt_err *err)
{
	bt_auto_close int fd = -EBADF;
	struct statvfs fs, root_fs;
	struct stat st;
	int r = bt_inroot_open(root, rest, O_PATH, 0, &fd);

	if (r < 0)
		return lookup_failed(r, ref, path, err);
	if (fstat(fd, &st) < 0 || fstatvfs(fd, &fs) < 0 || fstatvfs(root, &root_fs) < 0)
		return bt_err_sys(err, -errno, "look at %s", path);
	if (!S_ISDIR(st.st_mode))
		return bt_err_set(err, BT_ERR_INVALID, ENOTDIR,
				  "extraction point is not a directory");
	if (fs.f_flag & ST_RDONLY)
		return bt_err_set(err, BT_ERR_FORBIDDEN, EROFS,
				  !in_volume && fs.f_fsid == root_fs.f_fsid
					  ? "container rootfs is marked read-only"
					  : "mounted volume is marked read-only");
	return 0;
}

/* The owner of what is copied is the container's user, where that is somebody: 1, else 0. The root
 * that it is looked up in is closed before another is opened: two mounts of one writable layer
 * disturb each other. */
static int find_owner(struct bt_container *c, struct bt_extract_owner *ret, struct bt_err *err)
{
	bt_auto_settings struct bt_container_settings s = { 0 };
	bt_auto_user struct bt_user user = { 0 };
	bt_auto_free char *rest = NULL;
	bt_auto_close int root = -EBADF;
	struct bt_id_map ids;
	int r = bt_container_row_settings(c, &s, err);

	if (r < 0 || *bt_jget_text(s.config, "User") == '\0')
		return r;
	root = bt_container_root_open(c, "/", true, &rest, &ids, err);
	if (root < 0)
		return root;
	r = bt_user_lookup(root, bt_jget_text(s.config, "User"), NULL, &user, err);
	if (r < 0)
		return r;
	*ret = (struct bt_extract_owner){ .uid = user.uid, .gid = user.gid };
	return 1;
}

static int unpack(int root, const char *rest, const struct bt_container_put *put,
		  const struct bt_extract_owner *owner, const struct bt_id_map *ids,
		  struct bt_err *err)
{
	bt_auto_close int dir = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = put->fd;
	const struct bt_untar u = { .root = dir,
				    .into = rest + strspn(rest, "/"),
				    .keep_kinds = put->keep_kinds,
				    .cross_mounts = true,
				    .owner = owner,
				    .ids = ids->nuids > 0 ? ids : NULL,
				    .shadow_fd = -EBADF,
				    .read = read_archive,
				    .read_arg = &fd };
	struct bt_untar_result result;

	return dir < 0 ? bt_err_sys(err, -errno, "open the container's root")
		       : bt_untar(&u, &result, err);
}

int bt_container_archive_put(struct bt_engine *engine, const char *ref,
			     const struct bt_container_put *put, struct bt_err *err)
{
	bt_auto_free char *absolute = bt_str_format("/%s", put->path);
	bt_auto_free char *clean = absolute ? bt_path_clean(absolute) : NULL;
	bt_auto_container struct bt_container *c = NULL;
	bt_auto_close int root = -EBADF;
	struct bt_extract_owner owner;
	bt_auto_free char *rest = NULL;
	struct bt_id_map ids;
	int owned = 0, r = clean ? bt_container_get(engine, ref, &c, err)
				 : bt_err_sys(err, -ENOMEM, "unpack into a container");

	if (r < 0)
		return r;
	bt_auto_lock(op, &c->op);
	owned = put->copy_owner ? find_owner(c, &owner, err) : 0;
	if (owned < 0)
		return owned;
	root = bt_container_root_open(c, clean, true, &rest, &ids, err);
	if (root < 0)
		return root;
	r = check_place(root, rest, strcmp(rest, clean) != 0, ref, put->path, err);
	if (r == 0)
		r = unpack(root, rest, put, owned > 0 ? &owner : NULL, &ids, err);
	if (r == 0)
		bt_container_event(c, "extract-to-dir", NULL);
	return r;
}
