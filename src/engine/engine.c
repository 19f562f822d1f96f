/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "base/rand.h"
#include "base/str.h"
#include "engine/container.h"
#include "engine/container_apply.h"
#include "engine/container_restart.h"
#include "engine/engine_private.h"
#include "engine/events.h"
#include "engine/events_private.h"
#include "engine/exec_events.h"
#include "engine/health.h"
#include "engine/image_users.h"
#include "engine/monitor_link.h"
#include "engine/network.h"
#include "engine/remap.h"
#include "engine/restore.h"
#include "engine/live_config.h"
#include "engine/seccomp_cache.h"
#include "engine/selinux.h"
#include "engine/selinux_relabel.h"
#include "engine/volume_claim.h"
#include "engine/volume_mount.h"

#define DEFAULT_CGROUP_PARENT "/docker"
#define DEFAULT_SLICE         "system.slice"

static int make_dir(const char *root, const char *name, mode_t mode, struct bt_err *err)
{
	bt_auto_free char *path = bt_path_join(root, name);
	int r = path ? bt_io_mkdir_p(path, mode) : -ENOMEM;

	return r < 0 ? bt_err_sys(err, r, "create %s/%s", root, name) : 0;
}

/* Nobody but root looks into the roots: there are setuid programs in there. */
static int make_dirs(const struct bt_engine_config *cfg, struct bt_err *err)
{
	int r = make_dir(cfg->data_root, "containers", 0710, err);

	if (r == 0)
		r = make_dir(cfg->data_root, "volumes", 0701, err);
	if (r == 0)
		r = make_dir(cfg->exec_root, "containers", 0710, err);
	return r;
}

/* A UUID made at the first start; it stays with the data. */
static int read_id(struct bt_engine *engine, struct bt_err *err)
{
	bt_auto_free char *path = bt_path_join(engine->cfg.data_root, "engine-id");
	bt_auto_free char *text = NULL;
	char hex[33];
	int r;

	if (!path)
		return bt_err_sys(err, -ENOMEM, "read engine-id");
	if (bt_io_read_file(AT_FDCWD, path, 64, &text, NULL) == 0 && strlen(text) >= 36) {
		memcpy(engine->id, text, 36);
		return 0;
	}
	r = bt_rand_hex(hex, 32);
	if (r < 0)
		return bt_err_sys(err, r, "make up an engine-id");
	snprintf(engine->id, sizeof(engine->id), "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
		 hex + 12, hex + 16, hex + 20);
	r = bt_io_create_file(AT_FDCWD, path, 0600, engine->id, 36);
	return r < 0 ? bt_err_sys(err, r, "write %s", path) : 0;
}

/* Docker tells an image's labels with what happens to it, as long as it is there. */
static json_t *image_attributes(const struct bt_engine *engine, const char *id)
{
	bt_auto_image struct bt_image image = { 0 };
	const json_t *labels;

	if (bt_images_get(engine->images, id, &image, BT_ERR_IGNORED) < 0)
		return json_object();
	labels = json_object_get(json_object_get(image.config, "config"), "Labels");
	return json_is_object(labels) ? json_deep_copy(labels) : json_object();
}

static void image_event(void *arg, const char *action, const char *id, const char *name)
{
	const char *key = strcmp(action, "prune") == 0 ? "reclaimed" : "name";
	json_t *attributes = id[0] ? image_attributes(arg, id) : json_object();

	if (name)
		json_object_set_new(attributes, key, json_string(name));
	bt_events_emit(arg, "image", action, id, attributes);
}

static int open_stores(struct bt_engine *engine, struct bt_err *err)
{
	const char *root = engine->cfg.data_root;
	int r = bt_db_open(root, &engine->db, err);

	if (r == 0)
		r = bt_layers_open(root, engine->db, &engine->layers, err);
	if (r == 0)
		r = bt_images_open(root, engine->db, engine->layers, &engine->images, err);
	if (r < 0)
		return r;
	bt_images_set_users(engine->images, bt_image_users_of, bt_image_users_counts, engine);
	bt_images_set_events(engine->images, image_event, engine);
	return bt_live_config_set_registries(engine->images, &engine->cfg, err);
}

/* Better no daemon than one whose containers do not start. */
static int open_remap(struct bt_engine *engine, struct bt_err *err)
{
	const char *option = engine->cfg.userns_remap;
	int r;

	if (!option || option[0] == '\0')
		return 0;
	r = bt_remap_open(option, "/etc/subuid", "/etc/subgid", &engine->remap, err);
	if (r < 0 || !engine->remap)
		return r;
	r = bt_layers_check_view(engine->layers, &engine->remap->view, err);
	return r < 0 ? bt_err_context(err, "userns-remap") : 0;
}

static int open_selinux(struct bt_engine *engine, struct bt_err *err)
{
	const struct bt_selinux_places usual = { 0 };
	bt_auto_free char *layers = bt_path_join(engine->cfg.data_root, "overlay2");
	int r;

	if (!engine->cfg.selinux)
		return 0;
	r = layers ? bt_selinux_open(&usual, &engine->selinux, err)
		   : bt_err_sys(err, -ENOMEM, "label layers");
	/* A program that is mapped is read from the layer itself, whatever its mount says. */
	if (r == 0)
		r = bt_selinux_relabel_once(layers, engine->selinux->layers, err);
	return r < 0 ? bt_err_context(err, "selinux-enabled") : 0;
}

/* What needs nothing but memory. */
static int create_parts(struct bt_engine *engine, struct bt_err *err)
{
	engine->containers = bt_container_index_create();
	engine->events = bt_events_create();
	engine->execs = bt_exec_table_create(engine->cfg.exec_root);
	engine->health = bt_health_create(bt_container_restart_unhealthy);
	engine->volume_claims = bt_volume_claims_create();
	engine->volume_mounts = bt_volume_mounts_create();
	return engine->containers && engine->events && engine->execs && engine->health &&
			       engine->volume_claims && engine->volume_mounts
		       ? 0
		       : bt_err_sys(err, -ENOMEM, "start the engine");
}

static int open_host(struct bt_engine *engine, struct bt_err *err)
{
	int r = make_dirs(&engine->cfg, err);

	if (r == 0)
		r = read_id(engine, err);
	if (r == 0 && bt_cgroup_host_open(&engine->cgroups) < 0)
		r = bt_err_sys(err, -errno, "find the control group hierarchies");
	return r;
}

static int open_parts(struct bt_engine *engine, struct bt_err *err)
{
	int r = open_host(engine, err);

	if (r == 0)
		r = create_parts(engine, err);
	if (r == 0)
		r = bt_seccomp_cache_create(engine->cfg.seccomp_profile, &engine->seccomp, err);
	if (r == 0)
		r = open_stores(engine, err);
	if (r == 0)
		r = open_remap(engine, err);
	if (r == 0)
		r = open_selinux(engine, err);
	if (r == 0)
		r = bt_links_open(&bt_container_apply_events, &engine->links, err);
	if (r == 0)
		r = bt_network_open(engine, &engine->networks, err);
	if (r == 0)
		r = bt_restore_containers(engine, err);
	if (r == 0)
		bt_network_sweep(engine);
	return r;
}

int bt_engine_open(const struct bt_engine_config *cfg, struct bt_engine **ret, struct bt_err *err)
{
	struct bt_engine *engine = calloc(1, sizeof(*engine));
	int r;

	if (!engine)
		return bt_err_sys(err, -ENOMEM, "start the engine");
	engine->cfg = *cfg;
	engine->cgroup_parent = cfg->systemd_cgroup ? DEFAULT_SLICE : DEFAULT_CGROUP_PARENT;
	if (cfg->cgroup_parent && cfg->cgroup_parent[0])
		engine->cgroup_parent = cfg->cgroup_parent;
	r = bt_live_config_init(&engine->live, cfg, err);
	if (r == 0)
		r = open_parts(engine, err);
	if (r < 0) {
		bt_engine_close(engine);
		return r;
	}
	*ret = engine;
	return 0;
}

void bt_engine_autostart(struct bt_engine *engine)
{
	bt_restore_autostart(engine);
}

void bt_engine_close(struct bt_engine *engine)
{
	if (!engine)
		return;
	bt_health_destroy(engine->health);
	bt_links_close(engine->links);
	bt_network_close(engine->networks);
	bt_container_index_destroy(engine->containers);
	bt_seccomp_cache_destroy(engine->seccomp);
	bt_volume_mounts_destroy(engine->volume_mounts);
	bt_volume_claims_destroy(engine->volume_claims);
	bt_exec_table_destroy(engine->execs);
	bt_selinux_close(engine->selinux);
	bt_remap_close(engine->remap);
	bt_images_close(engine->images);
	bt_layers_close(engine->layers);
	bt_db_close(engine->db);
	bt_events_destroy(engine->events);
	bt_cgroup_host_done(&engine->cgroups);
	bt_close(&engine->cfg.spawner_fd);
	bt_live_config_done(&engine->live);
	free(engine);
}

struct bt_images *bt_engine_images(struct bt_engine *engine)
{
	return engine->images;
}
