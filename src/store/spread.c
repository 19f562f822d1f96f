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
bool bt_spread_mark(int dir)
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

/* Those tried before are kept meanwhile: where one group of inodes has the fewest directories, ext4
 * takes that one again and again until it has more. Returns the descriptor of the last, or -errno.
 */
static int try_places(struct bt_spread *spread, int dir, mode_t mode,
		      char names[TRIES][BT_RAND_ID_LEN + 1], int *ret_tried, struct stat *ret)
{
	int fd = -EBADF;

	for (*ret_tried = 0; *ret_tried < TRIES;) {
		int r = bt_rand_id(names[*ret_tried]);

		bt_close(&fd);
		fd = r < 0 ? r : make(dir, names[*ret_tried], mode, ret);
		if (fd < 0)
			return fd;
		++*ret_tried;
		if (!bt_spread_is_near(spread, ret->st_ino))
			break;
	}
	return fd;
}

int bt_spread_mkdir(struct bt_spread *spread, int dir, const char *name, mode_t mode)
{
	char names[TRIES][BT_RAND_ID_LEN + 1];
	bt_auto_close int fd = -EBADF;
	int tried = 0, r = 0;
	struct stat st;

	if (!bt_spread_mark(dir))
		return make(dir, name, mode, &st);
	fd = try_places(spread, dir, mode, names, &tried, &st);
	if (fd < 0)
		r = fd;
	else if (renameat(dir, names[tried - 1], dir, name) < 0)
		r = -errno;
	for (int i = 0; i < (r < 0 ? tried : tried - 1); i++)
		(void)unlinkat(dir, names[i], AT_REMOVEDIR);
	if (r < 0)
		return r;
	bt_spread_note(spread, st.st_ino);
	return bt_take_fd(&fd);
}
