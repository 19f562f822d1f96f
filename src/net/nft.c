/* SPDX-License-Identifier: Apache-2.0 */

#include "net/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/auto.h"
#include "base/str.h"

/* Newer than Debian 12's headers: Linux 6.9. */
#define TABLE_F_PERSIST 0x4u

/* No message is larger; libnftnl does not check for room. */
#define MSG_ROOM    4096u
#define BATCH_MAX   (64u << 20)
#define REPLY_SIZE  8192u
#define ASKED_SIZE  16384u
#define TAG_MAX     128u
#define SEND_BUFFER (BATCH_MAX / 2)

struct bt_nft {
	struct mnl_socket *nl;
	struct bt_str batch;
	const char *table;
	struct nftnl_rule *rule;
	uint32_t seq;
	uint32_t set_id;
	uint8_t family;
	int failed; /* sticky, negative errno */
};

static uint32_t reg_word(unsigned word)
{
	return NFT_REG32_00 + word;
}

int bt_nft_open(struct bt_nft **ret, struct bt_err *err)
{
	struct bt_nft *nft = calloc(1, sizeof(*nft));
	int size = (int)SEND_BUFFER;

	if (!nft)
		return bt_err_sys(err, -ENOMEM, "open netlink for nftables");
	nft->batch.max = BATCH_MAX;
	nft->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!nft->nl || mnl_socket_bind(nft->nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		int r = -errno;

		bt_nft_close(nft);
		return bt_err_sys(err, r, "open netlink for nftables");
	}
	/* A transaction is one datagram, however long. */
	(void)setsockopt(mnl_socket_get_fd(nft->nl), SOL_SOCKET, SO_SNDBUFFORCE, &size,
			 sizeof(size));
	*ret = nft;
	return 0;
}

void bt_nft_close(struct bt_nft *nft)
{
	if (!nft)
		return;
	if (nft->nl)
		mnl_socket_close(nft->nl);
	if (nft->rule)
		nftnl_rule_free(nft->rule);
	bt_str_done(&nft->batch);
	free(nft);
}

uint32_t bt_nft_portid(const struct bt_nft *nft)
{
	return mnl_socket_get_portid(nft->nl);
}

static void fail(struct bt_nft *nft, int r)
{
	if (nft->failed == 0)
		nft->failed = r;
}

/* Room for a message at the end of the batch, or NULL after a failure. */
static char *room(struct bt_nft *nft)
{
	int r = nft->failed;

	if (r == 0)
		r = bt_str_reserve(&nft->batch, MSG_ROOM);
	if (r < 0) {
		fail(nft, r);
		return NULL;
	}
	return nft->batch.p + nft->batch.len;
}

static struct nlmsghdr *msg_begin(struct bt_nft *nft, uint16_t type, uint16_t flags)
{
	char *at = room(nft);

	return at ? nftnl_nlmsg_build_hdr(at, type, nft->family, flags, nft->seq++) : NULL;
}

static void msg_end(struct bt_nft *nft, const struct nlmsghdr *nlh)
{
	nft->batch.len += NLMSG_ALIGN(nlh->nlmsg_len);
}

void bt_nft_family(struct bt_nft *nft, uint8_t family)
{
	nft->family = family;
}

void bt_nft_begin(struct bt_nft *nft)
{
	char *at;

	bt_str_clear(&nft->batch);
	nft->failed = 0;
	nft->set_id = 1;
	nft->family = NFPROTO_INET;
	at = room(nft);
	if (at)
		msg_end(nft, nftnl_batch_begin(at, nft->seq++));
}

/* What the kernel refused: it has queued its answers by the time sendmsg(2) returns, none
 * where all went well. The first one is the cause, the rest follows from it. */
static int read_answers(struct bt_nft *nft)
{
	char buf[REPLY_SIZE];
	int first = 0;

	for (;;) {
		ssize_t n = recv(mnl_socket_get_fd(nft->nl), buf, sizeof(buf), MSG_DONTWAIT);
		const struct nlmsghdr *nlh = (const void *)buf;
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? first : first ? first : -errno;
		for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
			const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

			if (nlh->nlmsg_type == NLMSG_ERROR && e->error && !first)
				first = e->error;
		}
	}
}

int bt_nft_commit(struct bt_nft *nft, const char *what, struct bt_err *err)
{
	char *at = room(nft);
	ssize_t n;
	int r;

	if (at)
		msg_end(nft, nftnl_batch_end(at, nft->seq++));
	r = nft->failed;
	if (r == 0) {
		n = mnl_socket_sendto(nft->nl, nft->batch.p, nft->batch.len);
		r = n < 0 ? -errno : read_answers(nft);
	}
	if (nft->batch.cap > 4 * MSG_ROOM)
		bt_str_done(&nft->batch);
	return r < 0 ? bt_err_sys(err, r, "nftables: %s", what) : 0;
}

int bt_nft_ask(struct bt_nft *nft, const struct nlmsghdr *nlh,
	       int (*cb)(const struct nlmsghdr *nlh, void *arg), void *arg)
{
	bt_auto_free char *buf = malloc(ASKED_SIZE);
	int more = MNL_CB_OK, r = 0;

	if (!buf)
		return -ENOMEM;
	if (mnl_socket_sendto(nft->nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	while (r == 0 && more > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(nft->nl, buf, ASKED_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n >= 0)
			more = mnl_cb_run(buf, (size_t)n, 0, 0, cb, arg);
		if (n < 0 || more < 0)
			r = -errno;
	}
	/* What is left after a failure would be taken for answers to the next transaction. */
	if (r < 0)
		(void)read_answers(nft);
	return r;
}

static void table_msg(struct bt_nft *nft, uint16_t type, uint16_t nlflags, const char *name,
		      uint32_t flags)
{
	struct nftnl_table *t = nftnl_table_alloc();
	struct nlmsghdr *nlh = msg_begin(nft, type, nlflags);

	if (!t || nftnl_table_set_str(t, NFTNL_TABLE_NAME, name) < 0)
		fail(nft, -ENOMEM);
	if (nlh && nft->failed == 0) {
		if (type == NFT_MSG_NEWTABLE)
			nftnl_table_set_u32(t, NFTNL_TABLE_FLAGS, flags);
		nftnl_table_nlmsg_build_payload(nlh, t);
		msg_end(nft, nlh);
	}
	if (t)
		nftnl_table_free(t);
}

void bt_nft_table_replace(struct bt_nft *nft, const char *name, bool own)
{
	const uint32_t flags = own ? NFT_TABLE_F_OWNER | TABLE_F_PERSIST : 0;

	/* Removing what is not there fails, so it is made first; an orphan is adopted so. */
	table_msg(nft, NFT_MSG_NEWTABLE, NLM_F_CREATE, name, flags);
	table_msg(nft, NFT_MSG_DELTABLE, 0, name, 0);
	table_msg(nft, NFT_MSG_NEWTABLE, NLM_F_CREATE, name, flags);
	nft->table = name;
}

void bt_nft_table_use(struct bt_nft *nft, const char *name)
{
	nft->table = name;
}

void bt_nft_table_remove(struct bt_nft *nft, const char *name)
{
	table_msg(nft, NFT_MSG_DELTABLE, 0, name, 0);
}

void bt_nft_chain(struct bt_nft *nft, const char *name, const struct bt_nft_hook *hook)
{
	struct nftnl_chain *c = nftnl_chain_alloc();
	struct nlmsghdr *nlh = msg_begin(nft, NFT_MSG_NEWCHAIN, NLM_F_CREATE);

	if (!c || nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, nft->table) < 0 ||
	    nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, name) < 0)
		fail(nft, -ENOMEM);
	if (nlh && nft->failed == 0) {
		if (hook) {
			nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, hook->hook);
			nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, hook->priority);
			(void)nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, hook->type);
			nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
		}
		nftnl_chain_nlmsg_build_payload(nlh, c);
		msg_end(nft, nlh);
	}
	if (c)
		nftnl_chain_free(c);
}

static uint32_t set_flags(const struct bt_nft_set *set)
{
	uint32_t flags = 0;

	if (set->data_len)
		flags |= NFT_SET_MAP;
	if (set->interval)
		flags |= NFT_SET_INTERVAL;
	if (set->fields[0])
		flags |= NFT_SET_CONCAT;
	return flags;
}

static void set_fill(const struct bt_nft *nft, struct nftnl_set *s, const struct bt_nft_set *set)
{
	uint8_t fields = 0;

	(void)nftnl_set_set_str(s, NFTNL_SET_TABLE, nft->table);
	(void)nftnl_set_set_str(s, NFTNL_SET_NAME, set->name);
	nftnl_set_set_u32(s, NFTNL_SET_FAMILY, nft->family);
	nftnl_set_set_u32(s, NFTNL_SET_FLAGS, set_flags(set));
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, set->key_type);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, set->key_len);
	if (set->data_len) {
		nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, set->data_type);
		nftnl_set_set_u32(s, NFTNL_SET_DATA_LEN, set->data_len);
	}
	while (fields < sizeof(set->fields) && set->fields[fields])
		fields++;
	if (fields)
		(void)nftnl_set_set_data(s, NFTNL_SET_DESC_CONCAT, set->fields, fields);
}

void bt_nft_set(struct bt_nft *nft, const struct bt_nft_set *set)
{
	struct nftnl_set *s = nftnl_set_alloc();
	struct nlmsghdr *nlh = msg_begin(nft, NFT_MSG_NEWSET, NLM_F_CREATE);

	if (!s)
		fail(nft, -ENOMEM);
	if (nlh && nft->failed == 0) {
		set_fill(nft, s, set);
		nftnl_set_set_u32(s, NFTNL_SET_ID, nft->set_id++);
		nftnl_set_nlmsg_build_payload(nlh, s);
		msg_end(nft, nlh);
	}
	if (s)
		nftnl_set_free(s);
}

static bool element_fill(struct nftnl_set *s, const struct bt_nft_element *element)
{
	struct nftnl_set_elem *e = nftnl_set_elem_alloc();

	if (!e)
		return false;
	nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY, element->key, element->key_len);
	if (element->key_end)
		nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY_END, element->key_end, element->key_len);
	if (element->data)
		nftnl_set_elem_set(e, NFTNL_SET_ELEM_DATA, element->data, element->data_len);
	nftnl_set_elem_add(s, e);
	return true;
}

void bt_nft_element(struct bt_nft *nft, const char *set, const struct bt_nft_element *element,
		    bool add)
{
	struct nftnl_set *s = nftnl_set_alloc();
	struct nlmsghdr *nlh = msg_begin(nft, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM,
					 add ? NLM_F_CREATE : 0);

	if (!s || nftnl_set_set_str(s, NFTNL_SET_TABLE, nft->table) < 0 ||
	    nftnl_set_set_str(s, NFTNL_SET_NAME, set) < 0 || !element_fill(s, element))
		fail(nft, -ENOMEM);
	if (nlh && nft->failed == 0) {
		nftnl_set_elems_nlmsg_build_payload(nlh, s);
		msg_end(nft, nlh);
	}
	if (s)
		nftnl_set_free(s);
}

void bt_nft_rule(struct bt_nft *nft, const char *chain)
{
	if (nft->rule)
		nftnl_rule_free(nft->rule);
	nft->rule = nftnl_rule_alloc();
	if (!nft->rule || nftnl_rule_set_str(nft->rule, NFTNL_RULE_TABLE, nft->table) < 0 ||
	    nftnl_rule_set_str(nft->rule, NFTNL_RULE_CHAIN, chain) < 0)
		fail(nft, -ENOMEM);
}

static void rule_end(struct bt_nft *nft, uint16_t flags)
{
	struct nlmsghdr *nlh = msg_begin(nft, NFT_MSG_NEWRULE, NLM_F_CREATE | flags);

	if (nlh && nft->rule) {
		nftnl_rule_nlmsg_build_payload(nlh, nft->rule);
		msg_end(nft, nlh);
	}
	if (nft->rule)
		nftnl_rule_free(bt_take(nft->rule));
}

void bt_nft_rule_end(struct bt_nft *nft)
{
	rule_end(nft, NLM_F_APPEND);
}

void bt_nft_rule_end_first(struct bt_nft *nft, const char *tag)
{
	const size_t size = strlen(tag) + 1;
	uint8_t data[TAG_MAX + 2] = { NFTNL_UDATA_RULE_COMMENT, (uint8_t)size };

	if (size > TAG_MAX) {
		fail(nft, -ENAMETOOLONG);
		return;
	}
	memcpy(data + 2, tag, size);
	if (nft->rule &&
	    nftnl_rule_set_data(nft->rule, NFTNL_RULE_USERDATA, data, (uint32_t)size + 2) < 0)
		fail(nft, -ENOMEM);
	rule_end(nft, 0);
}

void bt_nft_rule_remove(struct bt_nft *nft, const char *chain, uint64_t handle)
{
	struct nlmsghdr *nlh;

	bt_nft_rule(nft, chain);
	nlh = msg_begin(nft, NFT_MSG_DELRULE, 0);
	if (nlh && nft->rule) {
		nftnl_rule_set_u64(nft->rule, NFTNL_RULE_HANDLE, handle);
		nftnl_rule_nlmsg_build_payload(nlh, nft->rule);
		msg_end(nft, nlh);
	}
	if (nft->rule)
		nftnl_rule_free(bt_take(nft->rule));
}

/* A new expression at the end of the rule, or NULL after a failure. */
static struct nftnl_expr *expr(struct bt_nft *nft, const char *name)
{
	struct nftnl_expr *e = nft->rule ? nftnl_expr_alloc(name) : NULL;

	if (!e) {
		fail(nft, -ENOMEM);
		return NULL;
	}
	nftnl_rule_add_expr(nft->rule, e);
	return e;
}

void bt_nft_meta(struct bt_nft *nft, uint32_t key, unsigned to)
{
	struct nftnl_expr *e = expr(nft, "meta");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, reg_word(to));
}

void bt_nft_payload(struct bt_nft *nft, bool transport, uint32_t offset, uint32_t len, unsigned to)
{
	struct nftnl_expr *e = expr(nft, "payload");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE,
			   transport ? NFT_PAYLOAD_TRANSPORT_HEADER : NFT_PAYLOAD_NETWORK_HEADER);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, len);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, reg_word(to));
}

void bt_nft_ct(struct bt_nft *nft, uint32_t key)
{
	struct nftnl_expr *e = expr(nft, "ct");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CT_DREG, NFT_REG_1);
}

void bt_nft_fib_daddr_type(struct bt_nft *nft)
{
	struct nftnl_expr *e = expr(nft, "fib");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_DREG, NFT_REG_1);
}

/* word 0 = word 0 & mask ^ xor */
static void bitwise(struct bt_nft *nft, uint32_t mask, uint32_t xor)
{
	struct nftnl_expr *e = expr(nft, "bitwise");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, sizeof(mask));
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, &mask, sizeof(mask));
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, &xor, sizeof(xor));
}

void bt_nft_mask(struct bt_nft *nft, uint32_t mask)
{
	bitwise(nft, mask, 0);
}

void bt_nft_cmp(struct bt_nft *nft, const void *data, uint32_t len, bool negate)
{
	struct nftnl_expr *e = expr(nft, "cmp");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, negate ? NFT_CMP_NEQ : NFT_CMP_EQ);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, data, len);
}

void bt_nft_lookup(struct bt_nft *nft, const char *set, bool negate)
{
	struct nftnl_expr *e = expr(nft, "lookup");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, set);
	if (negate)
		nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
}

void bt_nft_lookup_map(struct bt_nft *nft, const char *map)
{
	struct nftnl_expr *e = expr(nft, "lookup");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_DREG, NFT_REG_1);
	nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, map);
}

static void immediate(struct bt_nft *nft, unsigned to, const void *data, uint32_t len)
{
	struct nftnl_expr *e = expr(nft, "immediate");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, reg_word(to));
	nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, data, len);
}

void bt_nft_set_port(struct bt_nft *nft, bool source, uint16_t port, uint32_t csum_offset)
{
	const uint16_t be = htons(port);
	struct nftnl_expr *e;

	immediate(nft, 0, &be, sizeof(be));
	e = expr(nft, "payload");
	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, source ? 0 : 2);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, sizeof(be));
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_CSUM_TYPE, NFT_PAYLOAD_CSUM_INET);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_CSUM_OFFSET, csum_offset);
}

static void store_mark(struct bt_nft *nft)
{
	struct nftnl_expr *e = expr(nft, "meta");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, NFT_META_MARK);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_SREG, NFT_REG_1);
}

void bt_nft_set_mark(struct bt_nft *nft, uint32_t mark)
{
	immediate(nft, 0, &mark, sizeof(mark));
	store_mark(nft);
}

void bt_nft_add_mark(struct bt_nft *nft, uint32_t bits)
{
	bt_nft_meta(nft, NFT_META_MARK, 0);
	bitwise(nft, ~bits, bits);
	store_mark(nft);
}

void bt_nft_if_mark(struct bt_nft *nft, uint32_t bits)
{
	const uint32_t zero = 0;

	bt_nft_meta(nft, NFT_META_MARK, 0);
	bt_nft_mask(nft, bits);
	bt_nft_cmp(nft, &zero, sizeof(zero), true);
}

void bt_nft_dup(struct bt_nft *nft, const void *address, uint32_t len, int index)
{
	const unsigned device = len / 4;
	const uint32_t number = (uint32_t)index;
	struct nftnl_expr *e;

	immediate(nft, 0, address, len);
	immediate(nft, device, &number, sizeof(number));
	e = expr(nft, "dup");
	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_DUP_SREG_ADDR, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DUP_SREG_DEV, reg_word(device));
}

void bt_nft_verdict(struct bt_nft *nft, int verdict, const char *chain)
{
	struct nftnl_expr *e = expr(nft, "immediate");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
	if (chain)
		nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, chain);
}

void bt_nft_dnat(struct bt_nft *nft, int nfproto, int port)
{
	struct nftnl_expr *e = expr(nft, "nat");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_FAMILY, (uint32_t)nfproto);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_ADDR_MIN, NFT_REG_1);
	if (port >= 0)
		nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_PROTO_MIN, reg_word((unsigned)port));
}

void bt_nft_masquerade(struct bt_nft *nft)
{
	(void)expr(nft, "masq");
}

void bt_nft_if_in_set(struct bt_nft *nft, bool out, const char *set, bool negate)
{
	bt_nft_meta(nft, out ? NFT_META_OIFNAME : NFT_META_IIFNAME, 0);
	bt_nft_lookup(nft, set, negate);
}
