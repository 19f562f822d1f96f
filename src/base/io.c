/* SPDX-License-Identifier: Apache-2.0 */

#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/openat2.h"
#include "base/str.h"

/* The kernel waits some 150 ms in each. */
#define SEAL_ATTEMPTS 20

#define READ_STEP 4096
/* Each level holds a descriptor and some of a thread's stack while a tree is removed. */
#define TREE_DEPTH_MAX 64

int bt_io_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

ssize_t bt_io_read_all(int fd, void *ret, size_t len)
{
	char *p = ret;
	size_t got = 0;

	while (got < len) {
		ssize_t n = read(fd, p + got, len - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

int bt_io_read_fd(int fd, size_t max, char **ret, size_t *ret_len)
{
	bt_auto_str struct bt_str s = { .max = max + READ_STEP };
	int r;

	for (;;) {
		ssize_t n;

		r = bt_str_reserve(&s, READ_STEP);
		if (r < 0)
			return r == -E2BIG ? -EFBIG : r;
		n = read(fd, s.p + s.len, READ_STEP);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		s.len += (size_t)n;
		s.p[s.len] = '\0';
		if (s.len > max)
			return -EFBIG;
	}
	if (ret_len)
		*ret_len = s.len;
	return bt_str_steal(&s, ret);
}

int bt_io_read_file(int at, const char *path, size_t max, char **ret, size_t *ret_len)
{
	bt_auto_close int fd = openat(at, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return bt_io_read_fd(fd, max, ret, ret_len);
}

int bt_io_write_file(int at, const char *path, const char *data)
{
	bt_auto_close int fd = openat(at, path, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(data);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = write(fd, data, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int bt_io_create_file(int at, const char *path, mode_t mode, const void *data, size_t len)
{
	bt_auto_close int fd =
		openat(at, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0)
		return -errno;
	return bt_io_write_all(fd, data, len);
}

int bt_io_mkdir_p(const char *path, mode_t mode)
{
	bt_auto_free char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	for (char *p = copy + 1; *copy && (p = strchr(p, '/')); p++) {
		*p = '\0';
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	if (mkdir(copy, mode) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

static void dir_done(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

/* The removal of one tree. */
struct removal {
	int top;   /* the tree's own directory */
	dev_t dev; /* the file system it lies on */
	unsigned int raised;
};

static int remove_entry(struct removal *rm, int at, const char *name, int depth);

/* Remove everything inside the directory `fd` (consumed). Goes on after failures; returns the
 * first. */
static int remove_children(struct removal *rm, int fd, int depth)
{
	bt_auto(dir_done) DIR *d = fdopendir(fd);
	struct dirent *e;
	int first = 0;

	if (!d) {
		first = -errno;
		bt_close(&fd);
		return first;
	}
	for (;;) {
		int r;

		errno = 0;
		e = readdir(d);
		if (!e)
			return first == 0 ? -errno : first;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		r = remove_entry(rm, dirfd(d), e->d_name, depth);
		if (r < 0 && first == 0)
			first = r;
	}
}

/* A directory below the first one must not be a mount point: another place of the same file system
 * may be bound there, which its device number does not tell. */
static int open_dir(const struct removal *rm, int at, const char *name, bool same_mount)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	bt_auto_close int fd = -EBADF;
	struct stat st;

	if (same_mount) {
		fd = bt_openat2_open(at, name, flags, RESOLVE_BENEATH | RESOLVE_NO_XDEV);
		if (fd < 0)
			return fd;
	} else {
		fd = openat(at, name, flags);
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return st.st_dev == rm->dev ? bt_take_fd(&fd) : -EXDEV;
}

/* A directory too deep for our stack and descriptors moves up into the tree's own, from where it
 * is removed in a later round: whoever made it could nest without a limit, with mkdir and chdir. */
static int raise_dir(struct removal *rm, int at, const char *name)
{
	char to[32];

	for (;;) {
		(void)snprintf(to, sizeof(to), ".raised-%u", rm->raised++);
		if (renameat2(at, name, rm->top, to, RENAME_NOREPLACE) == 0)
			return 0;
		if (errno != EEXIST)
			return errno == ENOENT ? 0 : -errno;
	}
}

static int remove_entry(struct removal *rm, int at, const char *name, int depth)
{
	int fd, r;

	if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	if (depth >= TREE_DEPTH_MAX)
		return raise_dir(rm, at, name);
	fd = open_dir(rm, at, name, true);
	r = fd < 0 ? fd : remove_children(rm, fd, depth + 1);
	if (unlinkat(at, name, AT_REMOVEDIR) < 0 && errno != ENOENT && r == 0)
		r = -errno;
	return r;
}

int bt_io_remove_tree(int at, const char *name)
{
	struct removal rm = { .top = -EBADF };
	bt_auto_close int top = -EBADF;
	unsigned int raised;
	struct stat st;
	int r = 0;

	if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	rm.dev = st.st_dev;
	top = rm.top = open_dir(&rm, at, name, false);
	if (top < 0)
		return top;
	do {
		int fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		raised = rm.raised;
		r = fd < 0 ? -errno : remove_children(&rm, fd, 0);
	} while (r == 0 && rm.raised != raised);
	if (unlinkat(at, name, AT_REMOVEDIR) < 0 && errno != ENOENT && r == 0)
		r = -errno;
	return r;
}

int bt_io_seal(int fd)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

	/* The kernel may hold its pages for a moment: writing them back, or looking at their age.
	 */
	for (int i = 0; fcntl(fd, F_ADD_SEALS, seals) < 0; i++) {
		if (errno != EBUSY || i == SEAL_ATTEMPTS)
			return -errno;
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

int bt_io_memfd(const char *name, const void *data, size_t len)
{
	bt_auto_close int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0)
		return -errno;
	r = bt_io_write_all(fd, data, len);
	if (r < 0)
		return r;
	r = bt_io_seal(fd);
	if (r < 0)
		return r;
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : bt_take_fd(&fd);
}
