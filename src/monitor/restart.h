/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_MONITOR_RESTART_H
#define BT_MONITOR_RESTART_H

/*
 * When a container that ended is started again, as Docker decides it: the policy,
 * and a delay that doubles from 100 ms up to a minute and begins anew after the
 * container has run for ten seconds.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "monitor/protocol.h"

#define BT_RESTART_DELAY_MIN_MS 100
#define BT_RESTART_DELAY_MAX_MS 60000
#define BT_RESTART_STEADY_MS    10000

/** How a run ended. */
struct bt_restart_end {
	int code;
	bool stopped;   /* somebody asked for it */
	bool unhealthy; /* the monitor killed it for its health */
	int restarts;   /* made so far */
	int64_t ran_ms;
};

/**
 * Decide. `*delay_ms` is the last delay (0: there was none yet) and is updated
 * either way. Returns true where the container starts again after *delay_ms.
 */
bool bt_restart_decide(const struct bt_restart *policy, const struct bt_restart_end *end,
		       int64_t *delay_ms);

#endif
