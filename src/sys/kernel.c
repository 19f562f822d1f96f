/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/kernel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What has no fall-back, or, as mount_setattr(2), none for everything that it does. */
static const struct {
	long call;
	const char *name, *since;
} needed[] = {
	{ SYS_fsopen, "fsopen", "5.2" },
	{ SYS_fsconfig, "fsconfig", "5.2" },
	{ SYS_fsmount, "fsmount", "5.2" },
	{ SYS_open_tree, "open_tree", "5.2" },
	{ SYS_move_mount, "move_mount", "5.2" },
	{ SYS_memfd_create, "memfd_create", "3.17" },
	{ SYS_mount_setattr, "mount_setattr", "5.12" },
	{ SYS_execveat, "execveat", "3.19" },
};

bool bt_kernel_has(long call)
{
	long r = syscall(call, -1L, -1L, -1L, -1L, -1L, -1L);

	return r >= 0 || (errno != ENOSYS && errno != EPERM);
}

bool bt_kernel_lacks(long call, int error)
{
	return error == ENOSYS || (error == EPERM && !bt_kernel_has(call));
}

void bt_kernel_missing(char *ret, size_t len)
{
	size_t used = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		int n;

		if (bt_kernel_has(needed[i].call))
			continue;
		n = snprintf(ret + used, len - used, "%s%s(2) of Linux %s", used > 0 ? ", " : "",
			     needed[i].name, needed[i].since);
		if (n < 0 || (size_t)n >= len - used)
			return;
		used += (size_t)n;
	}
}
