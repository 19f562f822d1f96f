/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_EXEC_EVENTS_H
#define BT_ENGINE_EXEC_EVENTS_H

/*
 * The engine's side of execs (engine/exec.h): their table, and what monitors
 * tell about them.
 */

#include <jansson.h>
#include <sys/types.h>

#include "engine/container.h"

struct bt_execs;

/** An empty table; NULL without memory. */
struct bt_execs *bt_execs_create(void);
/** Release. NULL is fine. */
void bt_execs_destroy(struct bt_execs *execs);

/** The process runs. */
void bt_exec_event_started(struct bt_container *container, const char *exec, pid_t pid);
/** It ended, or could not be started. */
void bt_exec_event_ended(struct bt_container *container, const char *exec, int code);
/** The container ended, and everything in it. */
void bt_exec_container_ended(struct bt_container *container);
/** The container is gone: forget its execs. */
void bt_exec_container_removed(struct bt_container *container);
/** ExecIDs of inspect: an array of those that run, or null. New reference. */
json_t *bt_exec_ids_of(const struct bt_container *container);

#endif
