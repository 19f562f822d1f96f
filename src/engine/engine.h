/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_ENGINE_H
#define BT_ENGINE_ENGINE_H

/*
 * The engine: containers, execs, images, networks, volumes, events, behind one
 * handle. It knows nothing of HTTP. Any thread may call; calls may block on
 * the kernel, never on another container.
 */

#include "base/attr.h"
#include "base/err.h"
#include "engine/engine_config.h"

struct bt_engine;
struct bt_images;

/** Open everything under the roots, take up living containers, sweep what crashes left. */
bt_nodiscard int bt_engine_open(const struct bt_engine_config *cfg, struct bt_engine **ret,
				struct bt_err *err);
/** Start what restart policies want started; after the API serves. */
void bt_engine_autostart(struct bt_engine *engine);
/** Close; containers go on. NULL is fine. */
void bt_engine_close(struct bt_engine *engine);

/** The images, for handlers that need nothing else; borrowed. */
struct bt_images *bt_engine_images(struct bt_engine *engine);

#endif
