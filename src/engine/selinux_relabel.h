/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_SELINUX_RELABEL_H
#define BT_ENGINE_SELINUX_RELABEL_H

/*
 * Giving what lies on the host the label of a container's files: volumes, binds with
 * z or Z, and the files that the engine writes.
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

/** Is `path` (absolute, without symlinks) one whose label the host lives by? "/", "/etc", "/usr",
 * "/home", the daemon's home directory and others that Docker refuses, too. */
bool bt_selinux_relabel_is_forbidden(const char *path);

/**
 * Label `path`, and what is below it, without following any symlink in it; what goes away
 * meanwhile, and a file system without labels, is passed over.
 *
 * @label:  of the container's files; "" changes nothing.
 * @shared: for several containers: without categories.
 *
 * INVALID "SELinux relabeling of /etc is not allowed" for a place of the host's own.
 */
bt_nodiscard int bt_selinux_relabel_tree(const char *path, const char *label, bool shared,
					 struct bt_err *err);

/** Label the directory `path` and all below it once: where it has the label already, what was made
 * in it since has it by inheritance. An end half-way is made up for the next time. */
bt_nodiscard int bt_selinux_relabel_once(const char *path, const char *label, struct bt_err *err);

#endif
