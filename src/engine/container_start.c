/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_start.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/bind_idmap.h"
#include "engine/container.h"
#include "engine/container_cgroup.h"
#include "engine/container_clients.h"
#include "engine/container_dns.h"
#include "engine/container_event.h"
#include "engine/container_files.h"
#include "engine/container_mounts.h"
#include "engine/container_links.h"
#include "engine/container_remove.h"
#include "engine/container_row.h"
#include "engine/container_selinux.h"
#include "engine/container_stop.h"
#include "engine/container_userns.h"
#include "engine/container_waiter.h"
#include "engine/device_requests.h"
#include "engine/engine_private.h"
#include "engine/hook_bundle.h"
#include "engine/host_config.h"
#include "engine/jget.h"
#include "engine/link_hosts.h"
#include "engine/log_options.h"
#include "engine/monitor_link.h"
#include "engine/network.h"
#include "engine/network_forward.h"
#include "engine/network_names.h"
#include "engine/old_monitor.h"
#include "engine/restart_policy.h"
#include "engine/seccomp_cache.h"
#include "engine/spec.h"

/* Docker's code for a start that failed before any program was run. */
#define CODE_NOT_STARTED 128

/* A start under way; everything is owned. */
struct start {
	struct bt_container *container; /* borrowed */
	struct bt_live_config *live;    /* as of its begin */
	struct bt_container_settings settings;
	struct bt_network_attachment net;
	struct bt_user user;
	struct bt_container_userns userns;
	pid_t ipc_pid, pid_pid, net_pid;
	int rootfs, spec, seccomp;
	char *run_dir, *journal, *log_path, *files_dir, *bundle, *shm;
	struct bt_log_options log;
	struct bt_container_clients clients;
};

static void start_done(struct start *st)
{
	bt_live_config_unref(st->live);
	bt_container_row_settings_done(&st->settings);
	bt_network_attachment_done(&st->net);
	bt_user_lookup_done(&st->user);
	bt_container_userns_done(&st->userns);
	bt_close(&st->rootfs);
	bt_close(&st->spec);
	bt_close(&st->seccomp);
	free(st->run_dir);
	free(st->journal);
	free(st->log_path);
	free(st->files_dir);
	free(st->bundle);
	free(st->shm);
	bt_log_options_done(&st->log);
	bt_container_clients_done(&st->clients);
}

/* 0: may start, 1: runs already. */
static int check_state(struct bt_container *c, struct bt_err *err)
{
	bt_auto_lock(held, &c->lock);

	switch (c->state.status) {
	case BT_CONTAINER_RUNNING:
	case BT_CONTAINER_RESTARTING:
		return 1;
	case BT_CONTAINER_PAUSED:
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "cannot start a paused container, try unpause instead");
	case BT_CONTAINER_REMOVING:
	case BT_CONTAINER_DEAD:
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "container is marked for removal and cannot be started");
	case BT_CONTAINER_CREATED:
	case BT_CONTAINER_EXITED:
		break;
	}
	return 0;
}

static int make_paths(struct start *st, struct bt_err *err)
{
	const struct bt_container *c = st->container;
	const struct bt_engine *engine = c->engine;

	st->run_dir = bt_container_files_run_dir(engine, c->id);
	st->journal = bt_container_files_journal(engine, c->id);
	st->log_path = bt_container_files_log(engine, c->id);
	st->files_dir = bt_container_files_path(engine, c->id, NULL);
	if (!st->run_dir || !st->journal || !st->log_path || !st->files_dir)
		return bt_err_sys(err, -ENOMEM, "start container");
	if (mkdir(st->run_dir, 0700) < 0 && errno != EEXIST)
		return bt_err_sys(err, -errno, "create %s", st->run_dir);
	return 0;
}

/* Sources of -v that are missing are made, as Docker does. */
static int make_bind_sources(const json_t *mounts, struct bt_err *err)
{
	const json_t *mount;
	size_t i;

	json_array_foreach (mounts, i, mount) {
		const char *source = bt_jget_text(mount, "Source");
		struct stat st;
		int r;

		if (strcmp(bt_jget_text(mount, "Type"), "bind") != 0 || stat(source, &st) == 0)
			continue;
		if (!bt_jget_bool(mount, "Create"))
			return bt_err_set(
				err, BT_ERR_INVALID, ENOENT,
				"invalid mount config for type \"bind\": bind source path "
				"does not exist: %s",
				source);
		r = bt_io_mkdir_p(source, 0755);
		if (r < 0)
			return bt_err_sys(err, r, "error while creating mount source path '%s'",
					  source);
	}
	return 0;
}

static int find_user(struct start *st, struct bt_err *err)
{
	const json_t *groups = json_object_get(st->settings.host_config, "GroupAdd"), *item;
	bt_auto_free const char **extra = calloc(json_array_size(groups) + 1, sizeof(*extra));
	size_t i;

	if (!extra)
		return bt_err_sys(err, -ENOMEM, "look up groups");
	json_array_foreach (groups, i, item)
		extra[i] = json_string_value(item);
	return bt_user_lookup(st->rootfs, bt_jget_text(st->settings.config, "User"), extra,
			      &st->user, err);
}

static int join(struct start *st, const char *key, const char *what, pid_t *ret, struct bt_err *err)
{
	const char *other = bt_host_config_container(bt_jget_text(st->settings.host_config, key));
	char id[BT_RAND_ID_LEN + 1];
	int r;

	if (!other)
		return 0;
	r = bt_container_running_pid(st->container->engine, other, id, ret, err);
	if (r < 0 && err->kind == BT_ERR_CONFLICT)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH,
				  "cannot join %s of a non running container: %s", what, other);
	return r;
}

/* Not stored: a daemon that restarts makes them of the endpoints' rows. */
static int set_networks(struct start *st, struct bt_err *err)
{
	struct bt_container *c = st->container;
	char *text = bt_jget_dump(st->net.settings);

	if (!text)
		return bt_err_sys(err, -ENOMEM, "start container");
	bt_auto_lock(held, &c->lock);
	free(c->state.networks);
	c->state.networks = text;
	return 0;
}

/* The host, as the container sees it: the gateway of its first network that has one. */
static const char *first_gateway(json_t *networks)
{
	const char *name;
	json_t *endpoint;

	json_object_foreach (networks, name, endpoint)
		if (bt_jget_text(endpoint, "Gateway")[0])
			return bt_jget_text(endpoint, "Gateway");
	return NULL;
}

/* Lines for /etc/hosts, and variables before those of the user, which win. */
static int link_others(struct start *st, struct bt_str *hosts, struct bt_err *err)
{
	struct bt_container *c = st->container;
	bt_auto_free char *name = NULL;
	json_t *env;
	int r;

	if (json_array_size(json_object_get(st->settings.host_config, "Links")) == 0)
		return 0;
	name = bt_container_name_of(c->engine, c->id);
	env = json_array();
	r = name ? bt_container_links_make(c->engine, name, st->settings.host_config, hosts, env,
					   err)
		 : bt_err_sys(err, -ENOMEM, "link");
	if (json_is_array(json_object_get(st->settings.config, "Env")))
		(void)json_array_extend(env, json_object_get(st->settings.config, "Env"));
	(void)json_object_set_new(st->settings.config, "Env", env);
	return r;
}

static int attach_network(struct start *st, struct bt_err *err)
{
	const struct bt_container_settings *s = &st->settings;
	bt_auto_str struct bt_str links = { 0 };
	struct bt_container_files files = { .id = st->container->id,
					    .config = s->config,
					    .host_config = s->host_config };
	int r = bt_network_attach(st->container->engine, st->container->id, s->config,
				  s->host_config, s->networking, st->userns.owner, &st->net, err);

	if (r == 0)
		r = set_networks(st, err);
	if (r == 0)
		r = link_others(st, &links, err);
	if (r < 0)
		return r;
	files.links = bt_str_get(&links);
	files.address = st->net.address;
	files.gateway = first_gateway(st->net.settings);
	files.dns = st->net.dns;
	files.host_gateways = st->container->engine->cfg.host_gateways;
	files.host_network = st->net.host;
	return bt_container_files_write(st->container->engine, &files, err);
}

/* A process namespace that is not its own has its first process already. */
static int find_init(const struct start *st, const char **ret, struct bt_err *err)
{
	const struct bt_engine_config *cfg = &st->container->engine->cfg;
	const json_t *hc = st->settings.host_config, *init = json_object_get(hc, "Init");
	bool wanted = json_is_boolean(init) ? json_is_true(init) : cfg->init;

	*ret = NULL;
	if (!wanted || bt_jget_text(hc, "PidMode")[0] != '\0')
		return 0;
	if (!cfg->init_path)
		return bt_err_set(err, BT_ERR_SYSTEM, ENOENT,
				  "HostConfig.Init: berth-init was not found beside berthd: name "
				  "its place with --init-path");
	*ret = cfg->init_path;
	return 0;
}

/* The program of another runtime, NULL for our own. */
static const char *runtime_path(const struct start *st)
{
	const char *name = bt_jget_text(st->settings.host_config, "Runtime");
	const json_t *entry = json_object_get(st->live->cfg.runtimes, name);

	return entry ? bt_jget_text(entry, "path") : NULL;
}

/* Our own runtime gets a compiled filter, another one its text. */
static int add_seccomp(struct start *st, json_t *spec, struct bt_err *err)
{
	const json_t *hc = st->settings.host_config;
	json_t *object = NULL;
	int r;

	if (!runtime_path(st))
		return bt_seccomp_cache_get(st->container->engine->seccomp, hc, &st->seccomp, err);
	r = bt_seccomp_cache_text(st->container->engine->seccomp, hc, &object, err);
	if (r == 0 && object)
		json_object_set_new(json_object_get(spec, "linux"), "seccomp", object);
	return r;
}

static int build_spec(struct start *st, struct bt_err *err)
{
	const struct bt_engine *engine = st->container->engine;
	struct bt_spec_request req = {
		.id = st->container->id,
		.config = st->settings.config,
		.host_config = st->settings.host_config,
		.mounts = st->settings.mounts,
		.files_dir = st->files_dir,
		.shm = st->shm,
		.cgroup_parent = engine->cgroup_parent,
		.systemd_cgroup = engine->cfg.systemd_cgroup,
		.default_ulimits = engine->cfg.default_ulimits,
		.security = { engine->cfg.no_new_privileges, engine->cfg.apparmor },
		.process_label = bt_container_selinux_process(&st->settings),
		.mount_label = bt_container_selinux_mount(&st->settings),
		.user = &st->user,
		.userns = &st->userns,
		.host_network = st->net.host,
		.net_pid = st->net.join_pid,
		.ipc_pid = st->ipc_pid,
		.pid_pid = st->pid_pid,
	};
	json_auto_t *spec = NULL;
	bt_auto_free char *text = NULL;
	int r = find_init(st, &req.init_path, err);

	if (r == 0)
		r = bt_spec_build(&req, &spec, err);
	if (r == 0)
		r = bt_device_requests_apply(req.host_config, engine->cfg.cdi_dirs, spec, err);
	if (r == 0)
		r = add_seccomp(st, spec, err);
	if (r == 0)
		r = bt_hook_bundle_make(st->run_dir, spec, &st->bundle, err);
	if (r < 0)
		return r;
	text = bt_jget_dump(spec);
	st->spec = text ? bt_io_memfd("spec", text, strlen(text)) : -ENOMEM;
	return st->spec < 0 ? bt_err_sys(err, st->spec, "write specification") : 0;
}

/* Whose namespaces it shares, and by them whose user namespace it lives in. */
static int join_all(struct start *st, struct bt_err *err)
{
	int r = join(st, "IpcMode", "IPC", &st->ipc_pid, err);

	if (r == 0)
		r = join(st, "PidMode", "PID namespace", &st->pid_pid, err);
	if (r == 0)
		r = join(st, "NetworkMode", "network", &st->net_pid, err);
	if (r < 0)
		return r;
	return bt_container_userns_find(st->container->engine, st->settings.host_config,
					(const pid_t[]){ st->net_pid, st->ipc_pid, st->pid_pid }, 3,
					&st->userns, err);
}

static struct bt_layers_look look_of(const struct start *st)
{
	return (struct bt_layers_look){ .view = st->userns.mapped ? &st->userns.view : NULL,
					.label = bt_container_selinux_mount(&st->settings) };
}

/* What is removed at its end need not reach the disk. */
static int mount_root(struct start *st, struct bt_err *err)
{
	struct bt_container *c = st->container;
	const struct bt_layers_look look = look_of(st);

	st->rootfs = c->auto_remove
			     ? bt_layers_rw_mount_volatile(c->engine->layers, c->id, &look, err)
			     : bt_layers_rw_mount(c->engine->layers, c->id, &look, err);
	return st->rootfs < 0 ? st->rootfs : 0;
}

static int prepare_realtime(const struct start *st, struct bt_err *err)
{
	const struct bt_engine *engine = st->container->engine;
	const json_t *hc = st->settings.host_config;
	bt_auto_free char *group = NULL;
	int r;

	/* Finding the group reads all settings again. */
	if (bt_jget_int(hc, "CpuRealtimeRuntime") <= 0)
		return 0;
	r = bt_container_cgroup_path(st->container, &group, err);
	return r < 0 ? r
		     : bt_cpu_realtime_prepare(&engine->cgroups, group, &engine->cfg.cpu_realtime,
					       hc, err);
}

static int prepare(struct start *st, struct bt_err *err)
{
	struct bt_container *c = st->container;
	struct bt_layers_look look;
	int r = bt_container_row_settings(c, &st->settings, err);

	if (r == 0)
		bt_container_dns_default(&c->engine->cfg, st->settings.host_config);
	if (r == 0)
		r = make_paths(st, err);
	bt_fault_point("start/paths");
	if (r == 0)
		r = prepare_realtime(st, err);
	if (r == 0)
		r = make_bind_sources(st->settings.mounts, err);
	if (r == 0)
		r = bt_container_userns_check(c->engine, st->settings.host_config, err);
	if (r == 0)
		r = join_all(st, err);
	if (r == 0)
		r = mount_root(st, err);
	if (r < 0)
		return r;
	bt_fault_point("start/root");
	look = look_of(st);
	r = bt_container_mounts_make(c, st->settings.host_config, st->settings.mounts, &look,
				     &st->shm, err);
	if (r == 0)
		r = find_user(st, err);
	if (r == 0)
		r = bt_bind_idmap_fill(st->settings.mounts, st->rootfs, &st->user, &st->userns,
				       runtime_path(st) == NULL, err);
	if (r == 0)
		r = attach_network(st, err);
	if (r == 0)
		r = bt_container_selinux_relabel(c, &st->settings, err);
	bt_fault_point("start/network");
	if (r == 0)
		r = build_spec(st, err);
	if (r == 0)
		r = bt_log_options_make(&st->settings, &st->log, err);
	return r;
}

static void fill_spawn(struct start *st, struct bt_spawn *spawn)
{
	const struct bt_container *c = st->container;
	const json_t *config = st->settings.config;

	*spawn = (struct bt_spawn){
		.id = c->id,
		.dir = st->run_dir,
		.journal = st->journal,
		.runtime = runtime_path(st),
		.systemd_cgroup = c->engine->cfg.systemd_cgroup,
		.tty = c->tty,
		.open_stdin = c->open_stdin,
		.stdin_once = c->stdin_once,
		.log_driver = bt_jget_text(json_object_get(st->settings.host_config, "LogConfig"),
					   "Type"),
		.log_path = st->log_path,
		.log_max_size = st->log.max_size,
		.log_max_file = st->log.max_file,
		.log_attrs = st->log.attrs,
		.restart = bt_restart_policy_of(st->settings.host_config),
		.stop_signal = bt_container_stop_signal(config),
		.stop_timeout = bt_container_stop_timeout(config),
		.journal_seq = c->state.journal_seq,
		.restarts = c->reviving ? c->state.restart_count : 0,
	};
}

/* Whose namespaces the specification names by their numbers. */
static void fill_joined(const struct start *st, struct bt_spawn *spawn)
{
	const pid_t pids[] = { st->net.join_pid, st->ipc_pid, st->pid_pid, st->userns.join_pid };

	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++)
		if (pids[i] > 0)
			spawn->joined[spawn->njoined++] = pids[i];
}

static int spawn(struct start *st, const char *detach_keys, struct bt_err *err)
{
	struct bt_spawn text;
	struct bt_client_fds fds = { .spec = st->spec,
				     .rootfs = st->rootfs,
				     .netns = st->net.netns_fd,
				     .seccomp = st->seccomp };
	int r;

	fill_spawn(st, &text);
	fill_joined(st, &text);
	if (text.runtime && !st->bundle)
		st->bundle = bt_str_format("%s/bundle", st->run_dir);
	text.bundle = st->bundle;
	bt_container_clients_take(st->container, detach_keys, &st->clients);
	text.clients = st->clients.how;
	text.nclients = st->clients.n;
	fds.clients = st->clients.fds;
	r = bt_link_spawn(st->container, &text, &fds, err);
	if (r == 0 && st->net.dns)
		bt_network_names_life(st->container);
	if (r == 0)
		bt_network_forward_life(st->container);
	return r;
}

/* Clients that came while it was being started. */
static void forward_late_clients(struct bt_container *c)
{
	struct bt_container_clients late = { .n = 0 };
	bt_auto_link struct bt_link *link = bt_link_get(c);
	struct bt_err err;

	bt_container_clients_take(c, NULL, &late);
	for (unsigned i = 0; link && i < late.n; i++)
		if (bt_client_attach(bt_link_client(link), &late.how[i], late.fds[i], &err) < 0)
			bt_log_debug("attach to container %.12s: %s", c->id, err.msg);
	bt_container_clients_done(&late);
}

/* The words from which clients make 127 and 126, before what the runtime said. */
static void phrase(struct bt_err *err)
{
	if (err->kind == BT_ERR_SYSTEM || err->kind == BT_ERR_INVALID)
		(void)bt_err_context(err,
				     "failed to create task for container: failed to create shim "
				     "task: OCI runtime create failed: runc create failed: unable "
				     "to start container process: error during container init");
}

/* The state keeps why it did not start; addresses and waiting clients go. */
static void record_failure(struct bt_container *c, const struct bt_err *why)
{
	struct bt_err err;

	bt_network_detach(c->engine, c->id);
	if (bt_container_mounts_release(c, &err) < 0)
		bt_log_warn("%s", err.msg);
	bt_container_clients_drop(c);
	pthread_mutex_lock(&c->lock);
	free(c->state.error);
	c->state.error = strdup(why->msg);
	free(bt_take(c->state.networks));
	if (c->state.exit_code == 0)
		c->state.exit_code = CODE_NOT_STARTED;
	if (bt_container_row_state(c, &err) < 0)
		bt_log_warn("record the state of container %.12s: %s", c->id, err.msg);
	pthread_mutex_unlock(&c->lock);
	bt_container_waiters_give_up(c);
}

static bool will_restart(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);

	return c->state.status == BT_CONTAINER_RESTARTING;
}

/* `*ret_tried`: it was for this start to fail or not. */
static int start_locked(struct bt_container *c, const char *detach_keys, bool *ret_tried,
			struct bt_err *err)
{
	bt_auto(start_done) struct start st = { .container = c,
						.live = bt_live_config_get(&c->engine->live),
						.net.netns_fd = -EBADF,
						.rootfs = -EBADF,
						.spec = -EBADF,
						.seccomp = -EBADF,
						.userns.joined = -EBADF };
	int r = check_state(c, err);

	if (r != 0)
		return r;
	*ret_tried = true;
	r = bt_container_wait_told(c, err);
	if (r == 0) {
		bt_old_monitor_leave(c);
		r = prepare(&st, err);
	}
	bt_fault_point("start/prepared");
	if (r == 0) {
		r = spawn(&st, detach_keys, err);
		if (r < 0)
			phrase(err);
		else
			forward_late_clients(c);
		bt_fault_point("start/done");
	}
	if (r < 0 && !will_restart(c)) {
		bt_container_cgroup_sweep(c);
		record_failure(c, err);
	}
	return r;
}

int bt_container_start(struct bt_engine *engine, const char *ref, const char *detach_keys,
		       struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	bool tried = false;
	int r = bt_container_get(engine, ref, &c, err);

	if (r < 0)
		return r;
	{
		bt_auto_lock(held, &c->op);
		r = start_locked(c, detach_keys, &tried, err);
	}
	if (r == 0)
		bt_link_hosts_refresh(c);
	if (r < 0 && tried && c->auto_remove) {
		struct bt_err ignored;

		if (bt_container_remove(engine, c->id, true, true, false, &ignored) < 0)
			bt_log_debug("remove container %.12s: %s", c->id, ignored.msg);
	}
	return r;
}
