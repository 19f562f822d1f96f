/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/cdi_edits.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/str.h"
#include "engine/jget.h"

static int bad(const char *what, const char *why, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "containerEdits.%s: %s", what, why);
}

/* The list `name` in `object`, made where it is not there yet. */
static json_t *list_in(json_t *object, const char *name)
{
	json_t *list = json_object_get(object, name);

	if (!json_is_array(list)) {
		list = json_array();
		json_object_set_new(object, name, list);
	}
	return list;
}

static json_t *object_in(json_t *object, const char *name)
{
	json_t *member = json_object_get(object, name);

	if (!json_is_object(member)) {
		member = json_object();
		json_object_set_new(object, name, member);
	}
	return member;
}

/* "K=V", in place of an earlier one of that name. */
static int add_env(const json_t *item, json_t *spec, struct bt_err *err)
{
	json_t *env = list_in(object_in(spec, "process"), "env");
	const char *text = json_string_value(item);
	const char *equals = text ? strchr(text, '=') : NULL;
	size_t i;
	const json_t *old;

	if (!equals || equals == text)
		return bad("env", "NAME=VALUE is wanted", err);
	json_array_foreach (env, i, old)
		if (strncmp(json_string_value(old), text, (size_t)(equals - text) + 1) == 0)
			return json_array_set_new(env, i, json_string(text));
	return json_array_append_new(env, json_string(text));
}

/* What the file leaves out is as on the host. */
static int fill_node(const json_t *node, json_t *device, struct bt_err *err)
{
	const char *path = bt_jget_text(node, "path"), *host = bt_jget_text(node, "hostPath");
	const char *type = bt_jget_text(node, "type");
	struct stat st;

	host = host[0] ? host : path;
	if (path[0] != '/')
		return bad("deviceNodes", "an absolute path is wanted", err);
	if (type[0] && (!strchr("bcup", type[0]) || type[1]))
		return bad("deviceNodes", "type must be b, c, u or p", err);
	json_object_set_new(device, "path", json_string(path));
	if (type[0] && (type[0] == 'p' || json_object_get(node, "major"))) {
		json_object_set_new(device, "type", json_string(type));
		json_object_set_new(device, "major", json_integer(bt_jget_int(node, "major")));
		json_object_set_new(device, "minor", json_integer(bt_jget_int(node, "minor")));
		return 0;
	}
	if (stat(host, &st) < 0)
		return bt_err_set(err, BT_ERR_INVALID, errno, "containerEdits.deviceNodes: %s: %s",
				  host, strerror(errno));
	if (!S_ISBLK(st.st_mode) && !S_ISCHR(st.st_mode))
		return bad("deviceNodes", "not a device node", err);
	json_object_set_new(device, "type", json_string(S_ISBLK(st.st_mode) ? "b" : "c"));
	json_object_set_new(device, "major", json_integer((json_int_t)major(st.st_rdev)));
	json_object_set_new(device, "minor", json_integer((json_int_t)minor(st.st_rdev)));
	json_object_set_new(device, "fileMode", json_integer((json_int_t)(st.st_mode & 0777)));
	return 0;
}

static void remove_device(json_t *devices, const char *path)
{
	const json_t *old;
	size_t i;

	json_array_foreach (devices, i, old) {
		if (strcmp(bt_jget_text(old, "path"), path) != 0)
			continue;
		json_array_remove(devices, i);
		return;
	}
}

static int add_node(const json_t *node, json_t *spec, struct bt_err *err)
{
	static const char *const own[] = { "fileMode", "uid", "gid" };
	const char *access = bt_jget_text(node, "permissions");
	json_t *linux_ = object_in(spec, "linux");
	json_t *devices = list_in(linux_, "devices");
	json_t *rules = list_in(object_in(linux_, "resources"), "devices");
	json_auto_t *device = json_object();
	int r = fill_node(node, device, err);

	if (r < 0)
		return r;
	access = access[0] ? access : "rwm";
	if (strspn(access, "rwm") != strlen(access))
		return bad("deviceNodes", "permissions must be of r, w and m", err);
	for (size_t i = 0; i < 3; i++)
		if (json_is_integer(json_object_get(node, own[i])))
			json_object_set(device, own[i], json_object_get(node, own[i]));
	remove_device(devices, bt_jget_text(device, "path"));
	json_array_append(devices, device);
	if (bt_jget_text(device, "type")[0] != 'p')
		json_array_append_new(rules,
				      json_pack("{s:b,s:s,s:I,s:I,s:s}", "allow", 1, "type",
						bt_jget_text(device, "type"), "major",
						(json_int_t)bt_jget_int(device, "major"), "minor",
						(json_int_t)bt_jget_int(device, "minor"), "access",
						access));
	return 0;
}

/* Is there something that makes it a bind, or a file system? */
static bool says_what(const json_t *options, const char *type)
{
	const json_t *item;
	size_t i;

	json_array_foreach (options, i, item)
		if (bt_str_eq(json_string_value(item), "bind") ||
		    bt_str_eq(json_string_value(item), "rbind"))
			return true;
	return type[0] && strcmp(type, "bind") != 0 && strcmp(type, "none") != 0;
}

static int add_mount(const json_t *mount, json_t *spec, struct bt_err *err)
{
	const char *from = bt_jget_text(mount, "hostPath"), *type = bt_jget_text(mount, "type");
	const char *to = bt_jget_text(mount, "containerPath");
	const json_t *given = json_object_get(mount, "options");
	json_auto_t *options = json_is_array(given) ? json_deep_copy(given) : json_array();
	const json_t *item;
	size_t i;

	if (from[0] == '\0' || to[0] != '/')
		return bad("mounts", "hostPath and an absolute containerPath are wanted", err);
	json_array_foreach (options, i, item)
		if (!json_is_string(item))
			return bad("mounts", "options are strings", err);
	if (!says_what(options, type))
		json_array_insert_new(options, 0, json_string("rbind"));
	return json_array_append_new(list_in(spec, "mounts"),
				     json_pack("{s:s,s:s,s:s,s:O}", "destination", to, "type",
					       type[0] ? type : "bind", "source", from, "options",
					       options));
}

static int add_hook(const json_t *hook, json_t *spec, struct bt_err *err)
{
	static const char *const names[] = { "prestart",       "createRuntime", "createContainer",
					     "startContainer", "poststart",     "poststop" };
	static const char *const members[] = { "path", "args", "env", "timeout" };
	const char *name = bt_jget_text(hook, "hookName");
	json_t *out;
	size_t i = 0;

	while (i < 6 && strcmp(names[i], name) != 0)
		i++;
	if (i == 6)
		return bad("hooks", "hookName is none that the runtime has", err);
	if (bt_jget_text(hook, "path")[0] != '/')
		return bad("hooks", "an absolute path is wanted", err);
	out = json_object();
	for (size_t k = 0; k < 4; k++)
		if (json_object_get(hook, members[k]))
			json_object_set(out, members[k], json_object_get(hook, members[k]));
	return json_array_append_new(list_in(object_in(spec, "hooks"), name), out);
}

static int add_gid(const json_t *gid, json_t *spec, struct bt_err *err)
{
	json_t *gids = list_in(object_in(object_in(spec, "process"), "user"), "additionalGids");
	json_int_t value = json_integer_value(gid);
	const json_t *old;
	size_t i;

	if (!json_is_integer(gid) || value < 0 || value >= UINT32_MAX)
		return bad("additionalGids", "numbers of groups are wanted", err);
	json_array_foreach (gids, i, old)
		if (json_integer_value(old) == value)
			return 0;
	return value == 0 ? 0 : json_array_append_new(gids, json_integer(value));
}

static const struct {
	const char *name;
	int (*add)(const json_t *item, json_t *spec, struct bt_err *err);
} kinds[] = { { "env", add_env },
	      { "deviceNodes", add_node },
	      { "mounts", add_mount },
	      { "hooks", add_hook },
	      { "additionalGids", add_gid } };

static int apply_list(const char *name, const json_t *list, json_t *spec, struct bt_err *err)
{
	const json_t *item;
	size_t i, kind = 0;
	int r = 0;

	while (kind < sizeof(kinds) / sizeof(kinds[0]) && strcmp(kinds[kind].name, name) != 0)
		kind++;
	if (kind == sizeof(kinds) / sizeof(kinds[0]))
		return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, ENOSYS,
				  "containerEdits.%.64s is not supported", name);
	if (!json_is_array(list))
		return bad(name, "a list is wanted", err);
	json_array_foreach (list, i, item) {
		r = kinds[kind].add(item, spec, err);
		if (r < 0)
			return err->msg[0] ? r : bt_err_sys(err, -ENOMEM, "CDI");
	}
	return 0;
}

int bt_cdi_edits_apply(const json_t *edits, json_t *spec, struct bt_err *err)
{
	const char *name;
	json_t *list;
	int r;

	err->msg[0] = '\0';
	json_object_foreach ((json_t *)(uintptr_t)edits, name, list) {
		if (json_is_null(list))
			continue;
		r = apply_list(name, list, spec, err);
		if (r < 0)
			return r;
	}
	return 0;
}
