/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_HEALTH_STATE_H
#define BT_ENGINE_HEALTH_STATE_H

/*
 * The pure part of health checks: what a container's Config asks for, and what
 * State.Health says after a probe.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/** How a check is to be made; times in nanoseconds. */
struct bt_health_config {
	int64_t interval, timeout, start_period, start_interval;
	int retries;
};

/** Is there a check in a container's Config (its kind is "CMD" or "CMD-SHELL"; any other is none,
 * as with Docker)? Its times go to `ret`, which may be NULL: with Docker's defaults, and not longer
 * than 73 years, so that each can be added to the clock. */
bool bt_health_state_config(const json_t *config, struct bt_health_config *ret);

/** The command of a check: an array of words (new reference), NULL where there is none. */
json_t *bt_health_state_command(const json_t *config);

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
json_t *bt_health_state_apply(const json_t *health, const struct bt_health_config *config,
			      const struct bt_health_probe *probe, int64_t since_start);

#endif
