/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_EXEC_CGROUP_H
#define BT_RUNTIME_EXEC_CGROUP_H

/*
 * The control group in which another process of a running container begins: the container's own,
 * one below it that the caller names, or the one where the container's init is by now.
 *
 * The last is for containers that keep groups themselves (systemd, an engine in a container): on
 * version 2 a group that hands controllers down takes no processes of its own, so that the
 * container's is closed to newcomers.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "codec/oci_spec.h"
#include "runtime/cgroups.h"
#include "sys/cgroup.h"

/** Open the container's own group. Where there is none: an error, or with `rootless` *ret as it
 * was. */
bt_nodiscard int bt_exec_cgroup_open(const struct bt_cgroups_owner *owner, bool rootless,
				     struct bt_cgroup *ret, struct bt_err *err);

/**
 * Go on to the groups below that are named; none is made.
 *
 * @subs: as runc's `exec --cgroup` takes them: one "path" for every hierarchy, or any number of
 *        "controller[,controller]:path" for those hierarchies of version 1, of which the named
 *        ones are "name=systemd". An empty list changes nothing.
 *
 * A single path need not be in a hierarchy that limits nothing (version 2 without controllers
 * beside version 1; a named one): there the process begins in the container's own.
 *
 * Returns 0, -EINVAL where a text is no such thing, names no controller of version 1, or leads
 * up; -ENOENT where there is no such group.
 */
bt_nodiscard int bt_exec_cgroup_descend(struct bt_cgroup *cg, const struct bt_oci_strings *subs,
					struct bt_err *err);

/** Is `r` what the kernel answers for a group of version 2 that takes no processes? */
bool bt_exec_cgroup_is_closed(int r);

/** Go on, in the hierarchy of version 2, to the group of the process `init`. It may go on moving
 * about: nothing says that the process is still there. Returns 0, -EPERM where that group is not
 * below the container's, or another -errno; then `cg` is as it was. */
bt_nodiscard int bt_exec_cgroup_follow(struct bt_cgroup *cg, pid_t init);

/** The path behind "0::" in the text of a /proc/PID/cgroup (cgroups(7)), below `group`: what
 * follows it there, "" for `group` itself. Borrowed from `text`, whose line is ended by NUL; NULL
 * where there is no such line, or it leads elsewhere. */
const char *bt_exec_cgroup_below(char *text, const char *group);

#endif
