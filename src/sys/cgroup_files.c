/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/cgroup_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"

int bt_cgroup_files_write(int dir, const char *file, const char *value)
{
	int r = bt_io_write_file(dir, file, value);

	/* kernfs answers EPERM or EACCES where open(2) would create, ENOENT otherwise. */
	return r == -ENOENT ? -EOPNOTSUPP : r;
}

int bt_cgroup_files_printf(int dir, const char *file, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		return -EINVAL;
	return bt_cgroup_files_write(dir, file, text);
}

int bt_cgroup_files_write_max(int dir, const char *file, int64_t value)
{
	if (value < 0)
		return bt_cgroup_files_write(dir, file, "max");
	return bt_cgroup_files_printf(dir, file, "%" PRId64, value);
}

int bt_cgroup_files_read(int dir, const char *file, char *buf, size_t size)
{
	bt_auto_close int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	/* These files give what they have, up to a page, to one read(2). */
	do {
		n = read(fd, buf, size - 1);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return (int)n;
}

/* Version 1 has no word for "no limit" but the largest number of pages. */
#define PAGE_COUNTER_MAX ((uint64_t)INT64_MAX & ~(uint64_t)0xffff)

static int parse_u64(const char *text, uint64_t *ret)
{
	unsigned long long value;
	char *end;

	if (strcmp(text, "max") == 0) {
		*ret = UINT64_MAX;
		return 0;
	}
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || (*end != '\0' && *end != '\n'))
		return -EINVAL;
	*ret = value >= PAGE_COUNTER_MAX ? UINT64_MAX : value;
	return 0;
}

int bt_cgroup_files_read_u64(int dir, const char *file, uint64_t *ret)
{
	char text[64];
	int r = bt_cgroup_files_read(dir, file, text, sizeof(text));

	return r < 0 ? r : parse_u64(text, ret);
}

int bt_cgroup_files_read_key(int dir, const char *file, const char *key, uint64_t *ret)
{
	char text[4096];
	size_t n = strlen(key);
	char *save = NULL;
	int r = bt_cgroup_files_read(dir, file, text, sizeof(text));

	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (strncmp(line, key, n) == 0 && line[n] == ' ')
			return parse_u64(line + n + 1, ret);
	return -ENODATA;
}
