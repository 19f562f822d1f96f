/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_NETWORK_ENDPOINT_OPTIONS_H
#define BT_ENGINE_NETWORK_ENDPOINT_OPTIONS_H

/*
 * What a user asks of one endpoint beside its addresses: the interface's name,
 * its settings, link-local addresses. EndpointSettings.DriverOpts and
 * IPAMConfig.LinkLocalIPs, by Docker's names.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/network_private.h"
#include "net/sandbox.h"

/** Can this be had on `net`? INVALID or NOT_IMPLEMENTED, naming the option, where not. `want` may
 * be NULL. */
bt_nodiscard int bt_network_endpoint_options_check(const struct bt_network *net, const json_t *want,
						   struct bt_err *err);
/** Does it ask for anything of this? */
bool bt_network_endpoint_options_any(const json_t *want);

/** The name that the user chose for the interface (borrowed), or NULL. */
const char *bt_network_endpoint_options_ifname(const json_t *want);
/** Put settings (borrowed from `want`) and link-local addresses into `port`. */
void bt_network_endpoint_options_apply(const json_t *want, struct bt_sandbox_port *port);

#endif
