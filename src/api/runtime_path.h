/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_RUNTIME_PATH_H
#define BT_API_RUNTIME_PATH_H

/*
 * Where the daemon's helpers are (berth-runtime, berth-init): named, else beside
 * the daemon, else in ../bin from there, else on PATH.
 */

#include "base/attr.h"
#include "base/err.h"

/** The path of the program `name` (owned by the caller). `named` is what the option `--option`
 * says, or NULL. Kind NOT_FOUND. */
bt_nodiscard int bt_runtime_path_find(const char *name, const char *option, const char *named,
				      char **ret, struct bt_err *err);

#endif
