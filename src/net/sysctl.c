/* SPDX-License-Identifier: Apache-2.0 */

#include "net/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"

#define ROOT      "/proc/sys/net/"
#define PATH_SIZE 128
#define VALUE_MAX 64

/* Each write takes the kernel's network lock and, where routes depend on it, flushes caches. */
static bool has_value(int fd, const char *value)
{
	char now[VALUE_MAX];
	ssize_t n = pread(fd, now, sizeof(now), 0);
	size_t len = strlen(value);

	return n == (ssize_t)len + 1 && now[len] == '\n' && memcmp(now, value, len) == 0;
}

int bt_sysctl_set(const char *value, const char *name, ...)
{
	char path[PATH_SIZE] = ROOT;
	bt_auto_close int fd = -EBADF;
	va_list ap;
	int n;

	va_start(ap, name);
	n = vsnprintf(path + strlen(ROOT), sizeof(path) - strlen(ROOT), name, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(path) - strlen(ROOT))
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (has_value(fd, value))
		return 0;
	return pwrite(fd, value, strlen(value), 0) < 0 ? -errno : 0;
}

bool bt_sysctl_is(const char *value, const char *name)
{
	char path[PATH_SIZE];
	bt_auto_close int fd = -EBADF;

	if (snprintf(path, sizeof(path), ROOT "%s", name) >= (int)sizeof(path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && has_value(fd, value);
}
