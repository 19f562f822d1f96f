/* SPDX-License-Identifier: Apache-2.0 */

#include "api/origin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/auto.h"

/* Nothing, or ":port". */
static bool is_end(const char *text)
{
	return *text == '\0' || (*text == ':' && text[1 + strspn(text + 1, "0123456789")] == '\0');
}

/* The name of "name:port" or "[address]:port", owned, or all of what is neither; NULL without
 * memory. */
static char *name_of(const char *host)
{
	bool bracket = host[0] == '[';
	const char *end = bracket ? strchr(host, ']') : strrchr(host, ':');

	if (!end || !is_end(bracket ? end + 1 : end))
		return strdup(host);
	return bracket ? strndup(host + 1, (size_t)(end - host - 1))
		       : strndup(host, (size_t)(end - host));
}

static bool is_ours(const char *name)
{
	char own[HOST_NAME_MAX + 1] = "";
	unsigned char address[sizeof(struct in6_addr)];

	if (name[0] == '\0' || strcasecmp(name, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1)
		return true;
	return gethostname(own, sizeof(own) - 1) == 0 && strcasecmp(own, name) == 0;
}

/* "https://name:port" is the page of "name:port". */
static bool is_same(const char *origin, const char *host)
{
	const char *authority = strstr(origin, "://");

	return authority && host && strcasecmp(authority + 3, host) == 0;
}

int bt_origin_check(const struct bt_origin *o, struct bt_err *err)
{
	bt_auto_free char *name = o->host ? name_of(o->host) : NULL;

	if (o->host && !name)
		return bt_err_sys(err, -ENOMEM, "look at a request's host");
	if (name && !o->tls && !is_ours(name))
		return bt_err_set(
			err, BT_ERR_FORBIDDEN, EPERM,
			"the host \"%.100s\" is not this machine: over TCP without TLS it "
			"is called by its address or its own name",
			o->host);
	if (o->changes && o->origin && !is_same(o->origin, o->host))
		return bt_err_set(err, BT_ERR_FORBIDDEN, EPERM,
				  "requests of web pages (of \"%.100s\") are refused", o->origin);
	return 0;
}
