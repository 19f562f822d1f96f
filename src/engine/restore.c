/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/restore.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/container_apply.h"
#include "engine/container_cgroup.h"
#include "engine/container_files.h"
#include "engine/container_mounts.h"
#include "engine/container_remove.h"
#include "engine/container_row.h"
#include "engine/container_selinux.h"
#include "engine/container_start.h"
#include "engine/container_undo.h"
#include "engine/engine_private.h"
#include "engine/exec_events.h"
#include "engine/health.h"
#include "engine/jget.h"
#include "engine/missed.h"
#include "engine/monitor_link.h"
#include "engine/network.h"
#include "engine/network_endpoint.h"
#include "engine/start_order.h"
#include "engine/volume.h"
#include "engine/volume_mount.h"

static void dir_done(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* Reach its monitor, where one is there: a reference, or NULL. */
static struct bt_link *connect_monitor(struct bt_container *c)
{
	struct bt_link *link = NULL;
	struct bt_err err;

	int r = bt_link_connect(c, &link, &err);

	if (r == -ECONNREFUSED)
		bt_container_cgroup_sweep(c);
	else if (r < 0 && r != -ENOENT)
		bt_log_warn("container %.12s: %s", c->id, err.msg);
	return link;
}

/* Records that were written while no daemon was there, or after it read them last. */
static void catch_up(struct bt_container *c, struct bt_missed *missed)
{
	struct bt_err err;
	int r = bt_container_apply_replay(c, missed, &err);

	if (r > 0)
		r = bt_container_row_state(c, &err);
	if (r < 0)
		bt_log_error("restore container %.12s: %s", c->id, err.msg);
}

/* Most of it in one transaction. No monitor is connected yet, so nobody else changes a state:
 * with the database held, a container's lock must not be waited for. */
static int catch_up_all(struct bt_engine *engine, struct bt_container **all, ssize_t n,
			struct bt_missed *missed, struct bt_err *err)
{
	int r = bt_db_begin(engine->db, err);

	if (r < 0)
		return r;
	for (ssize_t i = 0; i < n; i++)
		catch_up(all[i], missed);
	return bt_db_commit(engine->db, err);
}

/* A start does not store what its networks gave it: the endpoints' rows say it. */
static void restore_networks(struct bt_container *c)
{
	json_auto_t *settings =
		c->engine->networks ? bt_network_endpoint_of_container(c->engine->networks, c->id)
				    : NULL;
	char *text = json_object_size(settings) > 0 ? bt_jget_dump(settings) : NULL;

	if (!text)
		return;
	bt_auto_lock(held, &c->lock);
	free(c->state.networks);
	c->state.networks = text;
}

/* Take what its monitor tells, and ask it for what is not known. */
static void listen_to(struct bt_container *c, struct bt_link *link, uint64_t seq)
{
	struct bt_err err;

	if (bt_link_watch(link, &err) < 0)
		bt_log_error("container %.12s: %s", c->id, err.msg);
	(void)!bt_client_ack(bt_link_client(link), seq, true);
}

/* The monitor is connected before the last look at the journal, and heard after it: what happens
 * from now on is told in its order, and whatever is told twice is applied once. Without a directory
 * (`had_dir`: when the first look was taken) there is neither a monitor, which would have its
 * socket there, nor an exec, and the first look was the last one. */
static void restore_one(struct bt_container *c, bool had_dir)
{
	bool unsettled = had_dir && bt_exec_restore(c);
	bt_auto_link struct bt_link *link = had_dir ? connect_monitor(c) : NULL;
	struct bt_missed missed = { 0 };
	uint64_t seq;
	bool gone;

	pthread_mutex_lock(&c->lock);
	if (had_dir)
		catch_up(c, &missed);
	gone = !link && bt_container_is_alive(c);
	seq = c->state.journal_seq;
	pthread_mutex_unlock(&c->lock);
	bt_missed_publish(&missed);
	if (link)
		listen_to(c, link, seq);
	if (!gone && bt_container_is_alive(c))
		restore_networks(c);
	if (gone)
		bt_container_apply_found_dead(c);
	else if (bt_container_is_running(c))
		bt_health_begin(c, false);
	if (bt_container_is_alive(c))
		bt_container_mounts_adopt(c);
	if (unsettled)
		bt_exec_restore_settle(c, link ? bt_link_client(link) : NULL);
}

/* A creation whose client never had an answer. */
static bool is_half_made(const struct bt_container *c, enum bt_container_status status)
{
	return status == BT_CONTAINER_CREATED && c->state.started_ns == 0 &&
	       !bt_layers_has_rw(c->engine->layers, c->id);
}

static void auto_remove(struct bt_container *c)
{
	struct bt_err err;

	if (bt_container_remove(c->engine, c->id, true, false, false, &err) < 0)
		bt_log_debug("remove container %.12s: %s", c->id, err.msg);
}

/* Half-made, half-removed, or to be removed at its end. */
static void settle(struct bt_container *c)
{
	enum bt_container_status status;
	struct bt_err err;
	bool alive;

	pthread_mutex_lock(&c->lock);
	status = c->state.status;
	alive = bt_container_is_alive(c);
	pthread_mutex_unlock(&c->lock);
	if (status == BT_CONTAINER_REMOVING || status == BT_CONTAINER_DEAD ||
	    is_half_made(c, status)) {
		bt_container_undo(c);
		bt_container_index_remove(c->engine, c);
	} else if (!alive) {
		/* Of its networks it is rid when these are swept. */
		if (bt_container_mounts_release(c, &err) < 0)
			bt_log_warn("%s", err.msg);
		if (c->auto_remove && status == BT_CONTAINER_EXITED)
			bt_links_later(c, auto_remove);
	}
}

/* Remove the directories of containers that no row speaks of; the names of the others go into
 * `kept`, which may be NULL. */
static int sweep_dirs(struct bt_engine *engine, const char *root, struct bt_map *kept)
{
	bt_auto_free char *path = bt_path_join(root, "containers");
	bt_auto(dir_done) DIR *dir = path ? opendir(path) : NULL;
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		void *known = bt_map_get(&engine->containers->by_id, entry->d_name);
		int r = 0;

		if (entry->d_name[0] == '.')
			continue;
		if (known && kept && bt_map_put(kept, entry->d_name, known, NULL) < 0)
			return -ENOMEM;
		if (!known)
			r = bt_io_remove_tree(dirfd(dir), entry->d_name);
		if (r < 0)
			bt_log_warn("sweep %s/%s: %s", path, entry->d_name, strerror(-r));
	}
	return 0;
}

/* `run_dirs`: who has a directory in the exec root. */
static int restore_all(struct bt_engine *engine, const struct bt_map *run_dirs, struct bt_err *err)
{
	struct bt_container **all = NULL;
	struct bt_missed missed = { 0 };
	ssize_t n = bt_container_all(engine, &all);
	int r;

	if (n < 0)
		return bt_err_sys(err, (int)n, "restore containers");
	r = catch_up_all(engine, all, n, &missed, err);
	bt_missed_publish(&missed);
	for (ssize_t i = 0; i < n && r == 0; i++)
		restore_one(all[i], bt_map_get(run_dirs, all[i]->id) != NULL);
	for (ssize_t i = 0; i < n && r == 0; i++)
		settle(all[i]);
	bt_container_unref_all(all, n);
	return r;
}

int bt_restore_containers(struct bt_engine *engine, struct bt_err *err)
{
	bt_auto(bt_map_done) struct bt_map run_dirs = { 0 };
	int r = bt_container_row_load_all(engine, err);

	if (r < 0)
		return bt_err_context(err, "load containers");
	bt_container_selinux_restore(engine);
	r = sweep_dirs(engine, engine->cfg.data_root, NULL);
	if (r == 0)
		r = sweep_dirs(engine, engine->cfg.exec_root, &run_dirs);
	if (r < 0)
		return bt_err_sys(err, r, "restore containers");
	r = restore_all(engine, &run_dirs, err);
	if (r < 0)
		return r;
	bt_volume_mount_sweep(engine);
	bt_volume_sweep(engine);
	return r;
}

static void start_again(struct bt_container *c)
{
	struct bt_err err;

	if (bt_container_start(c->engine, c->id, NULL, &err) < 0)
		bt_log_warn("start container %.12s: %s", c->id, err.msg);
}

static bool wants_start(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);

	if (c->state.status != BT_CONTAINER_EXITED || c->state.started_ns == 0)
		return false;
	switch (c->restart.policy) {
	case BT_RESTART_ALWAYS:
		return true;
	case BT_RESTART_UNLESS_STOPPED:
		return !c->state.manually_stopped;
	case BT_RESTART_ON_FAILURE:
	case BT_RESTART_ON_UNHEALTHY:
		return !c->state.manually_stopped && c->state.exit_code != 0 &&
		       (c->restart.max == 0 || c->state.restart_count < c->restart.max);
	case BT_RESTART_NO:
		break;
	}
	return false;
}

void bt_restore_autostart(struct bt_engine *engine)
{
	struct bt_container **all = NULL;
	ssize_t n = bt_container_all(engine, &all);
	size_t wanted = 0;

	/* Those first that shall start. */
	for (ssize_t i = 0; i < n; i++) {
		struct bt_container *c = all[i];

		if (!wants_start(c))
			continue;
		all[i] = all[wanted];
		all[wanted++] = c;
	}
	bt_start_order_sort(all, wanted);
	for (size_t i = 0; i < wanted; i++)
		bt_links_later(all[i], start_again);
	bt_container_unref_all(all, n);
}
