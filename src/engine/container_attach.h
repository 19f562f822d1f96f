/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_ATTACH_H
#define BT_ENGINE_CONTAINER_ATTACH_H

/*
 * Attach and resize. Two steps, because errors must be answered before a
 * connection is switched to a stream: open checks, run gives the socket away.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;

struct bt_container_attach;
struct bt_attach_options {
	bool logs, stream, in, out, err;
	bool raw;                /* without frames also where there is no terminal */
	const char *detach_keys; /* borrowed until run; NULL: the default */
};

/** Check. `ret_tty`: raw stream (terminal) or multiplexed. */
bt_nodiscard int bt_container_attach_open(struct bt_engine *engine, const char *ref,
					  const struct bt_attach_options *opt, bool *ret_tty,
					  struct bt_container_attach **ret, struct bt_err *err);
/** Hand over `sock` (owned by the callee from now on, also after a failure) and release the
 * handle. `early`: bytes the client sent already. Where no process runs yet the socket is kept
 * for the start. */
bt_nodiscard int bt_container_attach_run(struct bt_container_attach *attach, int sock,
					 const void *early, size_t early_len, struct bt_err *err);
/** Give up between open and run. NULL is fine. */
void bt_container_attach_cancel(struct bt_container_attach *attach);
/** Resize the terminal. CONFLICT where it does not run. */
bt_nodiscard int bt_container_resize(struct bt_engine *engine, const char *ref, unsigned rows,
				     unsigned cols, struct bt_err *err);

#endif
