/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_DNS_H
#define BT_ENGINE_CONTAINER_DNS_H

/*
 * Whom a container asks for names: what it says itself, else what the daemon's
 * options dns, dns-search and dns-opts say, else what the host does. The daemon's
 * count from the next start of a container: they are not written into it.
 */

#include <jansson.h>

struct bt_engine_config;

/** Give a HostConfig's Dns, DnsSearch and DnsOptions, each where it has none, the daemon's. Without
 * memory they stay as they are. */
void bt_container_dns_default(const struct bt_engine_config *cfg, json_t *host_config);

#endif
