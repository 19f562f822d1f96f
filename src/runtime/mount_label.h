/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_MOUNT_LABEL_H
#define BT_RUNTIME_MOUNT_LABEL_H

/*
 * linux.mountLabel: the context of SELinux that the files of a container's own file
 * systems have (OCI runtime-spec config-linux, "Mount Label"). The label of a file
 * system that takes one comes with its mount, as the option "context"; others have
 * their own and keep it.
 */

#include "base/attr.h"
#include "base/err.h"
#include "runtime/plan.h"

/** Room for "context=" and the longest label that fsconfig(2) takes. */
#define BT_MOUNT_LABEL_LEN 272

/** The option for the mount of a file system of `type`, in `text`; NULL where the plan has no
 * label, or the type takes none (proc, sysfs, mqueue, control groups). */
const char *bt_mount_label_option(const struct bt_plan *plan, const char *type,
				  char text[BT_MOUNT_LABEL_LEN]);

/** Give the root of a mount of `type` its label where that is done after mounting (mqueue).
 * In a user namespace that does not know their owner, queues keep the policy's label. Returns 0 or
 * -errno. */
bt_nodiscard int bt_mount_label_set(const struct bt_plan *plan, const char *type, int mount);

/** Is the label short enough? -EINVAL (kind INVALID) where it is not. */
bt_nodiscard int bt_mount_label_check(const char *label, struct bt_err *err);

#endif
