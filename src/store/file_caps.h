/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_FILE_CAPS_H
#define BT_STORE_FILE_CAPS_H

/*
 * The capabilities of a program (security.capability, linux/capability.h), which
 * name the root that they are for where that is not the host's: from how files are
 * seen in a user namespace to how they are seen from outside, and back.
 */

#include <stddef.h>

#include "base/attr.h"
#include "sys/id_map.h"

/** As long as a value gets. */
#define BT_FILE_CAPS_MAX 24

/** What the value is inside: one for the namespace's own root names nobody. Changes `value` and
 * returns its new length; any other stays. */
size_t bt_file_caps_inside(void *value, size_t len, const struct bt_id_map *ids);

/** What the value is outside: one that names nobody is for the namespace's root. Returns the length
 * written, or 0 where it stays as it is. */
size_t bt_file_caps_outside(const void *value, size_t len, const struct bt_id_map *ids,
			    unsigned char ret[BT_FILE_CAPS_MAX]);

#endif
