/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONFIG_FILE_H
#define BT_ENGINE_CONFIG_FILE_H

/*
 * containers/<id>/config.v2.json, by which other programs learn what a container
 * is called: log collectors, and `berth enter` where no daemon answers. It is
 * written for them alone; the database is what the engine itself goes by.
 */

#include "base/attr.h"
#include "base/err.h"

struct bt_container;

/** Write it, in the place of an older one: {"ID","Name","Created","Image"}, the name with its
 * slash. The container's directory is there. */
bt_nodiscard int bt_config_file_write(const struct bt_container *c, struct bt_err *err);

#endif
