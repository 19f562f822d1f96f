/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_UNITS_H
#define BT_CLI_UNITS_H

/*
 * Sizes, times and processors as people write and read them on docker's command line.
 */

#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

/** Parse a number of processors ("1.5", "3/2") into billionths. Returns 0, -EINVAL, or -ERANGE
 * where it is not a whole number of them. */
bt_nodiscard int bt_units_cpus_parse(const char *text, long long *ret_nano);

#define BT_UNITS_TEXT_MAX 64

/** "1.98MB": powers of 1000 with `digits` digits, as docker prints sizes of files. */
void bt_units_size(double bytes, int digits, char ret[BT_UNITS_TEXT_MAX]);

/** "5.254MiB": powers of 1024 with four digits, as docker prints memory. */
void bt_units_ram(double bytes, char ret[BT_UNITS_TEXT_MAX]);

/** "2026-11-23 18:50:12 +0000 UTC", in the local time zone. */
void bt_units_local_time(int64_t seconds, char ret[BT_UNITS_TEXT_MAX]);

#endif
