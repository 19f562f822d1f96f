/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/create_mount.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/size.h"
#include "base/str.h"
#include "cli/csv.h"
#include "cli/json_set.h"
#include "cli/units.h"
#include "codec/json.h"

struct mount {
	json_t *json; /* what is sent */
	json_t *bind, *volume, *image, *tmpfs;
	const char *recursive; /* static text, or NULL */
	bool read_only;
};

static int wrong(struct bt_err *err, const char *key, const char *value)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid value for %s: %s", key, value);
}

static int set_bool(json_t *object, const char *name, const char *key, const char *value,
		    struct bt_err *err)
{
	bool on = true;

	if (value && bt_args_parse_bool(value, &on) < 0)
		return wrong(err, key, value);
	if (on)
		(void)json_object_set_new(object, name, json_true());
	return 0;
}

static json_t *member(json_t *object, const char *name)
{
	json_t *v = json_object_get(object, name);

	if (!v) {
		v = json_object();
		(void)json_object_set_new(object, name, v);
	}
	return v;
}

/* "a=b" into a map; a key alone has an empty value. */
static int set_recursive(struct mount *m, const char *value, struct bt_err *err)
{
	static const char *const words[] = { "enabled", "disabled", "writable", "readonly" };

	for (size_t i = 0; i < 4; i++) {
		if (strcmp(value, words[i]) != 0)
			continue;
		m->recursive = words[i];
		if (i == 1)
			(void)json_object_set_new(m->bind, "NonRecursive", json_true());
		if (i == 2)
			(void)json_object_set_new(m->bind, "ReadOnlyNonRecursive", json_true());
		if (i == 3)
			(void)json_object_set_new(m->bind, "ReadOnlyForceRecursive", json_true());
		return 0;
	}
	return bt_err_set(
		err, BT_ERR_INVALID, EINVAL,
		"invalid value for bind-recursive: %s (must be \"enabled\", \"disabled\", "
		"\"writable\", or \"readonly\")",
		value);
}

/* "match-user", "match-user:USER" or "userns" */
static int set_idmap(struct mount *m, const char *value, struct bt_err *err)
{
	const char *user = bt_str_after(value, "match-user:");
	json_t *mapping = member(m->bind, "IDMapping");

	if ((user && *user == '\0') ||
	    (!user && strcmp(value, "match-user") != 0 && strcmp(value, "userns") != 0))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid value for bind-idmap: %s (must be \"match-user\", "
				  "\"match-user:USER\", or \"userns\")",
				  value);
	bt_json_set_text(mapping, "Source", user ? "match-user" : value);
	if (user)
		bt_json_set_text(mapping, "User", user);
	return 0;
}

static int set_bind(struct mount *m, const char *key, const char *value, struct bt_err *err)
{
	if (strcmp(key, "bind-propagation") == 0)
		bt_json_set_lower(m->bind, "Propagation", value);
	else if (strcmp(key, "bind-nonrecursive") == 0)
		return set_bool(m->bind, "NonRecursive", key, value, err);
	else if (strcmp(key, "bind-create-mountpoint") == 0)
		return set_bool(m->bind, "CreateMountpoint", key, value, err);
	else if (strcmp(key, "bind-recursive") == 0)
		return set_recursive(m, value, err);
	else if (strcmp(key, "bind-idmap") == 0)
		return set_idmap(m, value ? value : "match-user", err);
	else
		return 0;
	return 1;
}

static int set_volume(struct mount *m, const char *key, const char *value, struct bt_err *err)
{
	if (strcmp(key, "volume-subpath") == 0)
		bt_json_set_text(m->volume, "Subpath", value);
	else if (strcmp(key, "volume-nocopy") == 0)
		return set_bool(m->volume, "NoCopy", key, value, err);
	else if (strcmp(key, "volume-label") == 0)
		bt_json_set_pair(member(m->volume, "Labels"), value);
	else if (strcmp(key, "volume-driver") == 0)
		bt_json_set_text(member(m->volume, "DriverConfig"), "Name", value);
	else if (strcmp(key, "volume-opt") == 0)
		bt_json_set_pair(member(member(m->volume, "DriverConfig"), "Options"), value);
	return 0;
}

static int set_tmpfs(struct mount *m, const char *key, const char *value, struct bt_err *err)
{
	int64_t size;
	unsigned long mode;
	char *end;

	if (strcmp(key, "tmpfs-size") == 0) {
		if (bt_size_parse(value, &size) < 0)
			return wrong(err, key, value);
		(void)json_object_set_new(m->tmpfs, "SizeBytes", json_integer(size));
	} else if (strcmp(key, "tmpfs-mode") == 0) {
		mode = strtoul(value, &end, 8);
		if (*end || end == value || *value == '-' || mode > 07777)
			return wrong(err, key, value);
		(void)json_object_set_new(m->tmpfs, "Mode", json_integer((json_int_t)mode));
	}
	return 0;
}

/* A source that begins with a dot is relative to here. */
static int set_source(struct mount *m, const char *value, struct bt_err *err)
{
	bt_auto_free char *path = NULL;

	if (strcmp(value, ".") == 0 || bt_str_after(value, "./") || bt_str_after(value, "..")) {
		path = bt_json_set_absolute(value);
		if (!path)
			return bt_err_sys(err, -ENOMEM, "resolve %s", value);
	}
	bt_json_set_text(m->json, "Source", path ? path : value);
	return 0;
}

static bool is_known(const char *key)
{
	static const char *const keys[] = {
		"bind-propagation", "bind-nonrecursive", "bind-create-mountpoint",
		"bind-recursive",   "bind-idmap",        "volume-subpath",
		"volume-nocopy",    "volume-label",      "volume-driver",
		"volume-opt",       "tmpfs-size",        "tmpfs-mode",
		"image-subpath",
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

static int set_option(struct mount *m, const char *key, const char *value, const char *field,
		      struct bt_err *err)
{
	int r;

	if (!is_known(key))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "unexpected key '%s' in '%s'", key,
				  field);
	if (strcmp(key, "image-subpath") == 0)
		bt_json_set_text(m->image, "Subpath", value);
	r = set_bind(m, key, value, err);
	if (r >= 0)
		r = set_volume(m, key, value, err);
	if (r >= 0)
		r = set_tmpfs(m, key, value, err);
	return r < 0 ? r : 0;
}

static bool is_flag(const char *key)
{
	return strcmp(key, "readonly") == 0 || strcmp(key, "ro") == 0 ||
	       strcmp(key, "volume-nocopy") == 0 || strcmp(key, "bind-nonrecursive") == 0 ||
	       strcmp(key, "bind-create-mountpoint") == 0 || strcmp(key, "bind-idmap") == 0;
}

static int set_field(struct mount *m, char *text, struct bt_err *err)
{
	bt_auto_free char *field = strdup(text);
	const char *key = text, *value = bt_csv_pair(text);

	if (!field)
		return bt_err_sys(err, -ENOMEM, "mount");
	if (!value && !is_flag(key))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid field '%s' must be a key=value pair", field);
	if (strcmp(key, "type") == 0)
		bt_json_set_lower(m->json, "Type", value);
	else if (strcmp(key, "source") == 0 || strcmp(key, "src") == 0)
		return set_source(m, value, err);
	else if (strcmp(key, "target") == 0 || strcmp(key, "dst") == 0 ||
		 strcmp(key, "destination") == 0)
		bt_json_set_text(m->json, "Target", value);
	else if (strcmp(key, "readonly") == 0 || strcmp(key, "ro") == 0)
		return set_bool(m->json, "ReadOnly", key, value, err);
	else if (strcmp(key, "consistency") == 0)
		bt_json_set_lower(m->json, "Consistency", value);
	else
		return set_option(m, key, value, field, err);
	return 0;
}

static int take_options(struct mount *m, const char *type, const char *kind, json_t *options,
			const char *name, struct bt_err *err)
{
	if (!json_object_size(options))
		return 0;
	if (strcmp(type, kind) != 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "cannot mix '%s-*' options with mount type '%s'", kind, type);
	(void)json_object_set(m->json, name, options);
	return 0;
}

static int check_recursive(const struct mount *m, struct bt_err *err)
{
	bool strict = m->recursive && strcmp(m->recursive, "readonly") == 0;
	bool writable = m->recursive && strcmp(m->recursive, "writable") == 0;
	const char *propagation = json_string_value(json_object_get(m->bind, "Propagation"));

	if ((strict || writable) && !json_is_true(json_object_get(m->json, "ReadOnly")))
		return bt_err_set(
			err, BT_ERR_INVALID, EINVAL,
			"option 'bind-recursive=%s' requires 'readonly' to be specified in "
			"conjunction",
			m->recursive);
	if (strict && !bt_str_eq(propagation, "rprivate"))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "option 'bind-recursive=readonly' requires "
				  "'bind-propagation=rprivate' to be specified in conjunction");
	return 0;
}

static int finish(struct mount *m, struct bt_err *err)
{
	const char *type;
	int r;

	if (!json_object_get(m->json, "Type"))
		(void)json_object_set_new(m->json, "Type", json_string("volume"));
	if (!json_object_get(m->json, "Target"))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "target is required");
	type = json_string_value(json_object_get(m->json, "Type"));
	r = take_options(m, type, "volume", m->volume, "VolumeOptions", err);
	if (r == 0)
		r = take_options(m, type, "image", m->image, "ImageOptions", err);
	if (r == 0)
		r = take_options(m, type, "bind", m->bind, "BindOptions", err);
	if (r == 0)
		r = take_options(m, type, "tmpfs", m->tmpfs, "TmpfsOptions", err);
	return r < 0 ? r : check_recursive(m, err);
}

int bt_create_mount_parse(const char *text, json_t **ret, struct bt_err *err)
{
	json_auto_t *json = json_object();
	json_auto_t *bind = json_object();
	json_auto_t *volume = json_object();
	json_auto_t *image = json_object();
	json_auto_t *tmpfs = json_object();
	struct mount m = { json, bind, volume, image, tmpfs, NULL, false };
	bt_auto_str struct bt_str field = { 0 };
	int r;

	if (!*text)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "EOF");
	while ((r = bt_csv_next(&text, &field, err)) > 0) {
		r = set_field(&m, field.p, err);
		if (r < 0)
			return r;
	}
	if (r == 0)
		r = finish(&m, err);
	if (r == 0 && ret)
		*ret = json_incref(json);
	return r;
}

int bt_create_mount_check(const char *text, struct bt_err *err)
{
	return bt_create_mount_parse(text, NULL, err);
}

/* "-v": with a colon a bind or a named volume, without an anonymous volume. */
static int add_volume(const char *text, json_t *config, json_t *host, struct bt_err *err)
{
	const char *colon = strchr(text, ':');
	bt_auto_free char *path = NULL;

	if (!colon || colon == text) {
		(void)json_object_set_new(member(config, "Volumes"), text, json_object());
		return 0;
	}
	if (*text != '.') {
		bt_json_set_append(host, "Binds", text);
		return 0;
	}
	bt_auto_free char *relative = strndup(text, (size_t)(colon - text));
	path = relative ? bt_json_set_absolute(relative) : NULL;
	bt_auto_free char *bind = path ? bt_str_format("%s%s", path, colon) : NULL;
	if (!bind)
		return bt_err_sys(err, -ENOMEM, "resolve %s", text);
	bt_json_set_append(host, "Binds", bind);
	return 0;
}

int bt_create_mount_fill(const struct bt_args *args, json_t *config, json_t *host,
			 struct bt_err *err)
{
	const char *text;
	int r = 0;

	for (size_t i = 0; r == 0 && (text = bt_args_item(args, "volume", i)); i++)
		r = add_volume(text, config, host, err);
	for (size_t i = 0; r == 0 && (text = bt_args_item(args, "mount", i)); i++) {
		json_t *mount = NULL;

		r = bt_create_mount_parse(text, &mount, err);
		if (r == 0)
			bt_json_set_append_new(host, "Mounts", mount);
	}
	for (size_t i = 0; (text = bt_args_item(args, "tmpfs", i)); i++) {
		bt_auto_free char *path = strndup(text, strcspn(text, ":"));
		const char *colon = strchr(text, ':');

		if (path)
			(void)json_object_set_new(member(host, "Tmpfs"), path,
						  bt_json_text(colon ? colon + 1 : ""));
	}
	return r;
}
