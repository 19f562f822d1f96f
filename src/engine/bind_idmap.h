/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_BIND_IDMAP_H
#define BT_ENGINE_BIND_IDMAP_H

/*
 * BindOptions.IDMapping (proposed for Docker's API 1.56): who owns the files of a
 * bind inside, without a change on disk.
 *
 *   {"Source": "match-user"}               the owner of the source is the container's user
 *   {"Source": "match-user", "User": "U"}  he is U, as --user takes it
 *   {"Source": "userns"}                   ids inside are the ids on disk, where the container has
 * a user namespace
 *
 * docs/decisions/0030-id-mapped-binds.md says what becomes of everybody else.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/container_userns.h"
#include "engine/user_lookup.h"
#include "sys/id_map.h"

/** As many ranges as an exchange takes. */
#define BT_BIND_IDMAP_RANGES 5

/** Does a request make sense? Kind INVALID. */
bt_nodiscard int bt_bind_idmap_check(const json_t *mapping, struct bt_err *err);

/** A map in which `on_disk` and `outside` have changed places, and everybody else is who he is.
 * Returns how many ranges. */
unsigned bt_bind_idmap_exchange(uint32_t on_disk, uint32_t outside,
				struct bt_id_range ret[BT_BIND_IDMAP_RANGES]);

/** At a start: give each of the mount points that asks for it its maps, "UidMappings" and
 * "GidMappings" in the form of the OCI specification, or for "userns" the mark "Mapped".
 *
 * @root: the container's, where users are looked up
 * @user: who it runs as
 * @ours: it is berth's own runtime, which alone has such mounts
 */
bt_nodiscard int bt_bind_idmap_fill(json_t *mounts, int root, const struct bt_user *user,
				    const struct bt_container_userns *userns, bool ours,
				    struct bt_err *err);

#endif
