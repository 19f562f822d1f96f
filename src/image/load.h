/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_LOAD_H
#define BT_IMAGE_LOAD_H

/*
 * `load`: what `save` wrote, here or elsewhere: Docker archives of every age
 * with a manifest.json, and OCI layouts; plain, or packed with gzip or zstd.
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "image/images.h"
#include "image/progress.h"

/** Load from `fd` until its end. Progress tells "Loaded image: NAME". Kind INVALID where the
 * archive is at fault; of the image at fault nothing is left, those before it stay. `platform` (or
 * NULL) chooses where an index offers several. `quiet`: no bars. */
bt_nodiscard int bt_load(struct bt_images *images, int fd, const char *platform, bool quiet,
			 const struct bt_progress *progress, struct bt_err *err);

#endif
