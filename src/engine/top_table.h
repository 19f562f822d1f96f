/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_TOP_TABLE_H
#define BT_ENGINE_TOP_TABLE_H

/*
 * What ps prints, as a table: titles, and rows of as many columns.
 */

#include <jansson.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

/** Read what ps printed: {"Titles": [...], "Processes": [[...], ...]} with the rows of the
 * processes `pids` alone. The last column keeps its blanks. What is no UTF-8 becomes U+FFFD.
 * INVALID where there is no column PID. */
bt_nodiscard int bt_top_table_parse(const char *text, const pid_t *pids, size_t npids, json_t **ret,
				    struct bt_err *err);

#endif
