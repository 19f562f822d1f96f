/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_REGISTRY_INSECURE_H
#define BT_REGISTRY_INSECURE_H

/*
 * The registries that may do without TLS: those that an operator lists, and this
 * machine's own. Names are compared as they are written and never looked up: who
 * answers for a name must not decide whether its certificate counts.
 */

#include <jansson.h>
#include <stdbool.h>

/**
 * May the registry `domain` ("host", "host:port", "[address]:port") do without TLS? `list` is an
 * array of such domains, of hosts without a port for all ports, and of networks of either family
 * ("10.0.0.0/8", "fd00::/8"); or NULL. An entry that is none of these matches nothing. Loopback
 * addresses and "localhost" always may.
 */
bool bt_insecure_has(const json_t *list, const char *domain);

#endif
