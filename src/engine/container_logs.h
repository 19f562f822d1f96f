/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_LOGS_H
#define BT_ENGINE_CONTAINER_LOGS_H

/*
 * Logs of a container, as the bytes that go over the wire.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;

struct bt_container_logs;
struct bt_logs_options {
	bool out, err, follow, timestamps, details;
	int64_t since_ns, until_ns, tail; /* as struct bt_reader_options */
};
/** Open. `ret_tty` tells plain from multiplexed. */
bt_nodiscard int bt_container_logs_open(struct bt_engine *engine, const char *ref,
					const struct bt_logs_options *opt, bool *ret_tty,
					struct bt_container_logs **ret, struct bt_err *err);
/** As bt_reader_read(): count, 0 at the end, -EAGAIN: poll the descriptor. */
bt_nodiscard ssize_t bt_container_logs_read(struct bt_container_logs *logs, char *buf, size_t size);
/** Readable when the log grew or the container ended; borrowed. */
int bt_container_logs_fd(const struct bt_container_logs *logs);
/** Close. NULL is fine. */
void bt_container_logs_close(struct bt_container_logs *logs);

#endif
