/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_CREATE_PORT_H
#define BT_CLI_CREATE_PORT_H

/*
 * -p, -P and --expose of run and create.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "cli/args.h"

/** Parse one "[IP:][HOST:]CONTAINER[/PROTO]", ranges included, into the two maps of the API. */
bt_nodiscard int bt_create_port_parse(const char *text, json_t *exposed, json_t *bindings,
				      struct bt_err *err);

/** Set ExposedPorts in `config` and PortBindings in `host`. */
bt_nodiscard int bt_create_port_fill(const struct bt_args *args, json_t *config, json_t *host,
				     struct bt_err *err);

#endif
