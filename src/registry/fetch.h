/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_REGISTRY_FETCH_H
#define BT_REGISTRY_FETCH_H

/*
 * A file from an http or https URL that a client names, through the daemon's
 * proxies. The server is as hostile as a registry: registry/http.h bounds
 * redirects, headers and stalls; the number of bytes is bounded here.
 */

#include <stdatomic.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "registry/http.h"
#include "registry/settings.h"

/** More of one file is refused. */
#define BT_FETCH_MAX ((int64_t)1 << 40)

/** What to fetch. Borrowed. */
struct bt_fetch {
	const char *url; /* of bt_fetch_url() */
	const struct bt_settings *settings;
	bt_http_sink_fn sink;
	void *arg;
	_Atomic(int64_t) *ret_length; /* set before the sink is called: bytes, or -1 */
	const atomic_bool *cancelled; /* ends it within a second */
};

/** The URL that `text` means, owned: a name without a scheme is an http server's, as with Docker.
 * Kind INVALID for other schemes and control characters. */
bt_nodiscard int bt_fetch_url(const char *text, char **ret, struct bt_err *err);

/** `url` without the user and password that it may have: what may be shown and stored. Owned, NULL
 * without memory. */
char *bt_fetch_public_url(const char *url);

/** Fetch it. Kinds by the server's status: NOT_FOUND, FORBIDDEN, …; UNAVAILABLE where none came. */
bt_nodiscard int bt_fetch(const struct bt_fetch *what, struct bt_err *err);

#endif
