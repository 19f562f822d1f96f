/* SPDX-License-Identifier: Apache-2.0 */

/* How the container sits on its host: namespaces, security, restart, logging. */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "cli/create.h"
#include "cli/json_set.h"
#include "cli/terminal.h"

#define PROFILE_MAX (4u << 20)
/* So many times --cap-add or --cap-drop can be given. */
#define CAPABILITIES_MAX 256

static int fill_restart(const struct bt_args *args, json_t *host, struct bt_err *err)
{
	const char *text = bt_args_string(args, "restart"), *colon;
	long long count = 0;

	if (!text || !*text)
		return 0;
	colon = strchr(text, ':');
	bt_auto_free char *name = strndup(text, strcspn(text, ":"));
	if (!name)
		return bt_err_sys(err, -ENOMEM, "restart");
	if (!*name)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid restart policy format: no policy provided before colon");
	if (colon && bt_str_to_i64(colon + 1, &count) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid restart policy format: maximum retry count must be an "
				  "integer");
	if (bt_args_bool(args, "rm") && strcmp(name, "no") != 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "conflicting options: cannot specify both --restart and --rm");
	(void)json_object_set_new(
		host, "RestartPolicy",
		json_pack("{s:s, s:I}", "Name", name, "MaximumRetryCount", (json_int_t)count));
	return 0;
}

static int fill_log(const struct bt_args *args, json_t *host, struct bt_err *err)
{
	const char *driver = bt_args_string(args, "log-driver");
	json_t *log;

	if (!driver && !bt_args_given(args, "log-opt"))
		return 0;
	if (driver && strcmp(driver, "none") == 0 && bt_args_given(args, "log-opt"))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid logging opts for driver none");
	log = json_pack("{s:s}", "Type", driver ? driver : "");
	bt_json_set_map_flag(log, "Config", args, "log-opt");
	(void)json_object_set_new(host, "LogConfig", log);
	return 0;
}

/* A seccomp profile is read here: the daemon may be on another machine. */
static int add_seccomp(json_t *host, const char *path, struct bt_err *err)
{
	bt_auto_free char *text = NULL;
	bt_auto_free char *compact = NULL;
	json_auto_t *profile = NULL;
	json_error_t why;
	int r = bt_io_read_file(AT_FDCWD, path, PROFILE_MAX, &text, NULL);

	if (r < 0)
		return bt_err_set(err, BT_ERR_INVALID, -r,
				  "opening seccomp profile (%s) failed: open %s: %s", path, path,
				  r == -ENOENT ? "no such file or directory" : strerror(-r));
	profile = json_loads(text, 0, &why);
	if (!profile)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "compacting json for seccomp profile (%s) failed: %s", path,
				  why.text);
	compact = json_dumps(profile, JSON_COMPACT);
	bt_auto_free char *option = compact ? bt_str_format("seccomp=%s", compact) : NULL;
	if (!option)
		return bt_err_sys(err, -ENOMEM, "seccomp profile");
	bt_json_set_append(host, "SecurityOpt", option);
	return 0;
}

static int add_security(json_t *host, const char *text, struct bt_err *err)
{
	const char *sep = strpbrk(text, "="), *path;

	if (!sep && strcmp(text, "no-new-privileges") != 0) {
		sep = strchr(text, ':');
		if (!sep)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "Invalid --security-opt: \"%s\"", text);
	}
	if (strcmp(text, "systempaths=unconfined") == 0) {
		(void)json_object_set_new(host, "MaskedPaths", json_array());
		(void)json_object_set_new(host, "ReadonlyPaths", json_array());
		return 0;
	}
	path = bt_str_after(text, "seccomp=");
	if (!path)
		path = bt_str_after(text, "seccomp:");
	if (path && strcmp(path, "unconfined") != 0 && strcmp(path, "builtin") != 0)
		return add_seccomp(host, path, err);
	bt_json_set_append(host, "SecurityOpt", text);
	return 0;
}

/* A mode that docker's client itself looks at: "", "host", "private", "container:X". */
static int set_mode(const struct bt_args *args, json_t *host, const char *flag, const char *name,
		    const char *const *allowed, const char *what, struct bt_err *err)
{
	const char *text = bt_args_string(args, flag), *other;
	bool good = !text || !*text;

	for (size_t i = 0; !good && allowed[i]; i++) {
		other = bt_str_after(text, allowed[i]);
		good = other && (bt_str_ends(allowed[i], ":") ? *other : !*other);
	}
	if (good) {
		bt_json_set_text(host, name, text);
		return 0;
	}
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "--%s: invalid %s mode", flag, what);
}

static int fill_modes(const struct bt_args *args, json_t *host, struct bt_err *err)
{
	static const char *const host_only[] = { "host", NULL };
	static const char *const pid[] = { "host", "container:", NULL };
	static const char *const cgroup[] = { "host", "private", NULL };
	int r = set_mode(args, host, "pid", "PidMode", pid, "PID", err);

	if (r == 0)
		r = set_mode(args, host, "uts", "UTSMode", host_only, "UTS", err);
	if (r == 0)
		r = set_mode(args, host, "userns", "UsernsMode", host_only, "USER", err);
	if (r == 0)
		r = set_mode(args, host, "cgroupns", "CgroupnsMode", cgroup, "CGROUP", err);
	bt_json_set_string_flag(host, "IpcMode", args, "ipc");
	return r;
}

static char *capability_name(const char *text)
{
	bool whole = strcasecmp(text, "all") == 0 || strncasecmp(text, "CAP_", 4) == 0;
	char *name = bt_str_format("%s%s", whole ? "" : "CAP_", text);

	for (char *c = name; c && *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return name;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Capabilities in the kernel's spelling, sorted, each once: "all" stays "ALL". */
static int fill_capabilities(const struct bt_args *args, json_t *host, const char *member,
			     const char *flag, struct bt_err *err)
{
	char *names[CAPABILITIES_MAX];
	const char *text = NULL, *last = "";
	size_t n = 0;
	int r;

	if (bt_args_item(args, flag, CAPABILITIES_MAX))
		return bt_err_set(err, BT_ERR_INVALID, E2BIG, "--%s is given too often", flag);
	while ((text = bt_args_item(args, flag, n)) && (names[n] = capability_name(text)))
		n++;
	r = text ? bt_err_sys(err, -ENOMEM, "read --%s", flag) : 0;
	qsort(names, n, sizeof(*names), compare_texts);
	for (size_t i = 0; i < n; last = names[i++])
		if (strcmp(names[i], last) != 0)
			bt_json_set_append(host, member, names[i]);
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	return r;
}

/* The API knows the form with a colon only, and no brackets around an address. */
static void add_host(json_t *host, const char *text)
{
	bt_auto_free char *entry = strdup(text);
	char *at = entry ? strpbrk(entry, "=:") : NULL;
	size_t len = at ? strlen(at) : 0;

	if (at)
		*at = ':';
	if (len > 2 && at[1] == '[' && at[len - 1] == ']') {
		memmove(at + 1, at + 2, len - 3);
		at[len - 2] = '\0';
	}
	if (entry)
		bt_json_set_append(host, "ExtraHosts", entry);
}

static void fill_lists(const struct bt_args *args, json_t *host)
{
	static const char *const lists[][2] = {
		{ "VolumesFrom", "volumes-from" }, { "Dns", "dns" },
		{ "DnsOptions", "dns-option" },    { "DnsSearch", "dns-search" },
		{ "GroupAdd", "group-add" },
	};
	const char *text;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		bt_json_set_list_flag(host, lists[i][0], args, lists[i][1]);
	for (size_t i = 0; (text = bt_args_item(args, "add-host", i)); i++)
		add_host(host, text);
}

/* What berth's client cannot carry out is refused by name. */
static int refuse(const struct bt_args *args, struct bt_err *err)
{
	static const char *const flags[] = { "kernel-memory", "use-api-socket" };

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (bt_args_given(args, flags[i]))
			return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, ENOTSUP,
					  "--%s is not supported", flags[i]);
	return 0;
}

static int fill_storage(const struct bt_args *args, json_t *host, struct bt_err *err)
{
	const char *text;

	for (size_t i = 0; (text = bt_args_item(args, "storage-opt", i)); i++)
		if (!strchr(text, '='))
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid storage option");
	bt_json_set_map_flag(host, "StorageOpt", args, "storage-opt");
	bt_json_set_map_flag(host, "Sysctls", args, "sysctl");
	bt_json_set_map_flag(host, "Annotations", args, "annotation");
	return 0;
}

static void fill_console(const struct bt_args *args, json_t *host)
{
	unsigned rows, cols;

	if (bt_args_bool(args, "tty") && bt_terminal_size(&rows, &cols))
		(void)json_object_set_new(host, "ConsoleSize",
					  json_pack("[ii]", (int)rows, (int)cols));
}

int bt_create_host_fill(const struct bt_args *args, json_t *host, struct bt_err *err)
{
	const char *text;
	int r = refuse(args, err);

	if (r == 0)
		r = fill_restart(args, host, err);
	if (r == 0)
		r = fill_log(args, host, err);
	if (r == 0)
		r = fill_modes(args, host, err);
	if (r == 0)
		r = fill_storage(args, host, err);
	for (size_t i = 0; r == 0 && (text = bt_args_item(args, "security-opt", i)); i++)
		r = add_security(host, text, err);
	if (r == 0)
		r = fill_capabilities(args, host, "CapAdd", "cap-add", err);
	if (r == 0)
		r = fill_capabilities(args, host, "CapDrop", "cap-drop", err);
	fill_lists(args, host);
	fill_console(args, host);
	bt_json_set_bool_flag(host, "AutoRemove", args, "rm");
	bt_json_set_bool_flag(host, "Privileged", args, "privileged");
	bt_json_set_bool_flag(host, "ReadonlyRootfs", args, "read-only");
	if (bt_args_given(args, "init"))
		(void)json_object_set_new(host, "Init", json_boolean(bt_args_bool(args, "init")));
	bt_json_set_string_flag(host, "ContainerIDFile", args, "cidfile");
	bt_json_set_string_flag(host, "VolumeDriver", args, "volume-driver");
	bt_json_set_string_flag(host, "CgroupParent", args, "cgroup-parent");
	bt_json_set_string_flag(host, "Runtime", args, "runtime");
	bt_json_set_string_flag(host, "Isolation", args, "isolation");
	bt_json_set_bytes_flag(host, "ShmSize", args, "shm-size");
	bt_json_set_int_flag(host, "OomScoreAdj", args, "oom-score-adj");
	return r;
}
