/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_STACK_H
#define BT_IMAGE_STACK_H

/*
 * The layers of an image on their way into the store: put on top of one another
 * from the lowest, each exactly the one that the configuration names.
 */

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "store/digest.h"
#include "store/layers.h"

/** A stack, with a reference of its topmost layer. Zeroed but for `layers`, it is empty. */
struct bt_stack {
	struct bt_layers *layers;      /* borrowed */
	char chain_id[BT_DIGEST_SIZE]; /* of the topmost; "" for none */
};

/** Is the layer `diff_id` on top of the stack in the store already? Then put it there. 1, 0, or a
 * negative errno. */
bt_nodiscard int bt_stack_find(struct bt_stack *stack, const char *diff_id, struct bt_err *err);
/** Put `copy` on top. */
bt_nodiscard int bt_stack_push(struct bt_stack *stack, struct bt_layer_copy *copy,
			       struct bt_err *err);
/** The chain id of the topmost layer, borrowed, or NULL where the stack is empty. */
const char *bt_stack_top(const struct bt_stack *stack);
/** The reference has been given away. */
void bt_stack_taken(struct bt_stack *stack);
/** Drop the reference. */
void bt_stack_done(struct bt_stack *stack);

/** The array "rootfs.diff_ids" of an image's configuration, borrowed; checked: at most
 * BT_LAYERS_MAX valid digests, and no more and no fewer than `layers`. Kind INVALID. */
bt_nodiscard int bt_stack_diff_ids(const json_t *config, size_t layers, const json_t **ret,
				   struct bt_err *err);

#endif
