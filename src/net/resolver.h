/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_RESOLVER_H
#define BT_NET_RESOLVER_H

/*
 * The name server that containers find at 127.0.0.11: it answers for the
 * containers on their networks, forwards everything else, and nothing at all
 * where a container has no way out (N03).
 *
 * One thread for all containers; each gives it two sockets that were made in
 * its network namespace (net/sandbox.h). Queries to the outside leave from the
 * thread's own namespace, so that a resolver on the host's loopback works too.
 * A question over TCP gets a thread for its duration, of which there are few.
 */

#include "base/attr.h"
#include "base/err.h"
#include "net/prefix.h"

#define BT_RESOLVER_UPSTREAMS_MAX 3

struct bt_resolver;

/** Start the thread. */
bt_nodiscard int bt_resolver_start(struct bt_resolver **ret, struct bt_err *err);
/** End it; the sockets are closed. NULL is fine. */
void bt_resolver_stop(struct bt_resolver *resolver);

/** A container that asks. All is copied, but the sockets, which are owned by the resolver in any
 * case. */
struct bt_resolver_client {
	const char *owner;           /* its id */
	const char *const *networks; /* ids, NULL-terminated: whose names it sees */
	int udp, tcp;                /* bound, the second listening */
	struct bt_prefix host;       /* "host.docker.internal"; family 0: none */
	struct bt_prefix upstreams[BT_RESOLVER_UPSTREAMS_MAX]; /* family 0: the end */
};
/** Answer it from now on, instead of what was known of this owner. Returns 0 or -errno. */
bt_nodiscard int bt_resolver_add(struct bt_resolver *resolver,
				 const struct bt_resolver_client *client);
/** The networks of a client changed. An unknown one is fine. */
void bt_resolver_networks(struct bt_resolver *resolver, const char *owner,
			  const char *const *networks);
/** Forget a container: as one that asks, and its names. */
void bt_resolver_remove(struct bt_resolver *resolver, const char *owner);

/** Names of a container on a network: net/names.h says what they are. */
bt_nodiscard int bt_resolver_names_add(struct bt_resolver *resolver, const char *network,
				       const char *network_name, const char *owner,
				       const char *const *names, size_t n,
				       const struct bt_prefix *v4, const struct bt_prefix *v6);
/** Forget them on one network. */
void bt_resolver_names_remove(struct bt_resolver *resolver, const char *owner, const char *network);

#endif
