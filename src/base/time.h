/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_BASE_TIME_H
#define BT_BASE_TIME_H

/*
 * Times as nanoseconds since the Unix epoch in an int64_t, and their forms on
 * the wire: RFC 3339 in UTC with nine digits, as Go's time.RFC3339Nano parses,
 * and durations as Go's time.ParseDuration reads ("1h30m", "1.5s").
 */

#include <stdint.h>

#include "base/attr.h"

#define BT_TIME_NSEC_PER_SEC 1000000000ll
/* "2006-01-02T15:04:05.000000000Z" and its NUL */
#define BT_TIME_RFC3339_LEN 31
/* Go's zero time, which Docker prints for "never" */
#define BT_TIME_NEVER "0001-01-01T00:00:00Z"

/** The wall clock, in nanoseconds since the epoch. */
int64_t bt_time_now_ns(void);

/** CLOCK_MONOTONIC in nanoseconds; only differences mean something. */
int64_t bt_time_monotonic_ns(void);

/** Write `ns` as RFC 3339 in UTC with nine digits, or BT_TIME_NEVER where it is 0. */
void bt_time_rfc3339(int64_t ns, char ret[BT_TIME_RFC3339_LEN]);

/** Parse RFC 3339 with or without fraction and with Z or an offset. Returns 0 or -EINVAL. */
bt_nodiscard int bt_time_rfc3339_parse(const char *s, int64_t *ret_ns);

/** Parse what clients send for since and until: "1136073600", "1136073600.000000001",
 * RFC 3339, a date alone ("2006-01-02", UTC), or a Go duration before now ("10m").
 * Returns 0 or -EINVAL. */
bt_nodiscard int bt_time_since_parse(const char *s, int64_t *ret_ns);

/** Parse a Go duration. Returns 0, -EINVAL or -ERANGE. */
bt_nodiscard int bt_time_duration_parse(const char *s, int64_t *ret_ns);

#endif
