/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/cdi.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "codec/json.h"
#include "engine/cdi_edits.h"
#include "engine/cdi_yaml.h"
#include "engine/jget.h"

#define FILE_MAX  (1u << 20)
#define FILES_MAX 256

json_t *bt_cdi_default_dirs(void)
{
	return json_pack("[s,s]", "/etc/cdi", "/var/run/cdi");
}

static bool is_spec(const char *name)
{
	return bt_str_ends(name, ".json") || bt_str_ends(name, ".yaml") ||
	       bt_str_ends(name, ".yml");
}

static int parse(const char *path, const char *text, size_t len, json_t **ret, struct bt_err *err)
{
	json_auto_t *spec = NULL;
	const char *version, *kind;
	int r = bt_str_ends(path, ".json") ? bt_json_parse(text, len, 0, &spec, err)
					   : bt_cdi_yaml_parse(text, len, &spec, err);

	if (r < 0)
		return r;
	version = bt_jget_text(spec, "cdiVersion");
	kind = bt_jget_text(spec, "kind");
	if (version[0] == '\0' || strchr(kind, '/') == NULL || strchr(kind, '=') != NULL)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "cdiVersion and a kind as vendor.com/class are wanted");
	*ret = json_incref(spec);
	return 0;
}

/* The specification in a file, or NULL: one that cannot be read hides no other. */
static json_t *load(const char *path)
{
	bt_auto_free char *text = NULL;
	json_t *spec = NULL;
	struct bt_err err;
	size_t len;
	int r = bt_io_read_file(AT_FDCWD, path, FILE_MAX, &text, &len);

	r = r < 0 ? bt_err_sys(&err, r, "read it") : parse(path, text, len, &spec, &err);
	if (r < 0)
		bt_log_warn("CDI specification %s: %s", path, err.msg);
	return r < 0 ? NULL : spec;
}

/* All files of a directory in the order of their names: [{"path","spec"}…]. A missing directory is
 * an empty one. */
static json_t *load_dir(const char *dir)
{
	struct dirent **list = NULL;
	json_t *out = json_array();
	int n = scandir(dir, &list, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		bt_auto_free char *path = bt_path_join(dir, list[i]->d_name);
		json_t *spec = path && is_spec(list[i]->d_name) && json_array_size(out) < FILES_MAX
				       ? load(path)
				       : NULL;

		if (spec)
			json_array_append_new(out,
					      json_pack("{s:s,s:o}", "path", path, "spec", spec));
		free(list[i]);
	}
	free(list);
	return out;
}

static json_t *load_all(const json_t *dirs)
{
	json_auto_t *standard = dirs ? NULL : bt_cdi_default_dirs();
	json_t *out = json_array();
	const json_t *dir;
	size_t i;

	json_array_foreach (dirs ? dirs : standard, i, dir)
		json_array_append_new(out, load_dir(json_string_value(dir)));
	return out;
}

/* The device `name` in a specification, or NULL. What has no name is nobody's to ask for. */
static const json_t *device_in(const json_t *spec, const char *name)
{
	const json_t *device;
	size_t i;

	if (!name[0])
		return NULL;
	json_array_foreach (json_object_get(spec, "devices"), i, device)
		if (strcmp(bt_jget_text(device, "name"), name) == 0)
			return device;
	return NULL;
}

struct found {
	const json_t *file, *device;
};

/* 1, 0, or a negative errno where two files of one directory have it. */
static int find_in(const json_t *files, const char *kind, const char *name, struct found *ret,
		   struct bt_err *err)
{
	const json_t *file;
	size_t i;
	int n = 0;

	json_array_foreach (files, i, file) {
		const json_t *spec = json_object_get(file, "spec");
		const json_t *device = strcmp(bt_jget_text(spec, "kind"), kind) == 0
					       ? device_in(spec, name)
					       : NULL;

		if (!device)
			continue;
		if (n++ > 0)
			return bt_err_set(err, BT_ERR_INVALID, EEXIST,
					  "CDI device injection failed: conflicting device "
					  "%.100s=%.100s in %s and %s",
					  kind, name, bt_jget_text(ret->file, "path"),
					  bt_jget_text(file, "path"));
		*ret = (struct found){ file, device };
	}
	return n;
}

static int find(const json_t *all, const char *id, struct found *ret, struct bt_err *err)
{
	const char *equals = strchr(id, '=');
	bt_auto_free char *kind = equals ? strndup(id, (size_t)(equals - id)) : NULL;
	int r = 0;

	for (size_t i = json_array_size(all); kind && i > 0 && r == 0; i--)
		r = find_in(json_array_get(all, i - 1), kind, equals + 1, ret, err);
	return r;
}

/* Those of all devices of a file come with its first one, and only once. */
static int apply(const struct found *f, json_t *seen, json_t *spec, struct bt_err *err)
{
	const char *path = bt_jget_text(f->file, "path");
	const json_t *common = json_object_get(json_object_get(f->file, "spec"), "containerEdits");
	int r = json_object_get(seen, path) ? 0 : bt_cdi_edits_apply(common, spec, err);

	json_object_set_new(seen, path, json_true());
	if (r == 0)
		r = bt_cdi_edits_apply(json_object_get(f->device, "containerEdits"), spec, err);
	return r < 0 ? bt_err_context(err, "CDI device injection failed: %s", path) : 0;
}

int bt_cdi_inject(const json_t *dirs, const json_t *ids, json_t *spec, struct bt_err *err)
{
	json_auto_t *all = load_all(dirs), *seen = json_object();
	bt_auto_str struct bt_str missing = { .max = 400 };
	const json_t *id;
	size_t i;

	json_array_foreach (ids, i, id) {
		struct found f = { NULL, NULL };
		int r = find(all, json_string_value(id), &f, err);

		if (r < 0)
			return r;
		if (r == 0) {
			bt_str_printf(&missing, "%s%s", missing.len ? ", " : "",
				      json_string_value(id));
			continue;
		}
		r = apply(&f, seen, spec, err);
		if (r < 0)
			return r;
	}
	if (missing.len == 0)
		return 0;
	return bt_err_set(err, BT_ERR_SYSTEM, ENODEV,
			  "CDI device injection failed: unresolvable CDI devices %.300s",
			  bt_str_get(&missing));
}

/* The devices of one file, "vendor.com/class=name". */
static void list_file(const json_t *spec, json_t *out)
{
	const char *kind = bt_jget_text(spec, "kind");
	const json_t *device;
	size_t i;

	json_array_foreach (json_object_get(spec, "devices"), i, device) {
		const char *name = bt_jget_text(device, "name");

		if (name[0])
			json_array_append_new(out, json_sprintf("%s=%s", kind, name));
	}
}

json_t *bt_cdi_list(const json_t *dirs)
{
	json_auto_t *all = load_all(dirs);
	json_t *out = json_array();
	const json_t *files, *file;
	size_t i, k;

	json_array_foreach (all, i, files)
		json_array_foreach (files, k, file)
			list_file(json_object_get(file, "spec"), out);
	return out;
}
