/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_NAMESERVER_H
#define BT_NET_NAMESERVER_H

/*
 * The name server that containers find at 127.0.0.11: a process of one thread
 * that answers for the containers on their networks, forwards everything else,
 * and nothing at all where a container has no way out (N03). It outlives the
 * daemon; see docs/decisions/0007-names.md. The daemon's side is net/resolver.h.
 *
 * The daemon connects to its socket (SOCK_SEQPACKET; peers must be uid 0), one
 * packet a message: a JSON object, with descriptors whose roles the member "fds"
 * names in order. Each is answered with {"ok":true,…} or {"error":ERRNO}, in order.
 *
 *   {"op":"hello"} → "v": the version of this protocol
 *   {"op":"put","owner":ID,"external":B,"host":ADDRESS,"servers":[ADDRESS…],
 *    "places":[{"network":ID,"name":S,"names":[S…],"v4":ADDRESS,"v6":ADDRESS,
 *               "links":{ALIAS:NAME…}}…],"fds":["udp","tcp","life"]}
 *        All that is known of a container, instead of what was known. external: its questions may
 *        be passed on, to "servers" or, where there is none, the host's. host: what
 *        host.docker.internal is. names: see bt_names_place; links: what only this container
 *        calls another's name on the network. Without the sockets it keeps those it has. With
 * "known":true nothing becomes known of a container that was not. → "sockets": has it any now?
 * "life": has it a pidfd?
 *   {"op":"life","owner":ID,"fds":["life"]}   a pidfd: at that process's end the container is
 * forgotten
 *   {"op":"forget","owner":ID}
 *   {"op":"begin"}, {"op":"sweep"}   forget the containers that were not put in between
 *   {"op":"quit"}
 */

#include <stddef.h>

#define BT_NAMESERVER_VERSION 1

/** The process: `fds` holds a listening socket (owned). Returns its exit code, when no daemon is
 * connected and no container is left, or when told to. */
int bt_nameserver_run(const int *fds, size_t nfds);

/** The same with another resolv.conf than the host's, and in a process that is left as it is: for
 * tests. */
int bt_nameserver_serve(int listen_fd, const char *resolv_conf);

#endif
