/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_LINK_HOSTS_H
#define BT_ENGINE_LINK_HOSTS_H

/*
 * A container that has just started may have another address than the last
 * time. Those that run and have a link of old to it (engine/container_links.h)
 * find it by a line in their /etc/hosts.
 */

#include "base/str.h"

struct bt_container;

/** Tell its address to all that link to it. What cannot be told is logged. */
void bt_link_hosts_refresh(struct bt_container *target);

/** The text of a hosts file, with `address` in the line that begins "…<tab>alias host"; appended
 * to `ret`. Returns whether that line is there and has another address. */
bool bt_link_hosts_replace(const char *text, const char *alias, const char *host,
			   const char *address, struct bt_str *ret);

#endif
