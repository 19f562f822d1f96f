/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_SYSTEMD_UNIT_H
#define BT_RUNTIME_SYSTEMD_UNIT_H

/*
 * Names of systemd's driver for control groups: linux.cgroupsPath is
 * "slice:prefix:name" then, as with runc and crun, and the container's group is the
 * scope prefix-name.scope in that slice. Where a unit's group is follows from its
 * name alone (systemd.slice(5)).
 */

#include <limits.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

/** systemd takes no longer names. */
#define BT_SYSTEMD_UNIT_NAME_MAX 255

struct bt_systemd_unit {
	char slice[BT_SYSTEMD_UNIT_NAME_MAX + 1]; /* "system.slice" */
	char name[BT_SYSTEMD_UNIT_NAME_MAX + 1];  /* "docker-0123.scope" */
	char path[PATH_MAX];                      /* "/system.slice/docker-0123.scope" */
};

/**
 * Take a path of that form apart.
 *
 * @cgroups_path: NULL or "": the scope berth-<id>.scope in system.slice.
 *
 * Returns 0, or -EINVAL (kind INVALID) with the field in the message.
 */
bt_nodiscard int bt_systemd_unit_parse(const char *cgroups_path, const char *id,
				       struct bt_systemd_unit *ret, struct bt_err *err);

/** Is this a slice's name that a group can be put in: "machine.slice", "a-b.slice", "-.slice"? */
bool bt_systemd_unit_is_slice(const char *name);

#endif
