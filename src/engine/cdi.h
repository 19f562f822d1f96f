/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CDI_H
#define BT_ENGINE_CDI_H

/*
 * Devices by the Container Device Interface: "vendor.com/class=name", which files
 * in /etc/cdi and /var/run/cdi (JSON or YAML) say how to give to a container.
 * They are read when somebody asks for such a device.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

/** Where files are looked for if the configuration does not say; a new array. A device that
 * several directories have is the last one's. */
json_t *bt_cdi_default_dirs(void);

/** Give a container the devices `ids` (array of strings).
 *
 * @dirs: array of paths, or NULL: the default ones.
 * @spec: its OCI specification, changed.
 *
 * Kind SYSTEM, in Docker's words, with the names of those that nobody has; INVALID for one that two
 * files of one directory have, or whose file makes no sense. */
bt_nodiscard int bt_cdi_inject(const json_t *dirs, const json_t *ids, json_t *spec,
			       struct bt_err *err);

/** Every device in the directories, "vendor.com/class=name", as a new array. */
json_t *bt_cdi_list(const json_t *dirs);

#endif
