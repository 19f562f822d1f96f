/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_NFT_H
#define BT_NET_NFT_H

/*
 * One nftables transaction after another over one netlink socket, in the
 * family inet. A transaction is put together in memory (the first failure
 * sticks) and sent with bt_nft_commit(): all of it happens, or nothing.
 *
 * A socket can own its table (bt_nft_table_replace() says when): then nobody
 * else can change it, and `nft flush ruleset` passes it by.
 *
 * Registers are named by 32-bit words, 0 to 15, as nftables lays out its
 * concatenations: each part begins at a new word.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_nft;
struct nlmsghdr;

/** Open a socket in the calling thread's network namespace. */
bt_nodiscard int bt_nft_open(struct bt_nft **ret, struct bt_err *err);
/** Close; an owned table stays, without an owner. NULL is fine. */
void bt_nft_close(struct bt_nft *nft);

/** The socket's netlink address, by which its own changes can be told from others'. */
uint32_t bt_nft_portid(const struct bt_nft *nft);

/** The family of the parts that follow: NFPROTO_INET (after bt_nft_begin()), _IPV4 or _IPV6. */
void bt_nft_family(struct bt_nft *nft, uint8_t family);

/** Forget what was put together and begin a transaction. */
void bt_nft_begin(struct bt_nft *nft);
/** Carry it out. `what` says in the message what was attempted. -EEXIST, -ENOENT and the rest
 * as the kernel answers for the first part it refuses. */
bt_nodiscard int bt_nft_commit(struct bt_nft *nft, const char *what, struct bt_err *err);

/** Ask the kernel with the finished message `nlh` (NLM_F_ACK or NLM_F_DUMP), between transactions;
 * each answer goes to `cb` as mnl_cb_run() calls it. 0, or -errno as the kernel answers. Nothing of
 * the answers stays in the socket. For the socket that stays open: to close one with nftables waits
 * until the kernel has put away what the last transaction replaced, milliseconds. */
bt_nodiscard int bt_nft_ask(struct bt_nft *nft, const struct nlmsghdr *nlh,
			    int (*cb)(const struct nlmsghdr *nlh, void *arg), void *arg);

/** An empty table `name` instead of what has that name; the parts that follow go into it.
 * `own`: this socket owns it, and it persists without an owner when the socket closes
 * (Linux 6.9; older kernels refuse with -EOPNOTSUPP or -EINVAL). */
void bt_nft_table_replace(struct bt_nft *nft, const char *name, bool own);
/** Choose an existing table for the parts that follow. `name` is borrowed until the next. */
void bt_nft_table_use(struct bt_nft *nft, const char *name);
/** Remove the table, missing or not. */
void bt_nft_table_remove(struct bt_nft *nft, const char *name);

/** Where a base chain hangs. */
struct bt_nft_hook {
	const char *type; /* "filter" or "nat" */
	uint32_t hook;    /* NF_INET_… */
	int32_t priority;
};
/** A chain; without `hook` one that others jump to. */
void bt_nft_chain(struct bt_nft *nft, const char *name, const struct bt_nft_hook *hook);

/** A set, or a map where `data_len` is not 0. Lengths in bytes; parts of a concatenated key
 * are each padded to 4. */
struct bt_nft_set {
	const char *name;
	uint32_t key_type, key_len; /* key_type as nft(8) numbers its types: for its listing only */
	uint32_t data_type, data_len; /* data_len 0: a set */
	uint8_t fields[4];            /* of ranges of concatenations: lengths of the parts */
	bool interval;                /* elements are ranges in each part */
};
/** A new set. */
void bt_nft_set(struct bt_nft *nft, const struct bt_nft_set *set);

/** An element; `key_end` (NULL: none) for ranges, `data` (NULL: none) for maps. */
struct bt_nft_element {
	const void *key, *key_end, *data;
	uint32_t key_len, data_len;
};
/** Add or remove it. Adding twice with the same data is fine; -EEXIST with other data. */
void bt_nft_element(struct bt_nft *nft, const char *set, const struct bt_nft_element *element,
		    bool add);

/** A rule at the end of `chain`, made of the expressions up to bt_nft_rule_end(). */
void bt_nft_rule(struct bt_nft *nft, const char *chain);
/** The rule is complete. */
void bt_nft_rule_end(struct bt_nft *nft);
/** The rule is complete and goes to the head of its chain instead, with `tag` as a comment that
 * listings show. */
void bt_nft_rule_end_first(struct bt_nft *nft, const char *tag);

/** Remove the rule with this handle from `chain`. */
void bt_nft_rule_remove(struct bt_nft *nft, const char *chain, uint64_t handle);

/** Load a property of the packet (NFT_META_…) to word `to`. */
void bt_nft_meta(struct bt_nft *nft, uint32_t key, unsigned to);
/** Load `len` bytes at `offset` from the network header (transport: false) or the transport's. */
void bt_nft_payload(struct bt_nft *nft, bool transport, uint32_t offset, uint32_t len, unsigned to);
/** Load the connection's property (NFT_CT_…) to word 0. */
void bt_nft_ct(struct bt_nft *nft, uint32_t key);
/** Load the type of the destination address (RTN_…) to word 0. */
void bt_nft_fib_daddr_type(struct bt_nft *nft);
/** word 0 &= `mask`, as the host orders bytes. */
void bt_nft_mask(struct bt_nft *nft, uint32_t mask);
/** Go on if the bytes from word 0 (do not: `negate`) equal `data`. */
void bt_nft_cmp(struct bt_nft *nft, const void *data, uint32_t len, bool negate);
/** Go on if the key from word 0 is (not: `negate`) in the set. */
void bt_nft_lookup(struct bt_nft *nft, const char *set, bool negate);
/** Go on if the key from word 0 is in the map; its data comes to word 0. */
void bt_nft_lookup_map(struct bt_nft *nft, const char *map);
/** Write the packet's port (source or destination); `csum_offset`: of the transport's checksum. */
void bt_nft_set_port(struct bt_nft *nft, bool source, uint16_t port, uint32_t csum_offset);
/** Write the packet's mark. */
void bt_nft_set_mark(struct bt_nft *nft, uint32_t mark);
/** Set these bits of the packet's mark, and leave the others. */
void bt_nft_add_mark(struct bt_nft *nft, uint32_t bits);
/** Go on if any of these bits of the packet's mark is set. */
void bt_nft_if_mark(struct bt_nft *nft, uint32_t bits);
/** Send a copy of the packet to the neighbour `address` on interface `index`, and go on. In chains
 * of the families _IPV4 and _IPV6 only. */
void bt_nft_dup(struct bt_nft *nft, const void *address, uint32_t len, int index);

/** End with a verdict: NF_ACCEPT, NF_DROP, NFT_RETURN, or NFT_JUMP or NFT_GOTO to `chain`. */
void bt_nft_verdict(struct bt_nft *nft, int verdict, const char *chain);
/** End with a new destination: address from word 0, port from word `port` (-1: unchanged). */
void bt_nft_dnat(struct bt_nft *nft, int nfproto, int port);
/** End with the outgoing interface's address as the new source. */
void bt_nft_masquerade(struct bt_nft *nft);

/** Match what most rules begin with: is the interface's name (in or out) in the set? */
void bt_nft_if_in_set(struct bt_nft *nft, bool out, const char *set, bool negate);

#endif
