/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/spec_devices.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/jget.h"

/* Nobody means more; deeper trees of /dev are refused. */
#define DEPTH_MAX 8

struct collect {
	json_t *devices; /* linux.devices */
	json_t *rules;   /* linux.resources.devices; NULL: no rule for each */
	const char *access;
};

static void dir_done(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static json_t *rule(bool allow, const char *type, int64_t major_, int64_t minor_,
		    const char *access)
{
	json_t *out =
		json_pack("{s:b,s:s,s:s}", "allow", (int)allow, "type", type, "access", access);

	if (major_ >= 0)
		json_object_set_new(out, "major", json_integer(major_));
	if (minor_ >= 0)
		json_object_set_new(out, "minor", json_integer(minor_));
	return out;
}

/* What every container may do with devices, as Docker lists it. */
static void add_default_rules(json_t *rules)
{
	static const int allowed[][2] = {
		{ 1, 5 }, { 1, 3 }, { 1, 9 }, { 1, 8 }, { 5, 0 }, { 5, 1 }
	};

	json_array_append_new(rules, rule(false, "a", -1, -1, "rwm"));
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		json_array_append_new(rules, rule(true, "c", allowed[i][0], allowed[i][1], "rwm"));
	json_array_append_new(rules, rule(false, "c", 10, 229, "rwm"));
}

static void add_node(struct collect *to, const char *path, const struct stat *st)
{
	const char *type = S_ISBLK(st->st_mode) ? "b" : "c";
	json_int_t major_ = (json_int_t)major(st->st_rdev), minor_ = (json_int_t)minor(st->st_rdev);

	json_array_append_new(to->devices,
			      json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:I}", "path", path, "type", type,
					"major", major_, "minor", minor_, "fileMode",
					(json_int_t)(st->st_mode & 07777), "uid",
					(json_int_t)st->st_uid, "gid", (json_int_t)st->st_gid));
	if (to->rules)
		json_array_append_new(to->rules, rule(true, type, major_, minor_, to->access));
}

/* Parts of /dev that a container has of its own. */
static bool skipped(const char *name)
{
	static const char *const names[] = { "pts",         "shm",   "fd",      "mqueue", ".lxc",
					     ".lxd-mounts", ".udev", "console", ".",      ".." };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* The devices below `host`, shown below `inside`. */
static int add_tree(struct collect *to, const char *host, const char *inside, int depth)
{
	bt_auto(dir_done) DIR *dir = opendir(host);
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while (depth < DEPTH_MAX && (entry = readdir(dir))) {
		bt_auto_free char *from = NULL, *at = NULL;
		struct stat st;
		int r;

		if (skipped(entry->d_name))
			continue;
		from = bt_path_join(host, entry->d_name);
		at = bt_path_join(inside, entry->d_name);
		if (!from || !at)
			return -ENOMEM;
		if (lstat(from, &st) < 0)
			continue;
		if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
			add_node(to, at, &st);
		r = S_ISDIR(st.st_mode) ? add_tree(to, from, at, depth + 1) : 0;
		if (r == -ENOMEM)
			return r;
	}
	return 0;
}

static int gather_failed(const char *path, int r, struct bt_err *err)
{
	return bt_err_set(
		err, BT_ERR_INVALID, -r,
		"error gathering device information while adding custom device \"%s\": %s", path,
		r == -ENOENT ? "no such file or directory" : strerror(-r));
}

static int add_custom(struct collect *to, const json_t *device, struct bt_err *err)
{
	const char *host = bt_jget_text(device, "PathOnHost");
	const char *inside = bt_jget_text(device, "PathInContainer");
	struct stat st;
	int r = 0;

	to->access = bt_jget_text(device, "CgroupPermissions");
	if (to->access[0] == '\0')
		to->access = "rwm";
	if (strspn(to->access, "rwm") != strlen(to->access))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid device mode: %s",
				  to->access);
	if (inside[0] == '\0')
		inside = host;
	if (stat(host, &st) < 0)
		return gather_failed(host, -errno, err);
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		add_node(to, inside, &st);
	else if (S_ISDIR(st.st_mode))
		r = add_tree(to, host, inside, 0);
	else
		return bt_err_set(err, BT_ERR_INVALID, ENODEV,
				  "error gathering device information while adding custom device "
				  "\"%s\": not a device node",
				  host);
	return r < 0 ? gather_failed(host, r, err) : 0;
}

/* "c 1:3 rwm", with "*" for any number. */
static int add_rule_text(json_t *rules, const char *text, struct bt_err *err)
{
	char type[2], major_[12], minor_[12], access[4], rest;
	long long ma = -1, mi = -1;

	/* One space, and no other: a blank in the format would mean any number of any kind. */
	if (sscanf(text, "%1[acb]%*1[ ]%11[0-9*]:%11[0-9*]%*1[ ]%3[rwm]%c", type, major_, minor_,
		   access, &rest) != 4 ||
	    (strcmp(major_, "*") != 0 && bt_str_to_i64(major_, &ma) < 0) ||
	    (strcmp(minor_, "*") != 0 && bt_str_to_i64(minor_, &mi) < 0))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid device cgroup rule format: '%s'", text);
	json_array_append_new(rules, rule(true, type, ma, mi, access));
	return 0;
}

/* Of a privileged container those that have another name inside: the others are there. */
static int add_all_custom(struct collect *to, const json_t *hc, bool privileged, struct bt_err *err)
{
	const json_t *item;
	size_t i;
	int r = 0;

	json_array_foreach (json_object_get(hc, "Devices"), i, item) {
		const char *inside = bt_jget_text(item, "PathInContainer");

		if (privileged &&
		    (!inside[0] || strcmp(inside, bt_jget_text(item, "PathOnHost")) == 0))
			continue;
		r = add_custom(to, item, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_rule_texts(json_t *rules, const json_t *hc, struct bt_err *err)
{
	const json_t *item;
	size_t i;
	int r = 0;

	json_array_foreach (json_object_get(hc, "DeviceCgroupRules"), i, item) {
		r = add_rule_text(rules, json_string_value(item), err);
		if (r < 0)
			return r;
	}
	return 0;
}

int bt_spec_devices(const json_t *hc, json_t *linux_, json_t *resources, struct bt_err *err)
{
	json_auto_t *devices = json_array(), *rules = json_array();
	struct collect to = { .devices = devices, .rules = rules };
	const bool privileged = bt_jget_bool(hc, "Privileged");
	int r;

	if (privileged) {
		json_array_append_new(rules, rule(true, "a", -1, -1, "rwm"));
		to.rules = NULL;
		r = add_tree(&to, "/dev", "/dev", 0);
		if (r < 0)
			return bt_err_sys(err, r, "read /dev");
	} else {
		add_default_rules(rules);
	}
	r = add_all_custom(&to, hc, privileged, err);
	if (r == 0 && !privileged)
		r = add_rule_texts(rules, hc, err);
	if (r < 0)
		return r;
	if (json_array_size(devices) > 0)
		json_object_set(linux_, "devices", devices);
	json_object_set(resources, "devices", rules);
	return 0;
}
