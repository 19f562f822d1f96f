/* SPDX-License-Identifier: Apache-2.0 */

#include "net/firewall_foreign.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "net/firewall_rules.h"

#define ASK_SIZE 1024u

/* A chain of somebody else's that refuses what ours let pass. */
struct place {
	uint8_t family;
	const char *table, *chain;
	bool always; /* by its rules, whatever its policy */
};

static const struct place places[] = {
	{ NFPROTO_IPV4, "filter", "FORWARD", false },
	{ NFPROTO_IPV6, "filter", "FORWARD", false },
	{ NFPROTO_INET, "firewalld", "filter_FORWARD", true },
	/* It asks whether the way back leads where a packet came in: for one that was judged and
	 * comes by the gate it does not. The packet that came by the wire was asked the same. */
	{ NFPROTO_INET, "firewalld", "filter_PREROUTING", true },
};
#define PLACES (sizeof(places) / sizeof(places[0]))

/* What one of them looks like. */
struct look {
	const char *tag;
	bool exists, drops; /* by policy */
	uint64_t handle;    /* of our rule, 0: none */
};

static int take_chain(const struct nlmsghdr *nlh, void *arg)
{
	struct look *look = arg;
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (!c)
		return MNL_CB_ERROR;
	look->exists = true;
	if (nftnl_chain_nlmsg_parse(nlh, c) == 0)
		look->drops = nftnl_chain_is_set(c, NFTNL_CHAIN_POLICY) &&
			      nftnl_chain_get_u32(c, NFTNL_CHAIN_POLICY) == NF_DROP;
	nftnl_chain_free(c);
	return MNL_CB_OK;
}

static bool has_tag(const void *data, uint32_t len, const char *tag)
{
	const size_t size = strlen(tag) + 1;

	return data && len == size + 2 && memcmp((const char *)data + 2, tag, size) == 0;
}

static int take_rule(const struct nlmsghdr *nlh, void *arg)
{
	struct look *look = arg;
	struct nftnl_rule *rule = nftnl_rule_alloc();
	uint32_t len = 0;
	const void *data;

	if (!rule)
		return MNL_CB_ERROR;
	if (nftnl_rule_nlmsg_parse(nlh, rule) == 0) {
		data = nftnl_rule_get_data(rule, NFTNL_RULE_USERDATA, &len);
		if (has_tag(data, len, look->tag))
			look->handle = nftnl_rule_get_u64(rule, NFTNL_RULE_HANDLE);
	}
	nftnl_rule_free(rule);
	return MNL_CB_OK;
}

static int look_at_chain(struct bt_nft *nft, const struct place *place, struct look *look)
{
	char buf[ASK_SIZE];
	struct nlmsghdr *nlh =
		nftnl_nlmsg_build_hdr(buf, NFT_MSG_GETCHAIN, place->family, NLM_F_ACK, 1);
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (!c)
		return -ENOMEM;
	(void)nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, place->table);
	(void)nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, place->chain);
	nftnl_chain_nlmsg_build_payload(nlh, c);
	nftnl_chain_free(c);
	return bt_nft_ask(nft, nlh, take_chain, look);
}

static int look_at_rules(struct bt_nft *nft, const struct place *place, struct look *look)
{
	char buf[ASK_SIZE];
	struct nlmsghdr *nlh =
		nftnl_nlmsg_build_hdr(buf, NFT_MSG_GETRULE, place->family, NLM_F_DUMP, 2);
	struct nftnl_rule *rule = nftnl_rule_alloc();

	if (!rule)
		return -ENOMEM;
	(void)nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, place->table);
	(void)nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, place->chain);
	nftnl_rule_nlmsg_build_payload(nlh, rule);
	nftnl_rule_free(rule);
	return bt_nft_ask(nft, nlh, take_rule, look);
}

static int look(struct bt_nft *nft, const struct place *place, struct look *ret)
{
	int r = look_at_chain(nft, place, ret);

	if (r == 0)
		r = look_at_rules(nft, place, ret);
	/* Nobody filters there. */
	return r == -ENOENT ? 0 : r;
}

static int add(struct bt_nft *nft, const struct place *place, const char *tag, struct bt_err *err)
{
	bt_nft_begin(nft);
	bt_nft_family(nft, place->family);
	bt_nft_table_use(nft, place->table);
	bt_nft_rule(nft, place->chain);
	bt_nft_if_mark(nft, BT_RULES_MARK_PASS);
	bt_nft_verdict(nft, NF_ACCEPT, NULL);
	bt_nft_rule_end_first(nft, tag);
	return bt_nft_commit(nft, "let published ports pass another's chain", err);
}

int bt_firewall_foreign_ensure(struct bt_nft *nft, const char *tag, bool *ret_changed,
			       struct bt_err *err)
{
	bool changed = false;

	for (size_t i = 0; i < PLACES; i++) {
		struct bt_err failure = { 0 };
		struct look l = { .tag = tag };
		int r = look(nft, &places[i], &l);

		if (r < 0)
			return bt_err_sys(err, r, "look at another's chain");
		if (!(l.drops || (l.exists && places[i].always)) || l.handle)
			continue;
		r = add(nft, &places[i], tag, &failure);
		/* Between look and change it went; or its owner lets nobody change it: newer
		 * versions of firewalld do. */
		if (r == -ENOENT || r == -EPERM)
			continue;
		if (r < 0) {
			*err = failure;
			return r;
		}
		changed = true;
	}
	if (ret_changed)
		*ret_changed = changed;
	return 0;
}

int bt_firewall_foreign_remove(struct bt_nft *nft, const char *tag, struct bt_err *err)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct look l = { .tag = tag };
		int r = look(nft, &places[i], &l);

		if (r < 0)
			return bt_err_sys(err, r, "look at another's chain");
		if (!l.handle)
			continue;
		bt_nft_begin(nft);
		bt_nft_family(nft, places[i].family);
		bt_nft_table_use(nft, places[i].table);
		bt_nft_rule_remove(nft, places[i].chain, l.handle);
		r = bt_nft_commit(nft, "take our rule out of another's chain", err);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}
