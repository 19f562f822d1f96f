/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_RESOLVER_H
#define BT_NET_RESOLVER_H

/*
 * The daemon's side of the name server (net/nameserver.h), a process that
 * outlives the daemon: connect to the one that runs, have one started where one is
 * needed, and notice when it dies. Any thread may call; requests go one after the other.
 */

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_resolver;

/** What a resolver needs of its owner. */
struct bt_resolver_owner {
	void *data;
	/** Start a name server (bt_nameserver_run()) that listens on `listen_fd` (borrowed).
	 * Returns 0 or -errno with *err filled. */
	int (*start)(void *data, int listen_fd, struct bt_err *err);
	/** It died, and knows nothing any more: put everything again. From a thread of the
	 * resolver's own, never during bt_resolver_close(). Returns 0, or a negative errno where
	 * that failed in part: it is called again, after 0.1 s at first, later 10 s. Not `ended`:
	 * it lives, and this is such a call. */
	int (*lost)(void *data, bool ended);
};

/** Open the connection, where a name server runs, whose socket is at `path` (copied). One that
 * speaks another version is told to quit, which calls lost(). */
bt_nodiscard int bt_resolver_open(const char *path, const struct bt_resolver_owner *owner,
				  struct bt_resolver **ret, struct bt_err *err);
/** Close the connection; the name server goes on if it has containers. NULL is fine. */
void bt_resolver_close(struct bt_resolver *resolver);

/** Descriptors for bt_resolver_put(), borrowed; -EBADF: none. */
struct bt_resolver_fds {
	int udp, tcp; /* bound, the second listening (net/sandbox.h) */
	int life;     /* pidfd of the container's monitor */
};
/** Tell of a container: `client` (borrowed) is a "put" of net/nameserver.h without "op" and "fds".
 * What it says is answered when this returns. `fds` may be NULL. `*ret_sockets`: has the name
 * server sockets of this container? Starts one where none runs. */
bt_nodiscard int bt_resolver_put(struct bt_resolver *resolver, const json_t *client,
				 const struct bt_resolver_fds *fds, bool *ret_sockets,
				 struct bt_err *err);
/** The same for a container that the name server may know: where it does not, or none runs, nothing
 * happens. */
void bt_resolver_update(struct bt_resolver *resolver, const json_t *client);
/** The pidfd (borrowed) at whose end the container is forgotten without us. */
void bt_resolver_life(struct bt_resolver *resolver, const char *owner, int pidfd);
/** Forget a container; an unknown one is fine. */
void bt_resolver_forget(struct bt_resolver *resolver, const char *owner);

/** Begin anew: every living container is put after this, until bt_resolver_sweep(). */
void bt_resolver_begin(struct bt_resolver *resolver);
/** Forget who was not put since bt_resolver_begin(). */
void bt_resolver_sweep(struct bt_resolver *resolver);

#endif
