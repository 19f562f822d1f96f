/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_EVENTS_H
#define BT_ENGINE_EVENTS_H

/*
 * Events: a ring of the last ones and any number of followers. A follower that
 * does not read loses the oldest, is told so, and costs a bounded amount.
 */

#include <jansson.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "codec/filters.h"

struct bt_engine;
struct bt_events_follower;

/** Publish. `attributes` is stolen; may be NULL. `type`: "container", "image", "network", "volume",
 * "daemon". */
void bt_events_emit(struct bt_engine *engine, const char *type, const char *action, const char *id,
		    json_t *attributes);

/** The same for what happened at another time: while no daemon ran, or a moment ago. */
void bt_events_emit_at(struct bt_engine *engine, const char *type, const char *action,
		       const char *id, json_t *attributes, int64_t at_ns);

/** Publish that a prune is done. `reclaimed` in bytes. */
void bt_events_emit_prune(struct bt_engine *engine, const char *type, int64_t reclaimed);

/** Follow: past events from `since_ns` (0: none), then new ones until `until_ns` (0: for ever).
 * `filters` borrowed until closed; may be NULL. */
bt_nodiscard int bt_events_follow(struct bt_engine *engine, int64_t since_ns, int64_t until_ns,
				  const struct bt_filters *filters, struct bt_events_follower **ret,
				  struct bt_err *err);
/** How many there are. */
int bt_events_followers(const struct bt_engine *engine);
/** Readable when there is something to take; borrowed. */
int bt_events_fd(const struct bt_events_follower *follower);
/** The next event as Docker's JSON text with "\n" (owned, free()): 1 where there was one, 0
 * where there is none yet, -ENODATA at the end. */
bt_nodiscard int bt_events_next(struct bt_events_follower *follower, char **ret);
/** Stop following. NULL is fine. */
void bt_events_close(struct bt_events_follower *follower);

#endif
