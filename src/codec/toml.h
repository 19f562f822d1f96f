/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CODEC_TOML_H
#define BT_CODEC_TOML_H

/*
 * TOML 1.0 as far as configuration files of registries use it: comments, tables
 * with dotted, quoted and bare keys, strings (basic and literal, of one line),
 * integers, booleans, arrays, inline tables. Anything else (dates, floats,
 * strings of several lines, arrays of tables) is refused by name, not guessed.
 */

#include <jansson.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

/** Parse `text` to an object (a new reference), members in their order. Kind INVALID with the
 * line's number. The caller bounds `len`. */
bt_nodiscard int bt_toml_parse(const char *text, size_t len, json_t **ret, struct bt_err *err);

#endif
