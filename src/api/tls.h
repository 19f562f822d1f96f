/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_TLS_H
#define BT_API_TLS_H

/*
 * The files of TLS: our certificate and key, and the authority of clients.
 */

#include "api/server.h"
#include "base/attr.h"
#include "base/err.h"

struct bt_config;

/** The text of the files; `server` borrows it. Zeroed is empty. */
struct bt_tls {
	struct bt_server_tls server;
	char *cert, *key, *ca;
};

/** Read the files that the configuration names. */
bt_nodiscard int bt_tls_load(const struct bt_config *config, struct bt_tls *ret,
			     struct bt_err *err);
/** Release, and wipe the key. */
void bt_tls_done(struct bt_tls *tls);

#endif
