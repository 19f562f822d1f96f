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

/* Beside us, and where `make install` puts it: we are in sbin, it is in bin. */
static char *near_us(const char *name)
{
	static const char *const places[] = { "", "../bin" };
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *found = NULL;

	if (n <= 0)
		return NULL;
	self[n] = '\0';
	self[bt_path_base(self) - self] = '\0';
	for (size_t i = 0; i < 2 && !found; i++) {
		bt_auto_free char *joined = bt_path_join(self, places[i]);
		bt_auto_free char *dir = joined ? bt_path_clean(joined) : NULL;

		found = dir ? usable(dir, name) : NULL;
	}
	return found;
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
	bt_auto_free char *found = named ? strdup(named) : near_us(name);

	if (!found)
		found = on_path(name);
	if (named && access(named, X_OK) < 0)
		return bt_err_set(err, BT_ERR_NOT_FOUND, errno, "--%s %s: %s", option, named,
				  strerror(errno));
	if (!found)
		return bt_err_set(
			err, BT_ERR_NOT_FOUND, ENOENT,
			"%s not found: it belongs beside berthd, in ../bin from there, or "
			"on PATH; or name it with --%s",
			name, option);
	*ret = bt_take(found);
	return 0;
}
