/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_JGET_H
#define BT_ENGINE_JGET_H

/*
 * Reading members of JSON objects whose form was checked when they came in:
 * an absent member, null, or one of another type is the empty value.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/** A string member, borrowed; "" where there is none. `object` may be NULL. */
const char *bt_jget_text(const json_t *object, const char *key);
/** An integer member; 0 where there is none. A real is cut, to the largest or smallest there is
 * where it is beyond. */
int64_t bt_jget_int(const json_t *object, const char *key);
/** A boolean member; false where there is none. */
bool bt_jget_bool(const json_t *object, const char *key);
/** An array or object member with at least one element, borrowed; NULL otherwise. */
const json_t *bt_jget_filled(const json_t *object, const char *key);
/** A copy of what jansson shares otherwise: deep, owned; a new JSON null for NULL. */
json_t *bt_jget_copy(const json_t *value);
/** Compact text of `value` (owned, free()); "null" for NULL. NULL without memory. */
char *bt_jget_dump(const json_t *value);
/** Parse text that we wrote ourselves. NULL where it is NULL or broken. */
json_t *bt_jget_load(const char *text);

#endif
