/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_LINK_NAME_H
#define BT_ENGINE_LINK_NAME_H

/*
 * Links by their names: "web/db" is the container web's link with the alias db.
 */

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;

/** DELETE /containers/web/db?link=1: the container stays, its link goes. NOT_FOUND where there is
 * no such link; INVALID where `name` is no link's. */
bt_nodiscard int bt_link_name_remove(struct bt_engine *engine, const char *name,
				     struct bt_err *err);

#endif
