/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_FORWARDER_H
#define BT_NET_FORWARDER_H

/*
 * Carries what the kernel cannot translate to a published port: what comes from
 * ::1, and what comes by an address family that the container has not. One process
 * for all ports of all containers, which outlives the daemon (net/helper.h): the
 * sockets are the ones by which the daemon holds the ports, so there is no process and
 * no further socket a port.
 *
 * It listens in the host's namespace and connects from there, so the container sees
 * the host's address; for everything else the kernel translates, and the client's own
 * is seen.
 *
 * Requests:
 *   {"op":"put","owner":ID,"ports":[{"key":S,"proto":N,"target":ADDRESS,"port":N}…],
 *    "fds":["INDEX"…,"life"]}
 *        Carry these ports, beside those it has. key: tells the owner's ports apart. A
 *        descriptor's role is the index of its port: bound, not listening. A port that is there
 *        needs none. life: a pidfd, at whose end the owner is forgotten. → "missing":[INDEX…]:
 *        ports that have no socket, here or in the message
 *   {"op":"life","owner":ID,"fds":["life"]}   of an owner that is known
 *   {"op":"drop","owner":ID,"keys":[S…]}   with all that is connected through them
 *   {"op":"forget","owner":ID}
 *   {"op":"begin"}, {"op":"sweep"}   drop the ports that were not put in between
 */

#include <stddef.h>

#define BT_FORWARDER_VERSION 1

/** The process: `fds` holds a listening socket (owned). Returns its exit code, when no daemon is
 * connected and no port is left, or when told to. */
int bt_forwarder_run(const int *fds, size_t nfds);
/** The same in a process that is left as it is: for tests. */
int bt_forwarder_serve(int listen_fd);

#endif
