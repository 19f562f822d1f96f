/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_WAITER_H
#define BT_ENGINE_CONTAINER_WAITER_H

/*
 * The engine's side of waiting (engine/container_wait.h): telling those who wait.
 */

#include "engine/container.h"

/** Its program ended, and the container's `ends` counts that: tell those who wait for an end and
 * began before it. Not under the container's lock. */
void bt_container_waiters_exit(struct bt_container *container);
/** Its start failed, so it will not run: tell all who wait for an end. Not under the container's
 * lock. */
void bt_container_waiters_give_up(struct bt_container *container);
/** It is removed: tell everybody. */
void bt_container_waiters_removed(struct bt_container *container);

/** Wait until the container does not run, for `timeout_ms` at most (-1: for ever). Returns 1 once
 * it does not, 0 after the time. */
bt_nodiscard int bt_container_wait_stopped(struct bt_container *container, int timeout_ms,
					   struct bt_err *err);

/** Wait until an end that its state shows is told, too: until then what the program had is being
 * let go of, by the container's name. Returns 0, or -errno without memory. Not by whoever tells. */
bt_nodiscard int bt_container_wait_told(struct bt_container *container, struct bt_err *err);

/** A restart that was asked for is done, or will never be. */
void bt_container_waiters_restarted(struct bt_container *container);

struct bt_container_wait;

/** Is what it waits for over? */
bool bt_container_wait_over(struct bt_container_wait *wait);

/** Wait for bt_container_waiters_restarted(). Open it before asking for the restart. NULL without
 * memory or descriptors. Close it with bt_container_wait_close(). */
struct bt_container_wait *bt_container_wait_restart_open(struct bt_container *container);
/** Block until it is over. Returns 0; or the error with which the new start failed. */
bt_nodiscard int bt_container_wait_restart(struct bt_container_wait *wait, struct bt_err *err);

#endif
