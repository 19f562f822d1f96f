/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_FIREWALL_WATCH_H
#define BT_NET_FIREWALL_WATCH_H

/*
 * A thread that notices when somebody else removes a table of nftables: for
 * kernels where the table cannot be owned.
 */

#include <stdint.h>

#include "base/attr.h"

struct bt_firewall_watch;

/** Call `gone(arg)` in the thread whenever `table` was removed by another netlink socket than
 * `portid`, or may have been (notices were lost). Returns 0 or -errno. */
bt_nodiscard int bt_firewall_watch_start(const char *table, uint32_t portid,
					 void (*gone)(void *arg), void *arg,
					 struct bt_firewall_watch **ret);
/** End the thread. NULL is fine. */
void bt_firewall_watch_stop(struct bt_firewall_watch *watch);

#endif
