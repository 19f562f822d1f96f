/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_FORMAT_H
#define BT_CLI_FORMAT_H

/*
 * Lists of things by --format: "table", "table TEMPLATE", "json" or a template, over columns that
 * are computed from the API's answer only where a template asks for them.
 */

#include <stdbool.h>

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "codec/json_raw.h"

/** One column: how templates call it, what stands above it, and how it comes from a row (a new
 * reference; `arg` is the format's). `reads`: the members of the row that `get` looks at, with
 * blanks between; NULL: any. */
struct bt_column {
	const char *name, *header;
	json_t *(*get)(const json_t *row, const void *arg);
	const char *reads;
};

struct bt_format {
	const char *text;                /* what the user gave, or NULL */
	const char *table;               /* the template of the plain table */
	const char *type;                /* Go's name, for messages */
	const struct bt_column *columns; /* in order of name, ending with a NULL name */
	const void *arg;
	const char *order;  /* the member by which a text's rows are sorted, or NULL: as they are */
	const char *beyond; /* a column of a later docker, which "json" does not print, or NULL */
	bool no_header;
};

/** Print `rows` (an array) to standard output. Returns 0, or -EINVAL where the template is wrong.
 */
bt_nodiscard int bt_format_rows(const struct bt_format *format, const json_t *rows,
				struct bt_err *err);

/** The same of an answer's text: an array of objects, of which only what the template's columns
 * read is decoded. Also -EPROTO where that is not JSON. */
bt_nodiscard int bt_format_text(const struct bt_format *format, struct bt_json_raw text,
				struct bt_err *err);

/** The members of a row that the template's columns read, with blanks behind each, into `ret`.
 * False where that cannot be told: all of them may be. */
bool bt_format_reads(const struct bt_format *format, struct bt_str *ret);

/** Does the template name the column `name`? What only "json" prints does not count: as with
 * docker, it is not worth computing then. */
bool bt_format_uses(const struct bt_format *format, const char *name);

/** Apply a template to one whole JSON value and print it with a newline; "json" and NULL print the
 * value itself. Kind INVALID for a template that does not parse, NOT_FOUND for one that names what
 * is not there. */
bt_nodiscard int bt_format_value(const char *text, json_t *value, struct bt_err *err);

/** "k=v,k2=v2" of an object of strings, as a new string value. */
json_t *bt_format_labels(const json_t *labels);

/** The first `n` characters with "…" as the last where more follow. */
void bt_format_ellipsis(struct bt_str *out, const char *text, size_t n);

/** The twelve digits of an id, without "sha256:". */
json_t *bt_format_id(const json_t *id, bool whole);

/** A member as a string value; "" where there is none. */
json_t *bt_format_member(const json_t *object, const char *name);

/** What a Go duration between now and `seconds` (Unix time) is called, with " ago". */
json_t *bt_format_since(json_int_t seconds);

/** A list in the order of a string member of its elements (cli/natural.h); a new reference. */
json_t *bt_format_sorted(const json_t *rows, const char *member);

/** A size as docker prints it, with `digits` digits. */
json_t *bt_format_size(json_int_t bytes, int digits);

#endif
