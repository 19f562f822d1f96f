/* SPDX-License-Identifier: Apache-2.0 */

#include "base/openat2.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/openat2_walk.h"

/* How often the kernel is asked where others disturb it. */
#define TRIES_MAX 8

/* EPERM is a filter's word if a call that could only be wrong gets it, too. */
static bool is_missing(int error)
{
	if (error == EPERM && syscall(SYS_openat2, -1, NULL, NULL, 0) < 0)
		return errno == EPERM;
	return error == ENOSYS;
}

/* The kernel gives up with EAGAIN where anything on the machine was renamed or mounted during a
 * lookup with "..": whoever renames all the time could hold up everybody. The walk asks the kernel
 * for one name at a time, and for no "..", so that no rename elsewhere disturbs it. */
static bool is_disturbed(int error)
{
	return error == EAGAIN || error == EINTR;
}

int bt_openat2_open(int at, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.resolve = resolve,
	};
	int error = EAGAIN;

	for (int i = 0; i < TRIES_MAX && is_disturbed(error); i++) {
		long fd = syscall(SYS_openat2, at, path, &how, sizeof(how));

		if (fd >= 0)
			return (int)fd;
		error = errno;
	}
	if (is_disturbed(error) || is_missing(error))
		return bt_openat2_walk(at, path, flags, resolve);
	return -error;
}
