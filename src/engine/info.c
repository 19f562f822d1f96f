/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/info.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/cdi.h"
#include "engine/container.h"
#include "engine/container_inspect.h"
#include "engine/engine_private.h"
#include "engine/events.h"
#include "engine/host_limits.h"
#include "engine/info_host.h"
#include "engine/jget.h"

/* What clients compare when they ask whether an engine can do something: the Docker whose API this
 * is. Who we are says Platform. */
#define SERVER_VERSION "28.5.2"

static void count_containers(struct bt_engine *engine, json_t *out)
{
	struct bt_container **all = NULL;
	ssize_t n = bt_container_all(engine, &all);
	int running = 0, paused = 0;

	for (ssize_t i = 0; i < n; i++) {
		pthread_mutex_lock(&all[i]->lock);
		running += all[i]->state.status == BT_CONTAINER_RUNNING ||
			   all[i]->state.status == BT_CONTAINER_RESTARTING;
		paused += all[i]->state.status == BT_CONTAINER_PAUSED;
		pthread_mutex_unlock(&all[i]->lock);
	}
	bt_container_unref_all(all, n);
	json_object_set_new(out, "Containers", json_integer(n > 0 ? n : 0));
	json_object_set_new(out, "ContainersRunning", json_integer(running));
	json_object_set_new(out, "ContainersPaused", json_integer(paused));
	json_object_set_new(out, "ContainersStopped", json_integer(n - running - paused));
}

static bool has(const struct bt_engine *engine, enum bt_cgroup_controller controller)
{
	return engine->cgroups.controllers & (1u << controller);
}

/* What the machine's control groups can limit; what is missing is also a warning. */
static void add_limits(const struct bt_engine *engine, json_t *out)
{
	bool v2 = bt_cgroup_host_is_v2(&engine->cgroups);
	bool memory = has(engine, BT_CGROUP_MEMORY), cpu = has(engine, BT_CGROUP_CPU);
	bool swap = memory &&
		    (v2 || access("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes", F_OK) == 0);
	json_t *warnings = json_array();
	const struct {
		const char *name;
		bool there;
		const char *warning;
	} rows[] = {
		{ "MemoryLimit", memory, "WARNING: No memory limit support" },
		{ "SwapLimit", swap, "WARNING: No swap limit support" },
		{ "CpuCfsPeriod", cpu, "WARNING: No cpu cfs period support" },
		{ "CpuCfsQuota", cpu, "WARNING: No cpu cfs quota support" },
		{ "CPUShares", cpu, "WARNING: No cpu shares support" },
		{ "CPUSet", has(engine, BT_CGROUP_CPUSET), "WARNING: No cpuset support" },
		{ "PidsLimit", has(engine, BT_CGROUP_PIDS), "WARNING: No pids limit support" },
		{ "OomKillDisable", memory && !v2, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_object_set_new(out, rows[i].name, json_boolean(rows[i].there));
		if (!rows[i].there && rows[i].warning)
			json_array_append_new(warnings, json_string(rows[i].warning));
	}
	/* Left out where it is not, as Docker does. */
	if (memory && bt_host_limits_kernel_tcp())
		json_object_set_new(out, "KernelMemoryTCP", json_true());
	json_object_set_new(out, "CgroupDriver",
			    json_string(engine->cfg.systemd_cgroup ? "systemd" : "cgroupfs"));
	json_object_set_new(out, "CgroupVersion", json_string(v2 ? "2" : "1"));
	json_object_set_new(out, "Warnings",
			    json_array_size(warnings) > 0 ? json_incref(warnings) : json_null());
	json_decref(warnings);
}

static void add_machine(json_t *out)
{
	bt_auto_free char *os = bt_info_host_os_release("PRETTY_NAME");
	bt_auto_free char *version = bt_info_host_os_release("VERSION_ID");
	struct utsname u = { 0 };
	struct sysinfo si = { 0 };
	char now[BT_TIME_RFC3339_LEN];

	(void)uname(&u);
	(void)sysinfo(&si);
	bt_time_rfc3339(bt_time_now_ns(), now);
	json_object_set_new(out, "SystemTime", json_string(now));
	json_object_set_new(out, "KernelVersion", json_string(u.release));
	json_object_set_new(out, "OperatingSystem", json_string(os && os[0] ? os : "Linux"));
	json_object_set_new(out, "OSVersion", json_string(version ? version : ""));
	json_object_set_new(out, "OSType", json_string("linux"));
	json_object_set_new(out, "Architecture", json_string(u.machine));
	json_object_set_new(out, "NCPU", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	json_object_set_new(out, "MemTotal",
			    json_integer((json_int_t)si.totalram * (json_int_t)si.mem_unit));
	json_object_set_new(out, "Name", json_string(u.nodename));
}

static json_t *runtimes(const struct bt_engine_config *cfg)
{
	json_t *out = json_pack("{s:{s:s}}", "berth-runtime", "path", "berth-runtime");
	json_t *value;
	const char *name;

	json_object_foreach ((json_t *)(uintptr_t)cfg->runtimes, name, value)
		json_object_set_new(out, name,
				    json_pack("{s:s}", "path", bt_jget_text(value, "path")));
	return out;
}

static void add_registry(const struct bt_engine_config *cfg, json_t *out)
{
	json_t *insecure = bt_jget_copy(cfg->insecure_registries);
	json_t *mirrors = bt_jget_copy(cfg->registry_mirrors);

	if (!json_is_array(insecure)) {
		json_decref(insecure);
		insecure = json_array();
	}
	if (json_is_object(mirrors)) {
		json_t *hub = json_incref(json_object_get(mirrors, "docker.io"));

		json_decref(mirrors);
		mirrors = hub;
	}
	if (!json_is_array(mirrors) || json_array_size(mirrors) == 0) {
		json_decref(mirrors);
		mirrors = json_null();
	}
	json_array_append_new(insecure, json_string("127.0.0.0/8"));
	json_object_set_new(out, "IndexServerAddress", json_string("https://index.docker.io/v1/"));
	json_object_set_new(out, "RegistryConfig",
			    json_pack("{s:o,s:{s:{s:s,s:[],s:b,s:b}},s:o}", "InsecureRegistryCIDRs",
				      insecure, "IndexConfigs", "docker.io", "Name", "docker.io",
				      "Mirrors", "Secure", 1, "Official", 1, "Mirrors", mirrors));
}

static json_t *security_options(const struct bt_engine *engine)
{
	const struct bt_engine_config *cfg = &engine->cfg;
	const char *cgroupns = cfg->default_cgroupns_mode;
	json_t *out = json_array();

	if (cfg->apparmor)
		json_array_append_new(out, json_string("name=apparmor"));
	json_array_append_new(
		out, json_sprintf("name=seccomp,profile=%s",
				  cfg->seccomp_profile ? cfg->seccomp_profile : "builtin"));
	if (engine->selinux)
		json_array_append_new(out, json_string("name=selinux"));
	if (engine->remap)
		json_array_append_new(out, json_string("name=userns"));
	if (cgroupns ? strcmp(cgroupns, "private") == 0 : bt_host_limits_unified())
		json_array_append_new(out, json_string("name=cgroupns"));
	if (cfg->no_new_privileges)
		json_array_append_new(out, json_string("name=no-new-privileges"));
	return out;
}

static void add_engine(const struct bt_engine *engine, const struct bt_engine_config *cfg,
		       json_t *out)
{
	json_object_set_new(out, "Driver", json_string("overlay2"));
	json_object_set_new(out, "DriverStatus",
			    json_pack("[[s,s],[s,s]]", "Backing Filesystem",
				      bt_info_host_fs(cfg->data_root), "Supports d_type", "true"));
	json_object_set_new(out, "DockerRootDir", json_string(cfg->data_root));
	json_object_set_new(out, "CDISpecDirs",
			    cfg->cdi_dirs ? json_deep_copy(cfg->cdi_dirs) : bt_cdi_default_dirs());
	json_object_set_new(out, "Plugins",
			    json_pack("{s:[s],s:[s,s,s,s,s],s:n,s:[s,s]}", "Volume", "local",
				      "Network", "bridge", "host", "ipvlan", "macvlan", "null",
				      "Authorization", "Log", "json-file", "none"));
	json_object_set_new(out, "Debug", json_boolean(cfg->debug));
	json_object_set_new(out, "NFd", json_integer(bt_info_host_fds()));
	json_object_set_new(out, "NGoroutines", json_integer(bt_info_host_threads()));
	json_object_set_new(out, "NEventsListener", json_integer(bt_events_followers(engine)));
	json_object_set_new(out, "LoggingDriver",
			    json_string(cfg->log_driver ? cfg->log_driver : "json-file"));
	json_object_set_new(out, "IPv4Forwarding", json_boolean(bt_info_host_forwards()));
	json_object_set_new(out, "Labels",
			    json_is_array(cfg->labels) ? bt_jget_copy(cfg->labels) : json_array());
	json_object_set_new(out, "ExperimentalBuild", json_false());
	json_object_set_new(out, "ServerVersion", json_string(SERVER_VERSION));
	json_object_set_new(out, "Runtimes", runtimes(cfg));
	json_object_set_new(
		out, "DefaultRuntime",
		json_string(cfg->default_runtime ? cfg->default_runtime : "berth-runtime"));
	/* Not a setting here: containers always outlive the daemon. */
	json_object_set_new(out, "LiveRestoreEnabled", json_true());
	json_object_set_new(out, "SecurityOptions", security_options(engine));
	json_object_set_new(out, "InitBinary",
			    json_string(engine->cfg.init_path ? "berth-init" : ""));
}

/* {"base","size"} of daemon.json as {"Base","Size"}. */
static json_t *shown_pools(const json_t *pools)
{
	json_t *out = json_array();
	const json_t *pool;
	size_t i;

	json_array_foreach (pools, i, pool)
		json_array_append_new(out,
				      json_pack("{s:s,s:I}", "Base", bt_jget_text(pool, "base"),
						"Size", (json_int_t)bt_jget_int(pool, "size")));
	return out;
}

static void add_rest(const struct bt_engine_config *cfg, json_t *out)
{
	json_object_set_new(out, "Swarm",
			    json_pack("{s:s,s:s,s:s,s:b,s:s,s:n}", "NodeID", "", "NodeAddr", "",
				      "LocalNodeState", "inactive", "ControlAvailable", 0, "Error",
				      "", "RemoteManagers"));
	json_object_set_new(out, "FirewallBackend", json_pack("{s:s}", "Driver", "nftables"));
	/* Docker's own are told by their absence, too. */
	if (json_array_size(cfg->address_pools) > 0)
		json_object_set_new(out, "DefaultAddressPools", shown_pools(cfg->address_pools));
	json_object_set_new(out, "Isolation", json_string(""));
	json_object_set_new(out, "GenericResources", json_null());
	json_object_set_new(out, "HttpProxy", bt_info_host_proxy(cfg->http_proxy));
	json_object_set_new(out, "HttpsProxy", bt_info_host_proxy(cfg->https_proxy));
	json_object_set_new(out, "NoProxy", json_string(cfg->no_proxy ? cfg->no_proxy : ""));
	json_object_set_new(out, "ContainerdCommit", json_pack("{s:s}", "ID", ""));
	json_object_set_new(out, "RuncCommit", json_pack("{s:s}", "ID", ""));
	json_object_set_new(out, "InitCommit", json_pack("{s:s}", "ID", ""));
}

int bt_info_get(struct bt_engine *engine, json_t **ret, struct bt_err *err)
{
	bt_auto_live_config struct bt_live_config *live = bt_live_config_get(&engine->live);
	json_t *out = json_object();

	if (!out)
		return bt_err_sys(err, -ENOMEM, "info");
	json_object_set_new(out, "ID", json_string(engine->id));
	count_containers(engine, out);
	json_object_set_new(out, "Images", json_integer(bt_images_count(engine->images)));
	add_engine(engine, &live->cfg, out);
	add_limits(engine, out);
	add_machine(out);
	add_registry(&live->cfg, out);
	add_rest(&live->cfg, out);
	*ret = out;
	return 0;
}

int bt_info_version(struct bt_engine *engine, json_t **ret, struct bt_err *err)
{
	struct utsname u = { 0 };
	json_t *out;

	(void)engine;
	(void)uname(&u);
	out = json_pack(
		"{s:{s:s},s:[{s:s,s:s,s:{}},{s:s,s:s,s:{s:s}}],s:s,s:s,s:s,s:s,s:s,s:s,s:s}",
		"Platform", "Name", "berth " BT_VERSION, "Components", "Name", "Engine", "Version",
		SERVER_VERSION, "Details", "Name", "berth", "Version", BT_VERSION, "Details",
		"GitCommit", "", "Version", SERVER_VERSION, "GitCommit", "", "GoVersion", "", "Os",
		"linux", "Arch",
		strcmp(u.machine, "x86_64") == 0    ? "amd64"
		: strcmp(u.machine, "aarch64") == 0 ? "arm64"
						    : u.machine,
		"KernelVersion", u.release, "BuildTime", "");
	if (!out)
		return bt_err_sys(err, -ENOMEM, "version");
	*ret = out;
	return 0;
}
