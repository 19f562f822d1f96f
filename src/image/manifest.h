/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_MANIFEST_H
#define BT_IMAGE_MANIFEST_H

/*
 * Manifests and indexes (OCI image-spec, manifest.md and image-index.md; Docker's
 * schema 2), as registries send them: checked, and the platform chosen.
 */

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "codec/platform.h"

/** Parse and check a manifest or an index. `media_type` is what the transport says of it (may be
 * ""). Kind INVALID: duplicate members, both kinds at once, a type that contradicts, schema 1,
 * something that is no image. */
bt_nodiscard int bt_manifest_parse(const char *text, size_t len, const char *media_type,
				   json_t **ret, struct bt_err *err);
/** Is it an index? */
bool bt_manifest_is_index(const json_t *manifest);
/** The entry of an index for `platform`, borrowed, or NULL. */
const json_t *bt_manifest_choose(const json_t *index, const struct bt_platform *platform);
/** A descriptor's digest (borrowed) and size, checked. Kind INVALID. */
bt_nodiscard int bt_manifest_descriptor(const json_t *descriptor, const char **ret_digest,
					int64_t *ret_size, struct bt_err *err);
/** The platform of an index's entry or of an image's configuration. */
void bt_manifest_platform(const json_t *object, struct bt_platform *ret);

#endif
