/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_LISTEN_H
#define BT_API_LISTEN_H

/*
 * The sockets that the daemon serves: unix:///path, tcp://address:port, and
 * fd:// for those that systemd hands over.
 */

#include <stdbool.h>
#include <stddef.h>

#include "api/acceptor.h"
#include "base/attr.h"
#include "base/err.h"

/** Open listening sockets with what is unlinked at the end. Zeroed is empty. */
struct bt_listen {
	struct bt_listener sockets[BT_ACCEPTOR_LISTENERS_MAX];
	size_t n;
};

struct bt_listen_options {
	const char *group;   /* of unix sockets; NULL: "docker" where that exists */
	bool tls;            /* tcp speaks TLS */
	bool plain_anywhere; /* tcp without TLS also beyond loopback */
};

/** Open what `host` names and add it. Kinds: INVALID for a host that makes no sense, SYSTEM.
 * Nothing is added after a failure. */
bt_nodiscard int bt_listen_add(struct bt_listen *listen, const char *host,
			       const struct bt_listen_options *opt, struct bt_err *err);
/** Close everything. Names of unix sockets stay: who finds one waits for the next daemon, and that
 * one replaces it. */
void bt_listen_done(struct bt_listen *listen);

#endif
