/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/restart.h"

static void next_delay(int64_t ran_ms, int64_t *delay_ms)
{
	if (*delay_ms == 0 || ran_ms >= BT_RESTART_STEADY_MS)
		*delay_ms = BT_RESTART_DELAY_MIN_MS;
	else
		*delay_ms *= 2;
	if (*delay_ms > BT_RESTART_DELAY_MAX_MS)
		*delay_ms = BT_RESTART_DELAY_MAX_MS;
}

bool bt_restart_decide(const struct bt_restart *policy, const struct bt_restart_end *end,
		       int64_t *delay_ms)
{
	bool in_limit = policy->max == 0 || end->restarts < policy->max;

	next_delay(end->ran_ms, delay_ms);
	if (end->stopped)
		return false;
	switch (policy->policy) {
	case BT_RESTART_ALWAYS:
	case BT_RESTART_UNLESS_STOPPED:
		return true;
	case BT_RESTART_ON_FAILURE:
		return end->code != 0 && in_limit;
	case BT_RESTART_ON_UNHEALTHY:
		return (end->unhealthy || end->code != 0) && in_limit;
	case BT_RESTART_NO:
		break;
	}
	return false;
}
