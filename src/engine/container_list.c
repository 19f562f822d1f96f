/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/map.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/filters.h"
#include "engine/container_filter.h"
#include "engine/container_inspect.h"
#include "engine/container_networks.h"
#include "engine/container_size.h"
#include "engine/engine_private.h"
#include "engine/jget.h"
#include "engine/network_ports.h"
#include "engine/status_text.h"

static void take_item(struct bt_container *c, struct bt_list_item *ret)
{
	json_auto_t *health = NULL;

	ret->container = c;
	ret->summary = bt_jget_load(c->summary);
	bt_auto_lock(held, &c->lock);
	ret->state = c->state;
	ret->name = strdup(c->name);
	ret->networks = bt_container_networks(
		c->state.networks, bt_jget_text(ret->summary, "NetworkMode"), ret->summary);
	health = bt_jget_load(c->state.health);
	memccpy(ret->health, bt_jget_text(health, "Status"), '\0', sizeof(ret->health) - 1);
	/* Borrowed texts do not outlive the lock. */
	ret->state.error = ret->state.networks = ret->state.health = NULL;
}

static void item_done(struct bt_list_item *item)
{
	free(item->name);
	json_decref(item->summary);
	json_decref(item->networks);
}

/* What the container was made of, by the name that was given, or by its id where that name has
 * come to mean something else. `known` remembers the answers, for many have the same image. */
static const char *image_name(const struct bt_list_item *item, struct bt_map *known)
{
	static char yes[] = "yes", no[] = "no";
	const char *name = bt_jget_text(item->summary, "Image"), *id = item->container->image_id;
	bt_auto_free char *key = id ? bt_str_format("%s %s", id, name) : NULL;
	const char *answer = key ? bt_map_get(known, key) : yes;

	if (!answer) {
		char *found = bt_images_means(item->container->engine->images, name, id) ? yes : no;

		answer = found;
		bt_discard(bt_map_put(known, key, found, NULL));
	}
	return answer == no ? id : name;
}

static void add_identity(const struct bt_list_item *item, struct bt_map *known, json_t *out)
{
	const json_t *summary = item->summary;
	bt_auto_free char *name = bt_str_format("/%s", item->name ? item->name : "");

	json_object_set_new(out, "Id", json_string(item->container->id));
	json_object_set_new(out, "Names", json_pack("[s]", name ? name : ""));
	json_object_set_new(out, "Image", json_string(image_name(item, known)));
	json_object_set_new(out, "ImageID", json_string(item->container->image_id));
	json_object_set_new(out, "Command", json_string(bt_jget_text(summary, "Command")));
	json_object_set_new(out, "Created",
			    json_integer(item->container->created_ns / BT_TIME_NSEC_PER_SEC));
}

/* Where a volume lies is not told here. */
static json_t *mounts(const json_t *summary)
{
	json_t *out = bt_jget_copy(json_object_get(summary, "Mounts")), *mount;
	size_t i;

	json_array_foreach (out, i, mount)
		if (strcmp(bt_jget_text(mount, "Type"), "volume") == 0)
			json_object_set_new(mount, "Source", json_string(""));
	return out;
}

static json_t *show(const struct bt_list_item *item, bool size, struct bt_map *known)
{
	const json_t *summary = item->summary;
	bool running = item->state.pid > 0;
	json_auto_t *published =
		running ? bt_network_ports(item->container->engine, item->container->id) : NULL;
	json_t *out = json_object();
	char status[96];
	int64_t rw;

	bt_status_text(&item->state, item->health, bt_time_now_ns(), status, sizeof(status));
	add_identity(item, known, out);
	json_object_set_new(out, "Ports",
			    running ? bt_container_networks_ports(
					      json_object_get(summary, "ExposedPorts"), published)
				    : json_array());
	if (size && bt_layers_rw_size(item->container->engine->layers, item->container->id, &rw,
				      BT_ERR_IGNORED) == 0)
		bt_container_add_size(item->container, rw, out);
	json_object_set_new(out, "Labels", bt_jget_copy(json_object_get(summary, "Labels")));
	json_object_set_new(out, "State",
			    json_string(bt_container_status_name(item->state.status)));
	json_object_set_new(out, "Status", json_string(status));
	json_object_set_new(out, "HostConfig",
			    json_pack("{s:s,s:O*}", "NetworkMode",
				      bt_jget_text(summary, "NetworkMode"), "Annotations",
				      json_object_get(summary, "Annotations")));
	json_object_set_new(out, "NetworkSettings", json_pack("{s:O}", "Networks", item->networks));
	json_object_set_new(out, "Mounts", mounts(summary));
	return out;
}

static bool is_shown(const struct bt_list_item *item, const struct bt_list_options *opt,
		     const struct bt_container_filter *filter)
{
	bool running = item->state.status == BT_CONTAINER_RUNNING ||
		       item->state.status == BT_CONTAINER_PAUSED ||
		       item->state.status == BT_CONTAINER_RESTARTING;

	if (!running && !opt->all && opt->limit <= 0 && !filter->all)
		return false;
	return bt_container_filter_match(filter, item);
}

int bt_container_list(struct bt_engine *engine, const struct bt_list_options *opt, json_t **ret,
		      struct bt_err *err)
{
	bt_auto(bt_container_filter_done) struct bt_container_filter filter = { 0 };
	bt_auto(bt_map_done) struct bt_map known = { 0 };
	json_auto_t *out = json_array();
	struct bt_container **all = NULL;
	ssize_t n;
	int r = bt_container_filter_make(engine, opt->filters, &filter, err);

	if (r < 0)
		return r;
	n = bt_container_all(engine, &all);
	if (n < 0)
		return bt_err_sys(err, (int)n, "list containers");
	for (ssize_t i = 0; i < n; i++) {
		bt_auto(item_done) struct bt_list_item item = { 0 };

		take_item(all[i], &item);
		if (is_shown(&item, opt, &filter))
			json_array_append_new(out, show(&item, opt->size, &known));
		if (opt->limit > 0 && (int64_t)json_array_size(out) >= opt->limit)
			break;
	}
	bt_container_unref_all(all, n);
	*ret = json_incref(out);
	return 0;
}
