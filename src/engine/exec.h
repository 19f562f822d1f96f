/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_EXEC_H
#define BT_ENGINE_EXEC_H

/*
 * Further processes in running containers.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;

struct bt_exec_start;

/** POST /containers/{id}/exec: {"Id":…}. */
bt_nodiscard int bt_exec_create(struct bt_engine *engine, const char *ref, const json_t *body,
				json_t **ret, struct bt_err *err);
/** Check before the stream is switched. `ret_tty` as for attach. `rows`, `cols`: 0 or ConsoleSize.
 */
bt_nodiscard int bt_exec_start_open(struct bt_engine *engine, const char *id, bool detach, bool tty,
				    unsigned rows, unsigned cols, bool *ret_tty,
				    struct bt_exec_start **ret, struct bt_err *err);
/** Start, giving `sock` away (-EBADF: detached). A program that cannot be started is said on
 * the socket, as Docker does, and in inspect's ExitCode; detached it is the returned error. */
bt_nodiscard int bt_exec_start_run(struct bt_exec_start *start, int sock, const void *early,
				   size_t early_len, struct bt_err *err);
/** Give up between open and run. NULL is fine. */
void bt_exec_start_cancel(struct bt_exec_start *start);
/** Resize its terminal. */
bt_nodiscard int bt_exec_resize(struct bt_engine *engine, const char *id, unsigned rows,
				unsigned cols, struct bt_err *err);
/** GET /exec/{id}/json. */
bt_nodiscard int bt_exec_inspect(struct bt_engine *engine, const char *id, json_t **ret,
				 struct bt_err *err);

#endif
