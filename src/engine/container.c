/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "engine/engine_private.h"
#include "engine/selinux.h"
#include "engine/selinux_mcs.h"

struct bt_container_index *bt_container_index_create(void)
{
	struct bt_container_index *index = calloc(1, sizeof(*index));

	if (!index)
		return NULL;
	pthread_mutex_init(&index->lock, NULL);
	bt_image_users_init(&index->users);
	return index;
}

void bt_container_index_destroy(struct bt_container_index *index)
{
	void *value;
	size_t pos = 0;

	if (!index)
		return;
	while (bt_map_next(&index->by_id, &pos, NULL, &value))
		bt_container_unref(value);
	bt_map_done(&index->by_id);
	bt_map_done(&index->by_name);
	bt_image_users_done(&index->users);
	pthread_mutex_destroy(&index->lock);
	free(index);
}

struct bt_container *bt_container_new(struct bt_engine *engine, const char *id)
{
	struct bt_container *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	atomic_init(&c->refs, 1);
	c->engine = engine;
	memccpy(c->id, id, '\0', sizeof(c->id) - 1);
	pthread_mutex_init(&c->op, NULL);
	pthread_mutex_init(&c->lock, NULL);
	bt_lock_init_condition(&c->arrived);
	bt_list_init(&c->of_image);
	bt_list_init(&c->with_images);
	bt_list_init(&c->waiters);
	bt_list_init(&c->attached);
	bt_list_init(&c->attaching);
	return c;
}

struct bt_container *bt_container_ref(struct bt_container *c)
{
	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	return c;
}

void bt_container_unref(struct bt_container *c)
{
	if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (c->categories)
		bt_selinux_mcs_drop(c->engine->selinux->mcs, c->categories);
	pthread_mutex_destroy(&c->op);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->arrived);
	free(c->name);
	free(c->image_id);
	free(c->summary);
	free(c->cgroup);
	free(c->state.error);
	free(c->state.networks);
	free(c->state.health);
	free(c);
}

/* The one container whose id begins with `prefix`; -ENOENT, or -ENOTUNIQ for several. */
static int find_prefix(const struct bt_container_index *index, const char *prefix,
		       struct bt_container **ret)
{
	struct bt_container *found = NULL;
	size_t len = strlen(prefix), pos = 0;
	const char *id;
	void *value;

	while (bt_map_next(&index->by_id, &pos, &id, &value)) {
		if (strncmp(id, prefix, len) != 0)
			continue;
		if (found)
			return -ENOTUNIQ;
		found = value;
	}
	if (!found)
		return -ENOENT;
	*ret = found;
	return 0;
}

static int find(const struct bt_container_index *index, const char *ref, struct bt_container **ret)
{
	struct bt_container *c = bt_map_get(&index->by_id, ref);

	if (!c)
		c = bt_map_get(&index->by_name, ref[0] == '/' ? ref + 1 : ref);
	if (!c)
		return bt_str_is_hex(ref) ? find_prefix(index, ref, ret) : -ENOENT;
	*ret = c;
	return 0;
}

int bt_container_get(struct bt_engine *engine, const char *ref, struct bt_container **ret,
		     struct bt_err *err)
{
	struct bt_container_index *index = engine->containers;
	struct bt_container *found = NULL;
	int r;

	if (!ref || ref[0] == '\0')
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "No container name or ID supplied");
	pthread_mutex_lock(&index->lock);
	r = find(index, ref, &found);
	if (r == 0)
		*ret = bt_container_ref(found);
	pthread_mutex_unlock(&index->lock);
	if (r == -ENOTUNIQ)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "multiple IDs found with provided prefix: %s", ref);
	if (r < 0)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "No such container: %s", ref);
	return 0;
}

static int name_in_use(const char *name, const char *id, struct bt_err *err)
{
	return bt_err_set(
		err, BT_ERR_CONFLICT, EEXIST,
		"Conflict. The container name \"/%s\" is already in use by container \"%s\". "
		"You have to remove (or rename) that container to be able to reuse that name.",
		name, id);
}

/* Under the index lock. */
static int add_locked(struct bt_container_index *index, struct bt_container *c, struct bt_err *err)
{
	const struct bt_container *other = bt_map_get(&index->by_name, c->name);

	if (other)
		return name_in_use(c->name, other->id, err);
	if (bt_map_put(&index->by_name, c->name, c, NULL) < 0)
		return bt_err_sys(err, -ENOMEM, "register container");
	if (bt_map_put(&index->by_id, c->id, c, NULL) < 0 ||
	    bt_image_users_add(&index->users, c) < 0) {
		bt_map_remove(&index->by_id, c->id);
		bt_map_remove(&index->by_name, c->name);
		return bt_err_sys(err, -ENOMEM, "register container");
	}
	bt_container_ref(c);
	return 0;
}

int bt_container_index_add(struct bt_engine *engine, struct bt_container *c, struct bt_err *err)
{
	bt_auto_lock(held, &engine->containers->lock);

	return add_locked(engine->containers, c, err);
}

void bt_container_index_remove(struct bt_engine *engine, struct bt_container *c)
{
	struct bt_container_index *index = engine->containers;
	bool was_in;

	pthread_mutex_lock(&index->lock);
	was_in = bt_map_remove(&index->by_id, c->id) != NULL;
	if (was_in) {
		bt_map_remove(&index->by_name, c->name);
		bt_image_users_remove(&index->users, c);
	}
	pthread_mutex_unlock(&index->lock);
	if (was_in)
		bt_container_unref(c);
}

/* Under the index lock. `copy` becomes the name; the old one is returned for release. */
static int rename_locked(struct bt_container_index *index, struct bt_container *c, char **copy,
			 struct bt_err *err)
{
	const struct bt_container *other = bt_map_get(&index->by_name, *copy);
	char *old = c->name;

	if (other)
		return name_in_use(*copy, other->id, err);
	if (bt_map_put(&index->by_name, *copy, c, NULL) < 0)
		return bt_err_sys(err, -ENOMEM, "rename container");
	bt_map_remove(&index->by_name, old);
	pthread_mutex_lock(&c->lock);
	c->name = *copy;
	pthread_mutex_unlock(&c->lock);
	*copy = old;
	return 0;
}

int bt_container_index_rename(struct bt_engine *engine, struct bt_container *c, const char *name,
			      struct bt_err *err)
{
	bt_auto_free char *copy = strdup(name);

	if (!copy)
		return bt_err_sys(err, -ENOMEM, "rename container");
	bt_auto_lock(held, &engine->containers->lock);
	return rename_locked(engine->containers, c, &copy, err);
}

/* Newest first, as `ps` lists them. */
static int by_age(const void *a, const void *b)
{
	const struct bt_container *x = *(struct bt_container *const *)a;
	const struct bt_container *y = *(struct bt_container *const *)b;

	return (x->created_ns < y->created_ns) - (x->created_ns > y->created_ns);
}

ssize_t bt_container_all(struct bt_engine *engine, struct bt_container ***ret)
{
	struct bt_container_index *index = engine->containers;
	struct bt_container **all;
	size_t pos = 0, n = 0;
	void *value;

	pthread_mutex_lock(&index->lock);
	all = calloc(index->by_id.used + 1, sizeof(*all));
	while (all && bt_map_next(&index->by_id, &pos, NULL, &value))
		all[n++] = bt_container_ref(value);
	pthread_mutex_unlock(&index->lock);
	if (!all)
		return -ENOMEM;
	qsort(all, n, sizeof(*all), by_age);
	*ret = all;
	return (ssize_t)n;
}

ssize_t bt_container_linking(struct bt_engine *engine, struct bt_container ***ret)
{
	struct bt_container_index *index = engine->containers;
	struct bt_container **some = NULL;
	size_t pos = 0, n = 0;
	void *value;

	bt_auto_lock(held, &index->lock);
	while (bt_map_next(&index->by_id, &pos, NULL, &value)) {
		struct bt_container *c = value;

		if (!c->has_links)
			continue;
		if (!some)
			some = calloc(index->by_id.used, sizeof(*some));
		if (!some)
			return -ENOMEM;
		some[n++] = bt_container_ref(c);
	}
	*ret = some;
	return (ssize_t)n;
}

void bt_container_unref_all(struct bt_container **containers, ssize_t count)
{
	for (ssize_t i = 0; i < count; i++)
		bt_container_unref(containers[i]);
	free(containers);
}

const char *bt_container_status_name(enum bt_container_status status)
{
	static const char *const names[] = {
		[BT_CONTAINER_CREATED] = "created",   [BT_CONTAINER_RUNNING] = "running",
		[BT_CONTAINER_PAUSED] = "paused",     [BT_CONTAINER_RESTARTING] = "restarting",
		[BT_CONTAINER_REMOVING] = "removing", [BT_CONTAINER_EXITED] = "exited",
		[BT_CONTAINER_DEAD] = "dead",
	};

	return names[status];
}

bool bt_container_is_running(const struct bt_container *c)
{
	return c->state.status == BT_CONTAINER_RUNNING || c->state.status == BT_CONTAINER_PAUSED;
}

bool bt_container_is_alive(const struct bt_container *c)
{
	return bt_container_is_running(c) || c->state.status == BT_CONTAINER_RESTARTING;
}

void bt_container_await_start(struct bt_container *c)
{
	bool alive;

	pthread_mutex_lock(&c->lock);
	alive = bt_container_is_alive(c);
	pthread_mutex_unlock(&c->lock);
	if (alive)
		return;
	pthread_mutex_lock(&c->op);
	pthread_mutex_unlock(&c->op);
}

void bt_container_mark_awaiting(struct bt_container *c, bool awaiting)
{
	if (awaiting && !c->awaiting)
		atomic_fetch_add(&c->engine->awaiting, 1);
	else if (!awaiting && c->awaiting)
		atomic_fetch_sub(&c->engine->awaiting, 1);
	c->awaiting = awaiting;
	c->due = awaiting;
	c->uncounted = false;
}

void bt_container_set_awaiting(struct bt_container *c, bool awaiting)
{
	bt_auto_lock(held, &c->lock);

	bt_container_mark_awaiting(c, awaiting);
}

bool bt_container_is_awaiting(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);

	return c->awaiting;
}

int bt_container_running_pid(struct bt_engine *engine, const char *ref,
			     char ret_id[BT_RAND_ID_LEN + 1], pid_t *ret, struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	pid_t pid;
	int r = bt_container_get(engine, ref, &c, err);

	if (r < 0)
		return r;
	pthread_mutex_lock(&c->lock);
	pid = bt_container_is_running(c) ? c->state.pid : 0;
	pthread_mutex_unlock(&c->lock);
	if (pid == 0)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH,
				  "cannot join network of a non running container: %s", c->id);
	if (ret_id)
		memcpy(ret_id, c->id, sizeof(c->id));
	*ret = pid;
	return 0;
}

char *bt_container_name_of(struct bt_engine *engine, const char *id)
{
	const struct bt_container *c;
	char *name;

	bt_auto_lock(held, &engine->containers->lock);
	c = bt_map_get(&engine->containers->by_id, id);
	name = c ? strdup(c->name) : NULL;
	return name;
}
