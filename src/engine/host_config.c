/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/host_config.h"

#include <errno.h>
#include <glob.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "engine/engine_config.h"
#include "engine/field.h"
#include "engine/host_config_check.h"
#include "engine/host_limits.h"
#include "engine/jget.h"

#define DEFAULT_SHM_SIZE (64ll << 20)

/* Docker's container.HostConfig, in the order in which it prints it. */
static const struct bt_field fields[] = {
	{ "Binds", BT_FIELD_TEXTS, "null", 0 },
	{ "ContainerIDFile", BT_FIELD_TEXT, "\"\"", 0 }, /* of interest to the client alone */
	{ "LogConfig", BT_FIELD_OBJECT, "{}", 0 },
	{ "NetworkMode", BT_FIELD_TEXT, "\"\"", 0 },
	{ "PortBindings", BT_FIELD_OBJECT, "null", 0 },
	{ "RestartPolicy", BT_FIELD_OBJECT, "{}", 0 },
	{ "AutoRemove", BT_FIELD_BOOL, "false", 0 },
	{ "VolumeDriver", BT_FIELD_TEXT, "\"\"", 0 },
	{ "VolumesFrom", BT_FIELD_TEXTS, "null", 0 },
	{ "Mounts", BT_FIELD_ARRAY, NULL, BT_FIELD_OMIT },
	{ "ConsoleSize", BT_FIELD_ARRAY, "[0,0]", 0 },
	{ "Annotations", BT_FIELD_OBJECT, NULL, BT_FIELD_OMIT },
	{ "CapAdd", BT_FIELD_WORDS, "null", 0 },
	{ "CapDrop", BT_FIELD_WORDS, "null", 0 },
	{ "CgroupnsMode", BT_FIELD_TEXT, "\"\"", 0 },
	{ "Dns", BT_FIELD_TEXTS, "null", 0 },
	{ "DnsOptions", BT_FIELD_TEXTS, "null", 0 },
	{ "DnsSearch", BT_FIELD_TEXTS, "null", 0 },
	{ "ExtraHosts", BT_FIELD_TEXTS, "null", 0 },
	{ "GroupAdd", BT_FIELD_TEXTS, "null", 0 },
	{ "IpcMode", BT_FIELD_TEXT, "\"\"", 0 },
	{ "Cgroup", BT_FIELD_TEXT, "\"\"", BT_FIELD_REFUSE },
	{ "Links", BT_FIELD_TEXTS, "null", 0 },
	{ "OomScoreAdj", BT_FIELD_INT, "0", 0 },
	{ "PidMode", BT_FIELD_TEXT, "\"\"", 0 },
	{ "Privileged", BT_FIELD_BOOL, "false", 0 },
	{ "PublishAllPorts", BT_FIELD_BOOL, "false", 0 },
	{ "ReadonlyRootfs", BT_FIELD_BOOL, "false", 0 },
	{ "SecurityOpt", BT_FIELD_TEXTS, "null", 0 },
	{ "StorageOpt", BT_FIELD_OBJECT, NULL, BT_FIELD_OMIT },
	{ "Tmpfs", BT_FIELD_OBJECT, NULL, BT_FIELD_OMIT },
	{ "UTSMode", BT_FIELD_TEXT, "\"\"", 0 },
	{ "UsernsMode", BT_FIELD_TEXT, "\"\"", 0 },
	{ "ShmSize", BT_FIELD_INT, "0", 0 },
	{ "Sysctls", BT_FIELD_OBJECT, NULL, BT_FIELD_OMIT },
	{ "Runtime", BT_FIELD_TEXT, "\"\"", 0 },
	{ "Isolation", BT_FIELD_TEXT, "\"\"", 0 },
	{ "CpuShares", BT_FIELD_INT, "0", 0 },
	{ "Memory", BT_FIELD_INT, "0", 0 },
	{ "NanoCpus", BT_FIELD_INT, "0", 0 },
	{ "CgroupParent", BT_FIELD_TEXT, "\"\"", 0 },
	{ "BlkioWeight", BT_FIELD_INT, "0", 0 },
	{ "BlkioWeightDevice", BT_FIELD_ARRAY, "null", 0 },
	{ "BlkioDeviceReadBps", BT_FIELD_ARRAY, "null", 0 },
	{ "BlkioDeviceWriteBps", BT_FIELD_ARRAY, "null", 0 },
	{ "BlkioDeviceReadIOps", BT_FIELD_ARRAY, "null", 0 },
	{ "BlkioDeviceWriteIOps", BT_FIELD_ARRAY, "null", 0 },
	{ "CpuPeriod", BT_FIELD_INT, "0", 0 },
	{ "CpuQuota", BT_FIELD_INT, "0", 0 },
	{ "CpuRealtimePeriod", BT_FIELD_INT, "0", 0 },
	{ "CpuRealtimeRuntime", BT_FIELD_INT, "0", 0 },
	{ "CpusetCpus", BT_FIELD_TEXT, "\"\"", 0 },
	{ "CpusetMems", BT_FIELD_TEXT, "\"\"", 0 },
	{ "Devices", BT_FIELD_ARRAY, "null", 0 },
	{ "DeviceCgroupRules", BT_FIELD_TEXTS, "null", 0 },
	{ "DeviceRequests", BT_FIELD_ARRAY, "null", 0 },
	{ "KernelMemory", BT_FIELD_INT, NULL, BT_FIELD_OMIT | BT_FIELD_REFUSE },
	{ "KernelMemoryTCP", BT_FIELD_INT, NULL, BT_FIELD_OMIT },
	{ "MemoryReservation", BT_FIELD_INT, "0", 0 },
	{ "MemorySwap", BT_FIELD_INT, "0", 0 },
	{ "MemorySwappiness", BT_FIELD_INT, "null", 0 },
	{ "OomKillDisable", BT_FIELD_BOOL, "false", 0 },
	{ "PidsLimit", BT_FIELD_INT, "null", 0 },
	{ "Ulimits", BT_FIELD_ARRAY, "null", 0 },
	{ "CpuCount", BT_FIELD_INT, "0", BT_FIELD_REFUSE },
	{ "CpuPercent", BT_FIELD_INT, "0", BT_FIELD_REFUSE },
	{ "IOMaximumIOps", BT_FIELD_INT, "0", BT_FIELD_REFUSE },
	{ "IOMaximumBandwidth", BT_FIELD_INT, "0", BT_FIELD_REFUSE },
	{ "Init", BT_FIELD_BOOL, NULL, BT_FIELD_OMIT },
	{ "MaskedPaths", BT_FIELD_TEXTS, "null", 0 },
	{ "ReadonlyPaths", BT_FIELD_TEXTS, "null", 0 },
};

static glob_t thermal;

static void find_thermal(void)
{
	if (glob("/sys/devices/system/cpu/cpu[0-9]*/thermal_throttle", GLOB_NOSORT, NULL,
		 &thermal) != 0)
		thermal.gl_pathc = 0;
}

/* A program that heats a processor up could tell others so, or find out who else does. */
static void add_thermal(json_t *paths)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, find_thermal);
	for (size_t i = 0; i < thermal.gl_pathc; i++)
		json_array_append_new(paths, json_string(thermal.gl_pathv[i]));
}

json_t *bt_host_config_masked_paths(void)
{
	json_t *paths =
		json_pack("[s,s,s,s,s,s,s,s,s,s,s,s]", "/proc/asound", "/proc/acpi",
			  "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
			  "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
			  "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap");

	add_thermal(paths);
	return paths;
}

json_t *bt_host_config_readonly_paths(void)
{
	return json_pack("[s,s,s,s,s]", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
			 "/proc/sysrq-trigger");
}

const char *bt_host_config_container(const char *mode)
{
	return bt_str_after(mode, "container:");
}

bool bt_host_config_shares(const json_t *host_config)
{
	static const char *const modes[] = { "NetworkMode", "PidMode", "IpcMode" };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (bt_host_config_container(bt_jget_text(host_config, modes[i])))
			return true;
	return false;
}

static void default_text(json_t *hc, const char *key, const char *value)
{
	if (bt_jget_text(hc, key)[0] == '\0')
		json_object_set_new(hc, key, json_string(value));
}

/* The daemon's log driver and options, where the request names no driver of its own. */
static void default_log(json_t *hc, const struct bt_engine_config *cfg)
{
	json_t *log = json_object_get(hc, "LogConfig");
	bool own = bt_jget_text(log, "Type")[0] != '\0';

	if (!json_is_object(json_object_get(log, "Config")))
		json_object_set_new(log, "Config", json_object());
	default_text(log, "Type", cfg->log_driver ? cfg->log_driver : "json-file");
	if (!own && cfg->log_opts)
		json_object_update_missing(json_object_get(log, "Config"),
					   (json_t *)(uintptr_t)cfg->log_opts);
}

static void default_restart(json_t *hc)
{
	json_t *policy = json_object_get(hc, "RestartPolicy");

	default_text(policy, "Name", "no");
	if (!json_is_integer(json_object_get(policy, "MaximumRetryCount")))
		json_object_set_new(policy, "MaximumRetryCount", json_integer(0));
}

/* A privileged container hides nothing. */
static void default_paths(json_t *hc)
{
	if (bt_jget_bool(hc, "Privileged"))
		return;
	if (!json_is_array(json_object_get(hc, "MaskedPaths")))
		json_object_set_new(hc, "MaskedPaths", bt_host_config_masked_paths());
	if (!json_is_array(json_object_get(hc, "ReadonlyPaths")))
		json_object_set_new(hc, "ReadonlyPaths", bt_host_config_readonly_paths());
}

static void default_resources(json_t *hc, const struct bt_engine_config *cfg)
{
	int64_t memory = bt_jget_int(hc, "Memory");

	/* Of more than can be said there is no limit. */
	if (memory > 0 && bt_jget_int(hc, "MemorySwap") == 0)
		json_object_set_new(hc, "MemorySwap",
				    json_integer(memory > INT64_MAX / 2 ? -1 : memory * 2));
	if (bt_jget_int(hc, "MemorySwappiness") == -1)
		json_object_set_new(hc, "MemorySwappiness", json_null());
	if (bt_jget_int(hc, "PidsLimit") <= 0)
		json_object_set_new(hc, "PidsLimit", json_null());
	if (bt_jget_int(hc, "ShmSize") == 0)
		json_object_set_new(hc, "ShmSize",
				    json_integer(cfg->default_shm_size ? cfg->default_shm_size
								       : DEFAULT_SHM_SIZE));
}

/* As Docker: of its own where cgroups are unified, and never for the privileged elsewhere. */
static const char *default_cgroupns(const json_t *hc, const struct bt_engine_config *cfg)
{
	bool unified = bt_host_limits_unified();

	if (!unified && bt_jget_bool(hc, "Privileged"))
		return "host";
	if (cfg->default_cgroupns_mode)
		return cfg->default_cgroupns_mode;
	return unified ? "private" : "host";
}

static void fill_defaults(json_t *hc, const struct bt_engine_config *cfg)
{
	const char *mode = bt_jget_text(hc, "NetworkMode");

	if (mode[0] == '\0' || strcmp(mode, "default") == 0)
		json_object_set_new(hc, "NetworkMode", json_string("bridge"));
	default_text(hc, "IpcMode", cfg->default_ipc_mode ? cfg->default_ipc_mode : "private");
	default_text(hc, "CgroupnsMode", default_cgroupns(hc, cfg));
	default_text(hc, "Runtime", cfg->default_runtime ? cfg->default_runtime : "berth-runtime");
	default_log(hc, cfg);
	default_restart(hc);
	default_paths(hc);
	default_resources(hc, cfg);
}

int bt_host_config_make(const json_t *in, const struct bt_engine_config *cfg, json_t *warnings,
			json_t **ret, struct bt_err *err)
{
	json_auto_t *hc = NULL;
	int r;

	r = bt_field_apply(fields, sizeof(fields) / sizeof(fields[0]), "HostConfig", in, &hc, err);
	if (r < 0)
		return r;
	r = bt_host_config_check(hc, cfg, warnings, err);
	if (r == 0)
		r = bt_host_limits_cut(hc, bt_host_limits_unified(), warnings, err);
	if (r < 0)
		return r;
	fill_defaults(hc, cfg);
	*ret = json_incref(hc);
	return 0;
}
