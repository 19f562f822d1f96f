/* SPDX-License-Identifier: Apache-2.0 */

#include "image/stack.h"

#include <errno.h>
#include <string.h>

#include "codec/json.h"

const char *bt_stack_top(const struct bt_stack *stack)
{
	return stack->chain_id[0] ? stack->chain_id : NULL;
}

/* The layer `chain_id`, of which we have a reference, lies on the one that was topmost. */
static void raise_to(struct bt_stack *stack, const char *chain_id)
{
	bt_stack_done(stack);
	memcpy(stack->chain_id, chain_id, sizeof(stack->chain_id));
}

int bt_stack_find(struct bt_stack *stack, const char *diff_id, struct bt_err *err)
{
	char chain_id[BT_DIGEST_SIZE];
	struct bt_err unknown;
	int r;

	bt_digest_chain(bt_stack_top(stack), diff_id, chain_id);
	r = bt_layers_ref(stack->layers, chain_id, &unknown);
	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		*err = unknown;
		return r;
	}
	raise_to(stack, chain_id);
	return 1;
}

int bt_stack_push(struct bt_stack *stack, struct bt_layer_copy *copy, struct bt_err *err)
{
	struct bt_layer_result res;
	int r;

	r = bt_layers_adopt(copy, bt_stack_top(stack), &res, err);
	if (r == 0)
		raise_to(stack, res.chain_id);
	return r;
}

void bt_stack_taken(struct bt_stack *stack)
{
	stack->chain_id[0] = '\0';
}

void bt_stack_done(struct bt_stack *stack)
{
	if (stack->chain_id[0])
		bt_discard(bt_layers_unref(stack->layers, stack->chain_id, BT_ERR_IGNORED));
	stack->chain_id[0] = '\0';
}

int bt_stack_diff_ids(const json_t *config, size_t layers, const json_t **ret, struct bt_err *err)
{
	const json_t *ids = bt_json_arr(bt_json_obj(config, "rootfs"), "diff_ids"), *id;
	size_t i;

	if (json_array_size(ids) != layers || layers > BT_LAYERS_MAX)
		return bt_err_set(err, BT_ERR_INVALID, EBADMSG,
				  "invalid image: the configuration names %zu layers, the manifest "
				  "%zu, at most %d are possible",
				  json_array_size(ids), layers, BT_LAYERS_MAX);
	json_array_foreach (ids, i, id)
		if (!bt_digest_is_valid(json_string_value(id)))
			return bt_err_set(err, BT_ERR_INVALID, EBADMSG,
					  "invalid image: diff id %zu is not a SHA-256 digest", i);
	*ret = ids;
	return 0;
}
