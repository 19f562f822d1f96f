/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_REMAP_H
#define BT_ENGINE_REMAP_H

/*
 * `userns-remap`: which subordinate ids the containers of this daemon have. Each
 * container gets a user namespace of its own, all with this map; the ids on disk
 * stay those of the images (docs/decisions/0029-userns-remap.md).
 */

#include "base/attr.h"
#include "base/err.h"
#include "net/sandbox.h"
#include "sys/userns.h"

struct bt_remap {
	struct bt_id_map map;
	int userns;                    /* one that nobody lives in, for the view; owned */
	struct bt_userns_view view;    /* of files */
	struct bt_sandbox_owner owner; /* of network namespaces */
};

/**
 * Read the option: "default", USER, USER:GROUP, as names or numbers, whose ranges are in `subuid`
 * and `subgid` (paths). Root is nobody to map to, as with Docker: *ret is NULL then.
 *
 * Returns 0 with *ret (owned, or NULL), or a negative errno; kind INVALID with what to do where
 * there are no ranges.
 */
bt_nodiscard int bt_remap_open(const char *option, const char *subuid, const char *subgid,
			       struct bt_remap **ret, struct bt_err *err);

/** NULL is fine. */
void bt_remap_close(struct bt_remap *remap);

/** Make a user namespace's map and `userns` (owned by the caller) usable as a view. */
void bt_remap_view(const struct bt_id_map *map, int userns, struct bt_userns_view *ret);

#endif
