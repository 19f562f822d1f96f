/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_FILTER_IMAGES_H
#define BT_IMAGE_FILTER_IMAGES_H

/*
 * Filters that `images` and `image prune` share.
 */

#include <jansson.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_filters;
struct bt_images;

/** For bt_filters_labels(): a label of an image's "config" (which may be NULL). */
const char *bt_filter_images_label(const void *config, const char *key);

/** The ids of all images, the newest first, as an array (owned). */
bt_nodiscard int bt_filter_images_ids(struct bt_images *images, json_t **ret, struct bt_err *err);

#endif
