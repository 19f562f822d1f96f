/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_LINK_NAMES_H
#define BT_ENGINE_LINK_NAMES_H

/*
 * The names that links of old give: a container that another one, "web", has
 * linked to as "db" is called "/web/db", too. A list shows these beside its own
 * name and finds it by them.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/container.h"

/** Of all that the `n` containers link to: id → array of names, as a new
 * object; NULL where none of them has links. Only rows of those that have any
 * are read. */
bt_nodiscard int bt_link_names_all(struct bt_container *const *containers, ssize_t n, json_t **ret,
				   struct bt_err *err);

#endif
