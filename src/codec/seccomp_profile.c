/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/seccomp_profile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "codec/capability.h"
#include "codec/json.h"

#define ERRNO_NAMED_MAX 133 /* EHWPOISON, the last of Linux */

/* The default profile, made of seccomp_default.json by the build. */
extern const char bt_seccomp_default[];
extern const size_t bt_seccomp_default_len;

/* uname's machine, the name in a profile's conditions, and in its archMap. */
static const struct {
	const char *machine, *condition, *arch;
} machines[] = {
	{ "x86_64", "amd64", "SCMP_ARCH_X86_64" },
	{ "i386", "x86", "SCMP_ARCH_X86" },
	{ "i686", "x86", "SCMP_ARCH_X86" },
	{ "aarch64", "arm64", "SCMP_ARCH_AARCH64" },
	{ "armv7l", "arm", "SCMP_ARCH_ARM" },
	{ "ppc64le", "ppc64le", "SCMP_ARCH_PPC64LE" },
	{ "riscv64", "riscv64", "SCMP_ARCH_RISCV64" },
	{ "s390x", "s390x", "SCMP_ARCH_S390X" },
	{ "loongarch64", "loong64", "SCMP_ARCH_LOONGARCH64" },
	{ "mips64", "mips64", "SCMP_ARCH_MIPS64" },
};

int bt_seccomp_profile_target_init(struct bt_seccomp_profile_target *ret, uint64_t capabilities,
				   const char *machine, const char *release)
{
	struct bt_seccomp_profile_target target = { .capabilities = capabilities,
						    .machine = machine };

	if (sscanf(release, "%u.%u", &target.kernel_major, &target.kernel_minor) != 2)
		return -EINVAL;
	*ret = target;
	return 0;
}

const char *bt_seccomp_profile_default(size_t *ret_len)
{
	*ret_len = bt_seccomp_default_len;
	return bt_seccomp_default;
}

static int invalid(struct bt_err *err, const char *what)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "seccomp profile: %s", what);
}

static int nomem(struct bt_err *err)
{
	return bt_err_sys(err, -ENOMEM, "seccomp profile");
}

/* ---- conditions ------------------------------------------------------------------ */

static bool list_has(const json_t *list, const char *name)
{
	json_t *value;
	size_t i;

	json_array_foreach (list, i, value)
		if (strcmp(json_string_value(value), name) == 0)
			return true;
	return false;
}

/* Does the target have any, and all, of the capabilities listed? */
static void match_caps(const json_t *list, const struct bt_seccomp_profile_target *target,
		       bool *ret_any, bool *ret_all)
{
	json_t *value;
	size_t i;

	*ret_any = false;
	*ret_all = true;
	json_array_foreach (list, i, value) {
		int number = bt_capability_parse(json_string_value(value));
		bool has = number >= 0 && target->capabilities & 1ull << number;

		*ret_any = *ret_any || has;
		*ret_all = *ret_all && has;
	}
}

/* 1 where the target's kernel is at least `text`, 0 where it is older. */
static int kernel_at_least(const struct bt_seccomp_profile_target *target, const char *text,
			   struct bt_err *err)
{
	unsigned major, minor;
	int end = 0;

	if (sscanf(text, "%u.%u%n", &major, &minor, &end) != 2 || text[end] != '\0')
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "seccomp profile: invalid kernel version: %.32s", text);
	return target->kernel_major > major ||
	       (target->kernel_major == major && target->kernel_minor >= minor);
}

/* The parts of "includes" or "excludes"; lists are of strings. */
struct condition {
	json_t *arches, *caps;
	const char *kernel;
};

static int read_condition(const json_t *rule, const char *name, struct condition *ret,
			  struct bt_err *err)
{
	struct condition c = { 0 };
	json_t *object = NULL;
	int r;

	r = bt_json_get_obj(rule, name, &object, err);
	if (r > 0)
		r = bt_json_get_strs(object, "arches", &c.arches, err);
	if (r >= 0 && object)
		r = bt_json_get_strs(object, "caps", &c.caps, err);
	if (r >= 0 && object)
		r = bt_json_get_str(object, "minKernel", &c.kernel, err);
	if (r < 0)
		return r;
	*ret = c;
	return 0;
}

/* 1 where a rule holds for the target: no exclusion meets it, and every inclusion does. */
static int rule_holds(const json_t *rule, const struct bt_seccomp_profile_target *target,
		      const char *arch, struct bt_err *err)
{
	struct condition in = { 0 }, out = { 0 };
	bool any, all;
	int r;

	r = read_condition(rule, "excludes", &out, err);
	if (r == 0)
		r = read_condition(rule, "includes", &in, err);
	if (r < 0)
		return r;

	if (list_has(out.arches, arch))
		return 0;
	match_caps(out.caps, target, &any, &all);
	if (any)
		return 0;
	r = out.kernel ? kernel_at_least(target, out.kernel, err) : 0;
	if (r != 0)
		return r < 0 ? r : 0;
	if (json_array_size(in.arches) > 0 && !list_has(in.arches, arch))
		return 0;
	match_caps(in.caps, target, &any, &all);
	if (!all)
		return 0;
	return in.kernel ? kernel_at_least(target, in.kernel, err) : 1;
}

/* ---- rules ----------------------------------------------------------------------- */

/* Copy the members of `from` that `names` lists and that are there. */
static int copy_members(json_t *to, const json_t *from, const char *const *names)
{
	for (; *names; names++) {
		json_t *value = bt_json_member(from, *names);

		if (value && json_object_set(to, *names, value) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Profiles that Podman takes too name the error besides: "ENOSYS", or its number as text. The name
 * wins there over the number, so that a file means the same here. */
static int put_errno(json_t *to, const json_t *from, const char *name, const char *number,
		     struct bt_err *err)
{
	const char *text = NULL;
	int value = 0, end = 0;
	int r = bt_json_get_str(from, name, &text, err);

	if (r <= 0 || *text == '\0')
		return r < 0 ? r : 0;
	if (sscanf(text, "%4d%n", &value, &end) != 1 || text[end] != '\0') {
		for (value = 1; value <= ERRNO_NAMED_MAX; value++) {
			const char *known = strerrorname_np(value);

			if (known && strcmp(known, text) == 0)
				break;
		}
		if (value > ERRNO_NAMED_MAX)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "seccomp profile: %s: unknown error '%.32s'", name, text);
	}
	return json_object_set_new(to, number, json_integer(value)) < 0 ? nomem(err) : 0;
}

/* One rule without its conditions; the old form has "name" instead of "names". */
static int add_rule(json_t *rules, const json_t *rule, struct bt_err *err)
{
	static const char *const members[] = { "names", "action", "errnoRet", "args", NULL };
	const char *name = NULL;
	json_t *names = NULL;
	json_t *copy;
	int r;

	r = bt_json_get_str(rule, "name", &name, err);
	if (r >= 0)
		r = bt_json_get_strs(rule, "names", &names, err);
	if (r < 0)
		return r;
	if (name && *name && json_array_size(names) > 0)
		return invalid(err, "both 'name' and 'names' are specified in the seccomp profile, "
				    "use either 'name' or 'names'");
	copy = json_object();
	r = copy ? copy_members(copy, rule, members) : -ENOMEM;
	if (r == 0 && name && *name)
		r = json_object_set_new(copy, "names", json_pack("[s]", name));
	r = r == 0 ? put_errno(copy, rule, "errno", "errnoRet", err) : nomem(err);
	if (r == 0 && json_array_append(rules, copy) < 0)
		r = nomem(err);
	json_decref(copy);
	return r;
}

static int add_rules(json_t *to, const json_t *profile,
		     const struct bt_seccomp_profile_target *target, const char *arch,
		     struct bt_err *err)
{
	json_t *rules = json_array(), *list = NULL, *rule;
	size_t i;
	int r;

	if (!rules || json_object_set_new(to, "syscalls", rules) < 0)
		return nomem(err);
	r = bt_json_get_arr(profile, "syscalls", &list, err);
	if (r < 0)
		return r;
	json_array_foreach (list, i, rule) {
		if (!json_is_object(rule))
			return invalid(err, "syscalls must be an array of objects");
		r = rule_holds(rule, target, arch, err);
		if (r > 0)
			r = add_rule(rules, rule, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- architectures --------------------------------------------------------------- */

/* The entry of archMap for the machine: itself and its sub-architectures. */
static int map_architectures(json_t *map, const char *arch, json_t *list, struct bt_err *err)
{
	json_t *entry, *sub;
	size_t i, k;

	json_array_foreach (map, i, entry) {
		const char *name = bt_json_str(entry, "architecture", "");
		json_t *subs = NULL;

		if (strcmp(name, arch) != 0)
			continue;
		if (bt_json_get_strs(entry, "subArchitectures", &subs, err) < 0)
			return -EINVAL;
		if (json_array_append_new(list, json_string(name)) < 0)
			return nomem(err);
		json_array_foreach (subs, k, sub)
			if (json_array_append(list, sub) < 0)
				return nomem(err);
		return 0;
	}
	return 0;
}

static int add_architectures(json_t *to, const json_t *profile, const char *arch,
			     struct bt_err *err)
{
	json_t *plain = NULL, *map = NULL, *list;
	int r;

	r = bt_json_get_strs(profile, "architectures", &plain, err);
	if (r >= 0)
		r = bt_json_get_arr(profile, "archMap", &map, err);
	if (r < 0)
		return r;
	if (json_array_size(plain) > 0 && json_array_size(map) > 0)
		return invalid(err,
			       "both 'architectures' and 'archMap' are specified in the seccomp "
			       "profile, use either 'architectures' or 'archMap'");
	list = plain ? json_copy(plain) : json_array();
	if (!list || json_object_set_new(to, "architectures", list) < 0)
		return nomem(err);
	return map_architectures(map, arch, list, err);
}

/* ---- the whole ------------------------------------------------------------------- */

static int convert(const json_t *profile, const struct bt_seccomp_profile_target *target,
		   json_t *to, struct bt_err *err)
{
	static const char *const members[] = { "defaultAction", "defaultErrnoRet",  "flags",
					       "listenerPath",  "listenerMetadata", NULL };
	const char *condition = target->machine, *arch = "";
	int r;

	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		if (strcmp(machines[i].machine, target->machine) == 0) {
			condition = machines[i].condition;
			arch = machines[i].arch;
		}
	}
	if (copy_members(to, profile, members) < 0)
		return nomem(err);
	r = put_errno(to, profile, "defaultErrno", "defaultErrnoRet", err);
	if (r == 0)
		r = add_architectures(to, profile, arch, err);
	return r < 0 ? r : add_rules(to, profile, target, condition, err);
}

int bt_seccomp_profile_convert(const char *text, size_t len,
			       const struct bt_seccomp_profile_target *target, json_t **ret,
			       struct bt_err *err)
{
	json_t *profile, *to;
	int r;

	r = bt_json_parse(text, len, BT_JSON_BIG, &profile, err);
	if (r < 0)
		return bt_err_context(err, "Decoding seccomp profile failed");
	if (!json_is_object(profile)) {
		json_decref(profile);
		return invalid(err, "must be an object");
	}
	if (!*bt_json_str(profile, "defaultAction", "") &&
	    json_array_size(bt_json_arr(profile, "syscalls")) == 0) {
		json_decref(profile);
		*ret = NULL;
		return 0;
	}
	to = json_object();
	r = to ? convert(profile, target, to, err) : nomem(err);
	json_decref(profile);
	if (r < 0) {
		json_decref(to);
		return r;
	}
	*ret = to;
	return 0;
}
