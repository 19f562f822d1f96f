/* SPDX-License-Identifier: Apache-2.0 */

#include "net/dns_message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define HEADER_SIZE 12
#define LABEL_MAX   63
#define CLASS_IN    1
#define TTL_SECONDS 600

/* Of the header's third and fourth byte. */
#define FLAG_RESPONSE  0x80
#define FLAG_OPCODE    0x78
#define FLAG_AUTHORITY 0x04
#define FLAG_CUT       0x02
#define FLAG_DESIRED   0x01
#define FLAG_AVAILABLE 0x80

/* An OPT record without options, and its bit DO (RFC 6891, 6.1). */
#define OPT_SIZE 11
#define OPT_DO   0x8000

/* A pointer to the question's name, right behind the header. */
#define NAME_POINTER 0xc00c

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint8_t *put16(uint8_t *p, unsigned value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
	return p + 2;
}

static uint8_t *put32(uint8_t *p, uint32_t value)
{
	return put16(put16(p, value >> 16), value & 0xffff);
}

static bool put_label(char *name, size_t *len, const uint8_t *label, size_t n)
{
	if (*len + n + 1 > BT_DNS_NAME_MAX)
		return false;
	if (*len)
		name[(*len)++] = '.';
	for (size_t i = 0; i < n; i++) {
		uint8_t c = label[i];

		if (c == '.' || c == '\0')
			return false;
		name[(*len)++] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
	}
	name[*len] = '\0';
	return true;
}

/* Labels from `at`; queries hold no pointers. Returns where they end, 0 where they are broken. */
static size_t parse_name(const uint8_t *msg, size_t len, size_t at, char *name)
{
	size_t used = 0;

	name[0] = '\0';
	while (at < len && msg[at] != 0) {
		size_t n = msg[at];

		if (n > LABEL_MAX || n > len - at - 1 || !put_label(name, &used, msg + at + 1, n))
			return 0;
		at += n + 1;
	}
	return at < len ? at + 1 : 0;
}

/* The OPT record of a query, where it is the first behind the question, as everybody sends it. */
static void parse_opt(const uint8_t *msg, size_t len, struct bt_dns_question *q)
{
	const uint8_t *p = msg + q->end;

	if (get16(msg + 6) || get16(msg + 8) || !get16(msg + 10) || len - q->end < OPT_SIZE ||
	    p[0] != 0 || get16(p + 1) != BT_DNS_TYPE_OPT)
		return;
	q->edns = true;
	if (get16(p + 3) > BT_DNS_UDP_MAX)
		q->udp_size = get16(p + 3);
	q->dnssec = get16(p + 7) & OPT_DO;
	q->options = get16(p + 9) != 0;
}

int bt_dns_message_parse(const uint8_t *msg, size_t len, struct bt_dns_question *ret)
{
	struct bt_dns_question q = { .udp_size = BT_DNS_UDP_MAX };
	size_t at;

	if (len < HEADER_SIZE || (msg[2] & (FLAG_RESPONSE | FLAG_OPCODE)) || get16(msg + 4) != 1)
		return -EINVAL;
	at = parse_name(msg, len, HEADER_SIZE, q.name);
	if (at == 0 || len - at < 4)
		return -EINVAL;
	q.id = get16(msg);
	q.type = get16(msg + at);
	q.class_ = get16(msg + at + 2);
	q.end = at + 4;
	parse_opt(msg, len, &q);
	*ret = q;
	return 0;
}

static int reverse4(const char *name, size_t len, struct bt_prefix *ret)
{
	char text[INET_ADDRSTRLEN];
	struct bt_prefix p;

	if (len == 0 || len >= sizeof(text))
		return -EINVAL;
	memcpy(text, name, len);
	text[len] = '\0';
	if (strchr(text, ':') || bt_prefix_parse_address(text, &p) < 0)
		return -EINVAL;
	for (unsigned i = 0; i < 2; i++) {
		uint8_t swap = p.addr[i];

		p.addr[i] = p.addr[3 - i];
		p.addr[3 - i] = swap;
	}
	*ret = p;
	return 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 32 nibbles, the last one first, a dot behind each. */
static int reverse6(const char *name, size_t len, struct bt_prefix *ret)
{
	struct bt_prefix p = { .family = AF_INET6, .len = 128 };

	if (len != 63)
		return -EINVAL;
	for (unsigned i = 0; i < 32; i++) {
		int d = digit(name[2 * i]);
		unsigned at = 15 - i / 2;

		if (d < 0 || (i < 31 && name[2 * i + 1] != '.'))
			return -EINVAL;
		p.addr[at] = (uint8_t)(p.addr[at] | (i % 2 ? d << 4 : d));
	}
	*ret = p;
	return 0;
}

int bt_dns_message_reverse(const char *name, struct bt_prefix *ret)
{
	static const char four[] = ".in-addr.arpa", six[] = ".ip6.arpa";
	const size_t len = strlen(name);

	if (bt_str_ends(name, four))
		return reverse4(name, len - (sizeof(four) - 1), ret);
	if (bt_str_ends(name, six))
		return reverse6(name, len - (sizeof(six) - 1), ret);
	return -EINVAL;
}

/* One record's head; its data of `n` bytes follows. */
static uint8_t *put_record(uint8_t *p, uint16_t type, size_t n)
{
	p = put16(p, NAME_POINTER);
	p = put16(p, type);
	p = put16(p, CLASS_IN);
	p = put32(p, TTL_SECONDS);
	return put16(p, (unsigned)n);
}

static unsigned put_addresses(uint8_t **p, const uint8_t *end, uint16_t type,
			      const struct bt_prefix *addresses, size_t n)
{
	const size_t size = type == BT_DNS_TYPE_A ? 4 : 16;
	unsigned count = 0;

	for (size_t i = 0; i < n && (size_t)(end - *p) >= HEADER_SIZE + size; i++) {
		*p = put_record(*p, type, size);
		memcpy(*p, addresses[i].addr, size);
		*p += size;
		count++;
	}
	return count;
}

static unsigned put_ptr(uint8_t **p, const uint8_t *end, const char *name)
{
	const size_t size = strlen(name) + 2;
	uint8_t *at;

	if (size > BT_DNS_NAME_MAX || (size_t)(end - *p) < HEADER_SIZE + size)
		return 0;
	at = put_record(*p, BT_DNS_TYPE_PTR, size);
	while (*name) {
		size_t n = strcspn(name, ".");

		if (n == 0 || n > LABEL_MAX)
			return 0;
		*at++ = (uint8_t)n;
		memcpy(at, name, n);
		at += n;
		name += n + (name[n] == '.');
	}
	*at++ = 0;
	*p = at;
	return 1;
}

static uint8_t *put_opt(uint8_t *p, const struct bt_dns_question *q)
{
	*p++ = 0;
	p = put16(p, BT_DNS_TYPE_OPT);
	p = put16(p, BT_DNS_EDNS_MAX);
	p = put32(p, q->dnssec ? OPT_DO : 0);
	return put16(p, 0);
}

size_t bt_dns_message_answer(const uint8_t *msg, const struct bt_dns_question *q, int rcode,
			     const struct bt_prefix *addresses, size_t n, const char *ptr,
			     uint8_t *ret, size_t size)
{
	const size_t opt = q->edns ? OPT_SIZE : 0;
	uint8_t *p = ret + q->end;
	unsigned count;

	if (q->end + opt > size)
		return 0;
	memcpy(ret, msg, q->end);
	count = ptr ? put_ptr(&p, ret + size - opt, ptr)
		    : put_addresses(&p, ret + size - opt, q->type, addresses, n);
	ret[2] = (uint8_t)(FLAG_RESPONSE | FLAG_AUTHORITY | (msg[2] & FLAG_DESIRED) |
			   (!ptr && count < n ? FLAG_CUT : 0));
	ret[3] = (uint8_t)(FLAG_AVAILABLE | rcode);
	put16(ret + 6, count);
	put32(ret + 8, q->edns);
	if (q->edns)
		p = put_opt(p, q);
	return (size_t)(p - ret);
}

bool bt_dns_message_belongs(const uint8_t *msg, const struct bt_dns_question *q, uint16_t id,
			    const uint8_t *answer, size_t len)
{
	return len >= q->end && (answer[2] & (FLAG_RESPONSE | FLAG_OPCODE)) == FLAG_RESPONSE &&
	       get16(answer) == id && get16(answer + 4) == 1 &&
	       memcmp(answer + HEADER_SIZE, msg + HEADER_SIZE, q->end - HEADER_SIZE) == 0;
}

/* Where a name in an answer ends, 0 where it is broken. A pointer is always the last part. */
static size_t skip_name(const uint8_t *msg, size_t len, size_t at)
{
	while (at < len && msg[at] != 0) {
		if ((msg[at] & 0xc0) == 0xc0)
			return at + 2 <= len ? at + 2 : 0;
		if (msg[at] > LABEL_MAX)
			return 0;
		at += msg[at] + 1u;
	}
	return at < len ? at + 1 : 0;
}

/* A record of an answer. */
struct record {
	uint16_t type;
	size_t ttl; /* where its time stands */
	size_t data, len;
};

/* The record at `*at`, which moves behind it. */
static bool next_record(const uint8_t *msg, size_t len, size_t *at, struct record *ret)
{
	size_t p = skip_name(msg, len, *at);

	if (p == 0 || len - p < 10)
		return false;
	ret->type = get16(msg + p);
	ret->ttl = p + 4;
	ret->len = get16(msg + p + 8);
	ret->data = p + 10;
	*at = ret->data + ret->len;
	return *at <= len;
}

static unsigned count_records(const uint8_t *msg)
{
	return (unsigned)get16(msg + 6) + get16(msg + 8) + get16(msg + 10);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* Is it whole, to one question, and yes or no? */
static bool may_be_kept(const uint8_t *answer, size_t len)
{
	int rcode;

	if (len < HEADER_SIZE || (answer[2] & FLAG_CUT) || get16(answer + 4) != 1)
		return false;
	rcode = answer[3] & 0x0f;
	return rcode == BT_DNS_RCODE_OK || rcode == BT_DNS_RCODE_NO_NAME;
}

static bool is_soa(const struct record *r)
{
	return r->type == BT_DNS_TYPE_SOA && r->len >= 4;
}

/* The last number of a SOA is how long a no may be kept. */
static uint32_t record_ttl(const uint8_t *answer, const struct record *r)
{
	const uint32_t ttl = get32(answer + r->ttl);
	const uint32_t minimum = is_soa(r) ? get32(answer + r->data + r->len - 4) : ttl;

	return minimum < ttl ? minimum : ttl;
}

uint32_t bt_dns_message_ttl(const uint8_t *answer, size_t len)
{
	uint32_t least = UINT32_MAX;
	bool soa = false;
	size_t at = may_be_kept(answer, len) ? skip_name(answer, len, HEADER_SIZE) : 0;

	if (at == 0 || len - at < 4)
		return 0;
	at += 4;
	for (unsigned n = count_records(answer); n > 0; n--) {
		struct record r;
		uint32_t ttl;

		if (!next_record(answer, len, &at, &r))
			return 0;
		if (r.type == BT_DNS_TYPE_OPT)
			continue;
		soa = soa || is_soa(&r);
		ttl = record_ttl(answer, &r);
		least = ttl < least ? ttl : least;
	}
	/* One that says no without a SOA does not say for how long; times above 2^31 are 0 (RFC
	 * 2181, 8). */
	if (at != len || least > INT32_MAX || (get16(answer + 6) == 0 && !soa))
		return 0;
	return least;
}

void bt_dns_message_renew(uint8_t *answer, size_t len, const uint8_t *msg,
			  const struct bt_dns_question *q, uint32_t age)
{
	size_t at = q->end;

	memcpy(answer, msg, 2);
	memcpy(answer + HEADER_SIZE, msg + HEADER_SIZE, q->end - HEADER_SIZE);
	answer[2] = (uint8_t)((answer[2] & ~FLAG_DESIRED) | (msg[2] & FLAG_DESIRED));
	for (unsigned n = count_records(answer); n > 0; n--) {
		struct record r;
		uint32_t ttl;

		if (!next_record(answer, len, &at, &r))
			return;
		ttl = get32(answer + r.ttl);
		if (r.type != BT_DNS_TYPE_OPT)
			put32(answer + r.ttl, ttl > age ? ttl - age : 0);
	}
}

size_t bt_dns_message_cut(uint8_t *answer, const struct bt_dns_question *q)
{
	answer[2] |= FLAG_CUT;
	memset(answer + 6, 0, 6);
	return q->end;
}
