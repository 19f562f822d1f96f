/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_IDMAP_H
#define BT_RUNTIME_IDMAP_H

/*
 * The maps of user namespaces: linux.uidMappings and linux.gidMappings.
 */

#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "codec/oci_spec.h"

/** Write both maps of the new user namespace that the process `pid` is in. Returns 0 or
 * -errno. */
bt_nodiscard int bt_idmap_write(pid_t pid, const struct bt_oci_id_map *uids, size_t nuids,
				const struct bt_oci_id_map *gids, size_t ngids, struct bt_err *err);

/** A new user namespace with these maps and no process in it: what id-mapped mounts take. The
 * descriptor is owned by the caller. Returns 0 or -errno. */
bt_nodiscard int bt_idmap_namespace(const struct bt_oci_id_map *uids, size_t nuids,
				    const struct bt_oci_id_map *gids, size_t ngids, int *ret_fd,
				    struct bt_err *err);

#endif
