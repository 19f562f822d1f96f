/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_CGROUPS_H
#define BT_RUNTIME_CGROUPS_H

/*
 * A container's control group: where it is, what limits it gets from the
 * specification, and how it is seen inside the container.
 */

#include "base/attr.h"
#include "base/err.h"
#include "codec/oci_spec.h"
#include "sys/cgroup.h"

/** The machine's hierarchies: found at the first call and kept as long as the process (and its
 * forks) live. Not for processes with threads. */
bt_nodiscard int bt_cgroups_host(const struct bt_cgroup_host **ret, struct bt_err *err);

/** The group's path: linux.cgroupsPath, or "/berth-<id>" without one, as a new string (owned).
 * Returns 0, -EINVAL or -ENOMEM. */
bt_nodiscard int bt_cgroups_path(const struct bt_oci_spec *spec, const char *id, char **ret,
				 struct bt_err *err);

/** Make as much of the group as the container's init must be born into: bt_cgroup_begin(). */
bt_nodiscard int bt_cgroups_begin(const struct bt_oci_spec *spec, const char *id,
				  const struct bt_cgroup_host *host, struct bt_cgroup *ret,
				  struct bt_err *err);

/** Make the rest of it and set its limits. After a failure the caller removes what there is. */
bt_nodiscard int bt_cgroups_complete(const struct bt_oci_spec *spec, struct bt_cgroup *cg,
				     struct bt_err *err);

/** Set limits of an existing group: `update`. Device rules are left alone. */
bt_nodiscard int bt_cgroups_update(const struct bt_cgroup *cg, const struct bt_oci_resources *res,
				   struct bt_err *err);

#endif
