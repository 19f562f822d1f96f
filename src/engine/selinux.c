/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/selinux.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/str.h"

bool bt_selinux_enabled(const char *dir)
{
	struct statfs st;

	return statfs(dir ? dir : "/sys/fs/selinux", &st) == 0 &&
	       (unsigned long)st.f_type == SELINUX_MAGIC;
}

int bt_selinux_refuse(bool enabled, const char *what, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, ENOSYS, "%s: %s", what,
			  enabled ? "berth gives no SELinux labels yet"
				  : "this host does not have SELinux");
}

bool bt_selinux_is_option(const char *text)
{
	static const char *const keys[] = { "user:", "role:", "type:", "level:", "filetype:" };

	if (strcmp(text, "disable") == 0 || strcmp(text, "nested") == 0)
		return true;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (bt_str_after(text, keys[i]) && bt_str_after(text, keys[i])[0])
			return true;
	return false;
}
