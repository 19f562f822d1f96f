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

/* EPERM is a filter's word if a call that could only be wrong gets it, too. */
static bool is_missing(int error)
{
	if (error == EPERM && syscall(SYS_openat2, -1, NULL, NULL, 0) < 0)
		return errno == EPERM;
	return error == ENOSYS;
}

int bt_openat2_open(int at, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.resolve = resolve,
	};
	long fd = syscall(SYS_openat2, at, path, &how, sizeof(how));
	int error = errno;

	if (fd >= 0)
		return (int)fd;
	return is_missing(error) ? bt_openat2_walk(at, path, flags, resolve) : -error;
}
