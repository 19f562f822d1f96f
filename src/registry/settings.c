/* SPDX-License-Identifier: Apache-2.0 */

#include "registry/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

#define OWN_NAMES "localhost,127.0.0.0/8,::1"

static char *given_or(const char *given, const char *capital, const char *small)
{
	const char *value = given ? given : getenv(capital);

	if (!value)
		value = getenv(small);
	return value && value[0] ? strdup(value) : NULL;
}

int bt_settings_copy(const struct bt_settings *from, struct bt_settings *ret)
{
	bt_auto_free char *none = given_or(from->no_proxy, "NO_PROXY", "no_proxy");
	struct bt_settings s = {
		.insecure = json_deep_copy(from->insecure),
		.mirrors = json_deep_copy(from->mirrors),
		.http_proxy = given_or(from->http_proxy, "HTTP_PROXY", "http_proxy"),
		.https_proxy = given_or(from->https_proxy, "HTTPS_PROXY", "https_proxy"),
		.no_proxy = bt_str_format("%s%s%s", OWN_NAMES, none ? "," : "", none ? none : ""),
	};

	if ((from->insecure && !s.insecure) || (from->mirrors && !s.mirrors) || !s.no_proxy) {
		bt_settings_done(&s);
		return -ENOMEM;
	}
	*ret = s;
	return 0;
}

void bt_settings_done(struct bt_settings *settings)
{
	json_decref(settings->insecure);
	json_decref(settings->mirrors);
	free(settings->http_proxy);
	free(settings->https_proxy);
	free(settings->no_proxy);
	*settings = (struct bt_settings){ 0 };
}
