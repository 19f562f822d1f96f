/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/status_text.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "codec/duration.h"

static void up_text(const char *span, const char *health, char *ret, size_t size)
{
	if (strcmp(health, "starting") == 0)
		snprintf(ret, size, "Up %s (health: starting)", span);
	else if (health[0] && strcmp(health, "none") != 0)
		snprintf(ret, size, "Up %s (%s)", span, health);
	else
		snprintf(ret, size, "Up %s", span);
}

void bt_status_text(const struct bt_container_state *s, const char *health, int64_t now_ns,
		    char *ret, size_t size)
{
	char up[BT_DURATION_TEXT_MAX], ago[BT_DURATION_TEXT_MAX];

	bt_duration_text((now_ns - s->started_ns) / BT_TIME_NSEC_PER_SEC, up);
	bt_duration_text((now_ns - s->finished_ns) / BT_TIME_NSEC_PER_SEC, ago);
	switch (s->status) {
	case BT_CONTAINER_CREATED:
		snprintf(ret, size, "Created");
		break;
	case BT_CONTAINER_RUNNING:
		up_text(up, health, ret, size);
		break;
	case BT_CONTAINER_PAUSED:
		snprintf(ret, size, "Up %s (Paused)", up);
		break;
	case BT_CONTAINER_RESTARTING:
		snprintf(ret, size, "Restarting (%d) %s ago", s->exit_code, ago);
		break;
	case BT_CONTAINER_REMOVING:
		snprintf(ret, size, "Removal In Progress");
		break;
	case BT_CONTAINER_EXITED:
		snprintf(ret, size, "Exited (%d) %s ago", s->exit_code, ago);
		break;
	case BT_CONTAINER_DEAD:
		snprintf(ret, size, "Dead");
		break;
	}
}
