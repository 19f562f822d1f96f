/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_START_ORDER_H
#define BT_ENGINE_START_ORDER_H

/*
 * In which order containers are started when a daemon begins: one that joins the
 * namespaces of another, or links to it, after that one; else the oldest first.
 */

#include <jansson.h>
#include <stddef.h>

#include "engine/container.h"

/** The containers that must run before one with this HostConfig: an array of names and ids, as
 * they were given. New reference; NULL where there are none. */
json_t *bt_start_order_needs(const json_t *host_config);

/** Sort. What cannot be read of a container counts as no need; of a circle, the oldest is first. */
void bt_start_order_sort(struct bt_container **containers, size_t n);

#endif
