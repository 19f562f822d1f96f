/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/info_host.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

/* No header of the kernel's interface has these. */
#define XFS_MAGIC 0x58465342ul
#define ZFS_MAGIC 0x2fc12fc1ul

static void dir_done(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

const char *bt_info_host_fs_name(unsigned long magic)
{
	static const struct {
		unsigned long magic;
		const char *name;
	} names[] = {
		{ EXT4_SUPER_MAGIC, "extfs" },
		{ XFS_MAGIC, "xfs" },
		{ BTRFS_SUPER_MAGIC, "btrfs" },
		{ TMPFS_MAGIC, "tmpfs" },
		{ ZFS_MAGIC, "zfs" },
		{ OVERLAYFS_SUPER_MAGIC, "overlayfs" },
		{ F2FS_SUPER_MAGIC, "f2fs" },
		{ NFS_SUPER_MAGIC, "nfs" },
		{ RAMFS_MAGIC, "ramfs" },
		{ ECRYPTFS_SUPER_MAGIC, "ecryptfs" },
		{ REISERFS_SUPER_MAGIC, "reiserfs" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].magic == magic)
			return names[i].name;
	return "<unknown>";
}

const char *bt_info_host_fs(const char *path)
{
	struct statfs st;

	return bt_info_host_fs_name(statfs(path, &st) == 0 ? (unsigned long)st.f_type : 0);
}

bool bt_info_host_forwards(void)
{
	bt_auto_free char *text = NULL;

	return bt_io_read_file(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", 16, &text, NULL) == 0 &&
	       text[0] == '1';
}

/* Entries of a directory of /proc/self, without "." and "..". */
static int count_entries(const char *path)
{
	bt_auto(dir_done) DIR *dir = opendir(path);
	int n = 0;

	while (dir && readdir(dir))
		n++;
	return n > 2 ? n - 2 : 0;
}

int bt_info_host_threads(void)
{
	return count_entries("/proc/self/task");
}

int bt_info_host_fds(void)
{
	int n = count_entries("/proc/self/fd");

	/* Not the directory itself. */
	return n > 0 ? n - 1 : 0;
}

char *bt_info_host_os_release(const char *key)
{
	bt_auto_free char *text = NULL;
	char *save = NULL;

	if (bt_io_read_file(AT_FDCWD, "/etc/os-release", 65536, &text, NULL) < 0)
		return strdup("");
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *value = bt_str_after(line, key);
		size_t len;

		if (!value || value[0] != '=')
			continue;
		value += 1 + (value[1] == '"');
		len = strlen(value);
		return strndup(value, len - (len > 0 && value[len - 1] == '"'));
	}
	return strdup("");
}

json_t *bt_info_host_proxy(const char *url)
{
	const char *scheme = url ? strstr(url, "://") : NULL;
	const char *rest = scheme ? scheme + 3 : url;
	const char *at = rest ? strchr(rest, '@') : NULL;

	if (!url)
		return json_string("");
	/* Behind the host an at is none of a user's. */
	if (!at || at > rest + strcspn(rest, "/?#"))
		return json_string(url);
	return json_sprintf("%.*sxxxxx:xxxxx%s", (int)(rest - url), url, at);
}
