/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_DNS_TEXT_H
#define BT_TESTS_DNS_TEXT_H

/*
 * DNS messages put together by hand.
 */

#include <stdint.h>
#include <string.h>

#include "net/dns_message.h"

static inline size_t put_name(uint8_t *p, const char *name)
{
	size_t at = 0;

	while (*name) {
		size_t n = strcspn(name, ".");

		p[at++] = (uint8_t)n;
		memcpy(p + at, name, n);
		at += n;
		name += n + (name[n] == '.');
	}
	p[at++] = 0;
	return at;
}

/* A query. Returns its length. */
static inline size_t make_query(const char *name, uint16_t type, uint8_t *msg)
{
	static const uint8_t head[12] = { 0x12, 0x34, 1, 0, 0, 1 };
	size_t at = sizeof(head);

	memcpy(msg, head, sizeof(head));
	at += put_name(msg + at, name);
	msg[at++] = (uint8_t)(type >> 8);
	msg[at++] = (uint8_t)type;
	msg[at++] = 0;
	msg[at++] = 1;
	return at;
}

/* An OPT record behind a query of `len` bytes. Returns the new length. */
static inline size_t add_opt(uint8_t *msg, size_t len, uint16_t size, bool dnssec)
{
	const uint8_t opt[11] = {
		0, 0, 41, (uint8_t)(size >> 8), (uint8_t)size, 0, 0, dnssec ? 0x80 : 0
	};

	memcpy(msg + len, opt, sizeof(opt));
	msg[11]++;
	return len + sizeof(opt);
}

/* A record behind an answer, whose name is a pointer to the question's. `where` is the header's
 * count: 7 answers, 9 authority, 11 additional. */
static inline size_t add_record(uint8_t *msg, size_t len, int where, uint16_t type, uint32_t ttl,
				const void *data, size_t n)
{
	const uint8_t head[12] = { 0xc0,
				   12,
				   (uint8_t)(type >> 8),
				   (uint8_t)type,
				   0,
				   1,
				   (uint8_t)(ttl >> 24),
				   (uint8_t)(ttl >> 16),
				   (uint8_t)(ttl >> 8),
				   (uint8_t)ttl,
				   (uint8_t)(n >> 8),
				   (uint8_t)n };

	msg[2] |= 0x80;
	msg[where]++;
	memcpy(msg + len, head, sizeof(head));
	memcpy(msg + len + sizeof(head), data, n);
	return len + sizeof(head) + n;
}

#endif
