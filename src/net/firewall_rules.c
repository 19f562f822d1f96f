/* SPDX-License-Identifier: Apache-2.0 */

#include "net/firewall_rules.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>

#include "base/str.h"

/* Types as nft(8) numbers them, and how it packs those of a concatenation. */
#define TYPE_IFNAME  41u
#define CONCAT(a, b) ((a) << 6 | (b))

/* NF_CT_STATE_BIT(ctinfo) of the kernel. */
#define CT_STATE(info) (1u << ((info) + 1))

/* Priorities by the names that nft(8) gives them. */
#define PRIO_RAW    (-300)
#define PRIO_FILTER 0
#define PRIO_SRCNAT 100

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

static void put_sets(struct bt_nft *nft)
{
	put_set(nft, BT_RULES_BRIDGES);
	put_set(nft, BT_RULES_MASQUERADE);
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

static void put_to_bridge(struct bt_nft *nft)
{
	bt_nft_chain(nft, "to_bridge", NULL);

	bt_nft_rule(nft, "to_bridge");
	if_ct_bits(nft, NFT_CT_STATE, CT_STATE(IP_CT_ESTABLISHED) | CT_STATE(IP_CT_RELATED));
	bt_nft_verdict(nft, NF_ACCEPT, NULL);
	bt_nft_rule_end(nft);

	bt_nft_rule(nft, "to_bridge");
	if_pair_in(nft, BT_RULES_ICC);
	bt_nft_verdict(nft, NF_ACCEPT, NULL);
	bt_nft_rule_end(nft);

	bt_nft_rule(nft, "to_bridge");
	bt_nft_if_in_set(nft, true, BT_RULES_INTERNAL, false);
	bt_nft_verdict(nft, NF_DROP, NULL);
	bt_nft_rule_end(nft);

	bt_nft_rule(nft, "to_bridge");
	if_ct_bits(nft, NFT_CT_STATUS, IPS_DST_NAT);
	bt_nft_verdict(nft, NF_ACCEPT, NULL);
	bt_nft_rule_end(nft);

	bt_nft_rule(nft, "to_bridge");
	bt_nft_verdict(nft, NF_DROP, NULL);
	bt_nft_rule_end(nft);
}

static void put_forward(struct bt_nft *nft)
{
	bt_nft_chain(nft, "forward",
		     &(struct bt_nft_hook){ "filter", NF_INET_FORWARD, PRIO_FILTER });

	bt_nft_rule(nft, "forward");
	bt_nft_if_in_set(nft, true, BT_RULES_BRIDGES, false);
	bt_nft_verdict(nft, NFT_GOTO, "to_bridge");
	bt_nft_rule_end(nft);

	bt_nft_rule(nft, "forward");
	bt_nft_if_in_set(nft, false, BT_RULES_INTERNAL, false);
	bt_nft_verdict(nft, NF_DROP, NULL);
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

	/* From a container through a published port into its own network: the other end would
	 * answer directly, from an address that the first never spoke to. */
	bt_nft_rule(nft, "postrouting");
	if_pair_in(nft, BT_RULES_PAIRS);
	if_ct_bits(nft, NFT_CT_STATUS, IPS_DST_NAT);
	bt_nft_masquerade(nft);
	bt_nft_rule_end(nft);

	bt_nft_rule(nft, "postrouting");
	bt_nft_if_in_set(nft, true, BT_RULES_BRIDGES, true);
	bt_nft_if_in_set(nft, false, BT_RULES_MASQUERADE, false);
	bt_nft_masquerade(nft);
	bt_nft_rule_end(nft);
}

void bt_firewall_rules_put(struct bt_nft *nft)
{
	put_sets(nft);
	put_raw(nft);
	put_to_bridge(nft);
	put_forward(nft);
	put_postrouting(nft);
}
