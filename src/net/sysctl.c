/* SPDX-License-Identifier: Apache-2.0 */

#include "net/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/mnt.h"

#define PROC      "/proc/"
#define ROOT      PROC "sys/net/"
#define PATH_SIZE 128
#define VALUE_MAX 64
/* Settings that one procfs serves: those of some forty namespaces. */
#define USES_MAX 256

/* The calling thread's own procfs; the descriptor is owned. */
static _Thread_local struct {
	int fd;
	unsigned uses;
} own = { .fd = -EBADF };

void bt_sysctl_done(void)
{
	bt_close(&own.fd);
}

/* A procfs remembers, under one name, the settings of every network namespace that was looked at
 * through it, and goes through all of them at each look: with a thousand containers that were
 * milliseconds of each start. One that nobody else uses, and for a while only, forgets them.
 * Returns a borrowed descriptor, or a negative number where it cannot be had. */
static int fresh_procfs(void)
{
	static const struct bt_mnt_fs fs = {
		.type = "proc",
		.attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
	};

	if (own.fd >= 0 && own.uses < USES_MAX) {
		own.uses++;
		return own.fd;
	}
	bt_sysctl_done();
	own.uses = 0;
	return bt_mnt_create(&fs, NULL, &own.fd) < 0 ? -EBADF : own.fd;
}

/* Returns an owned descriptor or -errno. */
static int open_setting(const char *path, int flags)
{
	int proc = fresh_procfs();
	int fd = proc >= 0 ? openat(proc, path + strlen(PROC), flags | O_CLOEXEC)
			   : open(path, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

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
	fd = open_setting(path, O_RDWR);
	if (fd < 0)
		return fd;
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
	fd = open_setting(path, O_RDONLY);
	return fd >= 0 && has_value(fd, value);
}
