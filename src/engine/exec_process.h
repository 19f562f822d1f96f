/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_EXEC_PROCESS_H
#define BT_ENGINE_EXEC_PROCESS_H

/*
 * An exec's configuration as an OCI process object.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/container.h"

/** JSON text (owned) of the process that `config` (a checked ExecConfig) asks for in a running
 * container: what it does not say is as the container's own. */
bt_nodiscard int bt_exec_process_make(struct bt_container *container, const json_t *config,
				      unsigned rows, unsigned cols, char **ret, struct bt_err *err);

#endif
