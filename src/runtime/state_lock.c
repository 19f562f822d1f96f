/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/state_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/time.h"
#include "sys/pidfd.h"

#define NAME     "lock"
#define NAP_US   5000
#define ATTEMPTS 2000 /* ten seconds, together */

static int set(int fd, int command, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };
	int r;

	do {
		r = fcntl(fd, command, &lock);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return errno == EACCES ? -EAGAIN : -errno;
	return 0;
}

static int open_lock(const char *dir, int flags)
{
	bt_auto_free char *path = bt_path_join(dir, NAME);
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600) : -1;

	if (path == NULL)
		return -ENOMEM;
	return fd < 0 ? -errno : fd;
}

/* Who deleted the container held it until then. The file's count of links would not tell: a network
 * file system that removes what is open gives it another name until it is closed. */
static int is_there(int fd, const char *dir)
{
	bt_auto_free char *path = bt_path_join(dir, NAME);
	struct stat mine, now;

	if (path == NULL)
		return -ENOMEM;
	if (fstat(fd, &mine) < 0)
		return -errno;
	if (lstat(path, &now) < 0)
		return errno == ENOENT ? 0 : -errno;
	return mine.st_dev == now.st_dev && mine.st_ino == now.st_ino;
}

int bt_state_lock_create(const char *dir)
{
	bt_auto_close int fd = open_lock(dir, O_CREAT | O_EXCL);
	int r = fd < 0 ? fd : set(fd, F_SETLK, F_WRLCK);

	if (r == 0)
		r = is_there(fd, dir);
	if (r < 0)
		return r;
	return r > 0 ? bt_take_fd(&fd) : -ENOENT;
}

/* For a while: the kernel waits for ever or not at all. */
static int wait_for(int fd, int timeout_ms)
{
	int64_t until = bt_time_monotonic_ns() + timeout_ms * INT64_C(1000000);
	int r;

	if (timeout_ms < 0)
		return set(fd, F_SETLKW, F_WRLCK);
	while ((r = set(fd, F_SETLK, F_WRLCK)) == -EAGAIN && bt_time_monotonic_ns() < until)
		(void)usleep(NAP_US);
	return r;
}

int bt_state_lock_take(const char *dir, int timeout_ms)
{
	bt_auto_close int fd = open_lock(dir, 0);
	int r = fd < 0 ? fd : wait_for(fd, timeout_ms);

	if (r == 0)
		r = is_there(fd, dir);
	if (r < 0)
		return r;
	return r > 0 ? bt_take_fd(&fd) : -ENOENT;
}

int bt_state_lock_retake(int lock, const char *dir, const sigset_t *enough)
{
	const struct timespec nap = { .tv_nsec = NAP_US * 1000 };
	int r;

	/* As long as somebody else has it: fcntl(2) would not let go of a blocked signal. */
	while ((r = set(lock, F_SETLK, F_WRLCK)) == -EAGAIN) {
		if (sigtimedwait(enough, NULL, &nap) > 0)
			return -EINTR;
	}
	return r < 0 ? r : is_there(lock, dir);
}

int bt_state_lock_release(int lock)
{
	return set(lock, F_SETLK, F_UNLCK);
}

int bt_state_lock_holder(const char *dir, pid_t *ret)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	bt_auto_close int fd = open_lock(dir, 0);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (fcntl(fd, F_GETLK, &lock) < 0)
		return -errno;
	if (lock.l_type == F_UNLCK)
		return 0;
	*ret = lock.l_pid;
	return 1;
}

int bt_state_lock_end_holder(const char *dir)
{
	bt_auto_close int pidfd = -EBADF;
	pid_t pid, now;
	int r = bt_state_lock_holder(dir, &pid);

	if (r <= 0)
		return r;
	/* In another PID namespace, or on another machine. */
	if (pid <= 0)
		return -EREMOTE;
	pidfd = bt_pidfd_open(pid);
	if (pidfd < 0)
		return pidfd == -ESRCH ? 0 : pidfd;
	/* Asked after the descriptor was opened: it is of whoever holds it, or of nobody. */
	r = bt_state_lock_holder(dir, &now);
	if (r <= 0 || now != pid)
		return r < 0 ? r : 0;
	r = bt_pidfd_signal(pidfd, pid, SIGKILL);
	if (r < 0)
		return r == -ESRCH ? 0 : r;
	return 1;
}

/* Is it another container's by now? Whoever makes one makes its lock at once. */
static bool has_lock(const char *dir)
{
	bt_auto_free char *path = bt_path_join(dir, NAME);

	return path != NULL && access(path, F_OK) == 0;
}

int bt_state_lock_close(int *lock, const char *dir)
{
	int r = 0;

	bt_close(lock);
	for (int i = 0; i < ATTEMPTS; i++) {
		r = rmdir(dir) < 0 ? -errno : 0;
		if (r == 0 || r == -ENOENT || has_lock(dir))
			return 0;
		if (r != -ENOTEMPTY && r != -EEXIST && r != -EBUSY)
			break;
		(void)usleep(NAP_US);
	}
	return r;
}
