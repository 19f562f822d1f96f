/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_NETWORK_BINDINGS_H
#define BT_ENGINE_NETWORK_BINDINGS_H

/*
 * What a container's port bindings mean: which ports of which addresses of the
 * host, held by a bound socket so that nobody else takes them, lead to which
 * address of the container, and who carries what comes: the kernel's translation
 * (net/firewall.h), or where it cannot translate the forwarder (net/forward.h).
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/network_private.h"
#include "engine/publish_policy.h"
#include "net/forward.h"

/** One port of the host. */
struct bt_network_port {
	struct bt_firewall_port rule; /* of a single port; `forwarded`: the kernel does nothing */
	int fd;                       /* holds it; -EBADF: not held by us */
	bool carried;                 /* the forwarder has it, too or alone */
};

/** What one container published. */
struct bt_network_published {
	json_t *ports; /* as inspect shows it */
	struct bt_network_port *list;
	size_t n;
};

/** An empty one, or NULL without memory. */
struct bt_network_published *bt_network_published_create(void);
/** Free it, and hold its ports no more. NULL is fine. */
void bt_network_published_destroy(struct bt_network_published *p);
/** The same for what a pointer points to: bt_auto_published. */
void bt_network_published_destroyp(struct bt_network_published **p);
#define bt_auto_published bt_auto(bt_network_published_destroyp)

/** Add a port (copied; its descriptor owned on success), and show it under `key` ("80/tcp").
 * Returns 0 or -ENOMEM. */
bt_nodiscard int bt_network_published_add(struct bt_network_published *p, const char *key,
					  const struct bt_network_port *port);

/** What bindings are asked for. */
struct bt_network_bindings {
	struct bt_networks *nets;
	const struct bt_network_lease *lease; /* where they lead */
	enum bt_publish_policy policy;
};

/** Find and hold the ports that `wanted` (as HostConfig.PortBindings) asks for, and add them to
 * `out`. CONFLICT in Docker's words where one is taken. Not under the networks' lock. */
bt_nodiscard int bt_network_bindings_resolve(const struct bt_network_bindings *b,
					     const json_t *wanted, struct bt_network_published *out,
					     struct bt_err *err);
/** The same for what an earlier daemon resolved: `ports` as `out->ports` was then. Ports that are
 * held by somebody else, as the forwarder does, are added all the same. Returns 0 or -errno. */
bt_nodiscard int bt_network_bindings_restore(const struct bt_network_bindings *b,
					     const json_t *ports, struct bt_network_published *out);

/** The carried ones of `p`, as the forwarder is told (owned; descriptors borrowed). Returns how
 * many, or -ENOMEM. */
ssize_t bt_network_published_carried(const struct bt_network_published *p,
				     struct bt_forward_port **ret);

#endif
