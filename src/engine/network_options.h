/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_NETWORK_OPTIONS_H
#define BT_ENGINE_NETWORK_OPTIONS_H

/*
 * The driver options of a network, by Docker's names: read into struct
 * bt_network, and refused by name where they mean nothing here.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/network_private.h"

/** Read Driver, Internal and Options of `net->config` into `net`. INVALID, naming the option,
 * where a value makes no sense. */
bt_nodiscard int bt_network_options_read(struct bt_network *net, struct bt_err *err);

/** Does the driver know all of these options? Those of Docker's own name space that it does not
 * know, or that are not offered here, are refused by name; what others put there is noted in
 * `warning` (owned by the caller, NULL where there is nothing to say). `options` may be NULL. */
bt_nodiscard int bt_network_options_check(const char *driver, const json_t *options, char **warning,
					  struct bt_err *err);

/** Is this the name of a driver whose networks users create? */
bool bt_network_options_is_driver(const char *name);

#endif
