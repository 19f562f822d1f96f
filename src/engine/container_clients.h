/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_CLIENTS_H
#define BT_ENGINE_CONTAINER_CLIENTS_H

/*
 * Clients that attached to a container before it was started: their sockets wait
 * here and go to the monitor with the start.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/list.h"
#include "engine/container.h"
#include "monitor/protocol.h"

/* More than this many waiting clients are refused: they share one message. */
#define BT_CONTAINER_CLIENTS_MAX 32

/** Keep a socket (owned from now on, also after a failure). UNAVAILABLE for too many. Returns 1,
 * and leaves the socket to the caller, where the container runs meanwhile. `ret_since_ns`: when it
 * began to wait; what is said later is said by the run whose monitor gets it. */
bt_nodiscard int bt_container_clients_add(struct bt_container *container,
					  const struct bt_spawn_client *how, int sock,
					  int64_t *ret_since_ns, struct bt_err *err);

/** A client that is expected. */
struct bt_container_arrival {
	struct bt_list link; /* in the container's `attaching`; under its lock */
	uint64_t number;
};

/** A client will be told that it is attached, which it may take for leave to start the container,
 * or to send it a signal whose effect it wants to see: these wait until the client has arrived.
 * `arrival` stays where it is until bt_container_clients_arrived(). */
void bt_container_clients_expect(struct bt_container *container,
				 struct bt_container_arrival *arrival);
/** It was added, or the monitor has it, or it does not come. */
void bt_container_clients_arrived(struct bt_container *container,
				  struct bt_container_arrival *arrival);
/** Wait for those that are expected by now, and for none that come later: for some seconds, which
 * an honest one does not need. Returns whether they have arrived. */
bool bt_container_clients_await(struct bt_container *container);

/** The clients of one start. Zeroed is none. */
struct bt_container_clients {
	struct bt_spawn_client how[BT_CONTAINER_CLIENTS_MAX];
	char *keys[BT_CONTAINER_CLIENTS_MAX]; /* owned, what `how` points to */
	int fds[BT_CONTAINER_CLIENTS_MAX];    /* owned */
	unsigned n;
};

/** Take all that wait, after bt_container_clients_await(). `detach_keys` (may be NULL) is for those
 * that named none. */
void bt_container_clients_take(struct bt_container *container, const char *detach_keys,
			       struct bt_container_clients *ret);
/** Close and release. */
void bt_container_clients_done(struct bt_container_clients *clients);
/** Close those that wait: there is no start. */
void bt_container_clients_drop(struct bt_container *container);

#endif
