/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CODEC_FILTERS_H
#define BT_CODEC_FILTERS_H

/*
 * The `filters` parameter of Docker's API, in both of its forms:
 * {"label":{"a=b":true}} (Go clients) and {"label":["a=b"]} (all others).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_filters;

/** Parse `text`; NULL, "", "null" and "{}" give an empty set. Kind INVALID, Docker's wording. At
 * most 64 names with 1024 values each. */
bt_nodiscard int bt_filters_parse(const char *text, struct bt_filters **ret, struct bt_err *err);
/** Release. NULL is fine. */
void bt_filters_destroy(struct bt_filters *filters);

/** Refuse names that are not among `known` (NULL-terminated): "invalid filter 'x'", 400. */
bt_nodiscard int bt_filters_only(const struct bt_filters *filters, const char *const *known,
				 struct bt_err *err);
/** Is the filter `name` given at all? */
bool bt_filters_has(const struct bt_filters *filters, const char *name);
/** Value `i` of the filter, borrowed, NULL at the end. */
const char *bt_filters_value(const struct bt_filters *filters, const char *name, size_t i);
/** No such filter, or one of its values equals `value`. */
bool bt_filters_exact(const struct bt_filters *filters, const char *name, const char *value);
/** No such filter, or one of its values occurs in `value` (a regular expression, else a plain
 * substring, as Docker matches names). */
bool bt_filters_match(const struct bt_filters *filters, const char *name, const char *value);
/** One boolean value ("1", "true", "True" …). Returns 1 where given, 0 where not, -EINVAL. */
bt_nodiscard int bt_filters_bool(const struct bt_filters *filters, const char *name, bool *ret,
				 struct bt_err *err);
/** The point in time "until", a time or how long ago it was, in nanoseconds since the epoch;
 * untouched where it is not given. Returns 0, or -EINVAL in Docker's words, also for several. */
bt_nodiscard int bt_filters_until(const struct bt_filters *filters, int64_t *ret,
				  struct bt_err *err);
/** Labels: all "k" or "k=v" of filter `name` must hold; `get(arg, key)` gives a label's value. */
bool bt_filters_labels(const struct bt_filters *filters, const char *name,
		       const char *(*get)(const void *arg, const char *key), const void *arg);

#endif
