/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/state_lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
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
#define FORCED   4    /* processes that are ended */
#define END_MS   10000

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

/* Returns 1 with who holds it, 0 where nobody else does, or -errno. */
static int holder(int fd, pid_t *ret)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_GETLK, &lock) < 0)
		return -errno;
	if (lock.l_type == F_UNLCK)
		return 0;
	*ret = lock.l_pid;
	return 1;
}

int bt_state_lock_holder(const char *dir, pid_t *ret)
{
	bt_auto_close int fd = open_lock(dir, 0);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	return holder(fd, ret);
}

/* For as long as one and the same process holds it. Returns 0 where it is ours; -EAGAIN and who
 * has held it all the time; or another -errno. */
static int wait_for_one(int fd, int timeout_ms, pid_t *ret)
{
	int64_t until = 0;
	pid_t now;
	int r;

	*ret = 0;
	while ((r = set(fd, F_SETLK, F_WRLCK)) == -EAGAIN) {
		r = holder(fd, &now);
		if (r < 0)
			return r;
		if (r > 0 && (until == 0 || now != *ret)) {
			*ret = now;
			until = bt_time_monotonic_ns() + timeout_ms * INT64_C(1000000);
		} else if (r > 0 && bt_time_monotonic_ns() >= until) {
			return -EAGAIN;
		}
		(void)usleep(NAP_US);
	}
	return r;
}

/* Has the process the file open? A network file system may tell a number of another machine's
 * processes. Where that may not be looked at, the signal will not be allowed either, unless the
 * process is the user's own. */
static bool has_open(pid_t pid, const struct stat *file)
{
	char path[64];
	struct dirent *entry;
	struct stat st;
	bool found = false;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (dir == NULL)
		return errno == EACCES || errno == EPERM;
	while (!found && (entry = readdir(dir)) != NULL)
		found = fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 &&
			st.st_dev == file->st_dev && st.st_ino == file->st_ino;
	(void)closedir(dir);
	return found;
}

/* End who holds the lock, if it is the container's still. Returns 0, also where it holds it no
 * more; -ENOENT where the container has gone; or -errno. */
static int end_holder(int fd, const char *dir, pid_t pid)
{
	bt_auto_close int pidfd = -EBADF;
	struct stat mine;
	pid_t now;
	int r;

	/* In another PID namespace, or on another machine. */
	if (pid <= 0 || pid == getpid())
		return -EREMOTE;
	pidfd = bt_pidfd_open(pid);
	if (pidfd < 0)
		return pidfd == -ESRCH ? 0 : pidfd;
	/* Asked after the descriptor was opened: it is of whoever holds it, or of nobody. */
	r = holder(fd, &now);
	if (r <= 0 || now != pid)
		return r < 0 ? r : 0;
	r = is_there(fd, dir);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	if (fstat(fd, &mine) < 0)
		return -errno;
	if (!has_open(pid, &mine))
		return -EREMOTE;
	r = bt_pidfd_signal(pidfd, pid, SIGKILL);
	if (r < 0)
		return r == -ESRCH ? 0 : r;
	(void)poll(&(struct pollfd){ .fd = pidfd, .events = POLLIN }, 1, END_MS);
	return 0;
}

int bt_state_lock_take_by_force(const char *dir, int timeout_ms)
{
	bt_auto_close int fd = open_lock(dir, 0);
	int r = fd;
	pid_t pid;

	for (int i = 0; r >= 0; i++) {
		r = wait_for_one(fd, timeout_ms, &pid);
		if (r != -EAGAIN || i == FORCED)
			break;
		r = end_holder(fd, dir, pid);
	}
	if (r == 0)
		r = is_there(fd, dir);
	if (r < 0)
		return r;
	return r > 0 ? bt_take_fd(&fd) : -ENOENT;
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
