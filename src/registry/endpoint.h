/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_REGISTRY_ENDPOINT_H
#define BT_REGISTRY_ENDPOINT_H

/*
 * Whom to ask for what a registry's name stands for: its mirrors and itself, by
 * what the daemon is told, by Docker's certs.d/DOMAIN with certificates, or by
 * containerd's certs.d/DOMAIN/hosts.toml, which takes the place of both.
 */

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "registry/session.h"

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

/** The ways to reach `target`, best first, into an array (owned, each with its texts). Returns how
 * many, or a negative errno; kind INVALID for a hosts.toml that is wrong. */
bt_nodiscard int bt_endpoint_list(const struct bt_session_target *target, struct bt_endpoint **ret,
				  struct bt_err *err);
/** Set `base` and `api` from a URL. `path` of it is kept; `whole`: it has its "/v2" in it. Returns
 * 0, -EINVAL or -ENOMEM. */
bt_nodiscard int bt_endpoint_set_url(struct bt_endpoint *endpoint, const char *url, bool whole);
/** Release one. */
void bt_endpoint_done(struct bt_endpoint *endpoint);

#endif
