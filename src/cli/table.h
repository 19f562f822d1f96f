/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_TABLE_H
#define BT_CLI_TABLE_H

/*
 * Columns as Go's text/tabwriter aligns them: a cell ends with a tab; a column is as wide as its
 * widest cell among neighbouring lines that have it, at least `min`, plus `padding`.
 */

#include <stddef.h>
#include <stdio.h>

/** Print `text` (lines of cells) with its columns aligned. Nothing is printed where there is no
 * memory. */
void bt_table_print(FILE *out, const char *text, size_t min, size_t padding);

#endif
