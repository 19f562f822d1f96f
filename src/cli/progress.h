/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_PROGRESS_H
#define BT_CLI_PROGRESS_H

/*
 * The stream of JSON messages by which the daemon tells how a pull, push, load or import gets on:
 * lines with bars on a terminal, plain lines elsewhere.
 */

#include <stdio.h>

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "client/http.h"

/** Show the body of the answer on `out` (NULL: nothing). A message with an error ends it with that
 * text. `aux` (or NULL) gets what the daemon says for programs. */
bt_nodiscard int bt_progress_show(struct bt_http_conn *conn, FILE *out,
				  void (*aux)(void *arg, const json_t *aux), void *arg,
				  struct bt_err *err);

#endif
