/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_PREFIX_H
#define BT_NET_PREFIX_H

/*
 * IP addresses with a prefix length, of both families: "172.17.0.1/16",
 * "fd00::1/64". Addresses within a prefix are numbered from its base, so that
 * those who hand them out need not know the family.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/* "ffff:…:ffff/128" and its NUL */
#define BT_PREFIX_TEXT_LEN (INET6_ADDRSTRLEN + 4)

/* An address of the prefix that has no number of 64 bits. */
#define BT_PREFIX_NO_INDEX UINT64_MAX

/** An address and the length of its network's prefix. family 0: none. */
struct bt_prefix {
	int family;       /* AF_INET or AF_INET6 */
	uint8_t addr[16]; /* as on the wire; IPv4 in the first four */
	unsigned len;
};

/** Parse "address/len"; the address keeps its host part. Returns 0 or -EINVAL. */
bt_nodiscard int bt_prefix_parse(const char *text, struct bt_prefix *ret);
/** Parse an address alone; its length is all its bits. Returns 0 or -EINVAL. */
bt_nodiscard int bt_prefix_parse_address(const char *text, struct bt_prefix *ret);

/** Write "address/len". */
void bt_prefix_format(const struct bt_prefix *p, char ret[BT_PREFIX_TEXT_LEN]);
/** Write the address alone; "" for family 0. */
void bt_prefix_format_address(const struct bt_prefix *p, char ret[BT_PREFIX_TEXT_LEN]);

/** The network: the same with the host part cleared. */
struct bt_prefix bt_prefix_network(const struct bt_prefix *p);
/** Is the address of `inner` in the network of `outer`? */
bool bt_prefix_has(const struct bt_prefix *outer, const struct bt_prefix *inner);
/** Do the two networks share an address? */
bool bt_prefix_overlaps(const struct bt_prefix *a, const struct bt_prefix *b);
/** Same family and address? */
bool bt_prefix_same_address(const struct bt_prefix *a, const struct bt_prefix *b);

/** How many addresses the network has; UINT64_MAX for more than 63 bits of them. */
uint64_t bt_prefix_size(const struct bt_prefix *p);
/** The address with this number in the network of `p`, with its length. */
struct bt_prefix bt_prefix_at(const struct bt_prefix *p, uint64_t index);
/** The number of `address` in the network of `p`, or BT_PREFIX_NO_INDEX. */
uint64_t bt_prefix_index(const struct bt_prefix *p, const struct bt_prefix *address);

/** The IPv4 address as the kernel takes it. */
struct in_addr bt_prefix_in_addr(const struct bt_prefix *p);
/** The IPv6 address as the kernel takes it. */
struct in6_addr bt_prefix_in6_addr(const struct bt_prefix *p);

#endif
