/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/units.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

int bt_units_cpus_parse(const char *text, long long *ret_nano)
{
	char *end;
	double n = strtod(text, &end), below = 1;
	double nano;

	if (end == text || isspace((unsigned char)*text) || strpbrk(text, "xXnN"))
		return -EINVAL;
	if (*end == '/') {
		const char *begin = end + 1;

		below = strtod(begin, &end);
		if (end == begin)
			return -EINVAL;
	}
	if (*end || below <= 0)
		return -EINVAL;
	nano = n / below * 1e9;
	if (nano > 9e18 || nano < -9e18)
		return -ERANGE;
	long long whole = (long long)(nano + (nano < 0 ? -0.5 : 0.5));
	double off = nano - (double)whole;
	if (off > 1e-3 || off < -1e-3)
		return -ERANGE;
	*ret_nano = whole;
	return 0;
}

static void scale(double n, double base, const char *const *units, size_t count, int digits,
		  char ret[BT_UNITS_TEXT_MAX])
{
	size_t i = 0;

	while (n >= base && i + 1 < count) {
		n /= base;
		i++;
	}
	(void)snprintf(ret, BT_UNITS_TEXT_MAX, "%.*g%s", digits, n, units[i]);
}

void bt_units_size(double bytes, int digits, char ret[BT_UNITS_TEXT_MAX])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB" };

	scale(bytes, 1000, units, sizeof(units) / sizeof(units[0]), digits, ret);
}

void bt_units_ram(double bytes, char ret[BT_UNITS_TEXT_MAX])
{
	static const char *const units[] = { "B",   "KiB", "MiB", "GiB", "TiB",
					     "PiB", "EiB", "ZiB", "YiB" };

	scale(bytes, 1024, units, sizeof(units) / sizeof(units[0]), 4, ret);
}

void bt_units_local_time(int64_t seconds, char ret[BT_UNITS_TEXT_MAX])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!localtime_r(&t, &tm) ||
	    !strftime(ret, BT_UNITS_TEXT_MAX, "%Y-%m-%d %H:%M:%S %z %Z", &tm))
		ret[0] = '\0';
}
