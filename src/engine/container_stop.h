/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_STOP_H
#define BT_ENGINE_CONTAINER_STOP_H

/*
 * Stop and kill: what ends a container.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_container;
struct bt_engine;

/** Stop: `signal` NULL for the container's own; `timeout` in seconds, -1: for ever, INT_MIN: the
 * container's own. Returns 0 when it has ended, 1 where it did not run (304). */
bt_nodiscard int bt_container_stop(struct bt_engine *engine, const char *ref, const char *signal,
				   int timeout, struct bt_err *err);
/** Send a signal ("KILL", "SIGKILL", "9"; NULL: KILL). CONFLICT where it does not run. */
bt_nodiscard int bt_container_kill(struct bt_engine *engine, const char *ref, const char *signal,
				   struct bt_err *err);

/** Begin to kill, for `rm -f`; does not wait. */
bt_nodiscard int bt_container_stop_for_removal(struct bt_container *container, struct bt_err *err);

/** The signal that a container's Config asks for; SIGTERM where there is none, or none that is one.
 */
int bt_container_stop_signal(const json_t *config);
/** How many seconds its Config gives it: 10 where it does not say, -1 (for ever) for less than 0.
 */
int bt_container_stop_timeout(const json_t *config);

/* The steps that a restart shares. */

/** Signal and seconds, where the caller leaves them to the container: `signal` NULL or "",
 * `*timeout` INT_MIN. */
bt_nodiscard int bt_container_stop_values(struct bt_container *container, const char *signal,
					  int *timeout, int *ret_signal, struct bt_err *err);
/** Is there something to stop: a process, or a restart to come? */
bool bt_container_stop_needed(struct bt_container *container);
/** Does it wait for a restart, so that there is no process to be signalled? */
bool bt_container_stop_waits(struct bt_container *container);
/** Let go on what is paused, after `signal` was sent: a frozen container takes no signal but the
 * one that ends it. Any other is told as "unpause". */
void bt_container_stop_thaw(struct bt_container *container, int signal);
/** No start that its policy made due comes any more; and where it is alive, its end from here on is
 * what was asked for, told as "stop", and none that its policy has an answer to: one step, so that
 * an end that comes meanwhile is seen here, or sees this. `timeout` as in bt_client_stop(). `anew`:
 * it is to run again, so that nothing ends where it waits for that. Returns whether it is alive. */
bt_nodiscard bool bt_container_stop_expect(struct bt_container *container, int timeout, bool anew);
/** Publish "kill" with its signal, where there is a process that it is for. */
void bt_container_stop_event(struct bt_container *container, int signal);

#endif
