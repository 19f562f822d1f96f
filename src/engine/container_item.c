/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_item.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "engine/container_networks.h"
#include "engine/jget.h"

/* Without its log, which may be long. */
static void copy_health(const char *text, char ret[BT_CONTAINER_ITEM_HEALTH_MAX])
{
	struct bt_json_raw status = bt_json_raw_member(bt_json_raw_of(text), "Status");

	if (status.len >= 2 && status.len - 2 < BT_CONTAINER_ITEM_HEALTH_MAX) {
		memcpy(ret, status.p + 1, status.len - 2);
		ret[status.len - 2] = '\0';
	}
}

/* In one walk over the summary. */
static void find_said(const struct bt_container *c, struct bt_json_raw ret[BT_SAID_COUNT])
{
	static const char *const names[BT_SAID_COUNT] = {
		[BT_SAID_IMAGE] = "Image",
		[BT_SAID_COMMAND] = "Command",
		[BT_SAID_LABELS] = "Labels",
		[BT_SAID_NETWORK_MODE] = "NetworkMode",
		[BT_SAID_MOUNTS] = "Mounts",
		[BT_SAID_EXPOSED_PORTS] = "ExposedPorts",
		[BT_SAID_ANNOTATIONS] = "Annotations",
		[BT_SAID_ENDPOINTS] = "EndpointsConfig",
	};
	struct bt_json_raw name, value;
	struct bt_json_walk walk;

	if (bt_json_walk_begin(bt_json_raw_of(c->summary), &walk) < 0)
		return;
	while (bt_json_walk_next(&walk, &name, &value) > 0)
		for (size_t i = 0; i < BT_SAID_COUNT; i++)
			if (bt_json_raw_same(name, names[i]) && !bt_json_raw_same(value, "null"))
				ret[i] = value;
}

int bt_container_item_take(struct bt_container *c, struct bt_container_item *ret)
{
	struct bt_container_item item = { .container = c };
	bool whole;

	pthread_mutex_lock(&c->lock);
	item.state = c->state;
	item.name = strdup(c->name);
	item.networks = c->state.networks ? strdup(c->state.networks) : NULL;
	whole = item.name && (item.networks || !c->state.networks);
	copy_health(c->state.health, item.health);
	pthread_mutex_unlock(&c->lock);
	/* Borrowed texts do not outlive the lock. */
	item.state.error = item.state.networks = item.state.health = NULL;
	find_said(c, item.said);
	if (!whole) {
		bt_container_item_done(&item);
		return -ENOMEM;
	}
	*ret = item;
	return 0;
}

void bt_container_item_done(struct bt_container_item *item)
{
	free(item->name);
	free(item->networks);
	json_decref(item->summary_tree);
	json_decref(item->networks_tree);
	*item = (struct bt_container_item){ 0 };
}

const json_t *bt_container_item_summary(struct bt_container_item *item)
{
	if (!item->summary_tree)
		item->summary_tree = bt_jget_load(item->container->summary);
	return item->summary_tree;
}

const json_t *bt_container_item_networks(struct bt_container_item *item)
{
	const json_t *summary = bt_container_item_summary(item);

	if (!item->networks_tree)
		item->networks_tree = bt_container_networks(
			item->networks, bt_jget_text(summary, "NetworkMode"), summary);
	return item->networks_tree;
}
