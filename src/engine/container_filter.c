/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_filter.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/filters.h"
#include "engine/engine_private.h"
#include "engine/jget.h"

static const char *const known[] = { "ancestor", "before", "exited",  "expose",
				     "health",   "id",     "is-task", "isolation",
				     "label",    "name",   "network", "publish",
				     "since",    "status", "volume",  NULL };

static int check_status(const struct bt_filters *filters, bool *ret_all, struct bt_err *err)
{
	const char *value;

	for (size_t i = 0; (value = bt_filters_value(filters, "status", i)); i++) {
		int s = BT_CONTAINER_CREATED;

		while (s <= BT_CONTAINER_DEAD &&
		       strcmp(bt_container_status_name((enum bt_container_status)s), value) != 0)
			s++;
		if (s > BT_CONTAINER_DEAD)
			return bt_err_set(
				err, BT_ERR_INVALID, EINVAL,
				"invalid filter 'status=%s': invalid value for state (%s): "
				"must be one of created, running, paused, restarting, "
				"removing, exited, dead",
				value, value);
		*ret_all = true;
	}
	return 0;
}

static int check_exited(const struct bt_filters *filters, struct bt_err *err)
{
	const char *value;
	long long code;

	for (size_t i = 0; (value = bt_filters_value(filters, "exited", i)); i++)
		if (bt_str_to_i64(value, &code) < 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid filter 'exited=%s'",
					  value);
	return 0;
}

/* "80", "80/tcp" or "80-90/udp": 0, or -EINVAL. */
static int parse_ports(const char *value, long *ret_first, long *ret_last)
{
	size_t len = strcspn(value, "/-");
	bt_auto_free char *first = strndup(value, len);
	size_t rest = value[len] == '-' ? strcspn(value + len + 1, "/") : 0;
	bt_auto_free char *last = rest ? strndup(value + len + 1, rest) : NULL;
	unsigned long long from, to;

	if (!first || bt_str_to_u64(first, &from) < 0 || from > UINT16_MAX)
		return -EINVAL;
	to = from;
	if (value[len] == '-' && (!last || bt_str_to_u64(last, &to) < 0 || to > UINT16_MAX))
		return -EINVAL;
	*ret_first = (long)from;
	*ret_last = (long)to;
	return 0;
}

static int check_ports(const struct bt_filters *filters, const char *name, struct bt_err *err)
{
	const char *value;
	long first, last;

	for (size_t i = 0; (value = bt_filters_value(filters, name, i)); i++)
		if (parse_ports(value, &first, &last) < 0 || last < first)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "error while looking up for %s %.100s: not a port or a "
					  "range of ports",
					  name, value);
	return 0;
}

static int check_health(const struct bt_filters *filters, struct bt_err *err)
{
	static const char *const states[] = { "none", "starting", "healthy", "unhealthy" };
	const char *value;

	for (size_t i = 0; (value = bt_filters_value(filters, "health", i)); i++) {
		size_t s = 0, n = sizeof(states) / sizeof(states[0]);

		while (s < n && strcmp(states[s], value) != 0)
			s++;
		if (s == n)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid filter 'health=%s': invalid value for health "
					  "(%s): must be one of none, starting, healthy, unhealthy",
					  value, value);
	}
	return 0;
}

/* No container of ours is of a swarm's task. */
static int check_task(const struct bt_filters *filters, bool *ret_none, struct bt_err *err)
{
	static const char *const no[] = { "0", "false" }, *const yes[] = { "1", "true" };
	const char *value = bt_filters_value(filters, "is-task", 0);

	if (!value)
		return 0;
	for (size_t i = 0; i < 2; i++) {
		if (strcasecmp(value, yes[i]) == 0)
			*ret_none = true;
		if (strcasecmp(value, yes[i]) == 0 || strcasecmp(value, no[i]) == 0)
			return 0;
	}
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid filter 'is-task=[%s]'", value);
}

/* When the container behind before or since was made. */
static int look_up_time(struct bt_engine *engine, const struct bt_filters *filters,
			const char *name, int64_t *ret, struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	const char *value = bt_filters_value(filters, name, 0);
	int r = value ? bt_container_get(engine, value, &c, err) : 0;

	if (r < 0)
		return r;
	*ret = c ? c->created_ns : 0;
	return 0;
}

/* Names of images that are not there match nothing. */
static void look_up_images(struct bt_engine *engine, struct bt_container_filter *filter)
{
	const char *value;

	for (size_t i = 0; (value = bt_filters_value(filter->filters, "ancestor", i)); i++) {
		bt_auto_image struct bt_image image = { 0 };

		if (filter->nimages < BT_CONTAINER_FILTER_IMAGES && value[0] &&
		    bt_images_get(engine->images, value, &image, BT_ERR_IGNORED) == 0)
			filter->images[filter->nimages++] = bt_take(image.id);
	}
}

int bt_container_filter_make(struct bt_engine *engine, const struct bt_filters *filters,
			     struct bt_container_filter *ret, struct bt_err *err)
{
	struct bt_container_filter filter = { .filters = filters };
	int r;

	if (!filters) {
		*ret = filter;
		return 0;
	}
	r = bt_filters_only(filters, known, err);
	if (r == 0)
		r = check_status(filters, &filter.all, err);
	if (r == 0)
		r = check_exited(filters, err);
	if (r == 0)
		r = check_health(filters, err);
	if (r == 0)
		r = check_ports(filters, "expose", err);
	if (r == 0)
		r = check_ports(filters, "publish", err);
	if (r == 0)
		r = check_task(filters, &filter.none, err);
	if (r == 0)
		r = look_up_time(engine, filters, "before", &filter.before_ns, err);
	if (r == 0)
		r = look_up_time(engine, filters, "since", &filter.since_ns, err);
	if (r < 0)
		return r;
	look_up_images(engine, &filter);
	*ret = filter;
	return 0;
}

void bt_container_filter_done(struct bt_container_filter *filter)
{
	for (unsigned i = 0; i < filter->nimages; i++)
		free(filter->images[i]);
	filter->nimages = 0;
}

static const char *get_label(const void *arg, const char *key)
{
	return json_string_value(json_object_get(arg, key));
}

static bool match_labels(const struct bt_filters *f, struct bt_container_item *item)
{
	const json_t *labels;

	if (!bt_filters_has(f, "label"))
		return true;
	labels = json_object_get(bt_container_item_summary(item), "Labels");
	return bt_filters_labels(f, "label", get_label, labels);
}

/* One of its names, which begins with a slash: with that and without. */
static bool match_one_name(const struct bt_filters *f, const char *slashed)
{
	return bt_filters_match(f, "name", slashed + 1) || bt_filters_match(f, "name", slashed);
}

static bool match_name(const struct bt_filters *f, const struct bt_container_item *item)
{
	bt_auto_free char *own = NULL;
	const json_t *link;
	size_t i;

	if (!bt_filters_has(f, "name"))
		return true;
	own = bt_str_format("/%s", item->name);
	if (own && match_one_name(f, own))
		return true;
	json_array_foreach (item->links, i, link)
		if (match_one_name(f, json_string_value(link)))
			return true;
	return false;
}

static bool match_ancestor(const struct bt_container_filter *filter,
			   const struct bt_container_item *item)
{
	if (!bt_filters_has(filter->filters, "ancestor"))
		return true;
	for (unsigned i = 0; i < filter->nimages; i++)
		if (strcmp(filter->images[i], item->container->image_id) == 0)
			return true;
	return false;
}

static bool match_exited(const struct bt_filters *f, const struct bt_container_item *item)
{
	const char *value;
	long long code;

	if (!bt_filters_has(f, "exited"))
		return true;
	if (item->state.pid > 0 || item->state.started_ns == 0)
		return false;
	for (size_t i = 0; (value = bt_filters_value(f, "exited", i)); i++)
		if (bt_str_to_i64(value, &code) == 0 && code == item->state.exit_code)
			return true;
	return false;
}

static bool match_health(const struct bt_filters *f, const struct bt_container_item *item)
{
	return bt_filters_exact(f, "health", item->health[0] ? item->health : "none");
}

static bool match_network(const struct bt_filters *f, struct bt_container_item *item)
{
	const char *name;
	json_t *endpoint;

	if (!bt_filters_has(f, "network"))
		return true;
	json_object_foreach ((json_t *)(uintptr_t)bt_container_item_networks(item), name,
			     endpoint) {
		const char *id = bt_jget_text(endpoint, "NetworkID"), *value;

		if (bt_filters_exact(f, "network", name))
			return true;
		for (size_t i = 0; (value = bt_filters_value(f, "network", i)); i++)
			if (value[0] && bt_str_after(id, value))
				return true;
	}
	return false;
}

static bool match_volume(const struct bt_filters *f, struct bt_container_item *item)
{
	const json_t *mount;
	size_t i;

	if (!bt_filters_has(f, "volume"))
		return true;
	json_array_foreach (json_object_get(bt_container_item_summary(item), "Mounts"), i, mount)
		if (bt_filters_exact(f, "volume", bt_jget_text(mount, "Name")) ||
		    bt_filters_exact(f, "volume", bt_jget_text(mount, "Source")) ||
		    bt_filters_exact(f, "volume", bt_jget_text(mount, "Destination")))
			return true;
	return false;
}

/* "80", "80/tcp" or "80-90/udp" against "85/udp". */
static bool port_in(const char *value, const char *port)
{
	size_t slash = strcspn(value, "/");
	const char *proto = value[slash] && value[slash + 1] ? value + slash + 1 : "tcp";
	const char *own = strchr(port, '/');
	long first, last, number = strtol(port, NULL, 10);

	return parse_ports(value, &first, &last) == 0 && number >= first && number <= last &&
	       strcmp(own ? own + 1 : "tcp", proto) == 0;
}

/* `member`: of the summary, with the ports as its names. */
static bool match_ports(const struct bt_filters *f, const char *name,
			struct bt_container_item *item, const char *member)
{
	const char *value, *port;
	const json_t *ports, *ignored;

	if (!bt_filters_has(f, name))
		return true;
	ports = json_object_get(bt_container_item_summary(item), member);
	for (size_t i = 0; (value = bt_filters_value(f, name, i)); i++)
		json_object_foreach ((json_t *)(uintptr_t)ports, port, ignored)
			if (ignored && port_in(value, port))
				return true;
	return false;
}

static bool match_time(const struct bt_container_filter *filter, const struct bt_container *c)
{
	return (!filter->before_ns || c->created_ns < filter->before_ns) &&
	       (!filter->since_ns || c->created_ns > filter->since_ns);
}

/* What is there without a look into JSON. */
static bool match_plain(const struct bt_container_filter *filter,
			const struct bt_container_item *item)
{
	const struct bt_filters *f = filter->filters;

	return match_time(filter, item->container) && match_ancestor(filter, item) &&
	       bt_filters_match(f, "id", item->container->id) && match_name(f, item) &&
	       bt_filters_exact(f, "status", bt_container_status_name(item->state.status)) &&
	       match_exited(f, item) && match_health(f, item);
}

bool bt_container_filter_match(const struct bt_container_filter *filter,
			       struct bt_container_item *item)
{
	const struct bt_filters *f = filter->filters;

	if (!f)
		return true;
	return !filter->none && match_plain(filter, item) && match_labels(f, item) &&
	       match_network(f, item) && match_volume(f, item) &&
	       match_ports(f, "expose", item, "ExposedPorts") &&
	       match_ports(f, "publish", item, "PortBindings");
}
