/* SPDX-License-Identifier: Apache-2.0 */

#include "net/firewall_ports.h"

#include <arpa/inet.h>
#include <string.h>

#include "net/firewall_rules.h"

/* Address, protocol, port: each begins at a word. */
#define KEY_MAX (16 + 4 + 4)

static size_t address_size(bool six)
{
	return six ? 16 : 4;
}

static bool is_any(const struct bt_prefix *p)
{
	static const uint8_t zero[16];

	return memcmp(p->addr, zero, sizeof(zero)) == 0;
}

/* Where there is a host address it comes first. Returns the length. */
static uint32_t make_key(const struct bt_firewall_port *port, uint16_t number, uint8_t key[KEY_MAX])
{
	const size_t size = is_any(&port->host) ? 0 : address_size(port->host.family == AF_INET6);
	const uint16_t be = htons(number);

	memset(key, 0, KEY_MAX);
	memcpy(key, port->host.addr, size);
	key[size] = (uint8_t)port->proto;
	memcpy(key + size + 4, &be, sizeof(be));
	return (uint32_t)size + 8;
}

static void put_range(struct bt_nft *nft, const struct bt_firewall_port *port, bool add)
{
	const bool six = port->host.family == AF_INET6;
	uint8_t key[KEY_MAX], end[KEY_MAX];
	struct bt_nft_element e = { .key = key,
				    .key_end = end,
				    .data = port->target.addr,
				    .data_len = (uint32_t)address_size(six) };

	e.key_len = make_key(port, port->first, key);
	(void)make_key(port, port->last, end);
	bt_nft_element(nft,
		       is_any(&port->host) ? BT_RULES_PORT_RANGE_ANY(six)
					   : BT_RULES_PORT_RANGE_ADDR(six),
		       &e, add);
}

static void put_single(struct bt_nft *nft, const struct bt_firewall_port *port, uint16_t offset,
		       bool add)
{
	const bool six = port->host.family == AF_INET6;
	const uint16_t target = htons((uint16_t)(port->target_first + offset));
	uint8_t key[KEY_MAX], data[16 + 4] = { 0 };
	struct bt_nft_element e = { .key = key,
				    .data = data,
				    .data_len = (uint32_t)address_size(six) + 4 };

	e.key_len = make_key(port, (uint16_t)(port->first + offset), key);
	memcpy(data, port->target.addr, address_size(six));
	memcpy(data + address_size(six), &target, sizeof(target));
	bt_nft_element(nft, is_any(&port->host) ? BT_RULES_PORT_ANY(six) : BT_RULES_PORT_ADDR(six),
		       &e, add);
}

/* The container's own ports, without translation. */
static void put_direct(struct bt_nft *nft, const struct bt_firewall_port *port, bool add)
{
	const struct bt_firewall_port inside = { .proto = port->proto, .host = port->target };
	const unsigned n = (unsigned)port->last - port->first;
	uint8_t key[KEY_MAX], end[KEY_MAX];
	struct bt_nft_element e = { .key = key, .key_end = end };

	e.key_len = make_key(&inside, port->target_first, key);
	(void)make_key(&inside, (uint16_t)(port->target_first + n), end);
	bt_nft_element(nft, BT_RULES_DIRECT(port->target.family == AF_INET6), &e, add);
}

/* The host's ports, in a set of ranges that has its address in the key or one that has not. */
static void put_host_range(struct bt_nft *nft, const char *any, const char *addr,
			   const struct bt_firewall_port *port, bool add)
{
	uint8_t key[KEY_MAX], end[KEY_MAX];
	struct bt_nft_element e = { .key = key, .key_end = end };

	e.key_len = make_key(port, port->first, key);
	(void)make_key(port, port->last, end);
	bt_nft_element(nft, is_any(&port->host) ? any : addr, &e, add);
}

void bt_firewall_ports_put(struct bt_nft *nft, const struct bt_firewall_port *port, bool add)
{
	const bool six = port->host.family == AF_INET6;

	if (port->direct) {
		put_direct(nft, port, add);
		return;
	}
	if (port->forwarded) {
		put_host_range(nft, BT_RULES_FORWARDED_ANY(six), BT_RULES_FORWARDED_ADDR(six), port,
			       add);
		return;
	}
	if (port->last > port->first && port->first == port->target_first) {
		put_range(nft, port, add);
		return;
	}
	for (unsigned i = 0; i <= (unsigned)port->last - port->first; i++)
		put_single(nft, port, (uint16_t)i, add);
}

/* The host's ports from `first` on that are judged, and follow one another. Returns how many of the
 * list they are. */
static size_t put_judged_run(struct bt_nft *nft, const struct bt_firewall_port *first, size_t n,
			     bool add)
{
	const bool six = first->host.family == AF_INET6;
	struct bt_firewall_port run = *first;
	size_t i = 1;

	for (; i < n; i++) {
		const struct bt_firewall_port *p = &first[i];

		if (!p->judged || p->proto != run.proto || p->first != run.last + 1 ||
		    !bt_prefix_same_address(&p->host, &run.host))
			break;
		run.last = p->last;
	}
	put_host_range(nft, BT_RULES_JUDGED_ANY(six), BT_RULES_JUDGED_ADDR(six), &run, add);
	return i;
}

void bt_firewall_ports_put_judged(struct bt_nft *nft, const struct bt_firewall_port *ports,
				  size_t n, bool add)
{
	for (size_t i = 0; i < n;)
		i += ports[i].judged ? put_judged_run(nft, &ports[i], n - i, add) : 1;
}

void bt_firewall_ports_put_self(struct bt_nft *nft, const struct bt_prefix *address, bool add)
{
	const bool six = address->family == AF_INET6;
	const size_t size = address_size(six);
	uint8_t key[2 * 16];

	memcpy(key, address->addr, size);
	memcpy(key + size, address->addr, size);
	bt_nft_element(nft, BT_RULES_SELF(six),
		       &(struct bt_nft_element){ .key = key, .key_len = 2 * (uint32_t)size }, add);
}
