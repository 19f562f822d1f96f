/* SPDX-License-Identifier: Apache-2.0 */

#include "net/port_spec.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

/* Longer than any address, two ranges and a protocol. */
#define PUBLISH_SIZE 96
/* "65535" and its NUL */
#define NUMBER_SIZE 6

static const struct {
	const char *name;
	int proto;
} protos[] = { { "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP }, { "sctp", IPPROTO_SCTP } };

/* `len` bytes of decimal digits. */
static int number(const char *text, size_t len, uint16_t *ret)
{
	char copy[NUMBER_SIZE];
	unsigned long long value;

	if (len == 0 || len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (bt_str_to_u64(copy, &value) < 0 || value > UINT16_MAX)
		return -EINVAL;
	*ret = (uint16_t)value;
	return 0;
}

static int proto_of(const char *name, int *ret)
{
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++) {
		if (strcasecmp(name, protos[i].name) != 0)
			continue;
		*ret = protos[i].proto;
		return 0;
	}
	return -EINVAL;
}

int bt_port_spec_container(const char *text, uint16_t *ret_port, int *ret_proto)
{
	const size_t len = strcspn(text, "/");
	const char *name = text[len] ? text + len + 1 : "tcp";
	uint16_t port;

	if (number(text, len, &port) < 0 || port == 0)
		return -EINVAL;
	if (proto_of(name, ret_proto) < 0)
		return -EINVAL;
	*ret_port = port;
	return 0;
}

int bt_port_spec_range(const char *text, uint16_t *ret_first, uint16_t *ret_last)
{
	const size_t len = strcspn(text, "-");
	uint16_t first, last;

	if (number(text, len, &first) < 0)
		return -EINVAL;
	last = first;
	if (text[len] && (first == 0 || number(text + len + 1, strlen(text + len + 1), &last) < 0))
		return -EINVAL;
	if (last < first)
		return -EINVAL;
	*ret_first = first;
	*ret_last = last;
	return 0;
}

/* Take "ADDRESS:" off the beginning: in brackets, or where two more parts follow. */
static int split_address(char **text, struct bt_prefix *ret)
{
	char *at = *text, *colon = strchr(at, ':'), *end;

	if (at[0] == '[') {
		end = strchr(at, ']');
		if (!end || end[1] != ':')
			return -EINVAL;
		*end = '\0';
		*text = end + 2;
		return bt_prefix_parse_address(at + 1, ret);
	}
	if (!colon || !strchr(colon + 1, ':'))
		return 0;
	*colon = '\0';
	*text = colon + 1;
	return bt_prefix_parse_address(at, ret);
}

static int fits(const struct bt_port_publish *p)
{
	const unsigned inside = (unsigned)p->target_last - p->target_first;
	const unsigned outside = (unsigned)p->last - p->first;

	return p->target_first == 0 || (inside && p->first && inside != outside) ? -EINVAL : 0;
}

int bt_port_spec_publish(const char *text, struct bt_port_publish *ret)
{
	struct bt_port_publish p = { .proto = IPPROTO_TCP };
	char copy[PUBLISH_SIZE], *at = copy, *slash, *colon;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	slash = strchr(copy, '/');
	if (slash) {
		*slash = '\0';
		if (proto_of(slash + 1, &p.proto) < 0)
			return -EINVAL;
	}
	if (split_address(&at, &p.host) < 0)
		return -EINVAL;
	colon = strchr(at, ':');
	if (colon) {
		*colon = '\0';
		if (at[0] && bt_port_spec_range(at, &p.first, &p.last) < 0)
			return -EINVAL;
		at = colon + 1;
	}
	if (bt_port_spec_range(at, &p.target_first, &p.target_last) < 0 || fits(&p) < 0)
		return -EINVAL;
	*ret = p;
	return 0;
}

const char *bt_port_spec_proto_name(int proto)
{
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		if (protos[i].proto == proto)
			return protos[i].name;
	return "tcp";
}
