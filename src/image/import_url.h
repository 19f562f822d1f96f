/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_IMPORT_URL_H
#define BT_IMAGE_IMPORT_URL_H

/*
 * `import` of an archive that lies on a web server: it is unpacked while it
 * comes, and never stored as such.
 */

#include "base/attr.h"
#include "base/err.h"
#include "image/images.h"
#include "image/progress.h"

/**
 * Fetch `url` (http, https, or a name without a scheme) and make an image of it, as
 * bt_images_import() does; without a message the image's history names the URL.
 *
 * Progress in Docker's words: "Downloading from URL" once the server sends, "Importing" bars, the
 * image's id last. An error before the first byte comes before any progress. A taker of progress
 * that fails cancels.
 */
bt_nodiscard int bt_images_import_url(struct bt_images *images, const char *url,
				      const struct bt_import *import,
				      const struct bt_progress *progress, struct bt_err *err);

#endif
