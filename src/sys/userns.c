/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "sys/caps.h"
#include "sys/clone.h"

/* A process that is there only for its namespaces. */
struct holder {
	pid_t pid;
	int pidfd, dir; /* dir: /proc/PID */
};

static void holder_done(struct holder *h)
{
	if (h->pid > 0) {
		(void)syscall(SYS_pidfd_send_signal, h->pidfd, SIGKILL, NULL, 0);
		/* Somebody else's waitpid(-1) may have been first. */
		while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	bt_close(&h->pidfd);
	bt_close(&h->dir);
}

static _Noreturn void hold(void)
{
	for (;;)
		(void)pause();
}

static int open_dir(struct holder *h)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/%d", (int)h->pid);
	h->dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return h->dir < 0 ? -errno : 0;
}

static int write_map(int dir, const char *file, const struct bt_id_range *ranges, unsigned n)
{
	bt_auto_str struct bt_str text = { .max = 4095 };

	for (unsigned i = 0; i < n; i++)
		bt_str_printf(&text, "%u %u %u\n", ranges[i].inside, ranges[i].outside,
			      ranges[i].size);
	return text.failed < 0 ? text.failed : bt_io_write_file(dir, file, bt_str_get(&text));
}

static int open_ns(int dir, const char *name, int *ret)
{
	*ret = openat(dir, name, O_RDONLY | O_CLOEXEC);
	return *ret < 0 ? -errno : 0;
}

int bt_userns_make(const struct bt_id_map *map, int *ret_user, int *ret_net)
{
	const struct bt_clone how = { .flags = CLONE_NEWUSER | (ret_net ? CLONE_NEWNET : 0),
				      .cgroup_fd = -EBADF };
	bt_auto(holder_done) struct holder h = { .pidfd = -EBADF, .dir = -EBADF };
	bt_auto_close int user = -EBADF, net = -EBADF;
	int r;

	h.pid = bt_clone(&how, &h.pidfd);
	if (h.pid < 0)
		return (int)h.pid;
	if (h.pid == 0)
		hold();
	r = open_dir(&h);
	if (r == 0)
		r = write_map(h.dir, "gid_map", map->gids, map->ngids);
	if (r == 0)
		r = write_map(h.dir, "uid_map", map->uids, map->nuids);
	if (r == 0)
		r = open_ns(h.dir, "ns/user", &user);
	if (r == 0 && ret_net)
		r = open_ns(h.dir, "ns/net", &net);
	if (r < 0)
		return r;
	*ret_user = bt_take_fd(&user);
	if (ret_net)
		*ret_net = bt_take_fd(&net);
	return 0;
}

/* In the child. What came of it goes up the pipe. */
static _Noreturn void enter_and_hold(int user, int pipe_fd)
{
	int r = setns(user, CLONE_NEWUSER) < 0 || unshare(CLONE_NEWNET) < 0 ? -errno : 0;

	bt_ignore(write(pipe_fd, &r, sizeof(r)));
	hold();
}

int bt_userns_make_net(int user, int *ret_net)
{
	const struct bt_clone how = { .cgroup_fd = -EBADF };
	bt_auto(holder_done) struct holder h = { .pidfd = -EBADF, .dir = -EBADF };
	bt_auto_close int near = -EBADF, far = -EBADF;
	int pair[2], r, said;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return -errno;
	near = pair[0];
	far = pair[1];
	h.pid = bt_clone(&how, &h.pidfd);
	if (h.pid < 0)
		return (int)h.pid;
	if (h.pid == 0)
		enter_and_hold(user, far);
	bt_close(&far);
	if (read(near, &said, sizeof(said)) != (ssize_t)sizeof(said))
		return -ECHILD;
	r = said < 0 ? said : open_dir(&h);
	return r < 0 ? r : open_ns(h.dir, "ns/net", ret_net);
}

bool bt_userns_is_same(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

int bt_userns_of(int ns, int *ret)
{
	bt_auto_close int own = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	bt_auto_close int owner = ioctl(ns, NS_GET_USERNS);

	if (own < 0 || owner < 0)
		return -errno;
	*ret = bt_userns_is_same(own, owner) ? -EBADF : bt_take_fd(&owner);
	return 0;
}

int bt_userns_act_as(uid_t uid, gid_t gid)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	uint64_t permitted;

	/* setfsuid(2) tells of no failure; the second call says what it is now. */
	(void)syscall(SYS_setfsgid, gid);
	(void)syscall(SYS_setfsuid, uid);
	if ((gid_t)syscall(SYS_setfsgid, -1) != gid || (uid_t)syscall(SYS_setfsuid, -1) != uid)
		return -EPERM;
	/* Leaving 0 took those that concern files out of the effective set. */
	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	return bt_caps_set(permitted, permitted,
			   data[0].inheritable | (uint64_t)data[1].inheritable << 32);
}
