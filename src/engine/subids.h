/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_SUBIDS_H
#define BT_ENGINE_SUBIDS_H

/*
 * Subordinate ids: the text of /etc/subuid and /etc/subgid (subuid(5)), one
 * "NAME:START:COUNT" a line. Pure functions.
 */

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "sys/id_map.h"

/** The ranges of whoever has `name` or the number `id` (decimal; "" for none) in the file's first
 * column, put one after another from 0 on inside, in the file's order. Other people's lines may be
 * anything. Returns how many (0: none), or a negative errno with kind INVALID for a line of theirs
 * that cannot be read, ids that do not exist or overlap, and more than BT_ID_MAP_MAX. */
bt_nodiscard int bt_subids_find(const char *text, const char *name, const char *id,
				struct bt_id_range ret[BT_ID_MAP_MAX], struct bt_err *err);

/** Where a new range could begin: behind all that is given away, at 100000 at least (useradd's own
 * first one). */
uint32_t bt_subids_next(const char *text);

#endif
