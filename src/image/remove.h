/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_REMOVE_H
#define BT_IMAGE_REMOVE_H

/*
 * Removing one image by id, as `rmi` and `prune` do it.
 */

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_images;

/** How to remove. */
struct bt_remove {
	bool force;   /* also where it has names or stopped containers */
	bool parents; /* also its parents, as far as nobody else needs them */
	bool quiet;   /* a conflict is no error, nothing happens */
};

/** Remove image `id` with all its names. {"Untagged"} and {"Deleted"} records go to `records`. */
bt_nodiscard int bt_remove_image(struct bt_images *images, const char *id,
				 const struct bt_remove *how, json_t *records, struct bt_err *err);

#endif
