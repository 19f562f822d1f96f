/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/state_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/time.h"

#define NAME   "lock"
#define NAP_US 5000

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

/* Who deleted the container held it until then. */
static int is_there(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return st.st_nlink > 0;
}

int bt_state_lock_create(const char *dir)
{
	bt_auto_close int fd = open_lock(dir, O_CREAT | O_EXCL);
	int r = fd < 0 ? fd : set(fd, F_SETLK, F_WRLCK);

	if (r == 0)
		r = is_there(fd);
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
		r = is_there(fd);
	if (r < 0)
		return r;
	return r > 0 ? bt_take_fd(&fd) : -ENOENT;
}

int bt_state_lock_retake(int lock)
{
	int r = set(lock, F_SETLKW, F_WRLCK);

	return r < 0 ? r : is_there(lock);
}

int bt_state_lock_release(int lock)
{
	return set(lock, F_SETLK, F_UNLCK);
}
