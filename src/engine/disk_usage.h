/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_DISK_USAGE_H
#define BT_ENGINE_DISK_USAGE_H

/*
 * `system df`: what takes how much space.
 */

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;

/** What to measure. */
struct bt_disk_usage {
	bool images, containers, volumes, build_cache;
};

/**
 * GET /system/df: {"LayersSize","Images","Containers","Volumes","BuildCache"}; what is not wanted
 * is null. A layer counts once, whoever uses it.
 */
bt_nodiscard int bt_disk_usage_get(struct bt_engine *engine, const struct bt_disk_usage *what,
				   json_t **ret, struct bt_err *err);

#endif
