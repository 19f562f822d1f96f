/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_PUSH_LAYERS_H
#define BT_IMAGE_PUSH_LAYERS_H

/*
 * The layers of one image, brought into a repository several at once.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "image/images.h"
#include "image/progress.h"
#include "registry/session.h"

/** What to bring where; borrowed. */
struct bt_push_layers {
	struct bt_images *images;
	struct bt_session *session;
	const struct bt_progress *progress; /* need not be safe for threads */
	const char *repo;                   /* in full */
	const char *domain;                 /* of it */
	const char *chain_id;
};

/** Bring all there. `ret`: the descriptors for the manifest, an array (owned). */
bt_nodiscard int bt_push_layers(const struct bt_push_layers *job, json_t **ret, struct bt_err *err);

#endif
