/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_CSV_H
#define BT_CLI_CSV_H

/*
 * One line of comma-separated fields, where a field may stand in double quotes ("" is one quote
 * then), as --mount, --network and their like take them.
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/** The next field of `*text` into `ret` (cleared first); `*text` moves behind it, and is NULL
 * behind the last: there is an empty field behind a comma at the end, and a text of no bytes is one
 * empty field. Returns 1, 0 where `*text` is NULL, -EINVAL for a quote that is not closed or stands
 * elsewhere than around a field, or -ENOMEM. A field that was read is a string even where it is
 * empty. */
bt_nodiscard int bt_csv_next(const char **text, struct bt_str *ret, struct bt_err *err);

/** Cut a field at its first '=': the key in lower case; returns the value (borrowed from `field`),
 * or NULL where there is no '='. */
const char *bt_csv_pair(char *field);

#endif
