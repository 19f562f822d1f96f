/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CODEC_JSON_H
#define BT_CODEC_JSON_H

/*
 * JSON (RFC 8259) over jansson: bounded parsing, and typed access to members
 * with the tolerance of Go's decoder, which Docker's clients rely on: null is the
 * same as absent, and a member's name matches without regard to case where no
 * exact one is there.
 *
 * Trees are jansson's: json_t, released with json_decref() or json_auto_t.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/** Deeper nesting is refused: jansson and everything that walks a tree recurses. */
#define BT_JSON_DEPTH_MAX 64

/** Refuse an object that has a name twice, instead of taking the last one. */
#define BT_JSON_UNIQUE 1u
/** Take integers above INT64_MAX, which jansson does not have: bt_json_u64_value() reads them. */
#define BT_JSON_BIG 2u
/** Take a lone string, number, true, false or null as a text. */
#define BT_JSON_ANY 4u
/** Take strings with U+0000, for who asks their length. */
#define BT_JSON_NUL 8u

/**
 * Parse `len` bytes of UTF-8. Strings with U+0000 are refused, unless asked for: they become C
 * strings. Texts of others are parsed by no other way: jansson alone allows two thousand levels,
 * which is more than the stack of a thread of ours holds.
 *
 * Returns 0 with a new reference in *ret; -EINVAL (kind INVALID, position in the
 * message); or -ENOMEM. The caller bounds `len`.
 */
bt_nodiscard int bt_json_parse(const char *text, size_t len, unsigned flags, json_t **ret,
			       struct bt_err *err);

/** Print a tree compactly, members in their order. Returns 0 with a new string in *ret
 * (owned), or -ENOMEM. `ret_len` may be NULL. */
bt_nodiscard int bt_json_dump(const json_t *json, char **ret, size_t *ret_len);

/** Append a tree to `s`, compactly; a failure becomes the builder's. What BT_JSON_BIG let in is a
 * number there, too. */
void bt_json_append(struct bt_str *s, const json_t *json);

/** Append `text` as a JSON string with its quotes. What is not UTF-8 becomes U+FFFD. */
void bt_json_append_str(struct bt_str *s, const char *text);

/** Is it an array of strings and nothing else? An empty one is; NULL is not. */
bool bt_json_is_strs(const json_t *json);

/** A string of bytes that may be no UTF-8, as what programs say and call their files: each byte
 * that is none becomes U+FFFD, as Go's encoder writes it. New reference; NULL without memory. */
json_t *bt_json_text(const char *text);

/** The member `key`, borrowed; NULL where `obj` is no object, or the member absent or null. */
json_t *bt_json_member(const json_t *obj, const char *key);

/* Lenient access: the fallback where the member is absent or of another type. */

/** A string, borrowed. */
const char *bt_json_str(const json_t *obj, const char *key, const char *fallback);
/** An integer; a real without fraction counts as one. */
int64_t bt_json_i64(const json_t *obj, const char *key, int64_t fallback);
/** true or false. */
bool bt_json_bool(const json_t *obj, const char *key, bool fallback);
/** An object, borrowed, or NULL. */
json_t *bt_json_obj(const json_t *obj, const char *key);
/** An array, borrowed, or NULL. */
json_t *bt_json_arr(const json_t *obj, const char *key);

/* Strict access: 1 where the member is there, 0 where it is absent or null (*ret is
 * untouched), -EINVAL (kind INVALID, the member named) where it has another type. */

/** A string, borrowed. */
bt_nodiscard int bt_json_get_str(const json_t *obj, const char *key, const char **ret,
				 struct bt_err *err);
/** An integer; also refuses what is below `min` or above `max`. */
bt_nodiscard int bt_json_get_i64(const json_t *obj, const char *key, int64_t min, int64_t max,
				 int64_t *ret, struct bt_err *err);
/** true or false. */
bt_nodiscard int bt_json_get_bool(const json_t *obj, const char *key, bool *ret,
				  struct bt_err *err);
/** An object, borrowed. */
bt_nodiscard int bt_json_get_obj(const json_t *obj, const char *key, json_t **ret,
				 struct bt_err *err);
/** An array, borrowed. */
bt_nodiscard int bt_json_get_arr(const json_t *obj, const char *key, json_t **ret,
				 struct bt_err *err);
/** An array of strings and nothing else, borrowed. A lone string is not one. */
bt_nodiscard int bt_json_get_strs(const json_t *obj, const char *key, json_t **ret,
				  struct bt_err *err);

/** The value of an integer of a tree, also of one that only BT_JSON_BIG let in. Returns 0,
 * -EINVAL where `json` is no integer, or -ERANGE where it is negative. */
bt_nodiscard int bt_json_u64_value(const json_t *json, uint64_t *ret);

/**
 * Let the calling thread's JSON trees live in `arena` until bt_json_arena_end():
 * what is made in between is never freed singly, and must be forgotten before
 * the arena is released. Trees made before must not be released meanwhile.
 *
 * The first call in a process replaces jansson's allocator (with one that is
 * malloc() everywhere else), so it must come while there is one thread. Does not nest.
 */
void bt_json_arena_begin(struct bt_arena *arena);
/** New trees are the heap's again. */
void bt_json_arena_end(void);

#endif
