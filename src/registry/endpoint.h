/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_REGISTRY_ENDPOINT_H
#define BT_REGISTRY_ENDPOINT_H

/*
 * One place where a registry's images are to be had, and how it is spoken to.
 */

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"

/** Where a registry is reached, and by what right. Owned. */
struct bt_endpoint {
	char *base; /* "https://host[:port]" */
	char *api;  /* what paths follow: base and "/v2", unless hosts.toml says otherwise */
	char *ca, *cert, *key;
	json_t *headers; /* array of "Name: value", or NULL */
	long connect_ms; /* 0: the default */
	bool insecure;   /* certificates do not matter, and credentials may go unencrypted */
	bool mirror;     /* is not given credentials */
};

/** Set `base` and `api` from a URL. `path` of it is kept; `whole`: it has its "/v2" in it. Returns
 * 0, -EINVAL or -ENOMEM. */
bt_nodiscard int bt_endpoint_set_url(struct bt_endpoint *endpoint, const char *url, bool whole);
/** Release one. */
void bt_endpoint_done(struct bt_endpoint *endpoint);

#endif
