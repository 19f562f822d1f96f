/* SPDX-License-Identifier: Apache-2.0 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "registry/session_private.h"

#define HUB      "docker.io"
#define HUB_HOST "registry-1.docker.io"

void bt_endpoint_done(struct bt_endpoint *endpoint)
{
	free(endpoint->base);
	free(endpoint->ca);
	free(endpoint->cert);
	free(endpoint->key);
	*endpoint = (struct bt_endpoint){ 0 };
}

/* Is the address `host` (no name) in the network "10.0.0.0/8"? */
static bool in_network(const char *host, const char *network)
{
	const char *slash = strchr(network, '/');
	bt_auto_free char *base = slash ? strndup(network, (size_t)(slash - network)) : NULL;
	unsigned long long bits;
	struct in_addr a, b;
	uint32_t mask;

	if (!base || bt_str_to_u64(slash + 1, &bits) < 0 || bits > 32 ||
	    inet_pton(AF_INET, host, &a) != 1 || inet_pton(AF_INET, base, &b) != 1)
		return false;
	mask = bits == 0 ? 0 : ~(uint32_t)0 << (32 - bits);
	return (ntohl(a.s_addr) & mask) == (ntohl(b.s_addr) & mask);
}

/* By name, with its port; this machine's own are always. */
static bool is_insecure(const json_t *list, const char *domain)
{
	bt_auto_free char *host = strndup(domain, strcspn(domain, ":"));
	const json_t *item;
	size_t i;

	if (!host)
		return false;
	if (strcmp(host, "localhost") == 0 || in_network(host, "127.0.0.0/8") ||
	    bt_str_after(domain, "[::1]"))
		return true;
	json_array_foreach (list, i, item) {
		const char *entry = json_string_value(item);

		if (entry && (strcmp(entry, domain) == 0 || strcmp(entry, host) == 0 ||
			      in_network(host, entry)))
			return true;
	}
	return false;
}

/* Docker's certs.d/DOMAIN/{ca.crt,client.cert,client.key}. */
static char *certificate(const char *domain, const char *file)
{
	static const char *const dirs[] = { "/etc/berth/certs.d", "/etc/docker/certs.d" };

	if (strchr(domain, '/'))
		return NULL;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		bt_auto_free char *path = bt_str_format("%s/%s/%s", dirs[i], domain, file);

		if (path && access(path, R_OK) == 0)
			return bt_take(path);
	}
	return NULL;
}

static int add(struct bt_endpoint *list, int n, const char *scheme, const char *host, bool insecure)
{
	list[n] = (struct bt_endpoint){ .base = bt_str_format("%s%s", scheme, host),
					.insecure = insecure };
	if (strcmp(scheme, "https://") == 0) {
		list[n].ca = certificate(host, "ca.crt");
		list[n].cert = certificate(host, "client.cert");
		list[n].key = certificate(host, "client.key");
	}
	return list[n].base ? n + 1 : -ENOMEM;
}

static int add_mirrors(const struct bt_session_target *target, struct bt_endpoint *list)
{
	const json_t *item;
	size_t i;
	int n = 0;

	if (target->push || target->no_mirrors || strcmp(target->domain, HUB) != 0)
		return 0;
	json_array_foreach (target->mirrors, i, item) {
		const char *url = json_string_value(item), *host;
		bt_auto_free char *clean = url ? strdup(url) : NULL;
		size_t len = clean ? strlen(clean) : 0;

		while (len > 0 && clean[len - 1] == '/')
			clean[--len] = '\0';
		if (len == 0)
			continue;
		host = bt_str_after(clean, "http://");
		if (host) {
			n = add(list, n, "http://", host, true);
		} else {
			host = bt_str_after(clean, "https://");
			n = add(list, n, "https://", host ? host : clean,
				is_insecure(target->insecure, host ? host : clean));
		}
		if (n < 0)
			return n;
		list[n - 1].mirror = true;
	}
	return n;
}

int bt_endpoint_list(const struct bt_session_target *target, struct bt_endpoint **ret)
{
	const char *host = strcmp(target->domain, HUB) == 0 ? HUB_HOST : target->domain;
	size_t max = json_array_size(target->mirrors) + 2;
	struct bt_endpoint *list = calloc(max, sizeof(*list));
	bool insecure = is_insecure(target->insecure, target->domain);
	int n;

	if (!list)
		return -ENOMEM;
	n = add_mirrors(target, list);
	if (n >= 0)
		n = add(list, n, "https://", host, insecure);
	if (n >= 0 && insecure)
		n = add(list, n, "http://", host, true);
	if (n < 0) {
		for (size_t i = 0; i < max; i++)
			bt_endpoint_done(&list[i]);
		free(list);
		return n;
	}
	*ret = list;
	return n;
}
