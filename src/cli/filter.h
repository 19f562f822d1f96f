/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_FILTER_H
#define BT_CLI_FILTER_H

/*
 * --filter flags as the API's `filters` parameter.
 */

#include "base/str.h"
#include "cli/args.h"

/** Append the values of the flag `name` ("status=running") to the target as `filters`, in Go's form
 * {"status":{"running":true}}. Nothing where there are none. `extra` (may be NULL) is one more,
 * in the same form. */
void bt_filter_add(struct bt_str *target, const struct bt_args *args, const char *name,
		   const char *extra);

#endif
