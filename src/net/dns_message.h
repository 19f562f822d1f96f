/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_DNS_MESSAGE_H
#define BT_NET_DNS_MESSAGE_H

/*
 * As much of DNS messages (RFC 1035, EDNS of RFC 6891) as answering for
 * containers takes: read a query with one question, write an answer of addresses
 * or of a name, and handle other servers' answers without understanding their
 * records. What is in a container, and what comes from the network, is hostile:
 * nothing here trusts a length, and no compression pointer is ever followed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "net/prefix.h"

#define BT_DNS_NAME_MAX 254  /* as text, without the last dot */
#define BT_DNS_UDP_MAX  512  /* an answer that every client takes */
#define BT_DNS_EDNS_MAX 1232 /* what we say that we take */
#define BT_DNS_MSG_MAX  65535

#define BT_DNS_TYPE_A    1
#define BT_DNS_TYPE_PTR  12
#define BT_DNS_TYPE_SOA  6
#define BT_DNS_TYPE_AAAA 28
#define BT_DNS_TYPE_OPT  41

#define BT_DNS_RCODE_OK      0
#define BT_DNS_RCODE_FORMAT  1
#define BT_DNS_RCODE_FAILURE 2
#define BT_DNS_RCODE_NO_NAME 3
#define BT_DNS_RCODE_REFUSED 5

/** The question of a query. */
struct bt_dns_question {
	uint16_t id, type, class_;
	char name[BT_DNS_NAME_MAX + 1]; /* lower case, no dot at the end; "" is the root */
	size_t end;                     /* where the question ends in the message */
	bool edns;                      /* it has an OPT record */
	bool dnssec;                    /* with the bit DO */
	bool options;                   /* with options: a cookie, a client's subnet … */
	uint16_t udp_size;              /* answers over UDP may have so many bytes */
};

/** Read a query. Returns 0, or -EINVAL where it is none that can be answered: an answer itself,
 * another operation, not exactly one question, a label with a dot or a NUL in it. */
bt_nodiscard int bt_dns_message_parse(const uint8_t *msg, size_t len, struct bt_dns_question *ret);

/** What a question in in-addr.arpa or ip6.arpa asks for. Returns 0 or -EINVAL. */
bt_nodiscard int bt_dns_message_reverse(const char *name, struct bt_prefix *ret);

/** Write an answer to the query `msg` with question `q`: `n` addresses of the question's family, or
 * a name where `ptr` is not NULL, or none. Where not all of them fit into `size`, the bit TC says
 * so. Returns its length, 0 where `size` is too small for the question. */
size_t bt_dns_message_answer(const uint8_t *msg, const struct bt_dns_question *q, int rcode,
			     const struct bt_prefix *addresses, size_t n, const char *ptr,
			     uint8_t *ret, size_t size);

/** Is `answer` one to the query `msg`, sent with the id `id`: a response with the same question,
 * byte for byte? */
bool bt_dns_message_belongs(const uint8_t *msg, const struct bt_dns_question *q, uint16_t id,
			    const uint8_t *answer, size_t len);

/** How many seconds an answer may be kept: the smallest of its records' times (RFC 2181, 8), for
 * one that says no the SOA's own (RFC 2308, 5). 0: not at all, as one that is cut, failed or
 * broken. */
uint32_t bt_dns_message_ttl(const uint8_t *answer, size_t len);

/** Make a kept answer of `age` seconds the one to the query `msg` with question `q`: its id, its
 * spelling of the name, the times that are left. The answer is one that bt_dns_message_ttl() took.
 */
void bt_dns_message_renew(uint8_t *answer, size_t len, const uint8_t *msg,
			  const struct bt_dns_question *q, uint32_t age);

/** Cut an answer that is too long to its question, with the bit TC. Returns the new length. */
size_t bt_dns_message_cut(uint8_t *answer, const struct bt_dns_question *q);

#endif
