/* SPDX-License-Identifier: Apache-2.0 */

#include "base/mount_id.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/auto.h"

static int by_procfs(int fd, uint64_t *ret)
{
	char path[40], text[512];
	bt_auto_close int info = -EBADF;
	struct statfs fs;
	const char *line;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = open(path, O_RDONLY | O_CLOEXEC);
	if (info < 0 || fstatfs(info, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return -ENOSYS;
	n = read(info, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	line = strstr(text, "mnt_id:");
	if (line == NULL)
		return -ENOSYS;
	*ret = strtoull(line + strlen("mnt_id:"), NULL, 10);
	return 0;
}

int bt_mount_id_get(int fd, uint64_t *ret)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &st) == 0 &&
	    (st.stx_mask & STATX_MNT_ID) != 0) {
		*ret = st.stx_mnt_id;
		return 0;
	}
	return by_procfs(fd, ret);
}
