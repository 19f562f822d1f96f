/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_inspect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"
#include "engine/apparmor.h"
#include "engine/container_config.h"
#include "engine/container_files.h"
#include "engine/container_networks.h"
#include "engine/container_row.h"
#include "engine/container_size.h"
#include "engine/engine_private.h"
#include "engine/exec_events.h"
#include "engine/jget.h"
#include "engine/link_name.h"
#include "engine/spec_security.h"
#include "engine/mounts.h"
#include "engine/network_ports.h"

/* What is read under the container's lock. */
struct snapshot {
	struct bt_container_state state; /* its strings are copies, owned */
	char *name;
};

static char *dup_or_null(const char *s)
{
	return s ? strdup(s) : NULL;
}

static void snapshot_take(struct bt_container *c, struct snapshot *ret)
{
	bt_auto_lock(held, &c->lock);

	ret->state = c->state;
	ret->state.error = dup_or_null(c->state.error);
	ret->state.networks = dup_or_null(c->state.networks);
	ret->state.health = dup_or_null(c->state.health);
	ret->name = bt_str_format("/%s", c->name);
}

static void snapshot_done(struct snapshot *snap)
{
	free(snap->state.error);
	free(snap->state.networks);
	free(snap->state.health);
	free(snap->name);
}

static json_t *time_text(int64_t ns)
{
	char text[BT_TIME_RFC3339_LEN];

	bt_time_rfc3339(ns, text);
	return json_string(text);
}

static json_t *state_object(const struct bt_container_state *s)
{
	bool paused = s->status == BT_CONTAINER_PAUSED;
	bool restarting = s->status == BT_CONTAINER_RESTARTING;
	bool running = s->status == BT_CONTAINER_RUNNING || paused || restarting;
	json_t *out = json_pack("{s:s,s:b,s:b,s:b,s:b,s:b,s:i,s:i,s:o,s:o,s:o}", "Status",
				bt_container_status_name(s->status), "Running", (int)running,
				"Paused", (int)paused, "Restarting", (int)restarting, "OOMKilled",
				(int)s->oom_killed, "Dead", (int)(s->status == BT_CONTAINER_DEAD),
				"Pid", (int)s->pid, "ExitCode", s->exit_code, "Error",
				bt_json_text(s->error ? s->error : ""), "StartedAt",
				time_text(s->started_ns), "FinishedAt", time_text(s->finished_ns));
	json_t *health = bt_jget_load(s->health);

	if (health)
		json_object_set_new(out, "Health", health);
	return out;
}

static int add_graph_driver(const struct bt_container *c, json_t *out, struct bt_err *err)
{
	struct bt_layer_paths paths = { 0 };
	int r = bt_layers_rw_paths(c->engine->layers, c->id, &paths, err);

	if (r < 0)
		return r;
	json_object_set_new(out, "GraphDriver",
			    json_pack("{s:{s:s,s:s,s:s,s:s,s:s},s:s}", "Data", "ID", c->id,
				      "LowerDir", paths.lower, "MergedDir", paths.merged,
				      "UpperDir", paths.upper, "WorkDir", paths.work, "Name",
				      "overlay2"));
	bt_layers_rw_paths_done(&paths);
	return 0;
}

static void add_path(const struct bt_container *c, json_t *out, const char *key, const char *file)
{
	bt_auto_free char *path =
		file ? bt_container_files_path(c->engine, c->id, file) : strdup("");

	json_object_set_new(out, key, json_string(path ? path : ""));
}

static bool was_started(const struct bt_container_state *s)
{
	return s->started_ns != 0 || s->error || s->exit_code != 0;
}

/* Where its files are, once there are any; the log only where one is written. */
static void add_paths(const struct bt_container *c, bool started, const json_t *hc, json_t *out)
{
	bt_auto_free char *log = bt_container_files_log(c->engine, c->id);
	const char *driver = bt_jget_text(json_object_get(hc, "LogConfig"), "Type");

	add_path(c, out, "ResolvConfPath", started ? "resolv.conf" : NULL);
	add_path(c, out, "HostnamePath", started ? "hostname" : NULL);
	add_path(c, out, "HostsPath", started ? "hosts" : NULL);
	json_object_set_new(
		out, "LogPath",
		json_string(log && started && strcmp(driver, "json-file") == 0 ? log : ""));
}

static const char *apparmor_of(const struct bt_container *c, const json_t *hc)
{
	struct bt_security_opts opts;
	struct bt_err ignored;
	const char *profile;

	if (bt_spec_security_parse(hc, &opts, &ignored) < 0)
		return "";
	profile = bt_apparmor_profile(c->engine->cfg.apparmor, bt_jget_bool(hc, "Privileged"),
				      opts.apparmor);
	return profile ? profile : "";
}

static int add_identity(const struct bt_container *c, const struct bt_container_settings *s,
			const struct snapshot *snap, json_t *out, struct bt_err *err)
{
	json_auto_t *args = NULL;
	const char *path;

	if (bt_container_config_command(s->config, &path, &args) < 0)
		return bt_err_sys(err, -ENOMEM, "inspect container");
	json_object_set_new(out, "Id", json_string(c->id));
	json_object_set_new(out, "Created", time_text(c->created_ns));
	json_object_set_new(out, "Path", json_string(path));
	json_object_set_new(out, "Args", json_incref(args));
	json_object_set_new(out, "State", state_object(&snap->state));
	json_object_set_new(out, "Image", json_string(c->image_id));
	add_paths(c, was_started(&snap->state), s->host_config, out);
	json_object_set_new(out, "Name", json_string(snap->name ? snap->name : ""));
	json_object_set_new(out, "RestartCount", json_integer(snap->state.restart_count));
	json_object_set_new(out, "Driver", json_string("overlay2"));
	json_object_set_new(out, "Platform", json_string("linux"));
	json_object_set_new(out, "MountLabel", json_string(bt_jget_text(s->labels, "Mount")));
	json_object_set_new(out, "ProcessLabel", json_string(bt_jget_text(s->labels, "Process")));
	json_object_set_new(out, "AppArmorProfile", json_string(apparmor_of(c, s->host_config)));
	json_object_set_new(out, "ExecIDs",
			    snap->state.pid > 0 ? bt_exec_table_ids_of(c) : json_null());
	return 0;
}

static int add_size(const struct bt_container *c, json_t *out, struct bt_err *err)
{
	int64_t size;
	int r = bt_layers_rw_size(c->engine->layers, c->id, &size, err);

	if (r < 0)
		return r;
	bt_container_add_size(c, size, out);
	/* Here, unlike in the list, 0 is told. */
	if (!json_object_get(out, "SizeRw"))
		json_object_set_new(out, "SizeRw", json_integer(0));
	return 0;
}

/* By what its target is called now, or was called when there was one: "/db:/web/alias". */
static json_t *show_link(struct bt_engine *engine, const char *stored, const char *name)
{
	bt_auto_link_name struct bt_link_name link = { 0 };
	bt_auto_free char *target = NULL;

	if (bt_link_name_split(stored, &link) < 0)
		return NULL;
	if (link.id)
		target = bt_container_name_of(engine, link.id);
	return json_sprintf("/%s:%s/%s", target ? target : link.name, name, link.alias);
}

static void show_links(struct bt_engine *engine, json_t *hc, const char *name)
{
	json_t *links = json_object_get(hc, "Links");
	const json_t *link;
	size_t i;

	json_array_foreach (links, i, link)
		json_array_set_new(links, i, show_link(engine, json_string_value(link), name));
	if (json_is_array(links) && json_array_size(links) == 0)
		json_object_set_new(hc, "Links", json_null());
}

static int inspect(struct bt_container *c, bool size, const struct bt_container_settings *s,
		   const struct snapshot *snap, json_t *out, struct bt_err *err)
{
	json_auto_t *published = NULL;
	json_auto_t *networks = bt_container_networks(
		snap->state.networks, bt_jget_text(s->host_config, "NetworkMode"), s->networking);
	const char *bridge = c->engine->cfg.bridge;
	int r = add_identity(c, s, snap, out, err);

	if (r < 0)
		return r;
	show_links(c->engine, s->host_config, snap->name ? snap->name : "");
	json_object_set(out, "HostConfig", s->host_config);
	r = add_graph_driver(c, out, err);
	if (r == 0 && size)
		r = add_size(c, out, err);
	if (r < 0)
		return r;
	json_object_set_new(out, "Mounts", bt_mounts_public(s->mounts));
	json_object_set(out, "Config", s->config);
	published = bt_network_ports(c->engine, c->id);
	json_object_set_new(out, "NetworkSettings",
			    bt_container_network_settings(
				    networks, s->config, published, snap->state.pid, c->id,
				    was_started(&snap->state) && bridge ? bridge : ""));
	return 0;
}

int bt_container_inspect(struct bt_engine *engine, const char *ref, bool size, json_t **ret,
			 struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	bt_auto_settings struct bt_container_settings settings = { 0 };
	bt_auto(snapshot_done) struct snapshot snap = { 0 };
	json_auto_t *out = json_object();
	int r = bt_container_get(engine, ref, &c, err);

	if (r == 0)
		r = bt_container_row_settings(c, &settings, err);
	if (r < 0)
		return r;
	snapshot_take(c, &snap);
	r = inspect(c, size, &settings, &snap, out, err);
	if (r < 0)
		return r;
	*ret = json_incref(out);
	return 0;
}
