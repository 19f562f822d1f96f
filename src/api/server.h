/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_SERVER_H
#define BT_API_SERVER_H

/*
 * The HTTP server: connections from api/acceptor.h, HTTP itself by
 * libmicrohttpd with one small thread for each connection that speaks, and
 * the way of a request through a table of routes.
 */

#include <stddef.h>

#include "api/acceptor.h"
#include "api/route.h"
#include "base/attr.h"
#include "base/err.h"

struct bt_engine;
struct bt_server;

/** What handlers find at `req->api`. */
struct bt_api {
	struct bt_engine *engine;
};

/** Certificates, as the text of PEM files; borrowed until the server is stopped. */
struct bt_server_tls {
	const char *cert, *key;
	const char *ca; /* clients must have a certificate of it; NULL: any client */
};

struct bt_server_config {
	struct bt_api api;
	const struct bt_route *routes; /* borrowed until the server is stopped */
	size_t nroutes;
	const struct bt_listener *listeners;
	size_t nlisteners;
	const struct bt_server_tls *tls; /* NULL: no listener speaks TLS */
};

/** Serve from now on. */
bt_nodiscard int bt_server_start(const struct bt_server_config *cfg, struct bt_server **ret,
				 struct bt_err *err);
/** Stop accepting, answer every request of a connection that was accepted, break off what streams.
 * NULL is fine. */
void bt_server_stop(struct bt_server *server);

#endif
