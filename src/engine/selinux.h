/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_SELINUX_H
#define BT_ENGINE_SELINUX_H

/*
 * SELinux on this host. berth gives no labels: what asks for one is refused, and
 * says whether the host could have.
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

/** Is it switched on in the kernel? `dir` is where its file system is mounted, NULL: as usual. */
bool bt_selinux_enabled(const char *dir);

/** Refuse what asks for a label: `what` is "HostConfig.SecurityOpt label=type:x", as in messages.
 */
bt_nodiscard int bt_selinux_refuse(bool enabled, const char *what, struct bt_err *err);

/** "user:U", "role:R", "type:T", "level:L", "filetype:T", "nested", "disable": what stands behind
 * label=. */
bool bt_selinux_is_option(const char *text);

#endif
