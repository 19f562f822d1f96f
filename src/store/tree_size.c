/* SPDX-License-Identifier: Apache-2.0 */

#include "store/tree_size.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/map.h"

/* Each level holds a descriptor, and some of a small stack. */
#define DEPTH_MAX 128

struct sum {
	int64_t bytes;
	struct bt_map seen; /* inodes with several names */
};

static int add_file(struct sum *sum, const struct stat *st)
{
	if (st->st_nlink > 1) {
		char key[40];

		(void)snprintf(key, sizeof(key), "%lx:%lx", (unsigned long)st->st_dev,
			       (unsigned long)st->st_ino);
		if (bt_map_get(&sum->seen, key))
			return 0;
		if (bt_map_put(&sum->seen, key, sum, NULL) < 0)
			return -ENOMEM;
	}
	sum->bytes += st->st_size;
	return 0;
}

static void dir_done(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

static int add_dir(struct sum *sum, int at, const char *name, int depth);

static int add_entry(struct sum *sum, int at, const char *name, int depth)
{
	struct stat st;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(st.st_mode))
		return add_dir(sum, at, name, depth + 1);
	return add_file(sum, &st);
}

static int add_dir(struct sum *sum, int at, const char *name, int depth)
{
	bt_auto(dir_done) DIR *d = NULL;
	struct dirent *e;
	int fd;

	if (depth > DEPTH_MAX)
		return 0;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT && depth > 0 ? 0 : -errno;
	d = fdopendir(fd);
	if (!d) {
		bt_close(&fd);
		return -ENOMEM;
	}
	while ((e = readdir(d))) {
		int r = add_entry(sum, dirfd(d), e->d_name, depth);

		if (r < 0)
			return r;
	}
	return 0;
}

int bt_tree_size(int at, const char *name, int64_t *ret)
{
	struct sum sum = { 0 };
	int r = add_dir(&sum, at, name, 0);

	bt_map_done(&sum.seen);
	if (r == 0)
		*ret = sum.bytes;
	return r;
}
