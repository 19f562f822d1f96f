/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/status_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"

void bt_status_duration(int64_t ns, char *ret, size_t size)
{
	int64_t seconds = ns / BT_TIME_NSEC_PER_SEC, minutes = seconds / 60;
	/* Hours are rounded, everything else is cut. */
	int64_t hours = (seconds + 1800) / 3600;

	if (seconds < 1)
		snprintf(ret, size, "Less than a second");
	else if (seconds == 1)
		snprintf(ret, size, "1 second");
	else if (seconds < 60)
		snprintf(ret, size, "%" PRId64 " seconds", seconds);
	else if (minutes == 1)
		snprintf(ret, size, "About a minute");
	else if (minutes < 60)
		snprintf(ret, size, "%" PRId64 " minutes", minutes);
	else if (hours == 1)
		snprintf(ret, size, "About an hour");
	else if (hours < 48)
		snprintf(ret, size, "%" PRId64 " hours", hours);
	else if (hours < 24 * 7 * 2)
		snprintf(ret, size, "%" PRId64 " days", hours / 24);
	else if (hours < 24 * 30 * 2)
		snprintf(ret, size, "%" PRId64 " weeks", hours / 24 / 7);
	else if (hours < 24 * 365 * 2)
		snprintf(ret, size, "%" PRId64 " months", hours / 24 / 30);
	else
		snprintf(ret, size, "%" PRId64 " years", seconds / 3600 / 24 / 365);
}

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
	char up[48], ago[48];

	bt_status_duration(now_ns - s->started_ns, up, sizeof(up));
	bt_status_duration(now_ns - s->finished_ns, ago, sizeof(ago));
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
