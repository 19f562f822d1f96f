/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/cgroup_delegate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "sys/cgroup_controller.h"
#include "sys/cgroup_files.h"

/* Enable controllers for the children of `dir`: all at once, and where the kernel
 * refuses that, one by one. */
static void enable(int dir, uint32_t controllers)
{
	char all[256] = "", one[32];
	size_t n = 0;
	int r;

	for (unsigned c = 0; c < BT_CGROUP_CONTROLLERS_; c++)
		if (controllers & 1u << c && bt_cgroup_controller_v2_name(c))
			n += (size_t)snprintf(all + n, sizeof(all) - n, " +%s",
					      bt_cgroup_controller_v2_name(c));
	r = n ? bt_cgroup_files_write(dir, "cgroup.subtree_control", all) : 0;
	for (unsigned c = 0; r < 0 && c < BT_CGROUP_CONTROLLERS_; c++) {
		if (!(controllers & 1u << c) || !bt_cgroup_controller_v2_name(c))
			continue;
		(void)snprintf(one, sizeof(one), "+%s", bt_cgroup_controller_v2_name(c));
		(void)!bt_cgroup_files_write(dir, "cgroup.subtree_control", one);
	}
}

void bt_cgroup_delegate(int root, const char *path, uint32_t controllers)
{
	char level[4096] = ".";
	size_t len = strlen(path);

	if (len + 1 >= sizeof(level))
		return;
	for (size_t i = 0; i < len; i++) {
		bt_auto_close int dir = -EBADF;

		if (path[i] != '/' || path[i + 1] == '\0')
			continue;
		memcpy(level + 1, path, i);
		level[i + 1] = '\0';
		dir = openat(root, level, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			return;
		enable(dir, controllers);
	}
}
