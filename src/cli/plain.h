/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_PLAIN_H
#define BT_CLI_PLAIN_H

/*
 * Text that others have chosen, for a terminal. Labels, names of files and processes, what a
 * registry answers: a terminal takes their control characters for commands (to type, to hide lines,
 * to set what is pasted). There they are shown, "^[" for an escape; a pipe or a file gets the text
 * as it is, as scripts expect it of docker.
 */

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "base/attr.h"
#include "base/str.h"

/** Append `text` with its control characters shown: C0 and DEL by a caret, C1 (U+0080 to U+009F)
 * by its number. Where `lines`, ends of lines and tabs stay what they are. */
void bt_plain_add(struct bt_str *out, const char *text, bool lines);

/** Write `text` to `out`, shown so if that is a terminal; ends of lines and tabs stay. */
void bt_plain_put(FILE *out, const char *text);

/** The same of a formatted text; one that cannot be made for want of memory is left out. */
void bt_plain_printf(FILE *out, const char *fmt, ...) bt_printf(2, 3);

/** A value for one cell of a list on `out`: a string is replaced by what is shown, if that is a
 * terminal. Takes the reference and returns one. */
json_t *bt_plain_cell(FILE *out, json_t *value);

#endif
