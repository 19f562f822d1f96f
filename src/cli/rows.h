/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_ROWS_H
#define BT_CLI_ROWS_H

/*
 * The rows of a list, one at a time: out of a tree, or out of the text of an answer, of which each
 * row is decoded when its turn comes, and only as far as somebody will look at it. A list of
 * thousands is never a tree, and what a table does not show costs a glance over its brackets.
 */

#include <stddef.h>

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "codec/json_raw.h"

/** More than this many members are all members. */
#define BT_ROWS_READS_MAX 24

struct bt_rows {
	const json_t *tree; /* borrowed; NULL: the rows come out of a text */
	size_t next;
	struct bt_json_walk walk;
	struct bt_json_raw reads[BT_ROWS_READS_MAX]; /* borrowed names … */
	size_t nreads;                               /* … and how many; 0: all are read */
	struct bt_json_raw *sorted;                  /* the rows in another order, owned … */
	size_t nsorted;                              /* … and how many */
	json_t *row;                                 /* decoded, owned; with a tree NULL */
};

/** The elements of `tree`, which must live longer. NULL, or no array: no rows. */
void bt_rows_of_tree(const json_t *tree, struct bt_rows *ret);

/**
 * The elements of a JSON array of objects; `text` must live longer. `reads`: the names of the
 * members that will be looked at, with blanks between ("Id Names"), borrowed as well; NULL: all.
 *
 * Returns 0, or -EPROTO where the text is no array (nothing at all and "null" have no rows).
 */
bt_nodiscard int bt_rows_of_text(struct bt_json_raw text, const char *reads, struct bt_rows *ret,
				 struct bt_err *err);

/** Put the rows of a text that has not been walked into the order of their string member `member`
 * (cli/natural.h); those without it come first. Returns 0, -EPROTO where the text is broken, or
 * -ENOMEM. */
bt_nodiscard int bt_rows_sort(struct bt_rows *rows, const char *member, struct bt_err *err);

/** The next row: 1 with a row that is borrowed until the next call, 0 after the last one, or
 * -EPROTO where the text is broken. */
bt_nodiscard int bt_rows_next(struct bt_rows *rows, const json_t **ret, struct bt_err *err);

/** Release what it owns. Zeroed is fine. */
void bt_rows_done(struct bt_rows *rows);

#define bt_auto_rows bt_auto(bt_rows_done)

#endif
