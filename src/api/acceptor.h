/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_ACCEPTOR_H
#define BT_API_ACCEPTOR_H

/*
 * Accepts connections and keeps those that have not said anything yet: one
 * thread and one epoll for any number of them, so that an idle connection
 * costs its descriptor only. With its first bytes a connection is handed on.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_acceptor;

/* As many sockets can be listened on. */
#define BT_ACCEPTOR_LISTENERS_MAX 64

/** A listening socket, non-blocking; the descriptor is borrowed. */
struct bt_listener {
	int fd;
	bool tls;
};

/** Gets a connection (owned from now on), and whether it came to a TLS listener. Must not
 * block. */
typedef void (*bt_acceptor_fn)(void *arg, int sock, bool tls);

/** Called where no descriptor is left for a connection and none waits in silence here: whoever has
 * some should close them. Must not block. */
typedef void (*bt_acceptor_full_fn)(void *arg);

/** Who is told of connections. */
struct bt_acceptor_clients {
	bt_acceptor_fn fn;
	bt_acceptor_full_fn full;
	void *arg; /* of both */
};

/** Called once when no connection came or spoke first for some seconds after one did. */
typedef void (*bt_acceptor_quiet_fn)(void);

/** Accept on `n` listeners, at most BT_ACCEPTOR_LISTENERS_MAX, until destroyed. Where descriptors
 * are scarce (api/crowd.h), who has been silent here for longest is closed. `clients` is copied. */
bt_nodiscard int bt_acceptor_create(const struct bt_listener *listeners, size_t n,
				    const struct bt_acceptor_clients *clients,
				    bt_acceptor_quiet_fn quiet, struct bt_acceptor **ret,
				    struct bt_err *err);
/** Stop accepting; connections that were accepted less than a second ago may still speak and are
 * handed on, then idle ones are closed. Listeners stay. NULL is fine. */
void bt_acceptor_destroy(struct bt_acceptor *acceptor);

#endif
