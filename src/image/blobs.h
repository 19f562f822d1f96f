/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_BLOBS_H
#define BT_IMAGE_BLOBS_H

/*
 * What is known of layers in registries: under which digest, packed how, in
 * which repository. A hint that saves transfers; a registry is always asked.
 */

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "store/digest.h"

struct bt_images;

/** A layer as it is in a registry. */
struct bt_blob {
	char digest[BT_DIGEST_SIZE];
	char media_type[128];
	char repo[512]; /* in full: docker.io/library/alpine */
	int64_t size;
};

/** Note that the layer `diff_id` is there. */
bt_nodiscard int bt_blobs_note(struct bt_images *images, const char *diff_id,
			       const struct bt_blob *blob, struct bt_err *err);
/** What is known of `diff_id`, at most `max`, those in `repo` first. Returns how many. */
bt_nodiscard int bt_blobs_find(struct bt_images *images, const char *diff_id, const char *repo,
			       struct bt_blob *ret, int max, struct bt_err *err);

#endif
