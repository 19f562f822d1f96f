/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_size.h"

#include "engine/engine_private.h"
#include "engine/jget.h"

void bt_container_add_size(const struct bt_container *c, int64_t rw, json_t *out)
{
	json_auto_t *image = NULL;
	int64_t below = 0;

	/* An image that is gone (forced away) counts nothing. */
	if (bt_images_inspect(c->engine->images, c->image_id, &image, BT_ERR_IGNORED) == 0)
		below = bt_jget_int(image, "Size");
	if (rw > 0)
		json_object_set_new(out, "SizeRw", json_integer(rw));
	json_object_set_new(out, "SizeRootFs", json_integer(rw + below));
}
