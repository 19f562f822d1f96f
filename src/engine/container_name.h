/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_NAME_H
#define BT_ENGINE_CONTAINER_NAME_H

/*
 * Names of containers: Docker's rules, and names made up for those who give none.
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

/** Room for a name that was made up. */
#define BT_CONTAINER_NAME_MAX 64

/** Does `name` (no leading slash) follow [a-zA-Z0-9][a-zA-Z0-9_.-]+ ? Volumes follow it too. */
bool bt_container_name_valid(const char *name);

/** The name without its slash, borrowed from `name`; INVALID in Docker's words where it breaks
 * the rule. */
bt_nodiscard int bt_container_name_check(const char *name, const char **ret, struct bt_err *err);

/** Make up "adjective_surname", from the second try on with a digit behind. Returns 0 or
 * -errno. */
bt_nodiscard int bt_container_name_random(unsigned attempt, char ret[BT_CONTAINER_NAME_MAX]);

#endif
