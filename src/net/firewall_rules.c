/* SPDX-License-Identifier: Apache-2.0 */

#include "net/firewall_rules.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "base/str.h"

/* Types as nft(8) numbers them, and how it packs those of a concatenation. */
#define TYPE_IPV4    7u
#define TYPE_IPV6    8u
#define TYPE_PROTO   12u
#define TYPE_PORT    13u
#define TYPE_IFNAME  41u
#define CONCAT(a, b) ((a) << 6 | (b))

/* NF_CT_STATE_BIT(ctinfo) of the kernel. */
#define CT_STATE(info) (1u << ((info) + 1))

/* Priorities by the names that nft(8) gives them. */
#define PRIO_RAW    (-300)
#define PRIO_DSTNAT (-100)
#define PRIO_FILTER 0
/* Before whoever else filters, who sees the mark then. */
#define PRIO_FORWARD (-1)
/* After whoever else filters input, each in their turn. */
#define PRIO_INPUT      9
#define PRIO_INPUT_GATE 10
#define PRIO_SRCNAT     100

#define LOOPBACK_NET 127

static void put_set(struct bt_nft *nft, const char *name)
{
	bt_nft_set(nft, &(struct bt_nft_set){
				.name = name, .key_type = TYPE_IFNAME, .key_len = IFNAMSIZ });
}

static void put_pair_set(struct bt_nft *nft, const char *name)
{
	bt_nft_set(nft, &(struct bt_nft_set){ .name = name,
					      .key_type = CONCAT(TYPE_IFNAME, TYPE_IFNAME),
					      .key_len = 2 * IFNAMSIZ });
}

/* Key: [host address .] protocol . port; data: container's address [. port]. Ranges keep the
 * port that the packet has. */
static void put_port_map(struct bt_nft *nft, const char *name, bool six, bool addr, bool range)
{
	const uint8_t size = six ? 16 : 4;
	const uint32_t family = six ? TYPE_IPV6 : TYPE_IPV4;
	struct bt_nft_set map = { .name = name, .interval = range };

	map.key_type = CONCAT(TYPE_PROTO, TYPE_PORT);
	map.key_len = 8;
	if (addr) {
		map.key_type |= family << 12;
		map.key_len += size;
	}
	map.data_type = range ? family : CONCAT(family, TYPE_PORT);
	map.data_len = range ? size : size + 4u;
	if (range && addr) {
		map.fields[0] = size;
		map.fields[1] = 1;
		map.fields[2] = 2;
	} else if (range) {
		map.fields[0] = 1;
		map.fields[1] = 2;
	}
	bt_nft_set(nft, &map);
}

/* Key: [address .] protocol . port, ranges. */
static void put_range_set(struct bt_nft *nft, const char *name, bool six, bool addr)
{
	const uint8_t size = six ? 16 : 4;
	struct bt_nft_set set = { .name = name,
				  .key_type = CONCAT(TYPE_PROTO, TYPE_PORT),
				  .key_len = 8,
				  .interval = true };

	if (addr) {
		set.key_type |= (six ? TYPE_IPV6 : TYPE_IPV4) << 12;
		set.key_len += size;
		set.fields[0] = size;
	}
	set.fields[addr ? 1 : 0] = 1;
	set.fields[addr ? 2 : 1] = 2;
	bt_nft_set(nft, &set);
}

static void put_port_maps(struct bt_nft *nft, bool six)
{
	const uint32_t family = six ? TYPE_IPV6 : TYPE_IPV4;

	bt_nft_set(nft, &(struct bt_nft_set){ .name = BT_RULES_SELF(six),
					      .key_type = CONCAT(family, family),
					      .key_len = six ? 32 : 8 });
	put_port_map(nft, BT_RULES_PORT_ANY(six), six, false, false);
	put_port_map(nft, BT_RULES_PORT_ADDR(six), six, true, false);
	put_port_map(nft, BT_RULES_PORT_RANGE_ANY(six), six, false, true);
	put_port_map(nft, BT_RULES_PORT_RANGE_ADDR(six), six, true, true);
	put_range_set(nft, BT_RULES_JUDGED_ANY(six), six, false);
	put_range_set(nft, BT_RULES_JUDGED_ADDR(six), six, true);
	put_range_set(nft, BT_RULES_FORWARDED_ANY(six), six, false);
	put_range_set(nft, BT_RULES_FORWARDED_ADDR(six), six, true);
	put_range_set(nft, BT_RULES_DIRECT(six), six, true);
	put_set(nft, BT_RULES_MASQUERADE(six));
	put_set(nft, BT_RULES_OPEN(six));
	put_set(nft, BT_RULES_ROUTED(six));
}

static void put_sets(struct bt_nft *nft)
{
	put_port_maps(nft, false);
	put_port_maps(nft, true);
	put_set(nft, BT_RULES_BRIDGES);
	put_set(nft, BT_RULES_INTERNAL);
	put_pair_set(nft, BT_RULES_PAIRS);
	put_pair_set(nft, BT_RULES_ICC);
}

static void if_pair_in(struct bt_nft *nft, const char *set)
{
	bt_nft_meta(nft, NFT_META_IIFNAME, 0);
	bt_nft_meta(nft, NFT_META_OIFNAME, IFNAMSIZ / 4);
	bt_nft_lookup(nft, set, false);
}

static void if_nfproto(struct bt_nft *nft, uint8_t proto)
{
	bt_nft_meta(nft, NFT_META_NFPROTO, 0);
	bt_nft_cmp(nft, &proto, sizeof(proto), false);
}

/* Is the IPv4 address at `offset` of the header in 127.0.0.0/8? */
static void if_loopback4(struct bt_nft *nft, uint32_t offset)
{
	const uint8_t net = LOOPBACK_NET;

	if_nfproto(nft, NFPROTO_IPV4);
	bt_nft_payload(nft, false, offset, sizeof(net), 0);
	bt_nft_cmp(nft, &net, sizeof(net), false);
}

static void if_ct_bits(struct bt_nft *nft, uint32_t key, uint32_t bits)
{
	const uint32_t zero = 0;

	bt_nft_ct(nft, key);
	bt_nft_mask(nft, bits);
	bt_nft_cmp(nft, &zero, sizeof(zero), true);
}

/* The bridges accept packets for 127.0.0.0/8 (route_localnet), for answers to connections that
 * came through a port published there. Those have the bridge's own address until conntrack has
 * seen them; what has such an address before is a container knocking at the host's loopback. */
static void put_raw(struct bt_nft *nft)
{
	bt_nft_chain(nft, "raw", &(struct bt_nft_hook){ "filter", NF_INET_PRE_ROUTING, PRIO_RAW });
	bt_nft_rule(nft, "raw");
	bt_nft_if_in_set(nft, false, BT_RULES_BRIDGES, false);
	if_loopback4(nft, 16);
	bt_nft_verdict(nft, NF_DROP, NULL);
	bt_nft_rule_end(nft);
}

/* Let it pass, and say so. */
static void pass(struct bt_nft *nft)
{
	bt_nft_add_mark(nft, BT_RULES_MARK_PASS);
	bt_nft_verdict(nft, NF_ACCEPT, NULL);
	bt_nft_rule_end(nft);
}

/* What is reachable without translation: everything, or published ports and ping. */
static void put_direct(struct bt_nft *nft, bool six)
{
	const uint8_t family = six ? NFPROTO_IPV6 : NFPROTO_IPV4;
	const uint8_t ping = six ? IPPROTO_ICMPV6 : IPPROTO_ICMP;

	/* For the outside; other networks stay apart. */
	bt_nft_rule(nft, "to_bridge");
	if_nfproto(nft, family);
	bt_nft_if_in_set(nft, true, BT_RULES_OPEN(six), false);
	bt_nft_if_in_set(nft, false, BT_RULES_BRIDGES, true);
	pass(nft);

	bt_nft_rule(nft, "to_bridge");
	if_nfproto(nft, family);
	bt_nft_if_in_set(nft, true, BT_RULES_ROUTED(six), false);
	bt_nft_meta(nft, NFT_META_L4PROTO, 0);
	bt_nft_cmp(nft, &ping, sizeof(ping), false);
	pass(nft);

	bt_nft_rule(nft, "to_bridge");
	if_nfproto(nft, family);
	bt_nft_payload(nft, false, six ? 24 : 16, six ? 16 : 4, 0);
	bt_nft_meta(nft, NFT_META_L4PROTO, six ? 4 : 1);
	bt_nft_payload(nft, true, 2, 2, six ? 5 : 2);
	bt_nft_lookup(nft, BT_RULES_DIRECT(six), false);
	pass(nft);
}

static void put_to_bridge(struct bt_nft *nft)
{
	bt_nft_chain(nft, "to_bridge", NULL);

	bt_nft_rule(nft, "to_bridge");
	if_ct_bits(nft, NFT_CT_STATE, CT_STATE(IP_CT_ESTABLISHED) | CT_STATE(IP_CT_RELATED));
	pass(nft);

	bt_nft_rule(nft, "to_bridge");
	if_pair_in(nft, BT_RULES_ICC);
	pass(nft);

	bt_nft_rule(nft, "to_bridge");
	bt_nft_if_in_set(nft, true, BT_RULES_INTERNAL, false);
	bt_nft_verdict(nft, NF_DROP, NULL);
	bt_nft_rule_end(nft);

	/* Not even through a port that another network publishes. */
	bt_nft_rule(nft, "to_bridge");
	bt_nft_if_in_set(nft, false, BT_RULES_INTERNAL, false);
	bt_nft_verdict(nft, NF_DROP, NULL);
	bt_nft_rule_end(nft);

	bt_nft_rule(nft, "to_bridge");
	if_ct_bits(nft, NFT_CT_STATUS, IPS_DST_NAT);
	pass(nft);

	put_direct(nft, false);
	put_direct(nft, true);

	bt_nft_rule(nft, "to_bridge");
	bt_nft_verdict(nft, NF_DROP, NULL);
	bt_nft_rule_end(nft);
}

static void put_forward(struct bt_nft *nft)
{
	bt_nft_chain(nft, "forward",
		     &(struct bt_nft_hook){ "filter", NF_INET_FORWARD, PRIO_FORWARD });

	bt_nft_rule(nft, "forward");
	bt_nft_if_in_set(nft, true, BT_RULES_BRIDGES, false);
	bt_nft_verdict(nft, NFT_GOTO, "to_bridge");
	bt_nft_rule_end(nft);

	bt_nft_rule(nft, "forward");
	bt_nft_if_in_set(nft, false, BT_RULES_INTERNAL, false);
	bt_nft_verdict(nft, NF_DROP, NULL);
	bt_nft_rule_end(nft);

	bt_nft_rule(nft, "forward");
	bt_nft_if_in_set(nft, false, BT_RULES_BRIDGES, false);
	pass(nft);
}

/* A packet of one family: [its destination,] protocol and port, as the sets of ports have them. */
static void load_port(struct bt_nft *nft, bool six, bool addr)
{
	const uint32_t size = six ? 16 : 4;
	const unsigned word = addr ? size / 4 : 0;

	if_nfproto(nft, six ? NFPROTO_IPV6 : NFPROTO_IPV4);
	if (addr)
		bt_nft_payload(nft, false, six ? 24 : 16, size, 0);
	bt_nft_meta(nft, NFT_META_L4PROTO, word);
	bt_nft_payload(nft, true, 2, 2, word + 1);
}

/* Look the packet's destination up in one of the maps, and go there. */
static void put_port_rule(struct bt_nft *nft, const char *map, bool six, bool addr, bool range)
{
	const uint32_t size = six ? 16 : 4;

	bt_nft_rule(nft, "ports");
	load_port(nft, six, addr);
	bt_nft_lookup_map(nft, map);
	bt_nft_dnat(nft, six ? NFPROTO_IPV6 : NFPROTO_IPV4, range ? -1 : (int)size / 4);
	bt_nft_rule_end(nft);
}

static void put_ports(struct bt_nft *nft, bool six)
{
	put_port_rule(nft, BT_RULES_PORT_ADDR(six), six, true, false);
	put_port_rule(nft, BT_RULES_PORT_ANY(six), six, false, false);
	put_port_rule(nft, BT_RULES_PORT_RANGE_ADDR(six), six, true, true);
	put_port_rule(nft, BT_RULES_PORT_RANGE_ANY(six), six, false, true);
}

static void if_local(struct bt_nft *nft)
{
	const uint32_t local = RTN_LOCAL;

	bt_nft_fib_daddr_type(nft);
	bt_nft_cmp(nft, &local, sizeof(local), false);
}

/* From outside and from containers, to any address of the host but loopback, which only the host
 * itself may speak to (its packets come by the output hook). */
static void put_judge_rule(struct bt_nft *nft, bool six, bool addr)
{
	bt_nft_rule(nft, "judge");
	load_port(nft, six, addr);
	bt_nft_lookup(nft, addr ? BT_RULES_JUDGED_ADDR(six) : BT_RULES_JUDGED_ANY(six), false);
	bt_nft_add_mark(nft, BT_RULES_MARK_JUDGE);
	bt_nft_verdict(nft, NF_ACCEPT, NULL);
	bt_nft_rule_end(nft);
}

/* A connection's first packet that the host's firewall shall judge is left as it came, unless it
 * comes back from there. Of an internal network nothing gets in that way either. */
static void put_judge(struct bt_nft *nft, const struct bt_gate *gate)
{
	char far[IFNAMSIZ] = { 0 };

	bt_nft_chain(nft, "judge", NULL);
	for (unsigned i = 0; i < 4; i++)
		put_judge_rule(nft, i & 1, i & 2);

	memcpy(far, gate->far, sizeof(far));
	/* Judged, and on its way to its container: net/firewall_foreign.c. */
	bt_nft_rule(nft, "prerouting");
	bt_nft_meta(nft, NFT_META_IIFNAME, 0);
	bt_nft_cmp(nft, far, sizeof(far), false);
	bt_nft_add_mark(nft, BT_RULES_MARK_PASS);
	bt_nft_rule_end(nft);

	bt_nft_rule(nft, "prerouting");
	bt_nft_meta(nft, NFT_META_IIFNAME, 0);
	bt_nft_cmp(nft, far, sizeof(far), true);
	if_local(nft);
	bt_nft_verdict(nft, NFT_JUMP, "judge");
	bt_nft_rule_end(nft);

	bt_nft_rule(nft, "input");
	bt_nft_if_mark(nft, BT_RULES_MARK_JUDGE);
	bt_nft_if_in_set(nft, false, BT_RULES_INTERNAL, false);
	bt_nft_verdict(nft, NF_DROP, NULL);
	bt_nft_rule_end(nft);
}

/* Where the forwarder listens it would let an internal network into others. */
static void put_input(struct bt_nft *nft)
{
	bt_nft_chain(nft, "input", &(struct bt_nft_hook){ "filter", NF_INET_LOCAL_IN, PRIO_INPUT });
	for (unsigned i = 0; i < 4; i++) {
		const bool six = i & 1, addr = i & 2;

		bt_nft_rule(nft, "input");
		bt_nft_if_in_set(nft, false, BT_RULES_INTERNAL, false);
		load_port(nft, six, addr);
		bt_nft_lookup(nft,
			      addr ? BT_RULES_FORWARDED_ADDR(six) : BT_RULES_FORWARDED_ANY(six),
			      false);
		bt_nft_verdict(nft, NF_DROP, NULL);
		bt_nft_rule_end(nft);
	}
}

void bt_firewall_rules_put_gate(struct bt_nft *nft, const struct bt_gate *gate, bool six)
{
	bt_nft_chain(nft, "gate",
		     &(struct bt_nft_hook){ "filter", NF_INET_LOCAL_IN, PRIO_INPUT_GATE });
	bt_nft_rule(nft, "gate");
	bt_nft_if_mark(nft, BT_RULES_MARK_JUDGE);
	if (six)
		bt_nft_dup(nft, &gate->neighbour6, sizeof(gate->neighbour6), gate->near);
	else
		bt_nft_dup(nft, &gate->neighbour, sizeof(gate->neighbour), gate->near);
	bt_nft_verdict(nft, NF_DROP, NULL);
	bt_nft_rule_end(nft);
}

static void put_destination(struct bt_nft *nft, const struct bt_gate *gate)
{
	const struct in6_addr loopback = IN6ADDR_LOOPBACK_INIT;

	bt_nft_chain(nft, "ports", NULL);
	put_ports(nft, false);
	put_ports(nft, true);

	bt_nft_chain(nft, "prerouting",
		     &(struct bt_nft_hook){ "nat", NF_INET_PRE_ROUTING, PRIO_DSTNAT });
	bt_nft_rule(nft, "prerouting");
	if_loopback4(nft, 16);
	bt_nft_verdict(nft, NF_ACCEPT, NULL);
	bt_nft_rule_end(nft);
	if (gate)
		put_judge(nft, gate);
	bt_nft_rule(nft, "prerouting");
	if_local(nft);
	bt_nft_verdict(nft, NFT_GOTO, "ports");
	bt_nft_rule_end(nft);

	bt_nft_chain(nft, "output", &(struct bt_nft_hook){ "nat", NF_INET_LOCAL_OUT, PRIO_DSTNAT });
	bt_nft_rule(nft, "output");
	if_nfproto(nft, NFPROTO_IPV6);
	bt_nft_payload(nft, false, 24, sizeof(loopback), 0);
	bt_nft_cmp(nft, &loopback, sizeof(loopback), false);
	bt_nft_verdict(nft, NF_ACCEPT, NULL);
	bt_nft_rule_end(nft);
	bt_nft_rule(nft, "output");
	if_local(nft);
	bt_nft_verdict(nft, NFT_GOTO, "ports");
	bt_nft_rule_end(nft);
}

/* From a container through a published port to itself. Where br_netfilter is on, the packet has
 * no incoming interface by now. */
static void put_self(struct bt_nft *nft, bool six)
{
	const uint32_t size = six ? 16 : 4, source = six ? 8 : 12;

	bt_nft_rule(nft, "postrouting");
	if_nfproto(nft, six ? NFPROTO_IPV6 : NFPROTO_IPV4);
	bt_nft_payload(nft, false, source, size, 0);
	bt_nft_payload(nft, false, source + size, size, size / 4);
	bt_nft_lookup(nft, BT_RULES_SELF(six), false);
	bt_nft_masquerade(nft);
	bt_nft_rule_end(nft);
}

static void put_postrouting(struct bt_nft *nft)
{
	bt_nft_chain(nft, "postrouting",
		     &(struct bt_nft_hook){ "nat", NF_INET_POST_ROUTING, PRIO_SRCNAT });

	/* The host itself through 127.0.0.1: the container must see an address it can answer. */
	bt_nft_rule(nft, "postrouting");
	bt_nft_if_in_set(nft, true, BT_RULES_BRIDGES, false);
	if_loopback4(nft, 12);
	bt_nft_masquerade(nft);
	bt_nft_rule_end(nft);

	put_self(nft, false);
	put_self(nft, true);

	/* From a container through a published port into its own network: the other end would
	 * answer directly, from an address that the first never spoke to. */
	bt_nft_rule(nft, "postrouting");
	if_pair_in(nft, BT_RULES_PAIRS);
	if_ct_bits(nft, NFT_CT_STATUS, IPS_DST_NAT);
	bt_nft_masquerade(nft);
	bt_nft_rule_end(nft);

	for (unsigned six = 0; six < 2; six++) {
		bt_nft_rule(nft, "postrouting");
		if_nfproto(nft, six ? NFPROTO_IPV6 : NFPROTO_IPV4);
		bt_nft_if_in_set(nft, true, BT_RULES_BRIDGES, true);
		bt_nft_if_in_set(nft, false, BT_RULES_MASQUERADE(six), false);
		bt_nft_masquerade(nft);
		bt_nft_rule_end(nft);
	}
}

void bt_firewall_rules_put(struct bt_nft *nft, const struct bt_gate *gate)
{
	put_sets(nft);
	put_raw(nft);
	put_to_bridge(nft);
	put_forward(nft);
	put_input(nft);
	put_destination(nft, gate);
	put_postrouting(nft);
}
