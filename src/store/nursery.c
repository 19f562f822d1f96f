/* SPDX-License-Identifier: Apache-2.0 */

#include "store/nursery.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"

/* What is made has this name in the nursery, for a moment. */
#define NEWBORN "new"

void bt_nursery_open(struct bt_nursery *nursery, const char *path, struct bt_spread *spread)
{
	*nursery = (struct bt_nursery){ .spread = spread, .fd = -EBADF };
	(void)pthread_mutex_init(&nursery->mutex, NULL);
	nursery->top = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (nursery->top >= 0 && !bt_spread_mark(nursery->top))
		bt_close(&nursery->top);
}

void bt_nursery_done(struct bt_nursery *nursery)
{
	if (nursery->fd >= 0)
		(void)unlinkat(nursery->top, nursery->name, AT_REMOVEDIR);
	bt_close(&nursery->fd);
	bt_close(&nursery->top);
	(void)pthread_mutex_destroy(&nursery->mutex);
}

static int make_in(int fd, int at, const char *path, mode_t mode)
{
	int r;

	/* Not what mkdirat(2) says: that would be taken for an answer about `path`. */
	if (mkdirat(fd, NEWBORN, mode) < 0)
		return -ENOTRECOVERABLE;
	if (renameat2(fd, NEWBORN, at, path, RENAME_NOREPLACE) == 0)
		return 0;
	r = -errno;
	(void)unlinkat(fd, NEWBORN, AT_REMOVEDIR);
	return r;
}

int bt_nursery_mkdir(struct bt_nursery *nursery, int at, const char *path, mode_t mode)
{
	int r;

	(void)pthread_mutex_lock(&nursery->mutex);
	r = nursery->fd >= 0 ? make_in(nursery->fd, at, path, mode) : -ENOTRECOVERABLE;
	(void)pthread_mutex_unlock(&nursery->mutex);
	if (r == 0 || r == -EEXIST)
		return r;
	return mkdirat(at, path, mode) < 0 ? -errno : 0;
}

/* The new one is made before anybody is kept waiting. */
static void turn(struct bt_nursery *nursery)
{
	char name[BT_RAND_ID_LEN + 1], old[BT_RAND_ID_LEN + 1];
	bt_auto_close int fd = -EBADF;
	int used;

	if (bt_rand_id(name) < 0)
		return;
	fd = bt_spread_mkdir(nursery->spread, nursery->top, name, 0700);
	if (fd < 0)
		return;
	(void)pthread_mutex_lock(&nursery->mutex);
	used = nursery->fd;
	memcpy(old, nursery->name, sizeof(old));
	memcpy(nursery->name, name, sizeof(name));
	nursery->fd = bt_take_fd(&fd);
	(void)pthread_mutex_unlock(&nursery->mutex);
	if (used >= 0)
		(void)unlinkat(nursery->top, old, AT_REMOVEDIR);
	bt_close(&used);
}

void bt_nursery_removed(struct bt_nursery *nursery)
{
	bool is_used;

	if (nursery->top < 0)
		return;
	(void)pthread_mutex_lock(&nursery->mutex);
	is_used = ++nursery->removed >= BT_NURSERY_REMOVALS;
	if (is_used)
		nursery->removed = 0;
	(void)pthread_mutex_unlock(&nursery->mutex);
	if (is_used)
		turn(nursery);
}
