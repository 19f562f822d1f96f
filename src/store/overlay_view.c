/* SPDX-License-Identifier: Apache-2.0 */

#include "store/overlay_view.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/rand.h"
#include "base/str.h"
#include "base/thread.h"
#include "sys/mnt.h"

/* It may start another thread, and builds paths. */
#define STACK_SIZE (128u << 10)
#define PATHS_MAX  (BT_OVERLAY_LOWERS_MAX + 2)

struct job {
	const struct bt_overlay_view *v;
	const char *dir; /* where the layers are attached, or NULL: nowhere */
};

/* The overlay's paths as they read from where the id-mapped mount is. */
struct paths {
	char *v[PATHS_MAX];
	size_t n;
};

static void paths_done(struct paths *p)
{
	while (p->n > 0)
		free(p->v[--p->n]);
}

/* `path` below `from` instead of below `base`; NULL without memory. */
static const char *move_path(struct paths *p, const char *base, const char *from, const char *path)
{
	const char *rest = bt_str_after(path, base);
	char *moved = rest ? bt_str_format("%s%s", from, rest) : strdup(path);

	if (moved)
		p->v[p->n++] = moved;
	return moved;
}

static int mount_from(const struct bt_overlay_view *v, const char *from)
{
	bt_auto(paths_done) struct paths moved = { .n = 0 };
	const char *lowers[BT_OVERLAY_LOWERS_MAX];
	struct bt_overlay o = *v->overlay;

	if (o.lowers_len > BT_OVERLAY_LOWERS_MAX)
		return -E2BIG;
	for (size_t i = 0; i < o.lowers_len; i++) {
		lowers[i] = move_path(&moved, v->base, from, o.lowers[i]);
		if (!lowers[i])
			return -ENOMEM;
	}
	o.lowers = lowers;
	if (o.upper) {
		o.upper = move_path(&moved, v->base, from, o.upper);
		o.work = move_path(&moved, v->base, from, o.work);
		if (!o.upper || !o.work)
			return -ENOMEM;
	}
	return bt_overlay_mount(&o);
}

static int map_base(const struct bt_overlay_view *v, int *ret_fd)
{
	const struct bt_mnt_change change = { .set = MOUNT_ATTR_IDMAP,
					      .userns_fd = v->view->userns };
	bt_auto_close int fd = -EBADF;
	int r = bt_mnt_clone(AT_FDCWD, v->base, false, &fd);

	if (r == 0)
		r = bt_mnt_apply(fd, &change);
	if (r == 0)
		*ret_fd = bt_take_fd(&fd);
	return r;
}

/* Where nobody else sees it; it goes with the thread. */
static int attach(int fd, const char *dir)
{
	bt_auto_close int target = -EBADF;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	target = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return target < 0 ? -errno : bt_mnt_attach(fd, target);
}

/* Ids and namespaces belong to a thread, and the caller's are not to change. */
static int do_job(void *arg)
{
	const struct job *job = arg;
	const struct bt_userns_view *view = job->v->view;
	bt_auto_close int fd = -EBADF;
	char from[32];
	int r = map_base(job->v, &fd);

	if (r == 0 && job->dir)
		r = attach(fd, job->dir);
	if (r == 0)
		r = bt_userns_act_as(view->uid, view->gid);
	if (r < 0)
		return r;
	(void)snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	return mount_from(job->v, job->dir ? job->dir : from);
}

static int mount_attached(const struct bt_overlay_view *v)
{
	bt_auto_free char *dir = NULL;
	char unique[17];
	int r = bt_rand_hex(unique, sizeof(unique) - 1);

	if (r < 0)
		return r;
	dir = bt_str_format("%s/%s", v->overlay->scratch, unique);
	if (!dir)
		return -ENOMEM;
	if (mkdir(dir, 0700) < 0)
		return -errno;
	r = bt_thread_run(STACK_SIZE, do_job, &(struct job){ .v = v, .dir = dir });
	(void)rmdir(dir); /* what is left is swept at the next start */
	return r;
}

int bt_overlay_view_mount(const struct bt_overlay_view *v)
{
	/* Seen once that detached layers were all that was wrong, it is not tried again. */
	static atomic_bool only_attached;
	int r;

	if (v->attached || atomic_load(&only_attached))
		return mount_attached(v);
	r = bt_thread_run(STACK_SIZE, do_job, &(struct job){ .v = v });
	if (r != -EINVAL)
		return r;
	r = mount_attached(v);
	if (r >= 0)
		atomic_store(&only_attached, true);
	return r;
}
