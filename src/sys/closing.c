/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/closing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/kernel.h"
#include "sys/mnt.h"

/* No kernel gives out higher numbers by default (fs.nr_open). */
#define NUMBERS_MAX (1u << 20)

/* Returns whether there was anything to do. */
static bool end_one(unsigned fd, bool on_exec)
{
	int flags = fcntl((int)fd, F_GETFD);

	if (flags < 0)
		return false;
	if (on_exec)
		return (flags & FD_CLOEXEC) == 0 && fcntl((int)fd, F_SETFD, FD_CLOEXEC) == 0;
	(void)close((int)fd);
	return true;
}

/* Returns how many there were in what one read of the directory gave, or -errno. */
static int end_listed(int dir, unsigned first, unsigned last, bool on_exec, bool *ret_end)
{
	_Alignas(struct dirent64) char buf[4096];
	ssize_t n = getdents64(dir, buf, sizeof(buf));
	int ended = 0;

	if (n < 0)
		return -errno;
	*ret_end = n == 0;
	for (ssize_t at = 0; at < n;) {
		const struct dirent64 *e = (const struct dirent64 *)(const void *)(buf + at);
		char *end;
		unsigned long fd = strtoul(e->d_name, &end, 10);

		if (end != e->d_name && *end == '\0' && fd >= first && fd <= last &&
		    fd != (unsigned long)dir)
			ended += end_one((unsigned)fd, on_exec);
		at += e->d_reclen;
	}
	return ended;
}

/* The directory changes while it is read: until nothing more is found in it. */
static int end_all_listed(int dir, unsigned first, unsigned last, bool on_exec)
{
	int ended, r;

	do {
		bool at_end = false;

		if (lseek(dir, 0, SEEK_SET) < 0)
			return -errno;
		for (ended = 0; !at_end; ended += r) {
			r = end_listed(dir, first, last, on_exec, &at_end);
			if (r < 0)
				return r;
		}
	} while (ended > 0);
	return 0;
}

/* The limit may have been lowered since the descriptors were opened. */
static void end_by_number(unsigned first, unsigned last, bool on_exec)
{
	for (unsigned fd = first; fd <= last && fd < NUMBERS_MAX; fd++)
		(void)end_one(fd, on_exec);
}

int bt_closing_range(unsigned first, unsigned last, bool on_exec)
{
	bt_auto_close int dir = -EBADF;

	if (syscall(SYS_close_range, first, last, on_exec ? CLOSE_RANGE_CLOEXEC : 0) == 0)
		return 0;
	/* Linux 5.9 and 5.10 close, but do not know how to mark. */
	if (!bt_kernel_lacks(SYS_close_range, errno) && !(errno == EINVAL && on_exec))
		return -errno;
	dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* An image may have a directory of that name of its own. */
	if (dir >= 0 && bt_mnt_magic(dir) == PROC_SUPER_MAGIC)
		return end_all_listed(dir, first, last, on_exec);
	end_by_number(first, last, on_exec);
	return 0;
}
