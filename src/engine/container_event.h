/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_EVENT_H
#define BT_ENGINE_CONTAINER_EVENT_H

/*
 * Events of containers: image, name and labels go with each.
 */

#include <jansson.h>
#include <stdint.h>

#include "engine/container.h"
#include "monitor/journal.h"

/** Publish `action`. `extra` (object of strings, may be NULL) is stolen. Not under the
 * container's lock. */
void bt_container_event(struct bt_container *container, const char *action, json_t *extra);

/** The same for what happened at `at_ns`. */
void bt_container_event_at(struct bt_container *container, const char *action, json_t *extra,
			   int64_t at_ns);

/** Publish the events that a monitor's record makes, with its time. `ran_ns`: how long the program
 * ran, for an end. */
void bt_container_event_record(struct bt_container *container,
			       const struct bt_journal_record *record, int64_t ran_ns);

#endif
