/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_APPLY_H
#define BT_ENGINE_CONTAINER_APPLY_H

/*
 * What a monitor tells, made into state: records are stored, waiters woken,
 * events published, and what follows from an end is begun.
 */

#include <stdbool.h>

#include "engine/container.h"
#include "engine/monitor_link.h"
#include "monitor/journal.h"

struct bt_missed;

/** Does `record` end the wait for a restart, and no program? To be asked before it is applied. */
bool bt_container_apply_gives_up(const struct bt_container_state *state,
				 const struct bt_journal_record *record);

/** The pure part: change `state` by one record. false where it was applied before. */
bool bt_container_apply_to_state(struct bt_container_state *state,
				 const struct bt_journal_record *record);

/** Apply a record that came just now: state, row, waiters, events, removal. Returns whether it is
 * stored: bt_container_apply_stores(). */
bool bt_container_apply(struct bt_container *container, const struct bt_journal_record *record);

/** Must the state be written to the database when this record is applied, or can it wait, because
 * the journal keeps it? */
bool bt_container_apply_stores(const struct bt_container *container,
			       const struct bt_journal_record *record);

/** At start-up: apply what the journal has beyond the row. Nothing is published: what shall become
 * an event is added to `missed`. Returns whether anything changed, or a negative errno. */
bt_nodiscard int bt_container_apply_replay(struct bt_container *container, struct bt_missed *missed,
					   struct bt_err *err);

/** The functions below, for the connections to the monitors. */
extern const struct bt_links_events bt_container_apply_events;

/** The monitor has gone. Where the state says that the container runs, the journal is read to the
 * end, and if that does not tell either, it was killed. */
void bt_container_apply_gone(struct bt_container *container);

/** The same at start-up: no monitor was there. What the journal does not tell went with the
 * machine. */
void bt_container_apply_found_dead(struct bt_container *container);

/** The kernel killed a process of the container for want of memory. */
void bt_container_apply_oom(struct bt_container *container);
/** A client left by its detach keys; `exec` is "" for the container's own. */
void bt_container_apply_detached(struct bt_container *container, const char *exec);
/** A restart that was asked for is carried out. */
void bt_container_apply_restarted(struct bt_container *container);

#endif
