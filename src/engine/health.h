/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_HEALTH_H
#define BT_ENGINE_HEALTH_H

/*
 * Health checks: a program that is run in the container again and again, and what
 * its exit codes say. One thread keeps the time for all containers; each probe
 * runs in a short-lived one of its own. While no daemon runs nothing is probed.
 */

#include <stdbool.h>

#include "base/attr.h"
#include "engine/container.h"

struct bt_health;

/** Nothing is checked yet; NULL without memory. `on_unhealthy` is called, by a thread that may take
 * its time, for each probe that finds a container unhealthy. */
struct bt_health *bt_health_create(void (*on_unhealthy)(struct bt_container *container));
/** Stop; probes under way are waited for. NULL is fine. */
void bt_health_destroy(struct bt_health *health);

/** The container runs (again): check it from now on, if it has a check. `fresh`: its status
 * begins at "starting". */
void bt_health_begin(struct bt_container *container, bool fresh);
/** It is paused or has ended. */
void bt_health_end(struct bt_container *container);

#endif
