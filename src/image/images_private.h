/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_IMAGES_PRIVATE_H
#define BT_IMAGE_IMAGES_PRIVATE_H

/*
 * What the files of this folder share. Nobody else includes this.
 */

#include <pthread.h>

#include "image/images.h"
#include "image/name.h"
#include "registry/settings.h"
#include "store/db.h"
#include "store/digest.h"

struct bt_transfers;

struct bt_images {
	struct bt_db *db; /* borrowed, as the next */
	struct bt_layers *layers;
	struct bt_transfers *transfers; /* layers on their way */
	char *data_root;
	pthread_mutex_t settings_lock;
	struct bt_settings settings; /* of registries; may change */
	bt_images_users_fn users;
	bt_images_user_counts_fn user_counts;
	void *users_arg;
	bt_images_event_fn event;
	void *event_arg;
};

/** How registries are reached at this moment: a copy. Kind SYSTEM: no memory. */
bt_nodiscard int bt_images_settings_(struct bt_images *images, struct bt_settings *ret,
				     struct bt_err *err);

/** One image's row, but for its configuration's text. Owned strings. */
struct bt_image_row {
	char *id, *parent, *chain_id;
	int64_t size, last_tagged;
	json_t *config;
};
/** Release what it owns. */
void bt_image_row_done_(struct bt_image_row *row);

/** Find the row by any name, as Docker resolves it. */
bt_nodiscard int bt_images_find_(struct bt_images *images, const char *name,
				 struct bt_image_row *ret, struct bt_err *err);
/** Find the row by id; 1, or 0 where it is unknown. */
bt_nodiscard int bt_images_row_(struct bt_images *images, const char *id, struct bt_image_row *ret,
				struct bt_err *err);

/** The configuration, byte for byte (owned). Kind NOT_FOUND where the image is gone. */
bt_nodiscard int bt_images_config_(struct bt_images *images, const char *id, char **ret,
				   struct bt_err *err);

/** An array of {repo, tag} objects: the names of an image, digests among them, in order. */
bt_nodiscard int bt_images_names_(struct bt_images *images, const char *id, json_t **ret,
				  struct bt_err *err);
/** The familiar texts of those that are tags (or digests). NULL without memory. */
json_t *bt_images_names_texts_(const json_t *names, bool digests);

/** Tell the listener, if there is one. */
void bt_images_tell_(struct bt_images *images, const char *action, const char *id,
		     const char *name);

/** How many containers use `id`; `ret_running` and `ret_container` as the callback's. */
int bt_images_users_(struct bt_images *images, const char *id, bool *ret_running,
		     char ret_container[13]);

/** How many images have `id` as their parent, or a negative errno. */
bt_nodiscard int bt_images_children_(struct bt_images *images, const char *id, struct bt_err *err);

#endif
