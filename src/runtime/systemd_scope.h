/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_SYSTEMD_SCOPE_H
#define BT_RUNTIME_SYSTEMD_SCOPE_H

/*
 * A container's scope: a transient unit of systemd that holds its control group,
 * delegated, so that what is in the group's files beside the unit's properties is
 * the container's and ours.
 *
 * A scope cannot be without a process, and the container's init must be born in the
 * group. So a placeholder, a process that does nothing, is in it until then.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "runtime/systemd_unit.h"
#include "sys/cgroup.h"

/** Start the scope; when this returns its group is there, with *ret_placeholder in it: a child of
 * the caller, to be given to bt_systemd_scope_release() when another process is there. A scope of
 * that name which has failed is forgotten first; one that lives is -EEXIST. */
bt_nodiscard int bt_systemd_scope_start(const struct bt_systemd_unit *unit, const char *id,
					const struct bt_cgroup_limits *limits, bool v2,
					pid_t *ret_placeholder, struct bt_err *err);

/** End and reap a placeholder; 0 is none. */
void bt_systemd_scope_release(pid_t *placeholder);

/** Change the properties of a running scope, until the next boot. */
bt_nodiscard int bt_systemd_scope_update(const struct bt_systemd_unit *unit,
					 const struct bt_cgroup_limits *limits, bool v2,
					 struct bt_err *err);

/** End the scope, and whoever is in it; one that is gone is fine. */
bt_nodiscard int bt_systemd_scope_stop(const struct bt_systemd_unit *unit, struct bt_err *err);

#endif
