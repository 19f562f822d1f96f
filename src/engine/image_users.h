/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_IMAGE_USERS_H
#define BT_ENGINE_IMAGE_USERS_H

/*
 * Which containers use an image: those made of it, and those that mount it (`--mount
 * type=image`). It is asked for each image that is removed or pruned, so it costs as
 * much as there are users, and not as there are containers. Part of the containers'
 * index, under its lock.
 */

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/list.h"
#include "base/map.h"

struct bt_container;

struct bt_image_users {
	struct bt_map by_image;  /* image id → the list of struct bt_container.of_image */
	struct bt_list mounting; /* struct bt_container.with_images: those that mount any */
};

/** No users. */
void bt_image_users_init(struct bt_image_users *users);
/** Release what it owns; containers in it are left alone. */
void bt_image_users_done(struct bt_image_users *users);

/** A container whose image and summary are known, and stay as they are. Returns 0 or -ENOMEM. */
bt_nodiscard int bt_image_users_add(struct bt_image_users *users, struct bt_container *container);
/** Take it out; one that is not in it is fine. */
void bt_image_users_remove(struct bt_image_users *users, struct bt_container *container);

/** How many use an image, and whether one of them runs; names the newest that runs, or else the
 * newest, in `ret_container` (its short id). `engine`: struct bt_engine. As image/images.h asks.
 * Takes the lock of each of them. */
int bt_image_users_of(void *engine, const char *image_id, bool *ret_running,
		      char ret_container[13]);
/** The same for all images at once: {id: count} (owned), without those that nobody uses; NULL
 * without memory. */
json_t *bt_image_users_counts(void *engine);

#endif
