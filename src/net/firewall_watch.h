/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_FIREWALL_WATCH_H
#define BT_NET_FIREWALL_WATCH_H

/*
 * A thread that notices what others do to the rules: that one of our tables was
 * removed (where they cannot be owned), or anything else.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct bt_firewall_watch;

/** Call `changed(arg, gone)` in the thread whenever another netlink socket than `portid` changed
 * rules; `gone`: a table named `table` was removed, or may have been (notices were lost). Returns 0
 * or -errno. */
bt_nodiscard int bt_firewall_watch_start(const char *table, uint32_t portid,
					 void (*changed)(void *arg, bool gone), void *arg,
					 struct bt_firewall_watch **ret);
/** End the thread. NULL is fine. */
void bt_firewall_watch_stop(struct bt_firewall_watch *watch);

#endif
