/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_FIREWALL_H
#define BT_NET_FIREWALL_H

/*
 * The packet rules of one daemon: a table of its own, in which networks and
 * published ports are elements of sets and maps, so that a packet costs the
 * same with ten of them or ten thousand.
 *
 * What the rules say:
 *   - what comes out of a bridge may go anywhere but into another bridge, and
 *     is masqueraded there;
 *   - into a bridge goes what was answered for, what a published port
 *     translated, and what comes from the same bridge; the rest is dropped,
 *     wherever it comes from (N01 of the security checks);
 *   - nothing that a container sends to 127.0.0.0/8 reaches the host;
 *   - what the host itself sends to ::1 is not translated: no answer would find its way
 *     back. Such ports, and those of a family that the container has not, are served by a
 *     process of the host (net/forwarder.h), which an internal network reaches as little
 *     as other networks' published ports;
 *   - a port that is judged by the host's own firewall: the first packet of a
 *     connection from outside is not translated, but goes where one for a program
 *     of the host would go, through whatever hangs in the input hook (ufw,
 *     firewalld, iptables of either kind). What came through is sent back in by a
 *     pair of interfaces (net/gate.h), and only then translated. The rest of the
 *     connection is translated at once. Nothing of the host's rules is read.
 *
 * What the rules let pass carries a bit of the packet's mark, so that the FORWARD
 * chain of another engine or of ufw, whose policy is to drop, can be told with one
 * rule to let it pass too (net/firewall_foreign.h).
 *
 * The handle keeps what it was told, to put all of it in place again when
 * somebody removed the table. Where the kernel can (Linux 6.9) the table is
 * owned: then nobody else's flush removes it while this handle is open, and it
 * stays when the process dies. Where it cannot, a thread watches, and puts it
 * back at once.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "net/prefix.h"

struct bt_firewall;

/** Put the rules in place, instead of those of an earlier daemon with this table: in one
 * transaction by the first bt_firewall_load(). `table` at most 63 letters, digits, '-', '_'. `own`:
 * own it where the kernel can. */
bt_nodiscard int bt_firewall_open(const char *table, bool own, struct bt_firewall **ret,
				  struct bt_err *err);
/** Close. The rules stay. NULL is fine. */
void bt_firewall_close(struct bt_firewall *fw);
/** Remove the table from the system. */
bt_nodiscard int bt_firewall_remove(struct bt_firewall *fw, struct bt_err *err);

/** A network as the rules see it. */
struct bt_firewall_network {
	const char *bridge;            /* interface name */
	bool masquerade4, masquerade6; /* what leaves gets the host's address */
	bool open4, open6;             /* reachable from outside directly, on every port */
	bool routed4, routed6;         /* they are on published ports (`direct`), and answer ping */
	bool icc;                      /* containers on it may talk to each other */
	bool internal;                 /* nothing leaves, nothing enters */
};

/** Add or change a network. Before the first load it is only noted. */
bt_nodiscard int bt_firewall_network_add(struct bt_firewall *fw,
					 const struct bt_firewall_network *net, struct bt_err *err);
/** Remove a network; an unknown one is fine. */
bt_nodiscard int bt_firewall_network_remove(struct bt_firewall *fw, const char *bridge,
					    struct bt_err *err);

/** Published ports: host's first to last go to the container's, one by one in order. */
struct bt_firewall_port {
	int proto;             /* IPPROTO_TCP, _UDP or _SCTP */
	struct bt_prefix host; /* address of the host; all zero: any of its family */
	uint16_t first, last;
	struct bt_prefix target; /* the container, same family */
	uint16_t target_first;
	bool judged;    /* by the host's own firewall first */
	bool direct;    /* no translation: the container's own ports are reachable; `host` means
			   nothing */
	bool forwarded; /* a process of the host takes what comes (net/forwarder.h); internal
			   networks are kept from it. `target` means nothing */
};

/** Publish `n` ports (copied) for `owner`, instead of what it has now. A range whose numbers are
 * the same on both sides is one element. -EEXIST where another owner has one of them. */
bt_nodiscard int bt_firewall_publish(struct bt_firewall *fw, const char *owner,
				     const struct bt_firewall_port *ports, size_t n,
				     struct bt_err *err);
/** Take them back; an owner without any is fine. */
bt_nodiscard int bt_firewall_unpublish(struct bt_firewall *fw, const char *owner,
				       struct bt_err *err);

/** Replace the table by one with all that is noted, in one transaction. */
bt_nodiscard int bt_firewall_load(struct bt_firewall *fw, struct bt_err *err);

#endif
