/* SPDX-License-Identifier: Apache-2.0 */

#include "store/pack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/map.h"
#include "base/str.h"
#include "store/file_caps.h"
#include "store/tar_header.h"
#include "sys/mnt.h"

/* No header of the kernel's interface has it (ipc/mqueue.c). */
#define MQUEUE_MAGIC 0x19800202ul

#define BUFFER_SIZE (128u << 10)
/* Each level costs a descriptor and some stack. */
#define DEPTH_MAX 128
/* What Docker keeps of extended attributes in copies: what makes a program work. */
#define CAPABILITY     "security.capability"
#define CAPABILITY_MAX 256
/* Links to remember; beyond that files are packed as often as they are linked. */
#define LINKS_MAX (1u << 20)

struct packer {
	const struct bt_pack *pack;
	struct bt_map links; /* "dev:inode" → the name it was packed under (owned) */
	dev_t dev;           /* where the tree begins */
	unsigned depth;
	struct bt_str head; /* headers that wait for company */
	char *buf;
};

static int write_out(struct packer *p, const void *data, size_t len, struct bt_err *err)
{
	int r = len > 0 ? p->pack->write(p->pack->write_arg, data, len) : 0;

	return r < 0 ? bt_err_sys(err, r, "write the archive") : 0;
}

/* Write what waits. */
static int flush(struct packer *p, struct bt_err *err)
{
	int r = p->head.failed ? bt_err_sys(err, p->head.failed, "pack")
			       : write_out(p, p->head.p, p->head.len, err);

	bt_str_clear(&p->head);
	return r;
}

static int add_header(struct packer *p, const struct bt_tar_entry *entry, struct bt_err *err)
{
	bt_tar_header_append(&p->head, entry);
	return p->head.len > BUFFER_SIZE || p->head.failed ? flush(p, err) : 0;
}

/* The name under which the file was packed already, or NULL; then it is remembered. */
static const char *linked(struct packer *p, const struct stat *st, const char *path)
{
	char key[48];
	const char *known;
	char *copy;

	if (st->st_nlink < 2 || S_ISDIR(st->st_mode))
		return NULL;
	(void)snprintf(key, sizeof(key), "%jx:%jx", (uintmax_t)st->st_dev, (uintmax_t)st->st_ino);
	known = bt_map_get(&p->links, key);
	if (known || p->links.used >= LINKS_MAX)
		return known;
	copy = strdup(path);
	if (copy && bt_map_put(&p->links, key, copy, NULL) < 0)
		free(copy);
	return NULL;
}

/* Copy the content. The header has promised `size` bytes: a file that grew is cut, one that
 * shrank is filled up with zeros, and so is the last block. */
static int pack_content(struct packer *p, int fd, int64_t size, const char *path,
			struct bt_err *err)
{
	int64_t left = size + (int64_t)bt_tar_header_padding(size);
	bool ended = false;
	int r = flush(p, err);

	while (r == 0 && left > 0) {
		size_t want = left < (int64_t)BUFFER_SIZE ? (size_t)left : BUFFER_SIZE;
		ssize_t n = ended || size == 0 ? 0 : read(fd, p->buf, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return bt_err_sys(err, -errno, "read %s", path);
		if (n > size)
			n = (ssize_t)size;
		ended = n == 0;
		if (ended) {
			memset(p->buf, 0, want);
			n = (ssize_t)want;
		} else {
			size -= n;
		}
		left -= n;
		r = write_out(p, p->buf, (size_t)n, err);
	}
	return r;
}

static int pack_file(struct packer *p, int at, const char *name, struct bt_tar_entry *entry,
		     struct bt_err *err)
{
	bt_auto_close int fd = -EBADF;
	char value[CAPABILITY_MAX];
	struct stat st;
	ssize_t len;
	int r;

	/* Should it have become something else since, opening it must not wait. */
	fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ELOOP))
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return bt_err_sys(err, -errno, "open %s", entry->path);
	if (!S_ISREG(st.st_mode))
		return 0;
	entry->size = st.st_size;
	len = fgetxattr(fd, CAPABILITY, value, sizeof(value));
	if (len > 0) {
		entry->capability = value;
		entry->capability_len =
			p->pack->ids ? bt_file_caps_inside(value, (size_t)len, p->pack->ids)
				     : (size_t)len;
	}
	r = add_header(p, entry, err);
	return r < 0 ? r : pack_content(p, fd, st.st_size, entry->path, err);
}

static int pack_link(struct packer *p, int at, const char *name, struct bt_tar_entry *entry,
		     struct bt_err *err)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(at, name, target, sizeof(target) - 1);

	if (n < 0)
		return errno == ENOENT || errno == EINVAL
			       ? 0
			       : bt_err_sys(err, -errno, "read the link %s", entry->path);
	target[n] = '\0';
	entry->link = target;
	return add_header(p, entry, err);
}

/* An entry in `dir` that stands for something that is not there. */
static int add_mark(struct packer *p, const char *dir, size_t dir_len, const char *mark,
		    const char *name, struct bt_err *err)
{
	bool slash = dir_len > 0 && dir[dir_len - 1] != '/';
	bt_auto_free char *path =
		bt_str_format("%.*s%s%s%s", (int)dir_len, dir, slash ? "/" : "", mark, name);

	if (!path)
		return bt_err_sys(err, -ENOMEM, "pack %s", dir);
	return add_header(p, &(struct bt_tar_entry){ .path = path, .mode = S_IFREG }, err);
}

static bool is_opaque(int fd)
{
	char value = 'n';

	return fgetxattr(fd, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';
}

static int pack_any(struct packer *p, int at, const char *name, const char *path,
		    struct bt_err *err);

static void dir_done(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

/* What the kernel makes up while it is read has no end, no size, and no place in an archive. */
static bool is_made_up(int fd)
{
	static const unsigned long kinds[] = {
		PROC_SUPER_MAGIC, SYSFS_MAGIC,        CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
		DEBUGFS_MAGIC,    SECURITYFS_MAGIC,   TRACEFS_MAGIC,      BPF_FS_MAGIC,
		MQUEUE_MAGIC,     DEVPTS_SUPER_MAGIC, EFIVARFS_MAGIC,     PSTOREFS_MAGIC,
	};
	unsigned long magic = bt_mnt_magic(fd);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i] == magic)
			return true;
	return false;
}

/* Returns 1 with *ret open; 0 where it has gone, or is no directory any more. */
static int open_dir(int at, const char *name, const char *path, DIR **ret, struct bt_err *err)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir) {
		*ret = dir;
		return 1;
	}
	r = -errno;
	bt_close(&fd);
	return r == -ENOENT || r == -ENOTDIR || r == -ELOOP
		       ? 0
		       : bt_err_sys(err, r, "open the directory %s", path);
}

static int pack_entry(struct packer *p, int at, const char *name, const char *path,
		      struct bt_err *err)
{
	bt_auto_free char *below = NULL;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	below = bt_str_format("%s%s%s", path, *path && !bt_str_ends(path, "/") ? "/" : "", name);
	return below ? pack_any(p, at, name, below, err)
		     : bt_err_sys(err, -ENOMEM, "pack %s", path);
}

static int pack_entries(struct packer *p, DIR *dir, const char *path, struct bt_err *err)
{
	const struct dirent *entry;
	int r = 0;

	while (r == 0 && (errno = 0, entry = readdir(dir)) != NULL)
		r = pack_entry(p, dirfd(dir), entry->d_name, path, err);
	return r == 0 && errno != 0 ? bt_err_sys(err, -errno, "read the directory %s", path) : r;
}

static int pack_below(struct packer *p, int at, const char *name, const char *path,
		      struct bt_err *err)
{
	bt_auto(dir_done) DIR *dir = NULL;
	int r = open_dir(at, name, path, &dir, err);

	if (r <= 0)
		return r;
	/* Who asks for it itself shall have it. */
	if (p->depth > 0 && p->pack->cross_mounts && is_made_up(dirfd(dir)))
		return 0;
	if (++p->depth > DEPTH_MAX)
		return bt_err_set(err, BT_ERR_INVALID, ELOOP, "%.200s… is nested too deep", path);
	r = p->pack->whiteouts && is_opaque(dirfd(dir))
		    ? add_mark(p, path, strlen(path), ".wh..wh..opq", "", err)
		    : 0;
	if (r == 0)
		r = pack_entries(p, dir, path, err);
	p->depth--;
	return r;
}

static int pack_dir(struct packer *p, int at, const char *name, dev_t dev,
		    struct bt_tar_entry *entry, struct bt_err *err)
{
	const char *path = entry->path;
	bt_auto_free char *slashed = bt_str_format("%s%s", path, bt_str_ends(path, "/") ? "" : "/");
	int r = slashed ? 0 : bt_err_sys(err, -ENOMEM, "pack %s", path);

	entry->path = slashed;
	if (r == 0 && *path)
		r = add_header(p, entry, err);
	/* A mount point is a directory like any other; what is mounted is another's. */
	if (r < 0 || (!p->pack->cross_mounts && dev != p->dev))
		return r;
	return pack_below(p, at, name, path, err);
}

static void set_owner(const struct bt_id_map *ids, const struct stat *st,
		      struct bt_tar_entry *entry)
{
	entry->uid = ids ? bt_id_map_inside(ids->uids, ids->nuids, st->st_uid) : st->st_uid;
	entry->gid = ids ? bt_id_map_inside(ids->gids, ids->ngids, st->st_gid) : st->st_gid;
}

static int pack_any(struct packer *p, int at, const char *name, const char *path,
		    struct bt_err *err)
{
	struct bt_tar_entry entry = { .path = path };
	struct stat st;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT && p->depth > 0 ? 0
						       : bt_err_sys(err, -errno, "find %s", path);
	if (p->depth == 0)
		p->dev = st.st_dev;
	if (S_ISSOCK(st.st_mode))
		return 0;
	if (p->pack->whiteouts && S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0))
		return add_mark(p, path, strlen(path) - strlen(name), ".wh.", name, err);
	entry.mode = st.st_mode;
	set_owner(p->pack->ids, &st, &entry);
	entry.mtime = st.st_mtim.tv_sec;
	entry.rdev = S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) ? st.st_rdev : 0;
	entry.link = linked(p, &st, path);
	entry.hard = entry.link != NULL;
	if (entry.hard)
		return add_header(p, &entry, err);
	if (S_ISREG(st.st_mode))
		return pack_file(p, at, name, &entry, err);
	if (S_ISLNK(st.st_mode))
		return pack_link(p, at, name, &entry, err);
	if (S_ISDIR(st.st_mode))
		return pack_dir(p, at, name, st.st_dev, &entry, err);
	return add_header(p, &entry, err);
}

static void release(struct packer *p)
{
	size_t pos = 0;
	void *name;

	while (bt_map_next(&p->links, &pos, NULL, &name))
		free(name);
	bt_map_done(&p->links);
	bt_str_done(&p->head);
	free(p->buf);
}

int bt_pack(const struct bt_pack *pack, struct bt_err *err)
{
	static const char end[2 * BT_TAR_BLOCK];
	struct packer p = { .pack = pack, .buf = malloc(BUFFER_SIZE) };
	int r = p.buf ? pack_any(&p, pack->at, pack->name, pack->as, err)
		      : bt_err_sys(err, -ENOMEM, "pack %s", pack->as);

	if (r == 0)
		r = flush(&p, err);
	if (r == 0)
		r = write_out(&p, end, sizeof(end), err);
	release(&p);
	return r;
}
