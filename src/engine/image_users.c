/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/image_users.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "codec/json_raw.h"
#include "engine/container.h"
#include "engine/engine_private.h"

#define SHORT_LEN 12

void bt_image_users_init(struct bt_image_users *users)
{
	*users = (struct bt_image_users){ 0 };
	bt_list_init(&users->mounting);
}

void bt_image_users_done(struct bt_image_users *users)
{
	void *list;

	for (size_t pos = 0; bt_map_next(&users->by_image, &pos, NULL, &list);)
		free(list);
	bt_map_done(&users->by_image);
}

static const char *image_of(const struct bt_container *c)
{
	return c->image_id ? c->image_id : "";
}

static struct bt_json_raw mounted_by(const struct bt_container *c)
{
	return bt_json_raw_member(bt_json_raw_of(c->summary), "ImageMounts");
}

/* The list of those made of an image, made where there is none. */
static struct bt_list *list_of(struct bt_image_users *users, const char *image_id)
{
	struct bt_list *list = bt_map_get(&users->by_image, image_id);

	if (list)
		return list;
	list = malloc(sizeof(*list));
	if (!list)
		return NULL;
	bt_list_init(list);
	if (bt_map_put(&users->by_image, image_id, list, NULL) < 0)
		free(bt_take(list));
	return list;
}

int bt_image_users_add(struct bt_image_users *users, struct bt_container *c)
{
	struct bt_list *list = list_of(users, image_of(c));

	if (!list)
		return -ENOMEM;
	bt_list_append(list, &c->of_image);
	if (bt_json_raw_filled(mounted_by(c)))
		bt_list_append(&users->mounting, &c->with_images);
	return 0;
}

void bt_image_users_remove(struct bt_image_users *users, struct bt_container *c)
{
	struct bt_list *list = bt_map_get(&users->by_image, image_of(c));

	bt_list_remove(&c->of_image);
	bt_list_remove(&c->with_images);
	if (!list || !bt_list_empty(list))
		return;
	(void)bt_map_remove(&users->by_image, image_of(c));
	free(list);
}

static bool mounts(const struct bt_container *c, const char *image_id)
{
	return strcmp(image_of(c), image_id) != 0 &&
	       bt_json_raw_member(mounted_by(c), image_id).p != NULL;
}

/* Under the index's lock: who uses the image, each with a reference, to `ret` where it is not NULL.
 * Returns how many. */
static size_t collect(struct bt_image_users *users, const char *image_id, struct bt_container **ret)
{
	const struct bt_list *list = bt_map_get(&users->by_image, image_id);
	size_t n = 0;

	for (struct bt_list *it = list ? list->next : NULL; list && it != list; it = it->next, n++)
		if (ret)
			ret[n] = bt_container_ref(bt_list_entry(it, struct bt_container, of_image));
	bt_list_foreach (it, &users->mounting) {
		struct bt_container *c = bt_list_entry(it, struct bt_container, with_images);

		if (!mounts(c, image_id))
			continue;
		if (ret)
			ret[n] = bt_container_ref(c);
		n++;
	}
	return n;
}

/* As bt_container_all(), in no order. */
static ssize_t get_users(struct bt_container_index *index, const char *image_id,
			 struct bt_container ***ret)
{
	struct bt_container **all;

	bt_auto_lock(held, &index->lock);
	all = calloc(collect(&index->users, image_id, NULL) + 1, sizeof(struct bt_container *));
	if (!all)
		return -ENOMEM;
	*ret = all;
	return (ssize_t)collect(&index->users, image_id, all);
}

static bool is_running(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);
	return bt_container_is_running(c);
}

int bt_image_users_of(void *engine, const char *image_id, bool *ret_running, char ret_container[13])
{
	const struct bt_container *newest = NULL;
	struct bt_container **all = NULL;
	const ssize_t n = get_users(((struct bt_engine *)engine)->containers, image_id, &all);
	bool any = false;

	/* Whoever changes one of them holds its lock for a while: nobody else is to wait for it. */
	for (ssize_t i = 0; i < n; i++) {
		const bool running = is_running(all[i]);

		if (!newest || (running && !any) ||
		    (running == any && all[i]->created_ns > newest->created_ns))
			newest = all[i];
		any |= running;
	}
	*ret_running = any;
	if (newest) {
		memcpy(ret_container, newest->id, SHORT_LEN);
		ret_container[SHORT_LEN] = '\0';
	}
	bt_container_unref_all(all, n);
	return (int)n;
}

static void count(json_t *counts, const char *image_id)
{
	const json_int_t n = json_integer_value(json_object_get(counts, image_id));

	bt_discard(json_object_set_new(counts, image_id, json_integer(n + 1)));
}

static void count_mounted(json_t *counts, const struct bt_container *c)
{
	json_auto_t *mounted = bt_json_raw_load(mounted_by(c));
	const char *id;
	json_t *value;

	json_object_foreach (mounted, id, value)
		if (strcmp(id, image_of(c)) != 0)
			count(counts, id);
}

json_t *bt_image_users_counts(void *engine)
{
	struct bt_container_index *index = ((struct bt_engine *)engine)->containers;
	json_t *counts = json_object();
	const char *id;
	void *list;

	bt_auto_lock(held, &index->lock);
	for (size_t pos = 0; bt_map_next(&index->users.by_image, &pos, &id, &list);) {
		json_int_t n = 0;

		bt_list_foreach (it, (struct bt_list *)list)
			n++;
		bt_discard(json_object_set_new(counts, id, json_integer(n)));
	}
	bt_list_foreach (it, &index->users.mounting)
		count_mounted(counts, bt_list_entry(it, struct bt_container, with_images));
	return counts;
}
