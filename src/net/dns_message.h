/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_DNS_MESSAGE_H
#define BT_NET_DNS_MESSAGE_H

/*
 * As much of DNS messages (RFC 1035) as answering for containers takes: read a
 * query with one question, write an answer of addresses or of a name. What is
 * in a container is hostile: nothing here trusts a length.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "net/prefix.h"

#define BT_DNS_NAME_MAX 254 /* as text, without the last dot */
#define BT_DNS_UDP_MAX  512 /* an answer that every client takes */
#define BT_DNS_MSG_MAX  65535

#define BT_DNS_TYPE_A    1
#define BT_DNS_TYPE_PTR  12
#define BT_DNS_TYPE_AAAA 28

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
};

/** Read a query. Returns 0, or -EINVAL where it is none that can be answered: an answer itself,
 * another operation, not exactly one question, a label with a dot or a NUL in it. */
bt_nodiscard int bt_dns_message_parse(const uint8_t *msg, size_t len, struct bt_dns_question *ret);

/** What a question in in-addr.arpa or ip6.arpa asks for. Returns 0 or -EINVAL. */
bt_nodiscard int bt_dns_message_reverse(const char *name, struct bt_prefix *ret);

/** Write an answer to the query `msg` with question `q`: `n` addresses of the question's family (as
 * many as fit), or a name where `ptr` is not NULL, or none. Returns its length, 0 where `size` is
 * too small. */
size_t bt_dns_message_answer(const uint8_t *msg, const struct bt_dns_question *q, int rcode,
			     const struct bt_prefix *addresses, size_t n, const char *ptr,
			     uint8_t *ret, size_t size);

#endif
