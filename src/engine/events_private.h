/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_EVENTS_PRIVATE_H
#define BT_ENGINE_EVENTS_PRIVATE_H

/*
 * The engine's side of events (engine/events.h).
 */

#include <jansson.h>
#include <stdbool.h>

struct bt_events;
struct bt_filters;

/** No events yet, nobody follows; NULL without memory. */
struct bt_events *bt_events_create(void);
/** Release; nobody follows any more. NULL is fine. */
void bt_events_destroy(struct bt_events *events);

/** Does a message pass the filters of GET /events? `filters` may be NULL. */
bool bt_events_match(const struct bt_filters *filters, const json_t *message);

#endif
