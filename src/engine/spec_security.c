/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/spec_security.h"

#include <ctype.h>
#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/capability.h"
#include "engine/apparmor.h"
#include "engine/jget.h"
#include "engine/selinux_label.h"

#define CAP(name) (1ull << CAP_##name)

/* Docker's fourteen. */
#define DEFAULT_CAPS                                                                              \
	(CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FSETID) | CAP(FOWNER) | CAP(MKNOD) | CAP(NET_RAW) | \
	 CAP(SETGID) | CAP(SETUID) | CAP(SETFCAP) | CAP(SETPCAP) | CAP(NET_BIND_SERVICE) |        \
	 CAP(SYS_CHROOT) | CAP(KILL) | CAP(AUDIT_WRITE))

static uint64_t bounding;

static void read_bounding(void)
{
	for (int cap = 0; cap < BT_CAPABILITY_COUNT; cap++)
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			bounding |= 1ull << cap;
}

/* What this process, and so a container, can have at most. */
static uint64_t bounding_set(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, read_bounding);
	return bounding;
}

/* A NULL-terminated array of the strings, which stay borrowed. NULL without memory. */
static const char **list_of(const json_t *array)
{
	const char **list = calloc(json_array_size(array) + 1, sizeof(*list));
	const json_t *item;
	size_t i;

	if (!list)
		return NULL;
	json_array_foreach (array, i, item)
		list[i] = json_string_value(item);
	return list;
}

static int check_named(const char *const *names, struct bt_err *err)
{
	for (; *names; names++) {
		int cap = bt_capability_parse_lenient(*names);

		if (cap >= 0 && !(bounding_set() & (1ull << cap)))
			return bt_err_set(
				err, BT_ERR_INVALID, EPERM,
				"capability %s is not available on this machine: it is not "
				"in the daemon's own bounding set",
				bt_capability_name(cap));
	}
	return 0;
}

int bt_spec_security_capabilities(const json_t *hc, uint64_t *ret, struct bt_err *err)
{
	bt_auto_free const char **add = list_of(json_object_get(hc, "CapAdd"));
	bt_auto_free const char **drop = list_of(json_object_get(hc, "CapDrop"));
	uint64_t mask = BT_CAPABILITY_ALL;
	int r;

	if (!add || !drop)
		return bt_err_sys(err, -ENOMEM, "read capabilities");
	if (!bt_jget_bool(hc, "Privileged")) {
		r = bt_capability_tweak(DEFAULT_CAPS, BT_CAPABILITY_ALL, add, drop, &mask, err);
		if (r == 0)
			r = check_named(add, err);
		if (r < 0)
			return r;
	}
	*ret = mask & bounding_set();
	return 0;
}

static bool asks_for_all(const json_t *hc)
{
	const json_t *add = json_object_get(hc, "CapAdd"), *item;
	size_t i;

	if (bt_jget_bool(hc, "Privileged"))
		return true;
	json_array_foreach (add, i, item)
		if (strcasecmp(json_string_value(item), "ALL") == 0 ||
		    strcasecmp(json_string_value(item), "CAP_ALL") == 0)
			return true;
	return false;
}

/* `key` is CapAdd or CapDrop. */
static int check_names(const json_t *hc, const char *key, struct bt_err *err)
{
	const json_t *list = json_object_get(hc, key), *item;
	size_t i;

	json_array_foreach (list, i, item) {
		const char *name = json_string_value(item);
		bool prefixed = strncasecmp(name, "CAP_", 4) == 0;
		bt_auto_free char *upper = bt_str_format("%s%s", prefixed ? "" : "CAP_", name);

		if (!upper)
			return bt_err_sys(err, -ENOMEM, "read capabilities");
		for (char *p = upper; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		if (strcmp(upper, "CAP_ALL") != 0 && bt_capability_parse(upper) < 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid %s: unknown capability: \"%s\"", key, upper);
	}
	return 0;
}

int bt_spec_security_check(const json_t *hc, json_t *warnings, struct bt_err *err)
{
	struct bt_security_opts opts;
	uint64_t mask;
	int r = check_names(hc, "CapAdd", err);

	if (r == 0)
		r = check_names(hc, "CapDrop", err);
	if (r == 0)
		r = bt_spec_security_capabilities(hc, &mask, err);
	if (r == 0)
		r = bt_spec_security_parse(hc, &opts, err);
	if (r < 0)
		return r;
	if (asks_for_all(hc) && (bounding_set() & BT_CAPABILITY_ALL) != BT_CAPABILITY_ALL)
		json_array_append_new(
			warnings,
			json_string("Some capabilities are not available on this machine: the "
				    "container gets those in the daemon's own bounding set."));
	return 0;
}

void bt_spec_security_set_capabilities(json_t *process, uint64_t mask, uint32_t uid)
{
	json_auto_t *names = json_array();

	for (int cap = 0; cap < BT_CAPABILITY_COUNT; cap++)
		if (mask & (1ull << cap))
			json_array_append_new(names, json_string(bt_capability_name(cap)));
	if (uid == 0)
		json_object_set_new(process, "capabilities",
				    json_pack("{s:O,s:O,s:O}", "bounding", names, "effective",
					      names, "permitted", names));
	else
		json_object_set_new(process, "capabilities", json_pack("{s:O}", "bounding", names));
}

int bt_spec_security_process(const json_t *hc, uint32_t uid, const struct bt_spec_security *daemon,
			     json_t *process, struct bt_err *err)
{
	bool no_new_privileges = daemon->no_new_privileges;
	const char *apparmor;
	struct bt_security_opts opts;
	uint64_t mask;
	int r = bt_spec_security_capabilities(hc, &mask, err);

	if (r == 0)
		r = bt_spec_security_parse(hc, &opts, err);
	if (r < 0)
		return r;
	bt_spec_security_set_capabilities(process, mask, uid);
	if (opts.no_new_privileges_set)
		no_new_privileges = opts.no_new_privileges;
	json_object_set_new(process, "noNewPrivileges", json_boolean(no_new_privileges));
	apparmor = bt_apparmor_profile(daemon->apparmor, bt_jget_bool(hc, "Privileged"),
				       opts.apparmor);
	if (apparmor)
		json_object_set_new(process, "apparmorProfile", json_string(apparmor));
	return 0;
}

static int wrong(const char *opt, int field, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid --security-opt %d: \"%s\"", field,
			  opt);
}

static int parse_new_privileges(const char *opt, const char *value, struct bt_security_opts *ret,
				struct bt_err *err)
{
	if (value && strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
		return wrong(opt, 2, err);
	ret->no_new_privileges_set = true;
	ret->no_new_privileges = !value || strcmp(value, "true") == 0;
	return 0;
}

static int parse_seccomp(const char *opt, const char *value, struct bt_security_opts *ret,
			 struct bt_err *err)
{
	(void)opt;
	(void)err;
	ret->seccomp_unconfined = strcmp(value, "unconfined") == 0;
	ret->seccomp_builtin = strcmp(value, "builtin") == 0;
	ret->seccomp = ret->seccomp_unconfined || ret->seccomp_builtin ? NULL : value;
	return 0;
}

static int parse_apparmor(const char *opt, const char *value, struct bt_security_opts *ret,
			  struct bt_err *err)
{
	(void)opt;
	(void)err;
	ret->apparmor = value[0] ? value : NULL;
	return 0;
}

/* Here only its form: engine/selinux_label.h makes something of it. */
static int parse_label(const char *opt, const char *value, struct bt_security_opts *ret,
		       struct bt_err *err)
{
	(void)ret;
	return bt_selinux_label_is_option(value) ? 0 : wrong(opt, 2, err);
}

static const struct {
	const char *name;
	bool alone; /* may stand without a value */
	int (*parse)(const char *opt, const char *value, struct bt_security_opts *ret,
		     struct bt_err *err);
} options[] = {
	{ "no-new-privileges", true, parse_new_privileges },
	{ "seccomp", false, parse_seccomp },
	{ "apparmor", false, parse_apparmor },
	{ "label", false, parse_label },
};

/* "name=value", or with a colon in its place. */
static int parse_opt(const char *opt, struct bt_security_opts *ret, struct bt_err *err)
{
	size_t len = strcspn(opt, "=:");
	const char *value = opt[len] ? opt + len + 1 : NULL;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strlen(options[i].name) != len || strncmp(options[i].name, opt, len) != 0)
			continue;
		return value || options[i].alone ? options[i].parse(opt, value, ret, err)
						 : wrong(opt, 1, err);
	}
	return wrong(opt, value ? 2 : 1, err);
}

int bt_spec_security_parse(const json_t *hc, struct bt_security_opts *ret, struct bt_err *err)
{
	struct bt_security_opts opts = { 0 };
	const json_t *list = json_object_get(hc, "SecurityOpt"), *item;
	size_t i;

	opts.seccomp_unconfined = bt_jget_bool(hc, "Privileged");
	json_array_foreach (list, i, item) {
		int r = parse_opt(json_string_value(item), &opts, err);

		if (r < 0)
			return r;
	}
	*ret = opts;
	return 0;
}

const char *bt_spec_security_rlimit_name(const char *name)
{
	static const char *const names[] = {
		"RLIMIT_AS",     "RLIMIT_CORE",   "RLIMIT_CPU",        "RLIMIT_DATA",
		"RLIMIT_FSIZE",  "RLIMIT_LOCKS",  "RLIMIT_MEMLOCK",    "RLIMIT_MSGQUEUE",
		"RLIMIT_NICE",   "RLIMIT_NOFILE", "RLIMIT_NPROC",      "RLIMIT_RSS",
		"RLIMIT_RTPRIO", "RLIMIT_RTTIME", "RLIMIT_SIGPENDING", "RLIMIT_STACK",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(names[i] + 7, name) == 0)
			return names[i];
	return NULL;
}

static json_t *rlimit(const char *type, const json_t *from)
{
	return json_pack("{s:s,s:o,s:o}", "type", type, "hard",
			 json_integer(bt_jget_int(from, "Hard")), "soft",
			 json_integer(bt_jget_int(from, "Soft")));
}

static bool has_ulimit(const json_t *list, const char *name)
{
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item)
		if (strcasecmp(bt_jget_text(item, "Name"), name) == 0)
			return true;
	return false;
}

void bt_spec_security_rlimits(const json_t *hc, const json_t *defaults, json_t *process)
{
	const json_t *own = json_object_get(hc, "Ulimits"), *item;
	json_t *out = json_array();
	const char *name;
	size_t i;

	json_array_foreach (own, i, item)
		json_array_append_new(
			out,
			rlimit(bt_spec_security_rlimit_name(bt_jget_text(item, "Name")), item));
	json_object_foreach ((json_t *)(uintptr_t)defaults, name, item)
		if (!has_ulimit(own, name) && bt_spec_security_rlimit_name(name))
			json_array_append_new(out,
					      rlimit(bt_spec_security_rlimit_name(name), item));
	json_object_set_new(process, "rlimits", out);
}
