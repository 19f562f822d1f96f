/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/manifest_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "codec/image_ref.h"
#include "codec/json.h"

/* A manifest is 4 MiB at most, and here in base 64 and parsed beside. */
#define FILE_MAX    (16u << 20)
#define ENTRIES_MAX 1024

int bt_manifest_store_name(const char *text, char **ret, struct bt_err *err)
{
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	int r = bt_image_ref_parse(text, &ref, err);

	if (r < 0)
		return r;
	if (ref.digest)
		*ret = bt_str_format("%s/%s@%s", ref.domain, ref.path, ref.digest);
	else
		*ret = bt_str_format("%s/%s:%s", ref.domain, ref.path,
				     bt_image_ref_tag_or_latest(&ref));
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "name a manifest");
}

/* "DIR/manifests/LIST", or with `name` the file in it; names without their colons and slashes. */
static char *path_of(const struct bt_config *config, const char *list, const char *name)
{
	size_t start = strlen(config->dir) + strlen("/manifests/");
	char *path = bt_str_format("%s/manifests/%s%c%s", config->dir, list, name ? '\n' : '\0',
				   name ? name : "");

	for (char *p = path ? path + start : NULL; p && *p; p++) {
		if (*p == ':')
			*p = '-';
		else if (*p == '/')
			*p = '_';
		else if (*p == '\n')
			*p = '/';
	}
	return path;
}

static int read_entry(int at, const char *path, json_t **ret, struct bt_err *err)
{
	bt_auto_free char *text = NULL;
	size_t len = 0;
	int r = bt_io_read_file(at, path, FILE_MAX, &text, &len);

	if (r == -ENOENT)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "No such manifest: %s", path);
	if (r < 0)
		return bt_err_sys(err, r, "read %s", path);
	r = bt_json_parse(text, len, BT_JSON_UNIQUE, ret, err);
	return r < 0 ? bt_err_context(err, "%s", path) : 0;
}

static int is_entry(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int read_entries(const char *path, json_t *entries, struct bt_err *err)
{
	bt_auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent **names = NULL;
	int n = dir < 0 ? -1 : scandirat(dir, ".", &names, is_entry, alphasort);
	int r = n < 0 ? bt_err_sys(err, -errno, "read %s", path) : 0;

	if (n > ENTRIES_MAX)
		r = bt_err_set(err, BT_ERR_INVALID, E2BIG, "%s: more than %d manifests", path,
			       ENTRIES_MAX);
	for (int i = 0; i < n; i++) {
		json_t *entry = NULL;

		if (r == 0)
			r = read_entry(dir, names[i]->d_name, &entry, err);
		if (r == 0 && json_array_append_new(entries, entry) < 0)
			r = bt_err_sys(err, -ENOMEM, "read %s", path);
		free(names[i]);
	}
	free(names);
	return r;
}

int bt_manifest_store_list(const struct bt_config *config, const char *list, json_t **ret,
			   struct bt_err *err)
{
	bt_auto_free char *path = path_of(config, list, NULL);
	json_auto_t *entries = json_array();
	struct stat st;
	int r;

	if (!path)
		return bt_err_sys(err, -ENOMEM, "read a manifest list");
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "No such manifest: %s", list);
	r = read_entries(path, entries, err);
	if (r == 0)
		*ret = bt_take(entries);
	return r;
}

int bt_manifest_store_get(const struct bt_config *config, const char *list, const char *name,
			  json_t **ret, struct bt_err *err)
{
	bt_auto_free char *path = path_of(config, list, name);

	return path ? read_entry(AT_FDCWD, path, ret, err)
		    : bt_err_sys(err, -ENOMEM, "read a manifest");
}

int bt_manifest_store_put(const struct bt_config *config, const char *list, const json_t *entry,
			  struct bt_err *err)
{
	bt_auto_free char *dir = path_of(config, list, NULL);
	bt_auto_free char *path = path_of(config, list, bt_json_str(entry, "Ref", ""));
	bt_auto_free char *text = NULL;
	size_t len;
	int r;

	if (!dir || !path || bt_json_dump(entry, &text, &len) < 0)
		return bt_err_sys(err, -ENOMEM, "write a manifest");
	r = bt_io_mkdir_p(dir, 0755);
	return r < 0 ? bt_err_sys(err, r, "make %s", dir)
		     : bt_config_replace_file(path, 0644, text, err);
}

int bt_manifest_store_remove(const struct bt_config *config, const char *list, struct bt_err *err)
{
	bt_auto_free char *path = path_of(config, list, NULL);
	struct stat st;
	int r;

	if (!path)
		return bt_err_sys(err, -ENOMEM, "remove a manifest list");
	if (stat(path, &st) < 0)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "No such manifest: %s", list);
	r = bt_io_remove_tree(AT_FDCWD, path);
	return r < 0 ? bt_err_sys(err, r, "remove %s", path) : 0;
}
