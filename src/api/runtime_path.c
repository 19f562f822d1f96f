/* SPDX-License-Identifier: Apache-2.0 */

#include "api/runtime_path.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"

/* The path where it can be executed, as a new string, or NULL. */
static char *usable(const char *dir, const char *name)
{
	char *path = bt_path_join(dir, name);

	if (path && access(path, X_OK) < 0)
		free(bt_take(path));
	return path;
}

static char *beside_us(const char *name)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		return NULL;
	self[n] = '\0';
	self[bt_path_base(self) - self] = '\0';
	return usable(self, name);
}

static char *on_path(const char *name)
{
	const char *path = getenv("PATH");
	bt_auto_free char *copy = path ? strdup(path) : NULL;
	char *rest = copy, *dir, *found = NULL;

	while (!found && (dir = strsep(&rest, ":")) != NULL)
		if (dir[0] == '/')
			found = usable(dir, name);
	return found;
}

int bt_runtime_path_find(const char *name, const char *option, const char *named, char **ret,
			 struct bt_err *err)
{
	bt_auto_free char *found = named ? strdup(named) : beside_us(name);

	if (!found)
		found = on_path(name);
	if (!found || access(found, X_OK) < 0)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
				  "%s not found: it belongs beside berthd, or name it with "
				  "--%s",
				  named ? named : name, option);
	*ret = bt_take(found);
	return 0;
}
