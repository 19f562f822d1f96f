/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_KEYRING_H
#define BT_SYS_KEYRING_H

/*
 * The kernel's session keyrings (keyctl(2)).
 */

#include "base/attr.h"

/** Replace the caller's session keyring by a new one "_ses.<name>", which the container's other
 * users may search as well. A kernel without keyrings, or a filter that forbids them, is fine:
 * nothing happens. Returns 0 or -errno. */
bt_nodiscard int bt_keyring_join_session(const char *name);

#endif
