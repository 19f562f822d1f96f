/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/systemd_unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define DEFAULT_SLICE "system.slice"
#define SUFFIX        ".slice"

/* Characters of a unit's name (systemd.unit(5)), but for those that would make a template of it. */
static bool is_name(const char *text, size_t len)
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789:-_.\\";

	return len > 0 && strspn(text, characters) >= len;
}

bool bt_systemd_unit_is_slice(const char *name)
{
	size_t len = strlen(name);

	if (strcmp(name, "-" SUFFIX) == 0)
		return true;
	if (len > BT_SYSTEMD_UNIT_NAME_MAX || !bt_str_ends(name, SUFFIX))
		return false;
	len -= strlen(SUFFIX);
	/* A dash goes one level down, so there is none at the ends and no two together. */
	return is_name(name, len) && name[0] != '-' && name[len - 1] != '-' &&
	       strstr(name, "--") == NULL;
}

/* "a-b.slice" is within "a.slice": append "/a.slice/a-b.slice". */
static void expand(const char *slice, struct bt_str *path)
{
	size_t len = strlen(slice) - strlen(SUFFIX);

	if (strcmp(slice, "-" SUFFIX) == 0)
		return;
	for (size_t i = 1; i <= len; i++) {
		if (i == len || slice[i] == '-')
			bt_str_printf(path, "/%.*s" SUFFIX, (int)i, slice);
	}
}

static int fail(const char *path, const char *why, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL,
			  "linux.cgroupsPath: \"%s\": %s; with systemd's driver it has the form "
			  "slice:prefix:name",
			  path, why);
}

static int split(const char *path, struct bt_systemd_unit *unit, struct bt_err *err)
{
	const char *prefix = strchr(path, ':');
	const char *name = prefix != NULL ? strchr(prefix + 1, ':') : NULL;
	size_t slice_len, prefix_len;
	int n;

	if (name == NULL || strchr(name + 1, ':') != NULL)
		return fail(path, "not three parts", err);
	slice_len = (size_t)(prefix - path);
	prefix_len = (size_t)(name - ++prefix);
	name++;
	if (slice_len >= sizeof(unit->slice))
		return fail(path, "the slice's name is too long", err);
	if (slice_len > 0)
		(void)snprintf(unit->slice, sizeof(unit->slice), "%.*s", (int)slice_len, path);
	if (!bt_systemd_unit_is_slice(unit->slice))
		return fail(path, "the first part is not the name of a slice", err);
	if (!is_name(name, strlen(name)) || (prefix_len > 0 && !is_name(prefix, prefix_len)))
		return fail(path,
			    "the name of the scope is empty or has other characters than "
			    "a unit's may have",
			    err);
	if (bt_str_ends(name, SUFFIX))
		return fail(path, "a container needs a scope, not a slice", err);
	n = snprintf(unit->name, sizeof(unit->name), "%.*s%s%s.scope", (int)prefix_len, prefix,
		     prefix_len > 0 ? "-" : "", name);
	return n < 0 || (size_t)n >= sizeof(unit->name)
		       ? fail(path, "the scope's name is too long", err)
		       : 0;
}

int bt_systemd_unit_parse(const char *cgroups_path, const char *id, struct bt_systemd_unit *ret,
			  struct bt_err *err)
{
	bt_auto_str struct bt_str path = { .max = sizeof(ret->path) - 1 }, standard = { 0 };
	struct bt_systemd_unit unit = { .slice = DEFAULT_SLICE };
	int r;

	if (cgroups_path == NULL || *cgroups_path == '\0') {
		bt_str_printf(&standard, ":berth:%s", id);
		cgroups_path = bt_str_get(&standard);
	}
	r = split(cgroups_path, &unit, err);
	if (r < 0)
		return r;
	expand(unit.slice, &path);
	bt_str_printf(&path, "/%s", unit.name);
	if (standard.failed < 0 || path.failed < 0)
		return bt_err_sys(err, path.failed < 0 ? path.failed : standard.failed,
				  "linux.cgroupsPath");
	memcpy(unit.path, path.p, path.len + 1);
	*ret = unit;
	return 0;
}
