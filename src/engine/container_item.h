/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_ITEM_H
#define BT_ENGINE_CONTAINER_ITEM_H

/*
 * A container as a list sees it: what was true at one moment, taken under its lock and looked at
 * without. Of its texts only copies are made; what a filter wants to search is parsed when the
 * first one asks, because most lists ask for nothing.
 */

#include <jansson.h>

#include "codec/json_raw.h"
#include "engine/container.h"

#define BT_CONTAINER_ITEM_HEALTH_MAX 16

/** What the summary says, as it stands there; in the order of bt_container_item's `said`. */
enum bt_container_said {
	BT_SAID_IMAGE,
	BT_SAID_COMMAND,
	BT_SAID_LABELS,
	BT_SAID_NETWORK_MODE,
	BT_SAID_MOUNTS,
	BT_SAID_EXPOSED_PORTS,
	BT_SAID_ANNOTATIONS,
	BT_SAID_ENDPOINTS,
	BT_SAID_COUNT
};

struct bt_container_item {
	struct bt_container *container;  /* borrowed */
	struct bt_container_state state; /* without its strings */
	char *name;
	char *networks;                            /* as state.networks was; NULL: none */
	char health[BT_CONTAINER_ITEM_HEALTH_MAX]; /* "": no check */
	struct bt_json_raw said[BT_SAID_COUNT];    /* borrowed from the container */
	const json_t *links; /* names that links give it (engine/link_names.h); borrowed, or NULL */
	/* made when asked for */
	json_t *summary_tree, *networks_tree;
};

/** Look at a container, which must outlive the item. Takes its lock. Returns 0 or -ENOMEM. */
bt_nodiscard int bt_container_item_take(struct bt_container *container,
					struct bt_container_item *ret);
/** Release what it owns. Zeroed is fine. */
void bt_container_item_done(struct bt_container_item *item);

/** The summary as a tree, borrowed from the item; NULL without memory. */
const json_t *bt_container_item_summary(struct bt_container_item *item);
/** NetworkSettings.Networks as a tree, borrowed from the item; NULL without memory. */
const json_t *bt_container_item_networks(struct bt_container_item *item);

#endif
