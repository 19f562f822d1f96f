/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_VOLUME_COPY_H
#define BT_ENGINE_VOLUME_COPY_H

/*
 * Filling an empty volume with what the image has at its mount point, as Docker
 * does. The image's tree is hostile: it is walked by descriptors beneath its
 * root, no symbolic link is followed, and nothing is opened but directories and
 * regular files.
 */

#include "base/attr.h"
#include "base/err.h"

/** Copy the content of `path` (absolute, in the root `root`, a descriptor) into the directory
 * `volume`, with owner and mode of the directory itself, if the volume is empty; one that could not
 * be filled is empty again. A missing path or one that is no directory is fine. */
bt_nodiscard int bt_volume_copy(int root, const char *path, const char *volume, struct bt_err *err);

#endif
