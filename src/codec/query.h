/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CODEC_QUERY_H
#define BT_CODEC_QUERY_H

/*
 * The query of a request's URL, read as leniently as Docker's clients demand:
 * empty queries, doubled separators, raw JSON, '+' for a blank, names without a
 * value. A broken escape or an escaped NUL is refused, because what follows it
 * could not be told apart from what was meant.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/* More parameters than this are refused; builds send the most. */
#define BT_QUERY_PARAMS_MAX 1024

struct bt_query_param {
	const char *name, *value; /* decoded, inside the query's text */
};

/** A parsed query. Zeroed is an empty one. */
struct bt_query {
	char *text;
	struct bt_query_param *params;
	size_t n;
};

/** Parse what follows '?'; NULL is empty. `ret` is owned by the caller on success. Kind
 * INVALID: broken escape, too many parameters. */
bt_nodiscard int bt_query_parse(const char *text, struct bt_query *ret, struct bt_err *err);
/** Release what it owns and leave it empty. */
void bt_query_done(struct bt_query *query);
#define bt_auto_query bt_auto(bt_query_done)

/** Value `i` of `name`, borrowed, or NULL where there are no more. */
const char *bt_query_value(const struct bt_query *query, const char *name, size_t i);
/** The first value of `name`, borrowed, or NULL where it is not given. */
const char *bt_query_get(const struct bt_query *query, const char *name);
/** The same, but NULL also where the value is empty. */
const char *bt_query_text(const struct bt_query *query, const char *name);
/** Docker's rule for booleans: anything but "", "0", "no", "false" and "none", in any case, is
 * true. `fallback` where it is not given. */
bool bt_query_bool(const struct bt_query *query, const char *name, bool fallback);
/** A whole number; `fallback` where it is not given or empty. Kind INVALID where it is none. */
bt_nodiscard int bt_query_i64(const struct bt_query *query, const char *name, int64_t fallback,
			      int64_t *ret, struct bt_err *err);

/** Decode percent escapes in place (and '+' as a blank where `plus`). Returns 0, or -EINVAL
 * for a broken escape or an escaped NUL (the text is then half decoded). */
bt_nodiscard int bt_query_unescape(char *text, bool plus);

#endif
