/* SPDX-License-Identifier: Apache-2.0 */

/*
 * `ps`: written straight into text. A container's summary and its networks are JSON texts already,
 * so their parts are copied as they stand; only what must be computed (ports, and mounts that are
 * volumes) becomes a tree for a moment. docs/decisions/0022-lists-without-trees.md says why.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/map.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/filters.h"
#include "codec/json.h"
#include "engine/container_filter.h"
#include "engine/container_inspect.h"
#include "engine/container_item.h"
#include "engine/container_networks.h"
#include "engine/container_size.h"
#include "engine/engine_private.h"
#include "engine/jget.h"
#include "engine/link_names.h"
#include "engine/network_ports.h"
#include "engine/status_text.h"

/* One list on its way. */
struct list {
	struct bt_engine *engine;
	const struct bt_list_options *opt;
	struct bt_container_filter filter;
	struct bt_map images; /* what image_name() found out */
	/* What the last one that never ran was made with, and the networks that it would have. All
	 * containers are held meanwhile. */
	struct bt_json_raw mode, endpoints;
	struct bt_str networks;
	int64_t now_ns;
	struct bt_str *out;
	json_t *links; /* engine/link_names.h */
};

static void list_done(struct list *list)
{
	bt_container_filter_done(&list->filter);
	bt_map_done(&list->images);
	bt_str_done(&list->networks);
	json_decref(list->links);
}

/* Does the name that was given still mean the image that the container was made of? Many have
 * the same image: answers are remembered. */
static bool name_holds(struct list *list, const struct bt_container *c, struct bt_json_raw name)
{
	static char yes[] = "yes", no[] = "no";
	bt_auto_free char *key = bt_str_format("%s %.*s", c->image_id, (int)name.len, name.p);
	const char *answer = key ? bt_map_get(&list->images, key) : yes;

	if (!answer) {
		json_auto_t *text = bt_json_raw_load(name);
		const char *plain = json_is_string(text) ? json_string_value(text) : "";
		char *found = bt_images_means(list->engine->images, plain, c->image_id) ? yes : no;

		answer = found;
		bt_discard(bt_map_put(&list->images, key, found, NULL));
	}
	return answer == yes;
}

/* What the container was made of, by the name that was given, or by its id where that name has
 * come to mean something else. */
static void put_image(struct list *list, const struct bt_container_item *item)
{
	struct bt_json_raw name = item->said[BT_SAID_IMAGE];

	if (name.p && name_holds(list, item->container, name))
		bt_json_raw_append(list->out, name, "");
	else
		bt_json_append_str(list->out, item->container->image_id);
}

static void put_identity(struct list *list, const struct bt_container_item *item)
{
	const struct bt_container *c = item->container;
	struct bt_str *out = list->out;
	const json_t *link;
	size_t i;

	bt_str_printf(out, "{\"Id\":\"%s\",\"Names\":[\"/%s\"", c->id, item->name);
	json_array_foreach (item->links, i, link) {
		bt_str_putc(out, ',');
		bt_json_append_str(out, json_string_value(link));
	}
	bt_str_puts(out, "],\"Image\":");
	put_image(list, item);
	bt_str_puts(out, ",\"ImageID\":");
	bt_json_append_str(out, c->image_id);
	bt_str_puts(out, ",\"Command\":");
	bt_json_raw_append(out, item->said[BT_SAID_COMMAND], "\"\"");
	bt_str_printf(out, ",\"Created\":%lld", (long long)(c->created_ns / BT_TIME_NSEC_PER_SEC));
}

static void put_ports(struct list *list, struct bt_container_item *item)
{
	struct bt_json_raw exposed = item->said[BT_SAID_EXPOSED_PORTS];
	json_auto_t *published = NULL, *ports = NULL;

	if (item->state.pid > 0)
		published = bt_network_ports(list->engine, item->container->id);
	bt_str_puts(list->out, ",\"Ports\":");
	if (item->state.pid <= 0 || (!published && !bt_json_raw_filled(exposed))) {
		bt_str_puts(list->out, "[]");
		return;
	}
	ports = bt_container_networks_ports(
		json_object_get(bt_container_item_summary(item), "ExposedPorts"), published);
	bt_json_append(list->out, ports);
}

/* SizeRw and SizeRootFs, where they were asked for. */
static void put_sizes(struct list *list, const struct bt_container_item *item)
{
	const struct bt_container *c = item->container;
	json_auto_t *sizes = NULL;
	const char *name;
	json_t *value;
	int64_t rw;

	if (!list->opt->size ||
	    bt_layers_rw_size(list->engine->layers, c->id, &rw, BT_ERR_IGNORED) < 0)
		return;
	sizes = json_object();
	bt_container_add_size(c, rw, sizes);
	json_object_foreach (sizes, name, value)
		bt_str_printf(list->out, ",\"%s\":%lld", name,
			      (long long)json_integer_value(value));
}

static void put_status(struct list *list, const struct bt_container_item *item)
{
	char status[96];

	bt_status_text(&item->state, item->health, list->now_ns, status, sizeof(status));
	bt_str_puts(list->out, ",\"Labels\":");
	bt_json_raw_append(list->out, item->said[BT_SAID_LABELS], "null");
	bt_str_printf(list->out, ",\"State\":\"%s\",\"Status\":",
		      bt_container_status_name(item->state.status));
	bt_json_append_str(list->out, status);
}

static bool is_same(struct bt_json_raw a, struct bt_json_raw b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* What one that has never run would be connected to: the same for all that were made alike. */
static void put_mode(struct list *list, struct bt_container_item *item, struct bt_json_raw mode)
{
	struct bt_json_raw endpoints = item->said[BT_SAID_ENDPOINTS];

	if (list->networks.len == 0 || !is_same(mode, list->mode) ||
	    !is_same(endpoints, list->endpoints)) {
		bt_str_clear(&list->networks);
		bt_json_append(&list->networks, bt_container_item_networks(item));
		list->mode = mode;
		list->endpoints = endpoints;
	}
	bt_str_add(list->out, bt_str_get(&list->networks), list->networks.len);
}

static void put_networks(struct list *list, struct bt_container_item *item)
{
	struct bt_json_raw mode = item->said[BT_SAID_NETWORK_MODE];
	struct bt_json_raw annotations = item->said[BT_SAID_ANNOTATIONS];
	struct bt_json_raw networks = bt_json_raw_of(item->networks);

	bt_str_puts(list->out, ",\"HostConfig\":{\"NetworkMode\":");
	bt_json_raw_append(list->out, mode, "\"\"");
	if (annotations.p) {
		bt_str_puts(list->out, ",\"Annotations\":");
		bt_json_raw_append(list->out, annotations, "");
	}
	bt_str_puts(list->out, "},\"NetworkSettings\":{\"Networks\":");
	if (networks.p && *networks.p == '{')
		bt_json_raw_append(list->out, networks, "{}");
	else
		put_mode(list, item, mode);
	bt_str_putc(list->out, '}');
}

/* Where a volume lies is not told here. */
static void put_mounts(struct list *list, struct bt_container_item *item)
{
	struct bt_json_raw mounts = item->said[BT_SAID_MOUNTS];
	json_auto_t *shown = NULL;
	json_t *mount;
	size_t i;

	bt_str_puts(list->out, ",\"Mounts\":");
	if (!bt_json_raw_filled(mounts)) {
		bt_json_raw_append(list->out, mounts, "null");
		return;
	}
	shown = bt_json_raw_load(mounts);
	json_array_foreach (shown, i, mount)
		if (strcmp(bt_jget_text(mount, "Type"), "volume") == 0)
			json_object_set_new(mount, "Source", json_string(""));
	bt_json_append(list->out, shown);
}

static void show(struct list *list, struct bt_container_item *item)
{
	put_identity(list, item);
	put_ports(list, item);
	put_sizes(list, item);
	put_status(list, item);
	put_networks(list, item);
	put_mounts(list, item);
	bt_str_putc(list->out, '}');
}

static bool is_shown(const struct list *list, struct bt_container_item *item)
{
	bool running = item->state.status == BT_CONTAINER_RUNNING ||
		       item->state.status == BT_CONTAINER_PAUSED ||
		       item->state.status == BT_CONTAINER_RESTARTING;

	if (!running && !list->opt->all && list->opt->limit <= 0 && !list->filter.all)
		return false;
	return bt_container_filter_match(&list->filter, item);
}

/* Returns 0 or the builder's failure. */
static int show_all(struct list *list, struct bt_container *const *all, ssize_t n)
{
	int64_t shown = 0;

	for (ssize_t i = 0; i < n && (list->opt->limit <= 0 || shown < list->opt->limit); i++) {
		bt_auto(bt_container_item_done) struct bt_container_item item = { 0 };
		int r = bt_container_item_take(all[i], &item);

		if (r < 0)
			return r;
		item.links = json_object_get(list->links, all[i]->id);
		if (!is_shown(list, &item))
			continue;
		bt_str_puts(list->out, shown++ > 0 ? "," : "");
		show(list, &item);
	}
	return list->out->failed;
}

int bt_container_list(struct bt_engine *engine, const struct bt_list_options *opt,
		      struct bt_str *out, struct bt_err *err)
{
	bt_auto(list_done) struct list list = {
		.engine = engine,
		.opt = opt,
		.now_ns = bt_time_now_ns(),
		.out = out,
	};
	struct bt_container **all = NULL;
	ssize_t n;
	int r = bt_container_filter_make(engine, opt->filters, &list.filter, err);

	if (r < 0)
		return r;
	n = bt_container_all(engine, &all);
	if (n < 0)
		return bt_err_sys(err, (int)n, "list containers");
	bt_str_putc(out, '[');
	r = bt_link_names_all(all, n, &list.links, err);
	if (r == 0)
		r = show_all(&list, all, n);
	bt_str_putc(out, ']');
	bt_container_unref_all(all, n);
	return r < 0 || out->failed ? bt_err_sys(err, r < 0 ? r : out->failed, "list containers")
				    : 0;
}
