/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLIENT_ENDPOINT_H
#define BT_CLIENT_ENDPOINT_H

/*
 * Where the daemon is: the text after -H, what it means, and how to connect there.
 *
 *     unix:///run/berth.sock    tcp://host:2375/base    ssh://user@host
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

enum bt_endpoint_kind {
	BT_ENDPOINT_UNIX,
	BT_ENDPOINT_TCP,
	BT_ENDPOINT_SSH,
};

/** Files of TLS; NULL members are not used. All owned. */
struct bt_endpoint_tls {
	bool enabled, verify;
	char *ca, *cert, *key;
};

struct bt_endpoint {
	enum bt_endpoint_kind kind;
	char *url;  /* as it is shown to the user */
	char *path; /* of the socket */
	char *host, *port;
	char *base; /* "" or "/prefix" before every target */
	struct bt_endpoint_tls tls;
};

/** Parse a host, with docker's short forms ("host", ":2375", "tcp://"). Returns 0 (release with
 * bt_endpoint_done()) or -EINVAL. */
bt_nodiscard int bt_endpoint_parse(const char *text, bool tls, struct bt_endpoint *ret,
				   struct bt_err *err);

/* How long a daemon that is being replaced is waited for. */
#define BT_ENDPOINT_PATIENCE_MS 4000

/** Connect; to a unix socket that exists and on which nobody listens, for BT_ENDPOINT_PATIENCE_MS.
 * Returns a stream socket, close-on-exec, or a negative errno and docker's words
 * ("Cannot connect to the Docker daemon at …"). */
bt_nodiscard int bt_endpoint_connect(const struct bt_endpoint *ep, struct bt_err *err);

/** Say, in docker's words, that the endpoint cannot be reached because of `r` (a negative errno).
 * Returns `r`. */
int bt_endpoint_unreachable(const struct bt_endpoint *ep, int r, struct bt_err *err);

/** Release and leave empty. */
void bt_endpoint_done(struct bt_endpoint *ep);

#endif
