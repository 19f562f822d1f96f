/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_MONITOR_LINK_H
#define BT_ENGINE_MONITOR_LINK_H

/*
 * The connections to the monitors: one thread waits for all of them and applies
 * what they tell, a second one does what takes longer
 * than an event may (removal of containers that asked for it).
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/container.h"
#include "monitor/client.h"

struct bt_engine;
struct bt_links;
struct bt_link;

/** What becomes of what the monitors tell; called by the thread that waits for them, or by the one
 * that waits for a start. */
struct bt_links_events {
	/* Returns whether it is stored; what is not stays in the journal. */
	bool (*record)(struct bt_container *container, const struct bt_journal_record *record);
	void (*oom)(struct bt_container *container);
	void (*detached)(struct bt_container *container, const char *exec);
	void (*restarted)(struct bt_container *container);
	/* Not everything it told was heard, or by another connection than this, from which nothing
	 * is taken meanwhile: what was missed is in its files. */
	void (*behind)(struct bt_container *container, struct bt_client *client);
	/* Nobody listens there any more. */
	void (*gone)(struct bt_container *container);
};

/** Start the threads. `events` is borrowed for their life. */
bt_nodiscard int bt_links_open(const struct bt_links_events *events, struct bt_links **ret,
			       struct bt_err *err);
/** Stop them; monitors go on. NULL is fine. */
void bt_links_close(struct bt_links *links);

/** Spawn a monitor and wait until its container runs. On success the container is linked; after a
 * failure it is not, and its state tells why. */
bt_nodiscard int bt_link_spawn(struct bt_container *container, const struct bt_spawn *spawn,
			       const struct bt_client_fds *fds, struct bt_err *err);

/** Connect to the monitor of a container that an earlier daemon started. What it tells is taken
 * after bt_link_watch(). Returns 0 with *ret a reference; -ENOENT or -ECONNREFUSED where nobody
 * listens; or another negative errno. */
bt_nodiscard int bt_link_connect(struct bt_container *container, struct bt_link **ret,
				 struct bt_err *err);
/** Link its container, and take what the monitor tells from now on. The caller keeps its reference.
 * Returns 0 or a negative errno. */
bt_nodiscard int bt_link_watch(struct bt_link *link, struct bt_err *err);

/** The container has no link any more, for its monitor has nothing more to tell that the journal
 * has not: how that one's connection ends says nothing of the container. */
void bt_link_forget(struct bt_container *container);

/** The container's link with a reference for a request, or NULL where it has none. */
struct bt_link *bt_link_get(struct bt_container *container);
/** Its client, borrowed. */
struct bt_client *bt_link_client(struct bt_link *link);
/** The monitor's process; 0 where it is not known. */
pid_t bt_link_monitor(const struct bt_link *link);
/** A pidfd of the monitor of `c` (owned by the caller), or -errno; -ENOENT: it has none. */
bt_nodiscard int bt_link_open_life(struct bt_container *c);
/** Drop a reference. NULL is fine. */
void bt_link_unref(struct bt_link *link);

static inline void bt_link_unrefp(struct bt_link **p)
{
	bt_link_unref(*p);
}
#define bt_auto_link bt_auto(bt_link_unrefp)

/** Let the second thread call `fn` with the container, which gets a reference meanwhile. */
void bt_links_later(struct bt_container *container, void (*fn)(struct bt_container *container));

#endif
