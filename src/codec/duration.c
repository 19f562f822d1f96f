/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/duration.h"

#include <inttypes.h>
#include <stdio.h>

static void print(char ret[BT_DURATION_TEXT_MAX], int64_t n, const char *unit)
{
	(void)snprintf(ret, BT_DURATION_TEXT_MAX, "%" PRId64 " %s", n, unit);
}

void bt_duration_text(int64_t seconds, char ret[BT_DURATION_TEXT_MAX])
{
	int64_t minutes = seconds / 60, hours = (seconds + 1800) / 3600;

	if (seconds < 1)
		(void)snprintf(ret, BT_DURATION_TEXT_MAX, "Less than a second");
	else if (seconds == 1)
		(void)snprintf(ret, BT_DURATION_TEXT_MAX, "1 second");
	else if (seconds < 60)
		print(ret, seconds, "seconds");
	else if (minutes == 1)
		(void)snprintf(ret, BT_DURATION_TEXT_MAX, "About a minute");
	else if (minutes < 60)
		print(ret, minutes, "minutes");
	else if (hours == 1)
		(void)snprintf(ret, BT_DURATION_TEXT_MAX, "About an hour");
	else if (hours < 48)
		print(ret, hours, "hours");
	else if (hours < 24 * 7 * 2)
		print(ret, hours / 24, "days");
	else if (hours < 24 * 30 * 2)
		print(ret, hours / 24 / 7, "weeks");
	else if (hours < 24 * 365 * 2)
		print(ret, hours / 24 / 30, "months");
	else
		print(ret, seconds / 3600 / 24 / 365, "years");
}
