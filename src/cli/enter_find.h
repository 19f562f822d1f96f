/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_ENTER_FIND_H
#define BT_CLI_ENTER_FIND_H

/*
 * The first process of a container, found without any help: its name in the
 * data root, its processes by their control group. For `enter`, which must work
 * where daemon and monitor are dead or do not answer.
 */

#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

/** The id (64 digits) of the container called `name`: its name, its id, or the beginning of its id
 * that no other has. NOT_FOUND where there is none; CONFLICT where several begin so. */
bt_nodiscard int bt_enter_find_id(const char *data_root, const char *name, char ret_id[65],
				  struct bt_err *err);

/** The process that is the first in its own process namespace, or, where it has none of its own,
 * the oldest, of those in the control group that ends in `id`. CONFLICT where none runs. */
bt_nodiscard int bt_enter_find_pid(const char *id, pid_t *ret, struct bt_err *err);

#endif
