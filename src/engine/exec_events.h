/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_EXEC_EVENTS_H
#define BT_ENGINE_EXEC_EVENTS_H

/*
 * The engine's side of execs (engine/exec.h): their table, and what monitors
 * tell about them.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/container.h"

struct bt_execs;

/** An empty table, with its files below `exec_root` (borrowed); NULL without memory. */
struct bt_execs *bt_exec_table_create(const char *exec_root);
/** Release. NULL is fine. */
void bt_exec_table_destroy(struct bt_execs *execs);

/** The process runs. */
void bt_exec_table_event_started(struct bt_container *container, const char *exec, pid_t pid);
/** It ended, or could not be started, at `at_ns` (0: now). */
void bt_exec_table_event_ended(struct bt_container *container, const char *exec, int code,
			       int64_t at_ns);
/** It could not be started, and no monitor knows of it. */
void bt_exec_event_failed(struct bt_container *container, const char *exec, int code);
/** At start-up, before the container's monitor is connected: know its execs again. Ends that nobody
 * was told become events. Returns whether some have no end yet: bt_exec_restore_settle(). */
bool bt_exec_restore(struct bt_container *container);
struct bt_client;

/** After that, or where a monitor's events were missed: what had begun and is no longer known to
 * the monitor has ended. `client` is NULL where there is no monitor. It is asked, and waited for.
 */
void bt_exec_restore_settle(struct bt_container *container, struct bt_client *client);
/** Know its end, where its file tells one that was not told otherwise. */
void bt_exec_restore_end(struct bt_container *container, const char *exec);
/** The container ended, and everything in it. */
void bt_exec_table_container_ended(struct bt_container *container);
/** The container is gone: forget its execs. */
void bt_exec_table_container_removed(struct bt_container *container);
/** ExecIDs of inspect: an array of those that run, or null. New reference. */
json_t *bt_exec_table_ids_of(const struct bt_container *container);

#endif
