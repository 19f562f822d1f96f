/* SPDX-License-Identifier: Apache-2.0 */

#include "base/path.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

char *bt_path_join(const char *dir, const char *name)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	while (*name == '/')
		name++;
	if (n == 1 && dir[0] == '/')
		n = 0;
	return bt_str_format("%.*s/%s", (int)n, dir, name);
}

/* Drop the last component of out[0..len); `floor` bytes at the start stay. */
static size_t drop_last(const char *out, size_t len, size_t floor)
{
	while (len > floor && out[len - 1] != '/')
		len--;
	return len > floor ? len - 1 : floor;
}

char *bt_path_clean(const char *path)
{
	bool rooted = path[0] == '/';
	char *out = malloc(strlen(path) + 2);
	size_t len = 0, floor = 0;

	if (!out)
		return NULL;
	if (rooted)
		out[len++] = '/';
	floor = len;
	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && memcmp(path, "..", 2) == 0 && (rooted || len > floor)) {
			len = drop_last(out, len, floor);
		} else if (n > 0 && !(n == 1 && path[0] == '.')) {
			if (len > 0 && out[len - 1] != '/')
				out[len++] = '/';
			memcpy(out + len, path, n);
			len += n;
			if (!rooted && n == 2 && memcmp(path, "..", 2) == 0)
				floor = len;
		}
		path += n;
		path += strspn(path, "/");
	}
	if (len == 0)
		out[len++] = '.';
	out[len] = '\0';
	return out;
}

const char *bt_path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool bt_path_is_under(const char *path, const char *dir)
{
	const char *rest = bt_str_after(path, dir);

	if (!rest)
		return false;
	return *rest == '\0' || *rest == '/' || strcmp(dir, "/") == 0;
}
