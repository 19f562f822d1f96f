/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_BUNDLE_H
#define BT_IMAGE_BUNDLE_H

/*
 * The members of an archive of images, read in one pass and in any order: what
 * looks like JSON is kept, what looks like a layer is unpacked at once, before
 * anybody knows which image it belongs to. Nothing is written but layers, and
 * no member's name is used as a path.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/map.h"
#include "image/progress.h"
#include "store/layers.h"

/** What an archive held. */
struct bt_bundle {
	struct bt_layers *layers; /* borrowed */
	struct bt_map texts;      /* name to JSON text (char *) */
	struct bt_map copies;     /* name to struct bt_bundle_layer * */
	struct bt_map links;      /* name to the name it stands for (char *) */
	size_t text_bytes, members;
};

/** A layer of the archive. */
struct bt_bundle_layer {
	struct bt_layer_copy *copy;
	char digest[72]; /* of the member as it was, packed or not */
	char diff_id[72];
};

/** Read `fd` to its end. `bundle` is zeroed but for `layers`; release it in any case. */
bt_nodiscard int bt_bundle_read(struct bt_bundle *bundle, int fd,
				const struct bt_progress *progress, struct bt_err *err);
/** The text of a member, borrowed, or NULL. Links are followed. */
const char *bt_bundle_text(const struct bt_bundle *bundle, const char *name);
/** A member that is a layer, borrowed, or NULL. */
struct bt_bundle_layer *bt_bundle_layer(const struct bt_bundle *bundle, const char *name);
/** Release. */
void bt_bundle_done(struct bt_bundle *bundle);

#endif
