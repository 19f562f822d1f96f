/* SPDX-License-Identifier: Apache-2.0 */

#include "store/spread.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/rand.h"

#define TRIES 8
/* ext4 fills groups of inodes together ("flex_bg"); by mke2fs' defaults such a group has 131072. */
#define NEAR ((ino_t)65536)

void bt_spread_init(struct bt_spread *spread)
{
	*spread = (struct bt_spread){ .next = 0 };
	(void)pthread_mutex_init(&spread->mutex, NULL);
}

void bt_spread_done(struct bt_spread *spread)
{
	(void)pthread_mutex_destroy(&spread->mutex);
}

bool bt_spread_is_near(struct bt_spread *spread, ino_t ino)
{
	bool near = false;

	(void)pthread_mutex_lock(&spread->mutex);
	for (size_t i = 0; i < BT_SPREAD_KEPT && !near; i++) {
		ino_t used = spread->used[i];

		near = used != 0 && (ino > used ? ino - used : used - ino) < NEAR;
	}
	(void)pthread_mutex_unlock(&spread->mutex);
	return near;
}

void bt_spread_note(struct bt_spread *spread, ino_t ino)
{
	(void)pthread_mutex_lock(&spread->mutex);
	spread->used[spread->next] = ino;
	spread->next = (spread->next + 1) % BT_SPREAD_KEPT;
	(void)pthread_mutex_unlock(&spread->mutex);
}

/* In what is marked as the top of hierarchies, ext4 puts each new directory where there is much
 * room, and begins to look at a place that the directory's name gives. */
static bool mark(int dir)
{
	int flags = 0;

	if (ioctl(dir, FS_IOC_GETFLAGS, &flags) < 0)
		return false;
	flags |= FS_TOPDIR_FL;
	return ioctl(dir, FS_IOC_SETFLAGS, &flags) == 0;
}

static int make(int dir, const char *name, mode_t mode, struct stat *ret)
{
	bt_auto_close int fd = -EBADF;

	if (mkdirat(dir, name, mode) < 0)
		return -errno;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchmod(fd, mode) < 0 || fstat(fd, ret) < 0)
		return -errno;
	return bt_take_fd(&fd);
}

int bt_spread_mkdir(struct bt_spread *spread, int dir, const char *name, mode_t mode)
{
	bt_auto_close int fd = -EBADF;
	char attempt[BT_RAND_ID_LEN + 1];
	struct stat st;
	int r;

	if (!mark(dir))
		return make(dir, name, mode, &st);
	for (int i = 0; i < TRIES; i++) {
		if (fd >= 0 && unlinkat(dir, attempt, AT_REMOVEDIR) < 0)
			return -errno;
		bt_close(&fd);
		r = bt_rand_id(attempt);
		if (r < 0)
			return r;
		fd = make(dir, attempt, mode, &st);
		if (fd < 0)
			return fd;
		if (!bt_spread_is_near(spread, st.st_ino))
			break;
	}
	if (renameat(dir, attempt, dir, name) < 0) {
		r = -errno;
		(void)unlinkat(dir, attempt, AT_REMOVEDIR);
		return r;
	}
	bt_spread_note(spread, st.st_ino);
	return bt_take_fd(&fd);
}
