/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_APPARMOR_H
#define BT_ENGINE_APPARMOR_H

/*
 * AppArmor on this host: whether the kernel enforces it, and the profile that
 * containers get unless they name another. It has the name that Docker gives its
 * own and allows the same, so that on a host with both either may load it.
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

#define BT_APPARMOR_DEFAULT    "docker-default"
#define BT_APPARMOR_UNCONFINED "unconfined"

/** Does the kernel have AppArmor, and is it switched on? */
bool bt_apparmor_enabled(void);

/** Is `name` in the text of the kernel's list of profiles, lines of "NAME (MODE)"? */
bool bt_apparmor_listed(const char *list, const char *name);

/**
 * See that the default profile is loaded: where it is not, it is written to a file in `dir` and
 * given to apparmor_parser(8). Forks: the caller has one thread. Kind SYSTEM; without the
 * profile containers cannot be confined.
 */
bt_nodiscard int bt_apparmor_load_default(const char *dir, struct bt_err *err);

/**
 * The profile of a container's processes, a constant or borrowed: NULL where the host has no
 * AppArmor; else the one that was asked for (`named`, may be NULL), "unconfined" for a
 * privileged container, or the default one.
 */
const char *bt_apparmor_profile(bool available, bool privileged, const char *named);

#endif
