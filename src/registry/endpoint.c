/* SPDX-License-Identifier: Apache-2.0 */

#include "registry/endpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

void bt_endpoint_done(struct bt_endpoint *endpoint)
{
	free(endpoint->base);
	free(endpoint->api);
	json_decref(endpoint->headers);
	free(endpoint->ca);
	free(endpoint->cert);
	free(endpoint->key);
	*endpoint = (struct bt_endpoint){ 0 };
}

int bt_endpoint_set_url(struct bt_endpoint *endpoint, const char *url, bool whole)
{
	const char *host = bt_str_after(url, "https://");
	size_t len = strlen(url), base;

	if (!host)
		host = bt_str_after(url, "http://");
	if (!host || host[0] == '\0' || host[0] == '/' || strpbrk(url, " \t\r\n?#@"))
		return -EINVAL;
	base = (size_t)(host - url) + strcspn(host, "/");
	while (len > base && url[len - 1] == '/')
		len--;
	/* Some write the "/v2" that is always there. */
	if (!whole && len >= base + 3 && strncmp(url + len - 3, "/v2", 3) == 0)
		len -= 3;
	endpoint->base = strndup(url, base);
	endpoint->api = bt_str_format("%.*s%s", (int)len, url, whole ? "" : "/v2");
	return endpoint->base && endpoint->api ? 0 : -ENOMEM;
}
