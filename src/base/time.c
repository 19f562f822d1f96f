/* SPDX-License-Identifier: Apache-2.0 */

#include "base/time.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	/* Cannot fail for these clocks with a valid pointer. */
	(void)clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * BT_TIME_NSEC_PER_SEC + ts.tv_nsec;
}

int64_t bt_time_now_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

int64_t bt_time_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

void bt_time_rfc3339(int64_t ns, char ret[BT_TIME_RFC3339_LEN])
{
	int64_t frac = ns % BT_TIME_NSEC_PER_SEC;
	time_t sec = (time_t)(ns / BT_TIME_NSEC_PER_SEC);
	struct tm tm;
	size_t n;

	if (frac < 0) {
		frac += BT_TIME_NSEC_PER_SEC;
		sec--;
	}
	if (ns == 0 || !gmtime_r(&sec, &tm)) {
		memcpy(ret, BT_TIME_NEVER, sizeof(BT_TIME_NEVER));
		return;
	}
	n = strftime(ret, BT_TIME_RFC3339_LEN, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(ret + n, BT_TIME_RFC3339_LEN - n, ".%09" PRId64 "Z", frac);
}

/* Up to nine digits after a point, as nanoseconds; what is beyond is cut. */
static const char *parse_fraction(const char *s, int64_t *ret_ns)
{
	int64_t unit = BT_TIME_NSEC_PER_SEC / 10, ns = 0;

	for (; *s >= '0' && *s <= '9'; s++, unit /= 10)
		ns += (*s - '0') * unit;
	*ret_ns = ns;
	return s;
}

/* "Z", "+01:30" or "-0130" at the end of a time. */
static int parse_offset(const char *s, int64_t *ret_sec)
{
	int h, m, n = 0;
	char sign = *s;

	if ((sign == 'Z' || sign == 'z') && s[1] == '\0') {
		*ret_sec = 0;
		return 0;
	}
	if (sign != '+' && sign != '-')
		return -EINVAL;
	if (sscanf(s + 1, "%2d:%2d%n", &h, &m, &n) != 2 || s[1 + n] != '\0' || h > 23 || m > 59)
		return -EINVAL;
	*ret_sec = (sign == '+' ? 1 : -1) * (h * 3600 + m * 60);
	return 0;
}

int bt_time_rfc3339_parse(const char *s, int64_t *ret_ns)
{
	struct tm tm = { 0 };
	int64_t frac = 0, offset = 0;
	const char *p = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
	int r;

	if (!p)
		return -EINVAL;
	if (*p == '.')
		p = parse_fraction(p + 1, &frac);
	r = parse_offset(p, &offset);
	if (r < 0)
		return r;
	*ret_ns = ((int64_t)timegm(&tm) - offset) * BT_TIME_NSEC_PER_SEC + frac;
	return 0;
}

static int parse_unix(const char *s, int64_t *ret_ns)
{
	int64_t frac = 0;
	long long sec;
	char *end;

	errno = 0;
	sec = strtoll(s, &end, 10);
	if (end == s || errno || sec > INT64_MAX / BT_TIME_NSEC_PER_SEC - 1 || sec < 0)
		return -EINVAL;
	if (*end == '.')
		end = (char *)(uintptr_t)parse_fraction(end + 1, &frac);
	if (*end != '\0')
		return -EINVAL;
	*ret_ns = (int64_t)sec * BT_TIME_NSEC_PER_SEC + frac;
	return 0;
}

/* A date, or a time without its zone or seconds, as docker's clients accept; UTC. */
static int parse_partial(const char *s, int64_t *ret_ns)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d" };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = { 0 };
		const char *p = strptime(s, forms[i], &tm);

		if (p && *p == '\0') {
			*ret_ns = (int64_t)timegm(&tm) * BT_TIME_NSEC_PER_SEC;
			return 0;
		}
	}
	return -EINVAL;
}

int bt_time_since_parse(const char *s, int64_t *ret_ns)
{
	int64_t ago;

	if (parse_unix(s, ret_ns) == 0 || bt_time_rfc3339_parse(s, ret_ns) == 0 ||
	    parse_partial(s, ret_ns) == 0)
		return 0;
	if (bt_time_duration_parse(s, &ago) < 0)
		return -EINVAL;
	*ret_ns = bt_time_now_ns() - ago;
	return 0;
}

/* The unit at `s` in nanoseconds, 0 where there is none. */
static int64_t parse_unit(const char *s, size_t *ret_len)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
		{ "ns", 1 },
		{ "us", 1000 },
		{ "\xc2\xb5s", 1000 },
		{ "ms", 1000000 },
		{ "s", BT_TIME_NSEC_PER_SEC },
		{ "m", 60 * BT_TIME_NSEC_PER_SEC },
		{ "h", 3600 * BT_TIME_NSEC_PER_SEC },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		*ret_len = strlen(units[i].name);
		if (strncmp(s, units[i].name, *ret_len) == 0)
			return units[i].ns;
	}
	return 0;
}

int bt_time_duration_parse(const char *s, int64_t *ret_ns)
{
	bool negative = *s == '-';
	int64_t sum = 0;

	if (*s == '-' || *s == '+')
		s++;
	if (strcmp(s, "0") == 0) {
		*ret_ns = 0;
		return 0;
	}
	if (*s == '\0')
		return -EINVAL;
	while (*s) {
		int64_t whole = 0, frac = 0, unit, part;
		const char *start = s;
		size_t len;

		for (; *s >= '0' && *s <= '9'; s++)
			if (__builtin_mul_overflow(whole, 10, &whole) ||
			    __builtin_add_overflow(whole, *s - '0', &whole))
				return -ERANGE;
		if (*s == '.')
			s = parse_fraction(s + 1, &frac);
		unit = parse_unit(s, &len);
		if (s == start || unit == 0)
			return -EINVAL;
		s += len;
		if (__builtin_mul_overflow(whole, unit, &part) ||
		    __builtin_add_overflow(sum, part, &sum))
			return -ERANGE;
		sum += (int64_t)((double)frac / BT_TIME_NSEC_PER_SEC * (double)unit);
	}
	*ret_ns = negative ? -sum : sum;
	return 0;
}
