/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_HEALTH_H
#define BT_ENGINE_HEALTH_H

/*
 * Health checks: a program that is run in the container again and again, and what
 * its exit codes say. One thread keeps the time for all containers; each probe
 * runs in a short-lived one of its own. While no daemon runs nothing is probed.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "engine/container.h"

struct bt_health;

/** How a check is to be made; times in nanoseconds. */
struct bt_health_config {
	int64_t interval, timeout, start_period, start_interval;
	int retries;
};

/** Is there a check in a container's Config ("NONE" is none)? Its times with Docker's defaults go
 * to `ret`, which may be NULL. */
bool bt_health_config_read(const json_t *config, struct bt_health_config *ret);

/** The command of a check: an array of words (new reference), NULL where there is none. */
json_t *bt_health_command(const json_t *config);

/** What a probe found out. */
struct bt_health_probe {
	int64_t start_ns, end_ns;
	int code; /* -1: it could not be run, or took too long */
	const char *output;
};

/**
 * The pure part: State.Health (borrowed, NULL at first) after one more probe, as a new object.
 *
 * @since_start: nanoseconds from the container's start to the probe's.
 */
json_t *bt_health_apply(const json_t *health, const struct bt_health_config *config,
			const struct bt_health_probe *probe, int64_t since_start);

/** Nothing is checked yet; NULL without memory. */
struct bt_health *bt_health_create(void);
/** Stop; probes under way are waited for. NULL is fine. */
void bt_health_destroy(struct bt_health *health);

/** The container runs (again): check it from now on, if it has a check. `fresh`: its status
 * begins at "starting". */
void bt_health_begin(struct bt_container *container, bool fresh);
/** It is paused or has ended. */
void bt_health_end(struct bt_container *container);

#endif
