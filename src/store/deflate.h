/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_DEFLATE_H
#define BT_STORE_DEFLATE_H

/*
 * Packing with gzip by ISA-L. The same bytes give the same packed bytes, however
 * they are cut into pieces, so that a layer has one digest in every registry.
 */

#include <stddef.h>

#include "base/attr.h"

struct bt_deflate;

/** Takes packed bytes in order. Returns 0 or a negative errno, which ends the work. */
typedef int (*bt_deflate_write_fn)(void *arg, const void *data, size_t len);

/** Packed bytes go to `fn`. Returns 0 or -ENOMEM. */
bt_nodiscard int bt_deflate_create(bt_deflate_write_fn fn, void *arg, struct bt_deflate **ret);
/** Pack; a bt_layers_write_fn whose argument is the object. Returns 0 or a negative errno. */
int bt_deflate_write(void *deflate, const void *data, size_t len);
/** The end. Returns 0 or a negative errno. */
bt_nodiscard int bt_deflate_finish(struct bt_deflate *deflate);
/** Release. NULL is fine. */
void bt_deflate_destroy(struct bt_deflate *deflate);

#endif
