/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/mounts.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/rand.h"
#include "base/str.h"
#include "engine/bind_idmap.h"
#include "engine/container_name.h"
#include "engine/jget.h"
#include "engine/mount_mode.h"
#include "engine/volume_options.h"

static int bad_bind(const char *spec, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid volume specification: '%s'", spec);
}

static bool has_destination(const json_t *mounts, const char *destination)
{
	const json_t *item;
	size_t i;

	json_array_foreach (mounts, i, item)
		if (strcmp(bt_jget_text(item, "Destination"), destination) == 0)
			return true;
	return false;
}

static int add_point(json_t *mounts, json_t *point, struct bt_err *err)
{
	const char *destination = bt_jget_text(point, "Destination");

	if (has_destination(mounts, destination)) {
		int r = bt_err_set(err, BT_ERR_INVALID, EINVAL, "Duplicate mount point: %s",
				   destination);

		json_decref(point);
		return r;
	}
	if (json_array_size(mounts) >= BT_MOUNTS_MAX) {
		json_decref(point);
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "a container has at most %d mounts and volumes", BT_MOUNTS_MAX);
	}
	return json_array_append_new(mounts, point) < 0 ? bt_err_sys(err, -ENOMEM, "read mounts")
							: 0;
}

static int check_destination(const char *path, struct bt_err *err)
{
	bt_auto_free char *clean = path[0] == '/' ? bt_path_clean(path) : NULL;

	if (path[0] != '/')
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid mount path: '%s' mount path must be absolute", path);
	if (clean && strcmp(clean, "/") == 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid specification: destination can't be '/'");
	if (strlen(path) >= PATH_MAX)
		return bt_err_set(err, BT_ERR_INVALID, ENAMETOOLONG,
				  "invalid mount path: longer than %d bytes", PATH_MAX - 1);
	return 0;
}

static int check_volume_name(const char *name, struct bt_err *err)
{
	if (bt_container_name_valid(name))
		return 0;
	return bt_err_set(
		err, BT_ERR_INVALID, EINVAL,
		"create %s: \"%s\" includes invalid characters for a local volume name, only "
		"\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host "
		"directory, use absolute path",
		name, name);
}

static json_t *bind_point(const char *source, const char *destination, const char *mode)
{
	bt_auto_free char *from = bt_path_clean(source);
	bt_auto_free char *to = bt_path_clean(destination);

	if (!from || !to)
		return NULL;
	return json_pack("{s:s,s:s,s:s,s:s,s:b,s:s}", "Type", "bind", "Source", from, "Destination",
			 to, "Mode", mode, "RW", 1, "Propagation", "rprivate");
}

/* `name` NULL: an anonymous one. */
static json_t *volume_point(const char *name, const char *destination, const char *mode)
{
	bt_auto_free char *to = bt_path_clean(destination);
	char id[BT_RAND_ID_LEN + 1];
	json_t *point;

	if (!to || (!name && bt_rand_id(id) < 0))
		return NULL;
	point = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:s}", "Type", "volume", "Name",
			  name ? name : id, "Source", "", "Destination", to, "Driver", "local",
			  "Mode", mode, "RW", 1, "Propagation", "");
	if (point && !name)
		json_object_set_new(point, "Anonymous", json_true());
	return point;
}

/* What the short form says, its parts in a copy of it. */
struct bind_text {
	char *source; /* NULL: an anonymous volume */
	char *destination;
	char *mode; /* NULL: none */
};

/* "source:destination[:mode]", or a destination alone; cuts `copy` at its colons. None of the parts
 * that are there may be empty, and there is no fourth. */
static bool split_bind(char *copy, struct bind_text *ret)
{
	char *second = strchr(copy, ':'), *third = NULL;

	if (second)
		*second++ = '\0';
	third = second ? strchr(second, ':') : NULL;
	if (third)
		*third++ = '\0';
	*ret = second ? (struct bind_text){ copy, second, third }
		      : (struct bind_text){ NULL, copy, NULL };
	if (copy[0] == '\0' || ret->destination[0] == '\0')
		return false;
	return !third || (third[0] != '\0' && !strchr(third, ':'));
}

static json_t *bind_text_point(const struct bind_text *b)
{
	json_t *point;

	if (!b->source)
		return volume_point(NULL, b->destination, "");
	if (b->source[0] != '/')
		return volume_point(b->source, b->destination, b->mode ? b->mode : "z");
	point = bind_point(b->source, b->destination, b->mode ? b->mode : "");
	if (point)
		json_object_set_new(point, "Create", json_true());
	return point;
}

static int check_bind(const char *spec, const struct bind_text *b, struct bt_err *err)
{
	bool bind = b->source && b->source[0] == '/';

	if (check_destination(b->destination, err) < 0)
		return bt_err_context(
			err,
			"invalid volume specification: '%s': invalid mount config for type \"%s\"",
			spec, bind ? "bind" : "volume");
	return b->source && !bind ? check_volume_name(b->source, err) : 0;
}

static int add_bind(json_t *mounts, const char *spec, struct bt_err *err)
{
	bt_auto_free char *copy = strdup(spec);
	struct bind_text b;
	json_t *point;
	int r;

	if (!copy)
		return bt_err_sys(err, -ENOMEM, "read binds");
	if (!split_bind(copy, &b))
		return bad_bind(spec, err);
	r = check_bind(spec, &b, err);
	if (r < 0)
		return r;
	point = bind_text_point(&b);
	if (!point)
		return bt_err_sys(err, -ENOMEM, "read binds");
	r = b.mode ? bt_mount_mode_apply(point, b.mode, err) : 0;
	if (r < 0) {
		json_decref(point);
		return r;
	}
	return add_point(mounts, point, err);
}

static int bad_mount(const json_t *mount, const char *why, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid mount config for type \"%s\": %s",
			  bt_jget_text(mount, "Type"), why);
}

/* It is done wherever the kernel can, and fails where not: what is left is to ask for it wrongly.
 */
static int check_force_recursive(const json_t *mount, const json_t *opt, struct bt_err *err)
{
	if (bt_jget_bool(opt, "ReadOnlyNonRecursive"))
		return bad_mount(mount,
				 "mutually exclusive options: ReadOnlyForceRecursive and "
				 "ReadOnlyNonRecursive",
				 err);
	if (!bt_jget_bool(mount, "ReadOnly"))
		return bad_mount(mount, "ReadOnlyForceRecursive requires ReadOnly", err);
	return 0;
}

static int make_bind(const json_t *mount, json_t **ret, struct bt_err *err)
{
	const json_t *opt = json_object_get(mount, "BindOptions");
	const char *source = bt_jget_text(mount, "Source");
	const char *propagation = bt_jget_text(opt, "Propagation");
	const json_t *mapping = json_object_get(opt, "IDMapping");
	json_t *point;

	if (source[0] == '\0')
		return bad_mount(mount, "field Source must not be empty", err);
	if (source[0] != '/')
		return bt_err_set(
			err, BT_ERR_INVALID, EINVAL,
			"invalid mount config for type \"bind\": invalid mount path: '%s' "
			"mount path must be absolute",
			source);
	if (propagation[0] && !bt_mount_mode_is_propagation(propagation))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid mount config for type \"bind\": invalid propagation "
				  "mode: %s",
				  propagation);
	if (bt_jget_bool(opt, "ReadOnlyForceRecursive")) {
		int r = check_force_recursive(mount, opt, err);

		if (r < 0)
			return r;
	}
	if (json_is_object(mapping)) {
		int r = bt_bind_idmap_check(mapping, err);

		if (r < 0)
			return r;
	}
	point = bind_point(source, bt_jget_text(mount, "Target"), "");
	if (!point)
		return bt_err_sys(err, -ENOMEM, "read mounts");
	if (json_is_object(mapping))
		json_object_set_new(point, "IDMapping", json_deep_copy(mapping));
	if (propagation[0])
		json_object_set_new(point, "Propagation", json_string(propagation));
	if (bt_jget_bool(opt, "NonRecursive"))
		json_object_set_new(point, "NonRecursive", json_true());
	if (bt_jget_bool(opt, "ReadOnlyNonRecursive"))
		json_object_set_new(point, "ReadOnlyNonRecursive", json_true());
	if (bt_jget_bool(opt, "CreateMountpoint"))
		json_object_set_new(point, "Create", json_true());
	*ret = point;
	return 0;
}

/* Relative, and not above where it begins. */
static int check_subpath(const json_t *mount, const char *subpath, struct bt_err *err)
{
	bt_auto_free char *clean = bt_path_clean(subpath);

	if (!subpath[0])
		return 0;
	if (!clean)
		return bt_err_sys(err, -ENOMEM, "read mounts");
	if (clean[0] == '/' || strcmp(clean, "..") == 0 || bt_str_after(clean, "../"))
		return bad_mount(mount, "subpath must be a relative path within the volume", err);
	return 0;
}

static void set_subpath(json_t *point, const char *subpath)
{
	if (point && subpath[0])
		json_object_set_new(point, "Subpath", json_string(subpath));
}

static int check_driver(const char *volume, const char *driver, const json_t *options,
			struct bt_err *err)
{
	int r;

	if (driver[0] && strcmp(driver, "local") != 0)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
				  "create %s: error looking up volume plugin %.100s: plugin "
				  "\"%.100s\" not found",
				  volume, driver, driver);
	r = bt_volume_options_check(options, err);
	return r < 0 ? bt_err_context(err, "create %s", volume) : 0;
}

static int make_volume(const json_t *mount, json_t **ret, struct bt_err *err)
{
	const json_t *opt = json_object_get(mount, "VolumeOptions");
	const json_t *driver = json_object_get(opt, "DriverConfig");
	const char *source = bt_jget_text(mount, "Source");
	const char *name = bt_jget_text(driver, "Name");
	json_t *point;
	int r = source[0] ? check_volume_name(source, err) : 0;

	if (r < 0)
		return r;
	if (!source[0] && bt_jget_text(opt, "Subpath")[0])
		return bad_mount(mount, "must not set Subpath when using anonymous volumes", err);
	r = check_subpath(mount, bt_jget_text(opt, "Subpath"), err);
	if (r < 0)
		return r;
	point = volume_point(source[0] ? source : NULL, bt_jget_text(mount, "Target"), "z");
	if (!point)
		return bt_err_sys(err, -ENOMEM, "read mounts");
	r = check_driver(bt_jget_text(point, "Name"), name, json_object_get(driver, "Options"),
			 err);
	if (r < 0) {
		json_decref(point);
		return r;
	}
	if (bt_jget_bool(opt, "NoCopy"))
		json_object_set_new(point, "NoCopy", json_true());
	if (bt_jget_filled(opt, "Labels"))
		json_object_set_new(point, "Labels",
				    json_deep_copy(json_object_get(opt, "Labels")));
	if (bt_jget_filled(driver, "Options"))
		json_object_set_new(point, "Options",
				    json_deep_copy(json_object_get(driver, "Options")));
	set_subpath(point, bt_jget_text(opt, "Subpath"));
	*ret = point;
	return 0;
}

/* ImageId is added by who can look it up. */
static int make_image(const json_t *mount, json_t **ret, struct bt_err *err)
{
	const json_t *opt = json_object_get(mount, "ImageOptions");
	bt_auto_free char *to = bt_path_clean(bt_jget_text(mount, "Target"));
	int r = check_subpath(mount, bt_jget_text(opt, "Subpath"), err);

	if (r < 0)
		return r;
	if (bt_jget_text(mount, "Source")[0] == '\0')
		return bad_mount(mount, "field Source must not be empty", err);
	if (!to)
		return bt_err_sys(err, -ENOMEM, "read mounts");
	*ret = json_pack("{s:s,s:s,s:s,s:s,s:s,s:b,s:s}", "Type", "image", "Name",
			 bt_jget_text(mount, "Source"), "Source", "", "Destination", to, "Mode", "",
			 "RW", 0, "Propagation", "rprivate");
	set_subpath(*ret, bt_jget_text(opt, "Subpath"));
	return 0;
}

/* What a tmpfs, and a mount of one, may be told. */
static bool is_tmpfs_word(const char *key, bool value)
{
	static const char *const flags[] = {
		"exec",          "noexec",     "suid",     "nosuid",     "dev",
		"nodev",         "sync",       "async",    "atime",      "noatime",
		"diratime",      "nodiratime", "relatime", "norelatime", "strictatime",
		"nostrictatime", "ro",         "rw",       "dirsync",    NULL
	};
	static const char *const values[] = { "size",      "mode",      "uid",  "gid", "huge",
					      "nr_inodes", "nr_blocks", "mpol", NULL };
	const char *const *known = value ? values : flags;

	while (*known && strcmp(*known, key) != 0)
		known++;
	return *known != NULL;
}

/* TmpfsOptions.Options: [["noexec"],["uid","1000"]]. */
static int tmpfs_words(const json_t *options, struct bt_str *out, struct bt_err *err)
{
	const json_t *pair;
	size_t i;

	json_array_foreach (options, i, pair) {
		const char *key = json_string_value(json_array_get(pair, 0));
		const char *value = json_string_value(json_array_get(pair, 1));

		if (!key || !is_tmpfs_word(key, value) || (value && strchr(value, ',')))
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid mount config for type \"tmpfs\": invalid "
					  "option: %.100s",
					  key ? key : "");
		bt_str_printf(out, "%s%s%s,", key, value ? "=" : "", value ? value : "");
	}
	return 0;
}

static int make_tmpfs(const json_t *mount, json_t **ret, struct bt_err *err)
{
	const json_t *opt = json_object_get(mount, "TmpfsOptions");
	int64_t size = bt_jget_int(opt, "SizeBytes"), mode = bt_jget_int(opt, "Mode");
	bt_auto_free char *to = bt_path_clean(bt_jget_text(mount, "Target"));
	bt_auto_str struct bt_str text = { 0 };

	if (bt_jget_text(mount, "Source")[0])
		return bad_mount(mount, "field Source must not be specified", err);
	if (size < 0)
		return bad_mount(mount, "invalid size", err);
	if (size > 0)
		bt_str_printf(&text, "size=%" PRId64 ",", size);
	if (mode != 0)
		bt_str_printf(&text, "mode=%" PRIo64 ",", (uint64_t)mode);
	if (tmpfs_words(json_object_get(opt, "Options"), &text, err) < 0)
		return -err->errnum;
	if (text.failed || !to)
		return bt_err_sys(err, -ENOMEM, "read mounts");
	*ret = json_pack("{s:s,s:s,s:s,s:s,s:b,s:s,s:s}", "Type", "tmpfs", "Source", "",
			 "Destination", to, "Mode", "", "RW", 1, "Propagation", "", "TmpfsOptions",
			 bt_str_get(&text));
	return 0;
}

/* Options of another type than the mount's. */
static int check_options(const json_t *mount, const char *type, struct bt_err *err)
{
	static const struct {
		const char *type, *member;
	} known[] = { { "bind", "BindOptions" },
		      { "volume", "VolumeOptions" },
		      { "tmpfs", "TmpfsOptions" },
		      { "image", "ImageOptions" },
		      { "cluster", "ClusterOptions" } };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].type, type) != 0 &&
		    json_is_object(json_object_get(mount, known[i].member)))
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "%s must not be specified on mount type \"%s\"",
					  known[i].member, type);
	return 0;
}

static int add_mount(json_t *mounts, const json_t *mount, struct bt_err *err)
{
	const char *type = bt_jget_text(mount, "Type");
	const char *target = bt_jget_text(mount, "Target");
	json_t *point = NULL;
	int r;

	if (target[0] == '\0')
		return bad_mount(mount, "field Target must not be empty", err);
	r = check_destination(target, err);
	if (r < 0)
		return bt_err_context(err, "invalid mount config for type \"%s\"", type);
	r = check_options(mount, type, err);
	if (r < 0)
		return r;
	if (strcmp(type, "bind") == 0)
		r = make_bind(mount, &point, err);
	else if (strcmp(type, "volume") == 0)
		r = make_volume(mount, &point, err);
	else if (strcmp(type, "tmpfs") == 0)
		r = make_tmpfs(mount, &point, err);
	else if (strcmp(type, "image") == 0)
		r = make_image(mount, &point, err);
	else
		return bad_mount(mount, "mount type unknown", err);
	if (r < 0)
		return r;
	if (!point)
		return bt_err_sys(err, -ENOMEM, "read mounts");
	if (bt_jget_bool(mount, "ReadOnly"))
		json_object_set_new(point, "RW", json_false());
	return add_point(mounts, point, err);
}

/* A VOLUME of the image is anonymous, where nothing else is mounted there. */
static int add_image_volumes(json_t *mounts, const json_t *config, const json_t *hc,
			     struct bt_err *err)
{
	json_t *volumes = json_object_get(config, "Volumes");
	const json_t *tmpfs = json_object_get(hc, "Tmpfs");
	const char *path;
	json_t *value;

	json_object_foreach (volumes, path, value) {
		bt_auto_free char *clean = bt_path_clean(path);
		json_t *point;
		int r = check_destination(path, err);

		if (r < 0)
			return r;
		if (!clean)
			return bt_err_sys(err, -ENOMEM, "read volumes");
		if (has_destination(mounts, clean) || json_object_get(tmpfs, clean))
			continue;
		point = volume_point(NULL, clean, "");
		if (!point)
			return bt_err_sys(err, -ENOMEM, "read volumes");
		r = add_point(mounts, point, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --volume-driver: of the volumes that -v makes. */
static int check_default_driver(const json_t *mounts, const char *driver, struct bt_err *err)
{
	const json_t *item;
	size_t i;

	json_array_foreach (mounts, i, item) {
		const char *name = bt_jget_text(item, "Name");
		int r = name[0] ? check_driver(name, driver, NULL, err) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

int bt_mounts_collect(const json_t *config, const json_t *hc, json_t **ret, struct bt_err *err)
{
	json_auto_t *mounts = json_array();
	const json_t *item;
	size_t i;
	int r = 0;

	json_array_foreach (json_object_get(hc, "Binds"), i, item) {
		r = add_bind(mounts, json_string_value(item), err);
		if (r < 0)
			return r;
	}
	json_array_foreach (json_object_get(hc, "Mounts"), i, item) {
		r = add_mount(mounts, item, err);
		if (r < 0)
			return r;
	}
	r = add_image_volumes(mounts, config, hc, err);
	if (r == 0)
		r = check_default_driver(mounts, bt_jget_text(hc, "VolumeDriver"), err);
	if (r < 0)
		return r;
	*ret = json_incref(mounts);
	return 0;
}

/* What `mode` says of all of them: may they be written to? Words that only make sense for mounts of
 * one type, or that were said when the volume was filled, are none of it. */
static int read_from_mode(const char *mode, bool *ret_writable, struct bt_err *err)
{
	json_auto_t *any = json_pack("{s:s}", "Type", "volumes-from");
	int r = mode[0] ? bt_mount_mode_apply(any, mode, err) : 0;

	if (r == 0)
		*ret_writable = !json_is_false(json_object_get(any, "RW"));
	return r;
}

/* False where the container's own mount is there. One of another container that was named before
 * makes room. */
static bool make_room(json_t *mounts, const char *destination)
{
	const json_t *mount;
	size_t i;

	json_array_foreach (mounts, i, mount) {
		if (strcmp(bt_jget_text(mount, "Destination"), destination) != 0)
			continue;
		return bt_jget_bool(mount, "From") && json_array_remove(mounts, i) == 0;
	}
	return true;
}

int bt_mounts_add_from(json_t *mounts, const json_t *from, const char *mode, struct bt_err *err)
{
	const json_t *item;
	bool writable = true;
	size_t i;
	int r = read_from_mode(mode, &writable, err);

	if (r < 0)
		return r;
	json_array_foreach (from, i, item) {
		json_t *copy;

		if (!make_room(mounts, bt_jget_text(item, "Destination")))
			continue;
		if (json_array_size(mounts) >= BT_MOUNTS_MAX)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "a container has at most %d mounts and volumes",
					  BT_MOUNTS_MAX);
		copy = json_deep_copy(item);
		if (!copy || json_array_append_new(mounts, copy) < 0)
			return bt_err_sys(err, -ENOMEM, "read volumes-from");
		json_object_set_new(copy, "From", json_true());
		json_object_set_new(copy, "Mode", json_string(""));
		json_object_set_new(copy, "NoCopy", json_true());
		json_object_del(copy, "Relabel");
		if (!writable)
			json_object_set_new(copy, "RW", json_false());
	}
	return 0;
}

json_t *bt_mounts_public(const json_t *mounts)
{
	static const char *const keys[] = { "Type",   "Name", "Source", "Destination",
					    "Driver", "Mode", "RW",     "Propagation" };
	json_t *out = json_array();
	json_t *item;
	size_t i;

	json_array_foreach (mounts, i, item) {
		json_t *shown = json_object();

		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
			if (json_object_get(item, keys[k]))
				json_object_set(shown, keys[k], json_object_get(item, keys[k]));
		json_array_append_new(out, shown);
	}
	return out;
}
