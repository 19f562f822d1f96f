/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_FORWARDER_PRIVATE_H
#define BT_NET_FORWARDER_PRIVATE_H

/*
 * What the files forwarder*.c share. One thread, no locks.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "net/helper.h"
#include "net/helper_loop.h"
#include "net/prefix.h"

struct bt_forwarder_owner;

/** One published port. */
struct bt_forwarder_port {
	struct bt_list link; /* of the buried */
	struct bt_forwarder_owner *owner;
	char *key;
	int proto;
	struct bt_prefix target;
	uint16_t number;                  /* of the target */
	struct bt_helper_loop_watch sock; /* the host's */
	struct bt_list streams;           /* struct bt_forwarder_stream */
	struct bt_map flows;              /* who asks → struct bt_forwarder_flow */
	bool marked;                      /* "begin" came, and no "put" since */
};

/** A container. */
struct bt_forwarder_owner {
	struct bt_list link; /* of the buried */
	char *id;
	struct bt_map ports; /* key → struct bt_forwarder_port */
	struct bt_helper_loop_watch life;
};

struct bt_forwarder {
	struct bt_helper helper;
	struct bt_map owners; /* id → struct bt_forwarder_owner */
	struct bt_list flows; /* of all ports, in the order of their last packet */
	unsigned nflows;
	int spare; /* given up to accept, and refuse, where descriptors have run out */
};

/* forwarder_control.c */

/** Do what the daemon asks: bt_helper.obey. */
int bt_forwarder_obey(void *owner, struct bt_helper_message *m, json_t *reply);
/** Forget all of a container. */
void bt_forwarder_forget(struct bt_forwarder *fw, struct bt_forwarder_owner *owner);

/* forwarder_stream.c */

/** Somebody connects to a port. */
void bt_forwarder_stream_accept(void *owner, struct bt_helper_loop_watch *watch);
/** Cut all connections of a port. */
void bt_forwarder_stream_cut(struct bt_forwarder *fw, struct bt_forwarder_port *port);

/* forwarder_flow.c */

/** Make a datagram socket say to which address each packet came. Returns 0 or -errno. */
bt_nodiscard int bt_forwarder_flow_prepare(int fd);
/** Datagrams arrived at a port. */
void bt_forwarder_flow_asked(void *owner, struct bt_helper_loop_watch *watch);
/** Forget all flows of a port. */
void bt_forwarder_flow_cut(struct bt_forwarder *fw, struct bt_forwarder_port *port);
/** Forget the flows that were silent for too long. */
void bt_forwarder_flow_expire(struct bt_forwarder *fw, int64_t now_ns);
/** Milliseconds until the first is, -1: there is none. */
int bt_forwarder_flow_due(const struct bt_forwarder *fw, int64_t now_ns);

/* forwarder.c */

/** A socket towards a port's target, which connects; or -errno. */
bt_nodiscard int bt_forwarder_connect(const struct bt_forwarder_port *port);

#endif
