/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/host_config_check.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "engine/apparmor.h"
#include "engine/cpu_list.h"
#include "engine/cpu_realtime.h"
#include "engine/engine_config.h"
#include "engine/jget.h"
#include "engine/log_options.h"
#include "engine/spec_security.h"
#include "runtime/systemd_unit.h"

#define MIN_MEMORY (6ll << 20)

static int invalid(struct bt_err *err, const char *message)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "%s", message);
}

static int check_memory(const json_t *hc, struct bt_err *err)
{
	int64_t memory = bt_jget_int(hc, "Memory"), swap = bt_jget_int(hc, "MemorySwap");
	int64_t reservation = bt_jget_int(hc, "MemoryReservation");
	int64_t swappiness = bt_jget_int(hc, "MemorySwappiness");

	if (memory != 0 && memory < MIN_MEMORY)
		return invalid(err, "Minimum memory limit allowed is 6MB");
	if (memory > 0 && swap > 0 && swap < memory)
		return invalid(
			err,
			"Minimum memoryswap limit should be larger than memory limit, see usage");
	if (memory == 0 && swap > 0)
		return invalid(
			err,
			"You should always set the Memory limit when using Memoryswap limit, see usage");
	if (swappiness < -1 || swappiness > 100)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "Invalid value: %" PRId64
				  ", valid memory swappiness range is 0-100",
				  swappiness);
	if (reservation != 0 && reservation < MIN_MEMORY)
		return invalid(err, "Minimum memory reservation allowed is 6MB");
	if (memory > 0 && reservation > memory)
		return invalid(
			err,
			"Minimum memory limit can not be less than memory reservation limit, see usage");
	return 0;
}

static int check_cpu(const json_t *hc, struct bt_err *err)
{
	int64_t nano = bt_jget_int(hc, "NanoCpus"), period = bt_jget_int(hc, "CpuPeriod");
	int64_t quota = bt_jget_int(hc, "CpuQuota");
	int64_t cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (nano > 0 && period > 0)
		return invalid(err,
			       "Conflicting options: Nano CPUs and CPU Period cannot both be set");
	if (nano > 0 && quota > 0)
		return invalid(err,
			       "Conflicting options: Nano CPUs and CPU Quota cannot both be set");
	if (nano < 0 || nano > cpus * 1000000000ll || (nano > 0 && nano < 10000000))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "range of CPUs is from 0.01 to %" PRId64
				  ".00, as there are only %" PRId64 " CPUs available",
				  cpus, cpus);
	if (bt_jget_int(hc, "CpuShares") < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid CPU shares (%" PRId64
				  "): value must be a positive integer",
				  bt_jget_int(hc, "CpuShares"));
	if (period != 0 && (period < 1000 || period > 1000000))
		return invalid(err,
			       "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than "
			       "1s (i.e. 1000000)");
	if (quota > 0 && quota < 1000)
		return invalid(err, "CPU cfs quota can not be less than 1ms (i.e. 1000)");
	return 0;
}

/* `kind` is "cpus" or "mems", `file` tells which there are. */
static int check_set(const char *list, const char *kind, const char *file, struct bt_err *err)
{
	char available[256];
	int r;

	if (list[0] == '\0')
		return 0;
	r = bt_cpu_list_check(list, file, available, sizeof(available));
	if (r == -ERANGE)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "Requested %s are not available - requested %s, available: %s",
				  kind[0] == 'c' ? "CPUs" : "memory nodes", list, available);
	if (r < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "Invalid value %s for cpuset %s: invalid format: %s", list, kind,
				  list);
	return 0;
}

static int check_cpuset(const json_t *hc, struct bt_err *err)
{
	int r = check_set(bt_jget_text(hc, "CpusetCpus"), "cpus", "/sys/devices/system/cpu/online",
			  err);

	return r < 0 ? r
		     : check_set(bt_jget_text(hc, "CpusetMems"), "mems",
				 "/sys/devices/system/node/online", err);
}

static int check_restart(const json_t *hc, struct bt_err *err)
{
	static const char *const names[] = { "",           "no",
					     "always",     "unless-stopped",
					     "on-failure", "on-unhealthy" };
	const json_t *policy = json_object_get(hc, "RestartPolicy");
	const char *name = bt_jget_text(policy, "Name");
	int64_t max = bt_jget_int(policy, "MaximumRetryCount");
	size_t i = 0;

	while (i < 6 && strcmp(names[i], name) != 0)
		i++;
	if (i == 6)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid restart policy: unknown policy '%s'; use one of 'no', "
				  "'always', 'on-failure', or 'unless-stopped'",
				  name);
	if (max < 0)
		return invalid(err,
			       "invalid restart policy: maximum retry count cannot be negative");
	if (max > 0 && i < 4)
		return invalid(err,
			       "invalid restart policy: maximum retry count can only be used with "
			       "'on-failure'");
	if (bt_jget_bool(hc, "AutoRemove") && i > 1)
		return invalid(err, "can't create 'AutoRemove' container with restart policy");
	return 0;
}

/* `modes`: the plain ones; "container:X" is fine besides where `container` says so. */
static int check_mode(const json_t *hc, const char *key, const char *what, const char *const *modes,
		      bool container, struct bt_err *err)
{
	const char *mode = bt_jget_text(hc, key);
	const char *other = bt_str_after(mode, "container:");

	for (; *modes; modes++)
		if (strcmp(mode, *modes) == 0)
			return 0;
	if (container && other && other[0] != '\0')
		return 0;
	if (strcmp(key, "Isolation") == 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid isolation (%s): linux only supports 'default'", mode);
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid %s mode: %s", what, mode);
}

static int check_modes(const json_t *hc, struct bt_err *err)
{
	static const char *const ipc[] = { "", "private", "shareable", "host", "none", NULL };
	static const char *const host[] = { "", "host", NULL };
	static const char *const cgroupns[] = { "", "private", "host", NULL };
	static const char *const isolation[] = { "", "default", NULL };
	int r = check_mode(hc, "IpcMode", "IPC", ipc, true, err);

	if (r == 0)
		r = check_mode(hc, "PidMode", "PID", host, true, err);
	if (r == 0)
		r = check_mode(hc, "UTSMode", "UTS", host, false, err);
	if (r == 0)
		r = check_mode(hc, "UsernsMode", "USER", host, false, err);
	if (r == 0)
		r = check_mode(hc, "CgroupnsMode", "cgroup namespace", cgroupns, false, err);
	if (r == 0)
		r = check_mode(hc, "Isolation", "isolation", isolation, false, err);
	return r;
}

/* Docker's options of its driver json-file, and whether we do what each says. */
static const struct log_option {
	const char *name;
	bool carried_out;
} log_options[] = {
	{ "max-size", true }, { "max-file", true },      { "labels", true },
	{ "env", true },      { "labels-regex", false }, { "env-regex", false },
	{ "tag", false },     { "compress", false },     { "mode", false },
};

static const struct log_option *find_log_option(const char *name)
{
	for (size_t i = 0; i < sizeof(log_options) / sizeof(log_options[0]); i++)
		if (strcmp(log_options[i].name, name) == 0)
			return &log_options[i];
	return NULL;
}

static int check_log_option(const char *name, const json_t *value, struct bt_err *err)
{
	const struct log_option *option = find_log_option(name);

	if (!option)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "unknown log opt '%s' for json-file log driver", name);
	if (!json_is_string(value))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid JSON: LogConfig.Config.%s must be a string", name);
	/* To wait for the log is what a log without a mode does. */
	if (option->carried_out ||
	    (strcmp(name, "mode") == 0 && strcmp(json_string_value(value), "blocking") == 0))
		return 0;
	return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, ENOSYS,
			  "HostConfig.LogConfig.Config.%s is not supported", name);
}

static int check_log(const json_t *hc, struct bt_err *err)
{
	const json_t *log = json_object_get(hc, "LogConfig");
	const char *type = bt_jget_text(log, "Type");
	const json_t *value;
	const char *key;

	if (type[0] != '\0' && strcmp(type, "json-file") != 0 && strcmp(type, "none") != 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "error looking up logging plugin %s: plugin \"%s\" not found",
				  type, type);
	json_object_foreach (json_object_get(log, "Config"), key, value) {
		int r = check_log_option(key, value, err);

		if (r < 0)
			return r;
	}
	return bt_log_options_check(json_object_get(log, "Config"), err);
}

static int check_runtime(const json_t *hc, const struct bt_engine_config *cfg, struct bt_err *err)
{
	const char *runtime = bt_jget_text(hc, "Runtime");

	/* Docker's own always exists there; where none is registered under that name, it is ours.
	 */
	if (runtime[0] == '\0' || strcmp(runtime, "berth-runtime") == 0 ||
	    strcmp(runtime, "runc") == 0 || strcmp(runtime, "io.containerd.runc.v2") == 0 ||
	    json_object_get(cfg->runtimes, runtime))
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "unknown or invalid runtime name: %s",
			  runtime);
}

static int check_cgroup_parent(const json_t *hc, const struct bt_engine_config *cfg,
			       struct bt_err *err)
{
	const char *parent = bt_jget_text(hc, "CgroupParent");

	if (!cfg->systemd_cgroup || parent[0] == '\0' || bt_systemd_unit_is_slice(parent))
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL,
			  "cgroup-parent for systemd cgroup should be a valid slice named as "
			  "\"xxx.slice\"");
}

static int check_ulimits(const json_t *hc, struct bt_err *err)
{
	const json_t *list = json_object_get(hc, "Ulimits"), *item;
	size_t i;

	json_array_foreach (list, i, item) {
		const char *name = bt_jget_text(item, "Name");
		int64_t soft = bt_jget_int(item, "Soft"), hard = bt_jget_int(item, "Hard");

		if (!bt_spec_security_rlimit_name(name))
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid ulimit type: %s",
					  name);
		if (hard != -1 && (soft == -1 || soft > hard))
			return bt_err_set(
				err, BT_ERR_INVALID, EINVAL,
				"ulimit soft limit must be less than or equal to hard limit: "
				"%" PRId64 " > %" PRId64,
				soft, hard);
	}
	return 0;
}

static int check_rest(const json_t *hc, struct bt_err *err)
{
	int64_t adj = bt_jget_int(hc, "OomScoreAdj");
	int64_t weight = bt_jget_int(hc, "BlkioWeight");

	if (adj < -1000 || adj > 1000)
		return bt_err_set(
			err, BT_ERR_INVALID, EINVAL,
			"Invalid value %" PRId64 ", range for oom score adj is [-1000, 1000]", adj);
	if (bt_jget_int(hc, "ShmSize") < 0)
		return invalid(err, "SHM size can not be less than 0");
	if (weight != 0 && (weight < 10 || weight > 1000))
		return invalid(err, "Range of blkio weight is from 10 to 1000");
	return 0;
}

/* The driver of layers knows one option, and that only where the file system has quotas. */
static int check_storage(const json_t *hc, struct bt_err *err)
{
	const char *key;
	json_t *value;

	json_object_foreach (json_object_get(hc, "StorageOpt"), key, value) {
		(void)value;
		if (strcmp(key, "size") != 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "Unknown option %.100s",
					  key);
		return invalid(err, "--storage-opt is supported only for overlay over xfs with "
				    "'pquota' mount option");
	}
	return 0;
}

/* "name:address", and behind the first colon something. */
static int check_extra_hosts(const json_t *hc, struct bt_err *err)
{
	const json_t *item;
	size_t i;

	json_array_foreach (json_object_get(hc, "ExtraHosts"), i, item) {
		const char *text = json_string_value(item), *colon = strchr(text, ':');

		if (!colon || colon == text || colon[1] == '\0')
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "bad format for add-host: \"%.200s\"", text);
	}
	return 0;
}

static int check_tmpfs(const json_t *hc, struct bt_err *err)
{
	const char *path;
	json_t *value;

	json_object_foreach (json_object_get(hc, "Tmpfs"), path, value) {
		(void)value;
		if (path[0] != '/')
			return bt_err_set(
				err, BT_ERR_INVALID, EINVAL,
				"invalid mount path: '%.200s' mount path must be absolute", path);
	}
	return 0;
}

static int check_device_requests(const json_t *hc, struct bt_err *err)
{
	const json_t *item;
	size_t i;

	json_array_foreach (json_object_get(hc, "DeviceRequests"), i, item) {
		if (!json_is_object(item))
			return invalid(err, "invalid JSON: HostConfig.DeviceRequests must hold "
					    "objects");
		if (bt_jget_int(item, "Count") != 0 && bt_jget_filled(item, "DeviceIDs"))
			return invalid(err,
				       "cannot set both Count and DeviceIDs on device request");
	}
	return 0;
}

static int check_apparmor(const json_t *hc, const struct bt_engine_config *cfg, struct bt_err *err)
{
	struct bt_security_opts opts;
	int r = bt_spec_security_parse(hc, &opts, err);

	if (r < 0 || cfg->apparmor || !opts.apparmor ||
	    strcmp(opts.apparmor, BT_APPARMOR_UNCONFINED) == 0)
		return r;
	return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, ENOSYS,
			  "HostConfig.SecurityOpt apparmor=%s: this host does not enforce AppArmor",
			  opts.apparmor);
}

/* What depends on the request alone. */
static int (*const checks[])(const json_t *hc, struct bt_err *err) = {
	check_memory,          check_cpu,         check_cpuset,          check_restart,
	check_modes,           check_log,         check_ulimits,         check_rest,
	check_storage,         check_extra_hosts, bt_cpu_realtime_check, check_tmpfs,
	check_device_requests,
};

int bt_host_config_check(const json_t *hc, const struct bt_engine_config *cfg, json_t *warnings,
			 struct bt_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(checks) / sizeof(checks[0]); i++)
		r = checks[i](hc, err);
	if (r == 0)
		r = check_runtime(hc, cfg, err);
	if (r == 0)
		r = check_cgroup_parent(hc, cfg, err);
	if (r == 0)
		r = bt_spec_security_check(hc, warnings, err);
	if (r == 0)
		r = check_apparmor(hc, cfg, err);
	return r;
}
