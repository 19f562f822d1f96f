/* SPDX-License-Identifier: Apache-2.0 */

#include "registry/insecure.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

/* Where the four bytes of an IPv4 address begin in the IPv6 address that stands for it. */
#define MAPPED_BITS 96

/* IPv4 by its mapped form (RFC 4291, 2.5.5.2). Returns false for what is no address. */
static bool parse(const char *text, struct in6_addr *ret)
{
	struct in6_addr a = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

	if (inet_pton(AF_INET, text, a.s6_addr + 12) != 1 && inet_pton(AF_INET6, text, &a) != 1)
		return false;
	*ret = a;
	return true;
}

static bool same_bits(const struct in6_addr *a, const struct in6_addr *b, unsigned n)
{
	unsigned rest = n % 8;

	if (memcmp(a, b, n / 8) != 0)
		return false;
	return rest == 0 || ((a->s6_addr[n / 8] ^ b->s6_addr[n / 8]) >> (8 - rest)) == 0;
}

/* Is `host` an address in the network "BASE/BITS", of one family with it? */
static bool in_network(const char *host, const char *network)
{
	const char *slash = strchr(network, '/');
	bt_auto_free char *base = slash ? strndup(network, (size_t)(slash - network)) : NULL;
	unsigned before = base && strchr(base, ':') ? 0 : MAPPED_BITS;
	struct in6_addr a, b;
	unsigned long long bits;

	if (!base || bt_str_to_u64(slash + 1, &bits) < 0 || !parse(base, &b) ||
	    bits > 128 - before || !parse(host, &a))
		return false;
	if (before == 0 && IN6_IS_ADDR_V4MAPPED(&a) && bits < MAPPED_BITS)
		return false;
	return same_bits(&a, &b, before + (unsigned)bits);
}

/* Without port and brackets; owned. */
static char *host_of(const char *domain)
{
	const char *end = domain[0] == '[' ? strchr(domain, ']') : NULL;

	if (end)
		return strndup(domain + 1, (size_t)(end - domain - 1));
	return strndup(domain, strcspn(domain, ":"));
}

/* An entry for every port: the host's name, or its address, in brackets or not. */
static bool is_host(const char *entry, const char *host)
{
	size_t len = strlen(host);

	if (strcmp(entry, host) == 0)
		return true;
	return strchr(host, ':') && entry[0] == '[' && strncmp(entry + 1, host, len) == 0 &&
	       strcmp(entry + 1 + len, "]") == 0;
}

bool bt_insecure_has(const json_t *list, const char *domain)
{
	bt_auto_free char *host = host_of(domain);
	const json_t *item;
	size_t i;

	if (!host)
		return false;
	if (strcmp(host, "localhost") == 0 || in_network(host, "127.0.0.0/8") ||
	    in_network(host, "::1/128"))
		return true;
	json_array_foreach (list, i, item) {
		const char *entry = json_string_value(item);

		if (entry &&
		    (strcmp(entry, domain) == 0 || is_host(entry, host) || in_network(host, entry)))
			return true;
	}
	return false;
}
