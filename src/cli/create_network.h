/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_CREATE_NETWORK_H
#define BT_CLI_CREATE_NETWORK_H

/*
 * --network and its companions (--ip, --network-alias, --link …) of run and create.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "cli/args.h"

/** A flag's check of --network: "NAME", or "name=NAME,ip=…,alias=…". */
bt_nodiscard int bt_create_network_check(const char *text, struct bt_err *err);

/** Set NetworkMode and Links in `host`, MacAddress in `config`, and EndpointsConfig in
 * `networking`. */
bt_nodiscard int bt_create_network_fill(const struct bt_args *args, json_t *config, json_t *host,
					json_t *networking, struct bt_err *err);

#endif
