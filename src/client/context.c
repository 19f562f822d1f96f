/* SPDX-License-Identifier: Apache-2.0 */

#include "client/context.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "client/sha256.h"

const char *const bt_context_files[] = { "ca.pem", "cert.pem", "key.pem", NULL };

int bt_context_check_name(const char *name, struct bt_err *err)
{
	size_t n = 0;

	if (strcmp(name, "default") == 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "\"default\" is a reserved context name");
	while (isalnum((unsigned char)name[n]) || (n && name[n] && strchr("_.+-", name[n])))
		n++;
	if (n > 1 && !name[n])
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL,
			  "context name \"%s\" is invalid, names are validated against regexp "
			  "\"^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$\"",
			  name);
}

/* "DIR/contexts/KIND/HASH", owned, or NULL without memory. */
static char *place(const struct bt_config *config, const char *kind, const char *name)
{
	char hash[65];

	bt_sha256_hex(name, strlen(name), hash);
	return bt_str_format("%s/contexts/%s/%s", config->dir, kind, hash);
}

static json_t *load_meta(const char *dir)
{
	bt_auto_free char *path = bt_str_format("%s/meta.json", dir);
	bt_auto_free char *text = NULL;
	json_auto_t *meta = NULL;

	if (!path || bt_io_read_file(AT_FDCWD, path, BT_CONTEXT_FILE_MAX, &text, NULL) < 0)
		return NULL;
	meta = json_loads(text, 0, NULL);
	return json_is_string(json_object_get(meta, "Name")) ? json_incref(meta) : NULL;
}

static const char *name_of(const json_t *meta)
{
	return json_string_value(json_object_get(meta, "Name"));
}

static void add_context(const struct bt_config *config, const char *hash, json_t *list)
{
	bt_auto_free char *dir = bt_str_format("%s/contexts/meta/%s", config->dir, hash);
	bt_auto_free char *tls = bt_str_format("%s/contexts/tls/%s", config->dir, hash);
	json_auto_t *meta = dir && tls ? load_meta(dir) : NULL;
	size_t at = 0;
	json_t *other;

	if (!meta)
		return;
	(void)json_object_set_new(meta, "MetadataPath", json_string(dir));
	(void)json_object_set_new(meta, "TLSPath", json_string(tls));
	json_array_foreach (list, at, other)
		if (strcmp(name_of(other), name_of(meta)) > 0)
			break;
	(void)json_array_insert(list, at, meta);
}

int bt_context_list(const struct bt_config *config, json_t **ret, struct bt_err *err)
{
	bt_auto_free char *path = bt_str_format("%s/contexts/meta", config->dir);
	json_auto_t *list = json_array();
	struct dirent *entry;
	DIR *dir;

	if (!path || !list)
		return bt_err_sys(err, -ENOMEM, "read contexts");
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			add_context(config, entry->d_name, list);
	if (dir)
		(void)closedir(dir);
	*ret = bt_take(list);
	return 0;
}

int bt_context_get(const struct bt_config *config, const char *name, json_t **ret,
		   struct bt_err *err)
{
	bt_auto_free char *path = place(config, "meta", name);
	json_auto_t *list = NULL;
	json_t *meta;
	size_t i;
	int r = bt_context_list(config, &list, err);

	if (r < 0)
		return r;
	json_array_foreach (list, i, meta) {
		if (strcmp(name_of(meta), name) != 0)
			continue;
		*ret = json_incref(meta);
		return 0;
	}
	return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
			  "context \"%s\": context not found: open %s/meta.json: no such file or "
			  "directory",
			  name, path ? path : "");
}

bool bt_context_exists(const struct bt_config *config, const char *name)
{
	bt_auto_free char *path = place(config, "meta", name);

	return path && access(path, F_OK) == 0;
}

int bt_context_tls(const struct bt_config *config, const char *name, json_t **ret,
		   struct bt_err *err)
{
	bt_auto_free char *dir = place(config, "tls", name);
	json_auto_t *tls = json_object();

	for (const char *const *file = bt_context_files; *file; file++) {
		bt_auto_free char *path = dir ? bt_str_format("%s/docker/%s", dir, *file) : NULL;
		bt_auto_free char *text = NULL;
		size_t len;
		int r = path ? bt_io_read_file(AT_FDCWD, path, BT_CONTEXT_FILE_MAX, &text, &len)
			     : -ENOMEM;

		if (r == -ENOENT)
			continue;
		if (r < 0)
			return bt_err_sys(err, r, "open %s", path ? path : *file);
		(void)json_object_set_new(tls, *file, json_stringn_nocheck(text, len));
	}
	*ret = bt_take(tls);
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "read context");
}

static int put_tls(const char *dir, const json_t *tls, struct bt_err *err)
{
	bt_auto_free char *docker = bt_str_format("%s/docker", dir);
	int r = docker ? bt_io_remove_tree(AT_FDCWD, dir) : -ENOMEM;

	if (r == 0 && json_object_size(tls))
		r = bt_io_mkdir_p(docker, 0700);
	for (const char *const *file = bt_context_files; *file && r == 0; file++) {
		bt_auto_free char *path = bt_str_format("%s/%s", docker, *file);
		const json_t *text = json_object_get(tls, *file);

		if (text)
			r = path ? bt_io_create_file(AT_FDCWD, path, 0600, json_string_value(text),
						     json_string_length(text))
				 : -ENOMEM;
	}
	return r < 0 ? bt_err_sys(err, r, "write %s", dir) : 0;
}

int bt_context_put(const struct bt_config *config, const json_t *meta, const json_t *tls,
		   struct bt_err *err)
{
	bt_auto_free char *dir = place(config, "meta", name_of(meta));
	bt_auto_free char *tls_dir = place(config, "tls", name_of(meta));
	bt_auto_free char *path = dir ? bt_str_format("%s/meta.json", dir) : NULL;
	json_auto_t *kept = json_pack("{s:O, s:O, s:O}", "Name", json_object_get(meta, "Name"),
				      "Metadata", json_object_get(meta, "Metadata"), "Endpoints",
				      json_object_get(meta, "Endpoints"));
	bt_auto_free char *text = kept ? json_dumps(kept, JSON_COMPACT) : NULL;
	int r;

	if (!path || !tls_dir || !text)
		return bt_err_sys(err, -ENOMEM, "write context");
	r = put_tls(tls_dir, tls, err);
	if (r < 0)
		return r;
	r = bt_io_mkdir_p(dir, 0755);
	if (r < 0)
		return bt_err_sys(err, r, "write %s", path);
	return bt_config_replace_file(path, 0644, text, err);
}

int bt_context_remove(const struct bt_config *config, const char *name, struct bt_err *err)
{
	bt_auto_free char *dir = place(config, "meta", name);
	bt_auto_free char *tls = place(config, "tls", name);
	int r = dir && tls ? bt_io_remove_tree(AT_FDCWD, dir) : -ENOMEM;

	if (r == 0)
		r = bt_io_remove_tree(AT_FDCWD, tls);
	return r < 0 ? bt_err_sys(err, r, "remove context \"%s\"", name) : 0;
}
