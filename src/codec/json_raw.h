/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CODEC_JSON_RAW_H
#define BT_CODEC_JSON_RAW_H

/*
 * JSON (RFC 8259) as it stands in a text: which bytes are a member, which an element, without a
 * tree. For long lists of which little is looked at, and for values that are handed on as they
 * came. What is stepped over is not proven to be JSON, only that its brackets match and its
 * strings end; whoever wants a value has it parsed by bt_json_raw_load(), which is strict.
 *
 * Nothing here is ever read beyond the given length, and no NUL is needed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/attr.h"
#include "base/str.h"

/** A value's own bytes within a text, without blanks around it; borrowed. `p` NULL: none. */
struct bt_json_raw {
	const char *p;
	size_t len;
};

/** A walk through the members of an object or the elements of an array. */
struct bt_json_walk {
	const char *p, *end;
	char close; /* the bracket that ends it */
	bool begun;
};

/** The whole text as a value; `text` NULL: none. */
struct bt_json_raw bt_json_raw_of(const char *text);

/** Begin a walk. Returns 0, or -EINVAL where `value` is neither object nor array. */
bt_nodiscard int bt_json_walk_begin(struct bt_json_raw value, struct bt_json_walk *ret);

/** One step. `ret_name` is what stands between a member's quotes, escapes untouched; none in an
 * array. Returns 1, 0 at the end, or -EINVAL where the text is broken. */
bt_nodiscard int bt_json_walk_next(struct bt_json_walk *walk, struct bt_json_raw *ret_name,
				   struct bt_json_raw *ret_value);

/** The member of an object whose name is written as `name` (of letters, digits, and what needs no
 * escape), the last one of several; none where it is absent, null, or `object` is no object. */
struct bt_json_raw bt_json_raw_member(struct bt_json_raw object, const char *name);

/** Are these the bytes of `text`? For names; false where it is none. */
bool bt_json_raw_same(struct bt_json_raw raw, const char *text);

/** Is it there, and no empty string, array or object? */
bool bt_json_raw_filled(struct bt_json_raw value);

/** Is it the string `text`, written without escapes? */
bool bt_json_raw_is(struct bt_json_raw value, const char *text);

/** The value of an integer; 0 where it is none, or beyond 64 bits. */
int64_t bt_json_raw_integer(struct bt_json_raw value);

/** Append its bytes; `none` where it is none. */
void bt_json_raw_append(struct bt_str *s, struct bt_json_raw value, const char *none);

/** Parse it. A new reference; NULL where it is none, not JSON, or without memory. */
json_t *bt_json_raw_load(struct bt_json_raw value);

#endif
