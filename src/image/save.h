/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_SAVE_H
#define BT_IMAGE_SAVE_H

/*
 * `save`: images as one tar archive that is an OCI layout (index.json,
 * oci-layout, blobs/sha256) and a Docker archive (manifest.json, repositories)
 * at once, as Docker writes it since version 25.
 */

#include "base/attr.h"
#include "base/err.h"
#include "image/images.h"

/** Something that takes bytes in order. Returns 0 or a negative errno, which ends the work. */
typedef int (*bt_save_write_fn)(void *arg, const void *data, size_t len);

/** Are all `names` (NULL-terminated, not empty) images? Says which is not, before anything is
 * written. */
bt_nodiscard int bt_save_check(struct bt_images *images, const char *const *names,
			       struct bt_err *err);

/** Write the archive of `names` to `fn`. */
bt_nodiscard int bt_save(struct bt_images *images, const char *const *names, bt_save_write_fn fn,
			 void *arg, struct bt_err *err);

#endif
