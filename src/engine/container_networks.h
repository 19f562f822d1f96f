/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_NETWORKS_H
#define BT_ENGINE_CONTAINER_NETWORKS_H

/*
 * NetworkSettings as inspect and list show it.
 */

#include <jansson.h>
#include <sys/types.h>

/** NetworkSettings.Networks: `text` as the network's start left it; NULL: what the container would
 * be connected to, without addresses. `networking` may be NULL. New object. */
json_t *bt_container_networks(const char *text, const char *mode, const json_t *networking);

/** The same after an end: which networks, but no addresses. Owned text, NULL for NULL. */
char *bt_container_networks_blank(const char *text);

/** The whole NetworkSettings of inspect; `networks` is borrowed. `published`: bt_network_ports(),
 * may be NULL. `bridge`: the name
 * that the daemon was given for the default one, or "". */
json_t *bt_container_network_settings(const json_t *networks, const json_t *config,
				      const json_t *published, pid_t pid, const char *id,
				      const char *bridge);

/** Ports of list: an array of {PrivatePort,Type,…}. `published`: bt_network_ports(), may be NULL.
 */
json_t *bt_container_networks_ports(const json_t *exposed, const json_t *published);

#endif
