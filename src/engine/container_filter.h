/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_FILTER_H
#define BT_ENGINE_CONTAINER_FILTER_H

/*
 * The filters of `ps`.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/container_item.h"

struct bt_engine;
struct bt_filters;

#define BT_CONTAINER_FILTER_IMAGES 64

/** Filters with their references looked up. */
struct bt_container_filter {
	const struct bt_filters *filters; /* borrowed; may be NULL */
	bool all;                         /* a status was asked for: also those not running */
	bool none;                        /* nothing can pass */
	int64_t before_ns, since_ns;      /* 0: not given */
	char *images[BT_CONTAINER_FILTER_IMAGES]; /* ids of ancestors, owned */
	unsigned nimages;
};

/** Check and look up. INVALID for unknown names and values; NOT_FOUND for an unknown container
 * behind before and since. */
bt_nodiscard int bt_container_filter_make(struct bt_engine *engine,
					  const struct bt_filters *filters,
					  struct bt_container_filter *ret, struct bt_err *err);
/** Does the container pass? */
bool bt_container_filter_match(const struct bt_container_filter *filter,
			       struct bt_container_item *item);
/** Release what it owns. */
void bt_container_filter_done(struct bt_container_filter *filter);

#endif
