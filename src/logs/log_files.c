/* SPDX-License-Identifier: Apache-2.0 */

#include "logs/log_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"

#define TAIL_BLOCK (64u << 10)

/* Open the file of this number; 0 is the current one. Returns a descriptor or -errno. */
static int open_numbered(const char *path, unsigned number)
{
	bt_auto_free char *name = number ? bt_str_format("%s.%u", path, number) : strdup(path);
	int fd;

	if (!name)
		return -ENOMEM;
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static bool same_file(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

/*
 * Open files from the current one to older ones, until there are no more or `until` (a held
 * descriptor, or -EBADF) is met. A rotation in between shifts the names upwards, so that the
 * next name may be the file that was opened last; it is then passed over, and none is missed.
 */
static int open_newest_first(const char *path, int until, int **ret, size_t *ret_n)
{
	bt_auto_free int *fds = calloc(BT_LOG_FILES_MAX, sizeof(*fds));
	size_t n = 0;
	int r = 0;

	if (!fds)
		return -ENOMEM;
	for (unsigned i = 0; i < BT_LOG_FILES_MAX; i++) {
		int fd = open_numbered(path, i);

		if (fd == -ENOENT && i == 0)
			continue; /* between a rotation's rename and the new file */
		if (fd < 0) {
			r = fd == -ENOENT ? 0 : fd;
			break;
		}
		if (until >= 0 && same_file(fd, until)) {
			bt_close(&fd);
			break;
		}
		if (n > 0 && same_file(fd, fds[n - 1]))
			bt_close(&fd);
		else
			fds[n++] = fd;
	}
	if (r < 0) {
		while (n > 0)
			bt_close(&fds[--n]);
		return r;
	}
	*ret = bt_take(fds);
	*ret_n = n;
	return 0;
}

/* Append files, given newest first, to those held. Takes the descriptors over. */
static int append(struct bt_log_files *files, int *newest_first, size_t n)
{
	int *fds = realloc(files->fds, (files->n + n) * sizeof(*fds) + 1);

	if (!fds) {
		while (n > 0)
			bt_close(&newest_first[--n]);
		return -ENOMEM;
	}
	files->fds = fds;
	while (n > 0)
		files->fds[files->n++] = newest_first[--n];
	return 0;
}

int bt_log_files_open(const char *path, struct bt_log_files *ret)
{
	struct bt_log_files files = { .path = strdup(path) };
	bt_auto_free int *fds = NULL;
	size_t n = 0;
	int r = files.path ? open_newest_first(path, -EBADF, &fds, &n) : -ENOMEM;

	if (r == 0)
		r = append(&files, fds, n);
	if (r < 0) {
		bt_log_files_done(&files);
		return r;
	}
	*ret = files;
	return 0;
}

/*
 * Find where the last *lines lines of a file begin, counting ends of lines backwards. Returns
 * the offset; or 0 with *lines less by the lines of the whole file, which then are too few.
 */
static off_t find_tail(int fd, off_t size, int64_t *lines, char *block, bool *ret_found)
{
	while (size > 0) {
		size_t len = size < (off_t)TAIL_BLOCK ? (size_t)size : TAIL_BLOCK;
		ssize_t got = pread(fd, block, len, size - (off_t)len);
		const char *end;

		if (got != (ssize_t)len)
			return errno ? -errno : -EIO;
		size -= (off_t)len;
		while ((end = memrchr(block, '\n', len))) {
			if (*lines == 0) {
				*ret_found = true;
				return size + (end - block) + 1;
			}
			--*lines;
			len = (size_t)(end - block);
		}
	}
	return 0;
}

int bt_log_files_tail(struct bt_log_files *files, int64_t lines)
{
	bt_auto_free char *block = malloc(TAIL_BLOCK);
	bool found = false;

	if (!block)
		return -ENOMEM;
	for (size_t i = files->n; i > 0 && !found; i--) {
		struct stat st;
		off_t at;

		if (fstat(files->fds[i - 1], &st) < 0)
			return -errno;
		errno = 0;
		at = find_tail(files->fds[i - 1], st.st_size, &lines, block, &found);
		if (at < 0)
			return (int)at;
		files->at = i - 1;
		files->offset = at;
	}
	return 0;
}

ssize_t bt_log_files_read(struct bt_log_files *files, char *buf, size_t size)
{
	ssize_t n;

	if (files->at >= files->n)
		return 0;
	do {
		n = pread(files->fds[files->at], buf, size, files->offset);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	files->offset += n;
	return n;
}

bool bt_log_files_next(struct bt_log_files *files)
{
	if (files->at + 1 >= files->n)
		return false;
	bt_close(&files->fds[files->at]);
	files->at++;
	files->offset = 0;
	return true;
}

bool bt_log_files_truncated(struct bt_log_files *files)
{
	struct stat st;

	if (files->at >= files->n || fstat(files->fds[files->at], &st) < 0 ||
	    st.st_size >= files->offset)
		return false;
	files->offset = 0;
	return true;
}

int bt_log_files_refresh(struct bt_log_files *files)
{
	int last = files->n > 0 ? files->fds[files->n - 1] : -EBADF;
	bt_auto_free int *fds = NULL;
	struct stat held, now;
	size_t n = 0;
	int r;

	/* The common case, for one system call: nothing was renamed. */
	if (last >= 0 && fstat(last, &held) == 0 && stat(files->path, &now) == 0 &&
	    held.st_dev == now.st_dev && held.st_ino == now.st_ino)
		return 0;
	r = open_newest_first(files->path, last, &fds, &n);
	if (r == 0 && n > 0)
		r = append(files, fds, n);
	return r < 0 ? r : (int)n;
}

void bt_log_files_done(struct bt_log_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		bt_close(&files->fds[i]);
	free(files->fds);
	free(files->path);
	*files = (struct bt_log_files){ 0 };
}
