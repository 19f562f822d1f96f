/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_PULL_LAYERS_H
#define BT_IMAGE_PULL_LAYERS_H

/*
 * The layers of one image, fetched and unpacked several at once.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "image/images.h"
#include "image/progress.h"
#include "image/stack.h"
#include "registry/session.h"

/** What to fetch; borrowed. */
struct bt_pull_layers {
	struct bt_images *images;
	struct bt_session *session;
	const struct bt_progress *progress; /* need not be safe for threads */
	const json_t *descriptors;          /* "layers" of the manifest */
	const json_t *diff_ids;             /* as many */
};

/** Put all layers on `stack`, which is empty. After a failure nothing is left but the stack. */
bt_nodiscard int bt_pull_layers(const struct bt_pull_layers *job, struct bt_stack *stack,
				struct bt_err *err);

#endif
