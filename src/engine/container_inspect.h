/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_INSPECT_H
#define BT_ENGINE_CONTAINER_INSPECT_H

/*
 * What Docker tells about containers: inspect, list, top.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

struct bt_engine;

struct bt_filters;

/** GET /containers/{id}/json. */
bt_nodiscard int bt_container_inspect(struct bt_engine *engine, const char *ref, bool size,
				      json_t **ret, struct bt_err *err);
struct bt_list_options {
	bool all, size;
	int64_t limit; /* <= 0: none */
	const struct bt_filters *filters;
};
/** GET /containers/json, appended to `out` as text; it may hold a part of it after a failure. */
bt_nodiscard int bt_container_list(struct bt_engine *engine, const struct bt_list_options *opt,
				   struct bt_str *out, struct bt_err *err);
/** GET /containers/{id}/top: {"Titles":[…],"Processes":[[…]]} with host pids. */
bt_nodiscard int bt_container_top(struct bt_engine *engine, const char *ref, const char *ps_args,
				  json_t **ret, struct bt_err *err);

#endif
