/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_MISSED_H
#define BT_ENGINE_MISSED_H

/*
 * What happened to containers while no daemon ran, on its way to become events: in
 * the order of the times at which it happened, over all containers.
 */

#include <stddef.h>
#include <stdint.h>

#include "engine/container.h"
#include "monitor/journal.h"

struct bt_missed_item;

/** Zeroed is empty. */
struct bt_missed {
	struct bt_missed_item *items; /* owned */
	size_t n, room;
};

/** Remember a record; the container gets a reference. `ran_ns` as for
 * bt_container_event_record(). Without memory the event is given up: the state has it. */
void bt_missed_add(struct bt_missed *missed, struct bt_container *container,
		   const struct bt_journal_record *record, int64_t ran_ns);

/** Publish all of them, and leave it empty. Under no lock. */
void bt_missed_publish(struct bt_missed *missed);

#endif
