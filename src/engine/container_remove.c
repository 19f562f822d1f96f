/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_remove.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/filters.h"
#include "engine/container_clients.h"
#include "engine/config_file.h"
#include "engine/container_event.h"
#include "engine/container_name.h"
#include "engine/container_revive.h"
#include "engine/container_row.h"
#include "engine/container_stop.h"
#include "engine/container_undo.h"
#include "engine/container_waiter.h"
#include "engine/engine_private.h"
#include "engine/events.h"
#include "engine/exec_events.h"
#include "engine/jget.h"
#include "engine/link_name.h"
#include "engine/network.h"

/* How long a killed container may take to go. */
#define KILL_TIMEOUT_MS 20000

/* Conflict where it runs and nobody insists. Returns 1 where it must be killed first. */
static int check_running(struct bt_container *c, const char *ref, bool force, struct bt_err *err)
{
	bool restarting;

	bt_auto_lock(held, &c->lock);
	restarting = c->state.status == BT_CONTAINER_RESTARTING;
	if (!bt_container_is_running(c) && !restarting)
		return 0;
	if (force)
		return 1;
	if (c->state.status == BT_CONTAINER_PAUSED)
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "cannot remove container \"%s\": container is paused and must be "
				  "unpaused first",
				  ref);
	return bt_err_set(
		err, BT_ERR_CONFLICT, EBUSY,
		"cannot remove container \"%s\": container is %s: stop the container before "
		"removing or force remove",
		ref, bt_container_status_name(c->state.status));
}

static int kill_first(struct bt_container *c, struct bt_err *err)
{
	int r = bt_container_stop_for_removal(c, err);

	if (r == 0)
		r = bt_container_wait_stopped(c, KILL_TIMEOUT_MS, err);
	if (r < 0)
		return bt_err_context(err, "cannot remove container \"/%s\": could not kill",
				      c->name);
	if (r == 0)
		return bt_err_set(err, BT_ERR_SYSTEM, ETIMEDOUT,
				  "cannot remove container \"/%s\": it was killed and did not end",
				  c->name);
	return 0;
}

/* As bt_container_dismantle() does, it must not fail for want of room. */
static int record_mark(struct bt_container *c, struct bt_err *err)
{
	int r = bt_container_row_state(c, err);

	if (r != -ENOSPC)
		return r;
	bt_db_make_room(c->engine->db);
	return bt_container_row_state(c, err);
}

/* From here on it is being removed; also for a daemon that starts after a crash, where there are
 * volumes to be removed first: all else goes with its row. */
static int mark(struct bt_container *c, bool volumes, enum bt_container_status *ret_before,
		struct bt_err *err)
{
	enum bt_container_status before;
	int r;

	bt_auto_lock(held, &c->lock);
	if (c->removed)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "No such container: %s", c->id);
	if (c->state.status == BT_CONTAINER_REMOVING)
		return bt_err_set(err, BT_ERR_CONFLICT, EALREADY,
				  "removal of container %s is already in progress", c->id);
	if (bt_container_is_running(c) || c->state.status == BT_CONTAINER_RESTARTING)
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "cannot remove container \"/%s\": container is running: stop the "
				  "container before removing or force remove",
				  c->name);
	before = c->state.status;
	c->state.status = BT_CONTAINER_REMOVING;
	c->state.remove_volumes = volumes;
	r = volumes && bt_container_has_volumes(c) ? record_mark(c, err) : 0;
	if (r < 0)
		c->state.status = before;
	else
		*ret_before = before;
	return r;
}

/* Its rows are there, and where it keeps its volumes it lacks nothing: it is what it was. Else it
 * is dead, and the next start of the daemon removes the rest. */
static void mark_failed(struct bt_container *c, enum bt_container_status before)
{
	struct bt_err err;

	bt_auto_lock(held, &c->lock);
	if (!c->state.remove_volumes || !bt_container_has_volumes(c)) {
		c->state.status = before;
		return;
	}
	c->state.status = BT_CONTAINER_DEAD;
	if (bt_container_row_state(c, &err) < 0)
		bt_log_warn("record the state of container %.12s: %s", c->id, err.msg);
}

static int remove_marked(struct bt_container *c, enum bt_container_status before,
			 struct bt_err *err)
{
	int r = bt_container_dismantle(c, err);

	if (r < 0) {
		mark_failed(c, before);
		return r;
	}
	bt_fault_point("rm/dismantled");
	bt_container_clients_drop(c);
	bt_exec_table_container_removed(c);
	bt_container_event(c, "destroy", NULL);
	bt_container_index_remove(c->engine, c);
	pthread_mutex_lock(&c->lock);
	c->removed = true;
	pthread_mutex_unlock(&c->lock);
	bt_container_waiters_removed(c);
	bt_container_set_awaiting(c, false);
	bt_container_revive_others(c);
	return 0;
}

/* What we killed may be removed by its own end: then it has gone, as was asked. */
static bool has_gone(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);

	return c->removed;
}

static int remove_ended(struct bt_container *c, bool volumes, bool killed, struct bt_err *err)
{
	enum bt_container_status before = BT_CONTAINER_DEAD;
	int r;

	bt_auto_lock(held, &c->op);
	if (killed && has_gone(c))
		return 0;
	/* A start that was waited for may have come to its end. */
	r = bt_container_wait_told(c, err);
	if (r < 0)
		return r;
	r = mark(c, volumes, &before, err);
	bt_fault_point("rm/marked");
	return r < 0 ? r : remove_marked(c, before, err);
}

static void add_going(struct bt_container *c, int n)
{
	bt_auto_lock(held, &c->lock);

	c->going += (unsigned)n;
}

/* -EBUSY where a run has begun meanwhile. */
static int end_and_remove(struct bt_container *c, const char *ref, bool volumes, bool force,
			  struct bt_err *err)
{
	int r = check_running(c, ref, force, err);
	const bool killed = r > 0;

	if (r < 0)
		return r;
	if (killed) {
		add_going(c, 1);
		r = kill_first(c, err);
	}
	if (r == 0)
		r = bt_container_wait_told(c, err);
	if (r == 0)
		r = remove_ended(c, volumes, killed, err);
	if (killed)
		add_going(c, -1);
	if (r < 0)
		bt_container_revive_others(c);
	return r;
}

int bt_container_remove(struct bt_engine *engine, const char *ref, bool volumes, bool force,
			bool link, struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	int r;

	if (link)
		return bt_link_name_remove(engine, ref, err);
	r = bt_container_get(engine, ref, &c, err);
	if (r < 0)
		return r;
	do {
		/* Who insists does not want it to run. What had begun by then is ended, too. */
		if (force)
			bt_container_set_awaiting(c, false);
		r = end_and_remove(c, ref, volumes, force, err);
	} while (force && r == -EBUSY && bt_container_stop_needed(c));
	return r;
}

static int rename_row(struct bt_container *c, const char *name, struct bt_err *err)
{
	int r = bt_container_row_name(c, name, err);

	if (r == -EEXIST) {
		bt_auto_container struct bt_container *other = NULL;

		(void)!bt_container_get(c->engine, name, &other, BT_ERR_IGNORED);
		return bt_err_set(
			err, BT_ERR_CONFLICT, EEXIST,
			"Error when allocating new name: Conflict. The container name \"/%s\" "
			"is already in use by container \"%s\". You have to remove (or rename) "
			"that container to be able to reuse that name.",
			name, other ? other->id : "another");
	}
	return r;
}

int bt_container_rename(struct bt_engine *engine, const char *ref, const char *new_name,
			struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	bt_auto_free char *old = NULL;
	const char *name;
	int r;

	if (!new_name || !new_name[0] || strcmp(new_name, "/") == 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "Neither old nor new names may be empty");
	r = bt_container_name_check(new_name, &name, err);
	if (r < 0)
		return bt_err_context(err, "Error when allocating new name");
	if (r == 0)
		r = bt_container_get(engine, ref, &c, err);
	if (r < 0)
		return r;
	bt_auto_lock(held, &c->op);
	old = bt_str_format("/%s", c->name);
	if (old && strcmp(old + 1, name) == 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "Renaming a container with the same name as its current name");
	bt_fault_point("rename/begun");
	r = rename_row(c, name, err);
	bt_fault_point("rename/row");
	if (r == 0)
		r = bt_container_index_rename(engine, c, name, err);
	if (r == 0)
		r = bt_config_file_write(c, err);
	if (r == 0 && old)
		bt_network_rename(c, old + 1);
	bt_fault_point("rename/done");
	if (r == 0)
		bt_container_event(c, "rename", json_pack("{s:s}", "oldName", old ? old : ""));
	return r;
}

static const char *get_label(const void *arg, const char *key)
{
	return json_string_value(json_object_get(arg, key));
}

/* Is it old enough, and has it the labels? */
static bool prunable(struct bt_container *c, const struct bt_filters *filters, int64_t until_ns)
{
	json_auto_t *summary = bt_jget_load(c->summary);
	const json_t *labels = json_object_get(summary, "Labels");
	bool at_rest;

	pthread_mutex_lock(&c->lock);
	at_rest = c->state.pid == 0 && c->state.status != BT_CONTAINER_RESTARTING &&
		  c->state.status != BT_CONTAINER_REMOVING;
	pthread_mutex_unlock(&c->lock);
	if (!at_rest || (until_ns && c->created_ns > until_ns))
		return false;
	if (bt_filters_has(filters, "label!") &&
	    bt_filters_labels(filters, "label!", get_label, labels))
		return false;
	return bt_filters_labels(filters, "label", get_label, labels);
}

static void prune_one(struct bt_container *c, json_t *deleted, int64_t *freed)
{
	int64_t size = 0;
	struct bt_err err;

	(void)!bt_layers_rw_size(c->engine->layers, c->id, &size, BT_ERR_IGNORED);
	if (bt_container_remove(c->engine, c->id, false, false, false, &err) < 0) {
		bt_log_warn("prune container %.12s: %s", c->id, err.msg);
		return;
	}
	bt_fault_point("prune/one");
	*freed += size;
	json_array_append_new(deleted, json_string(c->id));
}

int bt_container_prune(struct bt_engine *engine, const struct bt_filters *filters, json_t **ret,
		       struct bt_err *err)
{
	static const char *const known[] = { "label", "label!", "until", NULL };
	json_auto_t *deleted = json_array();
	struct bt_container **all = NULL;
	int64_t until_ns = 0, freed = 0;
	ssize_t n;
	int r = filters ? bt_filters_only(filters, known, err) : 0;

	if (r == 0)
		r = bt_filters_until(filters, &until_ns, err);
	if (r < 0)
		return r;
	n = bt_container_all(engine, &all);
	if (n < 0)
		return bt_err_sys(err, (int)n, "prune containers");
	for (ssize_t i = 0; i < n; i++)
		if (prunable(all[i], filters, until_ns))
			prune_one(all[i], deleted, &freed);
	bt_container_unref_all(all, n);
	bt_events_emit_prune(engine, "container", freed);
	*ret = json_pack("{s:O,s:I}", "ContainersDeleted",
			 json_array_size(deleted) > 0 ? deleted : json_null(), "SpaceReclaimed",
			 (json_int_t)freed);
	return 0;
}
