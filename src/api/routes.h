/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_ROUTES_H
#define BT_API_ROUTES_H

/*
 * The table of everything that the API offers. Within it the first match
 * counts: exact paths stand before the patterns that would take them too.
 */

#include <stddef.h>

#include "api/route.h"

extern const struct bt_route bt_routes[];
extern const size_t bt_routes_count;

#endif
