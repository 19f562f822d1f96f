/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CPU_LIST_H
#define BT_ENGINE_CPU_LIST_H

/*
 * Lists of processors or memory nodes: "0-3,7".
 */

#include <stddef.h>

#include "base/attr.h"

/** Is every number of `list` among those that the file `available` (of sysfs) lists? Returns 0,
 * -EINVAL where `list` is no list, -ERANGE where one is not there; `ret_available` then holds
 * the file's text. */
bt_nodiscard int bt_cpu_list_check(const char *list, const char *available, char *ret_available,
				   size_t size);

#endif
