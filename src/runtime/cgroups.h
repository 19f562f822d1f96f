/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_CGROUPS_H
#define BT_RUNTIME_CGROUPS_H

/*
 * A container's control group: where it is, and what limits it gets from the
 * specification. Two drivers make groups: "cgroupfs" makes directories, and
 * "systemd" has systemd's manager make a scope (runtime/systemd_scope.h), whose
 * group then gets the same limits once more, exactly.
 */

#include "base/attr.h"
#include "base/err.h"
#include "codec/oci_spec.h"
#include "sys/cgroup.h"

/** The machine's hierarchies: found at the first call and kept as long as the process (and its
 * forks) live. Not for processes with threads. */
bt_nodiscard int bt_cgroups_host(const struct bt_cgroup_host **ret, struct bt_err *err);

/** Whose group it is, and which driver keeps it. */
struct bt_cgroups_owner {
	const struct bt_oci_spec *spec; /* borrowed */
	const char *id;                 /* borrowed */
	const char *bundle; /* borrowed; for the state that poststop hooks read, or NULL */
	bool systemd;
};

/** The group's path in every hierarchy, as a new string (owned): linux.cgroupsPath, or
 * "/berth-<id>" without one; with systemd's driver, that of the scope. Returns 0, -EINVAL or
 * -ENOMEM. */
bt_nodiscard int bt_cgroups_path(const struct bt_cgroups_owner *owner, char **ret,
				 struct bt_err *err);

/** Make as much of the group as the container's init must be born into: bt_cgroup_begin(). One that
 * exists already must be empty and not frozen: else -EBUSY (kind CONFLICT).
 *
 * @ret_placeholder: with systemd's driver, which starts the scope here, a child that keeps it until
 *                   another process is in it: see bt_systemd_scope_release(). Else 0.
 *
 * After a failure nothing stays. */
bt_nodiscard int bt_cgroups_begin(const struct bt_cgroups_owner *owner,
				  const struct bt_cgroup_host *host, struct bt_cgroup *ret,
				  pid_t *ret_placeholder, struct bt_err *err);

/** Make the rest of it and set its limits. After a failure the caller removes what there is. */
bt_nodiscard int bt_cgroups_complete(const struct bt_cgroups_owner *owner, struct bt_cgroup *cg,
				     struct bt_err *err);

/** The first limit that is asked for, by its place in linux.resources, or NULL. Device rules are
 * none: what cannot make device nodes needs none. */
const char *bt_cgroups_first_limit(const struct bt_oci_resources *res);

/** Set limits of an existing group: `update`. Device rules are left alone. */
bt_nodiscard int bt_cgroups_update(const struct bt_cgroups_owner *owner, const struct bt_cgroup *cg,
				   const struct bt_oci_resources *res, struct bt_err *err);

/** Kill whoever is in the group, and remove it; one that is gone is fine. Waits for `timeout_ms` at
 * most. */
bt_nodiscard int bt_cgroups_remove(const struct bt_cgroups_owner *owner, int timeout_ms,
				   struct bt_err *err);

#endif
