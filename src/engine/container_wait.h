/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_WAIT_H
#define BT_ENGINE_CONTAINER_WAIT_H

/*
 * Waiting for a container to end.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;

struct bt_container_wait;
enum bt_wait_condition {
	BT_WAIT_NOT_RUNNING,
	BT_WAIT_NEXT_EXIT,
	BT_WAIT_REMOVED
};

/** Begin; the condition counts from now on. */
bt_nodiscard int bt_container_wait_open(struct bt_engine *engine, const char *ref,
					enum bt_wait_condition condition,
					struct bt_container_wait **ret, struct bt_err *err);
/** Readable when it is over; borrowed. */
int bt_container_wait_fd(const struct bt_container_wait *wait);
/** After that: {"StatusCode":N} with "Error":{"Message":…} where there was one (owned). */
bt_nodiscard int bt_container_wait_result(struct bt_container_wait *wait, json_t **ret,
					  struct bt_err *err);
/** End. NULL is fine. */
void bt_container_wait_close(struct bt_container_wait *wait);

#endif
