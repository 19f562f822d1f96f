/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_REGISTRY_SETTINGS_H
#define BT_REGISTRY_SETTINGS_H

/*
 * How the daemon is told to reach registries.
 */

#include <jansson.h>

#include "base/attr.h"

/** Owned. */
struct bt_settings {
	json_t *insecure; /* array: "host[:port]" or networks "10.0.0.0/8" without TLS; or NULL */
	json_t *mirrors;  /* array of URLs for docker.io, or object of such by registry; or NULL */
	char *http_proxy, *https_proxy; /* URLs, or NULL */
	char *no_proxy;                 /* names and networks to reach without */
};

/** Copy; proxies that are NULL come from the environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY, or in
 * small letters). This machine's own names are reached without a proxy always. Returns 0 or
 * -ENOMEM. */
bt_nodiscard int bt_settings_copy(const struct bt_settings *from, struct bt_settings *ret);
/** Release. */
void bt_settings_done(struct bt_settings *settings);

#endif
