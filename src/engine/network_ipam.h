/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_NETWORK_IPAM_H
#define BT_ENGINE_NETWORK_IPAM_H

/*
 * IPAM.Config of a new network: what the user gave is checked, what is missing
 * is found where neither the host's routes nor our networks are.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/network_private.h"

/** Check the pools of `ipam` (the member IPAM of a request, may be NULL) in Docker's words. */
bt_nodiscard int bt_network_ipam_check(const json_t *ipam, struct bt_err *err);

/** Under lock: complete pools (new reference) for a network with these families. */
bt_nodiscard int bt_network_ipam_make(const struct bt_networks *nets, const json_t *ipam, bool ipv4,
				      bool ipv6, json_t **ret, struct bt_err *err);

/** Under lock: a ULA (RFC 4193) of random digits, /64, that overlaps none of our networks. Returns
 * 0 or -errno. */
bt_nodiscard int bt_network_ipam_find_ula(const struct bt_networks *nets, struct bt_prefix *ret);

#endif
