/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_RUNTIME_PATH_H
#define BT_API_RUNTIME_PATH_H

/*
 * Where berth-runtime is: named, else beside the daemon, else on PATH.
 */

#include "base/attr.h"
#include "base/err.h"

/** The path of berth-runtime (owned by the caller). `named` may be NULL. Kind NOT_FOUND. */
bt_nodiscard int bt_runtime_path_find(const char *named, char **ret, struct bt_err *err);

#endif
