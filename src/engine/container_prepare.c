/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_prepare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/io.h"
#include "base/str.h"
#include "engine/bind_idmap.h"
#include "engine/container_cgroup.h"
#include "engine/container_dns.h"
#include "engine/container_files.h"
#include "engine/container_links.h"
#include "engine/container_mounts.h"
#include "engine/container_selinux.h"
#include "engine/device_requests.h"
#include "engine/engine_private.h"
#include "engine/hook_bundle.h"
#include "engine/host_config.h"
#include "engine/jget.h"
#include "engine/seccomp_cache.h"
#include "engine/spec.h"

void bt_container_prepare_init(struct bt_container_prepared *p, struct bt_container *c)
{
	*p = (struct bt_container_prepared){ .container = c,
					     .live = bt_live_config_get(&c->engine->live),
					     .net.netns_fd = -EBADF,
					     .rootfs = -EBADF,
					     .spec = -EBADF,
					     .seccomp = -EBADF,
					     .userns.joined = -EBADF };
}

void bt_container_prepare_done(struct bt_container_prepared *p)
{
	bt_live_config_unref(p->live);
	bt_container_row_settings_done(&p->settings);
	bt_network_attachment_done(&p->net);
	bt_user_lookup_done(&p->user);
	bt_container_userns_done(&p->userns);
	bt_close(&p->rootfs);
	bt_close(&p->spec);
	bt_close(&p->seccomp);
	free(p->run_dir);
	free(p->journal);
	free(p->log_path);
	free(p->files_dir);
	free(p->bundle);
	free(p->shm);
	bt_log_options_done(&p->log);
}

static int make_paths(struct bt_container_prepared *p, struct bt_err *err)
{
	const struct bt_container *c = p->container;
	const struct bt_engine *engine = c->engine;

	p->run_dir = bt_container_files_run_dir(engine, c->id);
	p->journal = bt_container_files_journal(engine, c->id);
	p->log_path = bt_container_files_log(engine, c->id);
	p->files_dir = bt_container_files_path(engine, c->id, NULL);
	if (!p->run_dir || !p->journal || !p->log_path || !p->files_dir)
		return bt_err_sys(err, -ENOMEM, "start container");
	if (mkdir(p->run_dir, 0700) < 0 && errno != EEXIST)
		return bt_err_sys(err, -errno, "create %s", p->run_dir);
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

static int find_user(struct bt_container_prepared *p, struct bt_err *err)
{
	const json_t *groups = json_object_get(p->settings.host_config, "GroupAdd"), *item;
	bt_auto_free const char **extra = calloc(json_array_size(groups) + 1, sizeof(*extra));
	size_t i;

	if (!extra)
		return bt_err_sys(err, -ENOMEM, "look up groups");
	json_array_foreach (groups, i, item)
		extra[i] = json_string_value(item);
	return bt_user_lookup(p->rootfs, bt_jget_text(p->settings.config, "User"), extra, &p->user,
			      err);
}

static int join(struct bt_container_prepared *p, const char *key, const char *what, pid_t *ret,
		struct bt_err *err)
{
	const char *other = bt_host_config_container(bt_jget_text(p->settings.host_config, key));
	char id[BT_RAND_ID_LEN + 1];
	int r;

	if (!other)
		return 0;
	r = bt_container_running_pid(p->container->engine, other, id, ret, err);
	if (r < 0 && err->kind == BT_ERR_CONFLICT)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH,
				  "cannot join %s of a non running container: %s", what, other);
	return r;
}

/* Not stored: a daemon that restarts makes them of the endpoints' rows. */
static int set_networks(struct bt_container_prepared *p, struct bt_err *err)
{
	struct bt_container *c = p->container;
	char *text = bt_jget_dump(p->net.settings);

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
static int link_others(struct bt_container_prepared *p, struct bt_str *hosts, struct bt_err *err)
{
	struct bt_container *c = p->container;
	bt_auto_free char *name = NULL;
	json_t *env;
	int r;

	if (json_array_size(json_object_get(p->settings.host_config, "Links")) == 0)
		return 0;
	name = bt_container_name_of(c->engine, c->id);
	env = json_array();
	r = name ? bt_container_links_make(c->engine, name, p->settings.host_config, hosts, env,
					   err)
		 : bt_err_sys(err, -ENOMEM, "link");
	if (json_is_array(json_object_get(p->settings.config, "Env")))
		(void)json_array_extend(env, json_object_get(p->settings.config, "Env"));
	(void)json_object_set_new(p->settings.config, "Env", env);
	return r;
}

static int attach_network(struct bt_container_prepared *p, struct bt_err *err)
{
	const struct bt_container_settings *s = &p->settings;
	bt_auto_str struct bt_str links = { 0 };
	struct bt_container_files files = { .id = p->container->id,
					    .config = s->config,
					    .host_config = s->host_config };
	int r = bt_network_attach(p->container->engine, p->container->id, s->config, s->host_config,
				  s->networking, p->userns.owner, &p->net, err);

	if (r == 0)
		r = set_networks(p, err);
	if (r == 0)
		r = link_others(p, &links, err);
	if (r < 0)
		return r;
	files.links = bt_str_get(&links);
	files.address = p->net.address;
	files.gateway = first_gateway(p->net.settings);
	files.dns = p->net.dns;
	files.host_gateways = p->container->engine->cfg.host_gateways;
	files.host_network = p->net.host;
	return bt_container_files_write(p->container->engine, &files, err);
}

/* A process namespace that is not its own has its first process already. */
static int find_init(const struct bt_container_prepared *p, const char **ret, struct bt_err *err)
{
	const struct bt_engine_config *cfg = &p->container->engine->cfg;
	const json_t *hc = p->settings.host_config, *init = json_object_get(hc, "Init");
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
const char *bt_container_prepare_runtime(const struct bt_container_prepared *p)
{
	const char *name = bt_jget_text(p->settings.host_config, "Runtime");
	const json_t *entry = json_object_get(p->live->cfg.runtimes, name);

	return entry ? bt_jget_text(entry, "path") : NULL;
}

/* Our own runtime gets a compiled filter, another one its text. */
static int add_seccomp(struct bt_container_prepared *p, json_t *spec, struct bt_err *err)
{
	const json_t *hc = p->settings.host_config;
	json_t *object = NULL;
	int r;

	if (!bt_container_prepare_runtime(p))
		return bt_seccomp_cache_get(p->container->engine->seccomp, hc, &p->seccomp, err);
	r = bt_seccomp_cache_text(p->container->engine->seccomp, hc, &object, err);
	if (r == 0 && object)
		json_object_set_new(json_object_get(spec, "linux"), "seccomp", object);
	return r;
}

static int build_spec(struct bt_container_prepared *p, struct bt_err *err)
{
	const struct bt_engine *engine = p->container->engine;
	struct bt_spec_request req = {
		.id = p->container->id,
		.config = p->settings.config,
		.host_config = p->settings.host_config,
		.mounts = p->settings.mounts,
		.files_dir = p->files_dir,
		.shm = p->shm,
		.cgroup_parent = engine->cgroup_parent,
		.systemd_cgroup = engine->cfg.systemd_cgroup,
		.default_ulimits = engine->cfg.default_ulimits,
		.security = { engine->cfg.no_new_privileges, engine->cfg.apparmor },
		.process_label = bt_container_selinux_process(&p->settings),
		.mount_label = bt_container_selinux_mount(&p->settings),
		.user = &p->user,
		.userns = &p->userns,
		.host_network = p->net.host,
		.net_pid = p->net.join_pid,
		.ipc_pid = p->ipc_pid,
		.pid_pid = p->pid_pid,
	};
	json_auto_t *spec = NULL;
	bt_auto_free char *text = NULL;
	int r = find_init(p, &req.init_path, err);

	if (r == 0)
		r = bt_spec_build(&req, &spec, err);
	if (r == 0)
		r = bt_device_requests_apply(req.host_config, engine->cfg.cdi_dirs, spec, err);
	if (r == 0)
		r = add_seccomp(p, spec, err);
	if (r == 0)
		r = bt_hook_bundle_make(p->run_dir, spec, &p->bundle, err);
	if (r < 0)
		return r;
	text = bt_jget_dump(spec);
	p->spec = text ? bt_io_memfd("spec", text, strlen(text)) : -ENOMEM;
	return p->spec < 0 ? bt_err_sys(err, p->spec, "write specification") : 0;
}

/* Whose namespaces it shares, and by them whose user namespace it lives in. */
static int join_all(struct bt_container_prepared *p, struct bt_err *err)
{
	int r = join(p, "IpcMode", "IPC", &p->ipc_pid, err);

	if (r == 0)
		r = join(p, "PidMode", "PID namespace", &p->pid_pid, err);
	if (r == 0)
		r = join(p, "NetworkMode", "network", &p->net_pid, err);
	if (r < 0)
		return r;
	return bt_container_userns_find(p->container->engine, p->settings.host_config,
					(const pid_t[]){ p->net_pid, p->ipc_pid, p->pid_pid }, 3,
					&p->userns, err);
}

static struct bt_layers_look look_of(const struct bt_container_prepared *p)
{
	return (struct bt_layers_look){ .view = p->userns.mapped ? &p->userns.view : NULL,
					.label = bt_container_selinux_mount(&p->settings) };
}

/* What is removed at its end need not reach the disk. */
static int mount_root(struct bt_container_prepared *p, struct bt_err *err)
{
	struct bt_container *c = p->container;
	const struct bt_layers_look look = look_of(p);

	p->rootfs = c->auto_remove
			    ? bt_layers_rw_mount_volatile(c->engine->layers, c->id, &look, err)
			    : bt_layers_rw_mount(c->engine->layers, c->id, &look, err);
	return p->rootfs < 0 ? p->rootfs : 0;
}

static int prepare_realtime(const struct bt_container_prepared *p, struct bt_err *err)
{
	const struct bt_engine *engine = p->container->engine;
	const json_t *hc = p->settings.host_config;
	bt_auto_free char *group = NULL;
	int r;

	/* Finding the group reads all settings again. */
	if (bt_jget_int(hc, "CpuRealtimeRuntime") <= 0)
		return 0;
	r = bt_container_cgroup_path(p->container, &group, err);
	return r < 0 ? r
		     : bt_cpu_realtime_prepare(&engine->cgroups, group, &engine->cfg.cpu_realtime,
					       hc, err);
}

int bt_container_prepare(struct bt_container_prepared *p, struct bt_err *err)
{
	struct bt_container *c = p->container;
	struct bt_layers_look look;
	int r = bt_container_row_settings(c, &p->settings, err);

	if (r == 0)
		bt_container_dns_default(&c->engine->cfg, p->settings.host_config);
	if (r == 0)
		r = make_paths(p, err);
	bt_fault_point("start/paths");
	if (r == 0)
		r = prepare_realtime(p, err);
	if (r == 0)
		r = make_bind_sources(p->settings.mounts, err);
	if (r == 0)
		r = bt_container_userns_check(c->engine, p->settings.host_config, err);
	if (r == 0)
		r = join_all(p, err);
	if (r == 0)
		r = mount_root(p, err);
	if (r < 0)
		return r;
	bt_fault_point("start/root");
	look = look_of(p);
	r = bt_container_mounts_make(c, p->settings.host_config, p->settings.mounts, &look, &p->shm,
				     err);
	if (r == 0)
		r = find_user(p, err);
	if (r == 0)
		r = bt_bind_idmap_fill(p->settings.mounts, p->rootfs, &p->user, &p->userns,
				       bt_container_prepare_runtime(p) == NULL, err);
	if (r == 0)
		r = attach_network(p, err);
	if (r == 0)
		r = bt_container_selinux_relabel(c, &p->settings, err);
	bt_fault_point("start/network");
	if (r == 0)
		r = build_spec(p, err);
	if (r == 0)
		r = bt_log_options_make(&p->settings, &p->log, err);
	return r;
}
