/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_JSON_SET_H
#define BT_CLI_JSON_SET_H

/*
 * Filling a request's body from flags: what was not given is not sent, and what is no UTF-8 is sent
 * as bt_json_text() has it.
 */

#include <stdbool.h>

#include <jansson.h>

#include "base/attr.h"
#include "cli/args.h"

/** Set a string member; NULL and "" set nothing. */
void bt_json_set_text(json_t *object, const char *name, const char *value);
/** The same in lower case. */
void bt_json_set_lower(json_t *object, const char *name, const char *value);
/** Append a string to the array `name`, which is made where it is missing. */
void bt_json_set_append(json_t *object, const char *name, const char *value);
/** The same for a value, whose reference is taken. */
void bt_json_set_append_new(json_t *object, const char *name, json_t *value);

/** The member `name` from a flag, where it was given: a string. */
void bt_json_set_string_flag(json_t *object, const char *name, const struct bt_args *args,
			     const char *flag);
/** The same: a whole number. */
void bt_json_set_int_flag(json_t *object, const char *name, const struct bt_args *args,
			  const char *flag);
/** The same: a size, in bytes; -1 stays so. */
void bt_json_set_bytes_flag(json_t *object, const char *name, const struct bt_args *args,
			    const char *flag);
/** The same: true where the flag is set. */
void bt_json_set_bool_flag(json_t *object, const char *name, const struct bt_args *args,
			   const char *flag);
/** The same: a duration, in nanoseconds. */
void bt_json_set_duration_flag(json_t *object, const char *name, const struct bt_args *args,
			       const char *flag);
/** The same: all of a list's values, as strings. */
void bt_json_set_list_flag(json_t *object, const char *name, const struct bt_args *args,
			   const char *flag);
/** A member of a map from "key=value"; a key alone has an empty value. */
void bt_json_set_pair(json_t *map, const char *pair);
/** A map of such flags. */
void bt_json_set_map_flag(json_t *object, const char *name, const struct bt_args *args,
			  const char *flag);

/** A path as it looks from the root, as a new string, or NULL. */
char *bt_json_set_absolute(const char *path);

#endif
