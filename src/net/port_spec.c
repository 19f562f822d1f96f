/* SPDX-License-Identifier: Apache-2.0 */

#include "net/port_spec.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

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

int bt_port_spec_container(const char *text, uint16_t *ret_port, int *ret_proto)
{
	const size_t len = strcspn(text, "/");
	const char *name = text[len] ? text + len + 1 : "tcp";
	uint16_t port;

	if (number(text, len, &port) < 0 || port == 0)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++) {
		if (strcasecmp(name, protos[i].name) != 0)
			continue;
		*ret_port = port;
		*ret_proto = protos[i].proto;
		return 0;
	}
	return -EINVAL;
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

const char *bt_port_spec_proto_name(int proto)
{
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		if (protos[i].proto == proto)
			return protos[i].name;
	return "tcp";
}
