/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_INDEX_PUSH_H
#define BT_IMAGE_INDEX_PUSH_H

/*
 * `manifest push`: an index that a client has put together, of images that are
 * in the registry already. Those of other repositories are brought into the
 * index's by mounting their blobs there; nothing passes through this machine
 * but manifests.
 */

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "image/images.h"
#include "store/digest.h"

/** What to push. Borrowed. */
struct bt_index_push {
	const char *name; /* of the index, perhaps with a tag; not with a digest */
	const char *auth; /* X-Registry-Auth as it came, or NULL */
	bool insecure;    /* the registry may have any certificate, or none */
	/* {"MediaType", "Text": the index, "Manifests": [{"Repository": "docker.io/library/a",
	 * "MediaType", "Text"}]}: of each manifest that the index names. */
	const json_t *body;
};

/** Push. Returns 0 and the index's digest, or a negative errno; kind INVALID where the body is at
 * fault, or an image is of another registry, where nothing can be mounted from. */
bt_nodiscard int bt_index_push(struct bt_images *images, const struct bt_index_push *push,
			       char ret_digest[BT_DIGEST_SIZE], struct bt_err *err);

#endif
