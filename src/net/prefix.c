/* SPDX-License-Identifier: Apache-2.0 */

#include "net/prefix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static unsigned bits(int family)
{
	return family == AF_INET ? 32 : 128;
}

int bt_prefix_parse_address(const char *text, struct bt_prefix *ret)
{
	struct bt_prefix p = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	if (inet_pton(p.family, text, p.addr) != 1)
		return -EINVAL;
	p.len = bits(p.family);
	*ret = p;
	return 0;
}

int bt_prefix_parse(const char *text, struct bt_prefix *ret)
{
	char address[BT_PREFIX_TEXT_LEN];
	const char *slash = strchr(text, '/');
	struct bt_prefix p;
	unsigned long long len;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (bt_prefix_parse_address(address, &p) < 0 || bt_str_to_u64(slash + 1, &len) < 0 ||
	    len > p.len)
		return -EINVAL;
	p.len = (unsigned)len;
	*ret = p;
	return 0;
}

void bt_prefix_format_address(const struct bt_prefix *p, char ret[BT_PREFIX_TEXT_LEN])
{
	if (!p->family || !inet_ntop(p->family, p->addr, ret, BT_PREFIX_TEXT_LEN))
		ret[0] = '\0';
}

void bt_prefix_format(const struct bt_prefix *p, char ret[BT_PREFIX_TEXT_LEN])
{
	size_t n;

	bt_prefix_format_address(p, ret);
	n = strlen(ret);
	if (n > 0)
		(void)snprintf(ret + n, BT_PREFIX_TEXT_LEN - n, "/%u", p->len);
}

struct bt_prefix bt_prefix_network(const struct bt_prefix *p)
{
	struct bt_prefix n = *p;

	for (unsigned i = 0; i < sizeof(n.addr); i++) {
		if (8 * i >= n.len)
			n.addr[i] = 0;
		else if (8 * (i + 1) > n.len)
			n.addr[i] &= (uint8_t)(0xff00 >> (n.len - 8 * i));
	}
	return n;
}

bool bt_prefix_same_address(const struct bt_prefix *a, const struct bt_prefix *b)
{
	return a->family == b->family && memcmp(a->addr, b->addr, bits(a->family) / 8) == 0;
}

bool bt_prefix_has(const struct bt_prefix *outer, const struct bt_prefix *inner)
{
	struct bt_prefix a = bt_prefix_network(outer);
	struct bt_prefix b = *inner;

	b.len = outer->len;
	b = bt_prefix_network(&b);
	return bt_prefix_same_address(&a, &b);
}

bool bt_prefix_overlaps(const struct bt_prefix *a, const struct bt_prefix *b)
{
	return a->len < b->len ? bt_prefix_has(a, b) : bt_prefix_has(b, a);
}

uint64_t bt_prefix_size(const struct bt_prefix *p)
{
	unsigned host = bits(p->family) - p->len;

	return host > 63 ? UINT64_MAX : UINT64_C(1) << host;
}

struct bt_prefix bt_prefix_at(const struct bt_prefix *p, uint64_t index)
{
	struct bt_prefix a = bt_prefix_network(p);

	for (unsigned i = bits(p->family) / 8; i > 0 && index; i--, index >>= 8)
		a.addr[i - 1] = (uint8_t)(a.addr[i - 1] | (index & 0xff));
	return a;
}

uint64_t bt_prefix_index(const struct bt_prefix *p, const struct bt_prefix *address)
{
	const unsigned n = bits(p->family) / 8;
	const struct bt_prefix base = bt_prefix_network(p);
	uint64_t index = 0;

	if (!bt_prefix_has(p, address))
		return BT_PREFIX_NO_INDEX;
	for (unsigned i = 0; i < n; i++) {
		uint8_t host = address->addr[i] ^ base.addr[i];

		if (i + 8 < n && host)
			return BT_PREFIX_NO_INDEX;
		index = index << 8 | host;
	}
	return index;
}

struct in_addr bt_prefix_in_addr(const struct bt_prefix *p)
{
	struct in_addr a = { 0 };

	if (p->family == AF_INET)
		memcpy(&a, p->addr, sizeof(a));
	return a;
}

struct in6_addr bt_prefix_in6_addr(const struct bt_prefix *p)
{
	struct in6_addr a = IN6ADDR_ANY_INIT;

	if (p->family == AF_INET6)
		memcpy(&a, p->addr, sizeof(a));
	return a;
}
