/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_BASE_SOCK_H
#define BT_BASE_SOCK_H

/*
 * Messages with descriptors over unix sockets (SOCK_SEQPACKET): what daemon,
 * spawner and monitors say to each other travels this way, a message a packet.
 * And whole writes on streams.
 */

#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"

/* The kernel's own limit is 253 (SCM_MAX_FD). */
#define BT_SOCK_FDS_MAX 64
/* Larger texts travel as a memfd. */
#define BT_SOCK_MSG_MAX (64u << 10)

/** Send one packet with `nfds` descriptors (borrowed). Returns 0 or -errno (-EPIPE when the
 * peer is gone; no signal is raised). */
bt_nodiscard int bt_sock_send(int fd, const void *msg, size_t len, const int *fds, size_t nfds);

/** Send all of `data` on a stream, resuming after short counts. Returns 0 or -errno (-EPIPE when
 * the peer is gone; no signal is raised); after a failure part may have been sent. */
bt_nodiscard int bt_sock_send_all(int fd, const void *data, size_t len);

/** Receive one packet into `ret` (at most `size` bytes) and up to BT_SOCK_FDS_MAX
 * descriptors, which are close-on-exec and owned by the caller. `flags` as recvmsg(2). What the
 * peer sent before it went is received, whether or not it had read everything itself. Returns the
 * length, 0 at the end, -EMSGSIZE if it was cut (descriptors are closed then), or another -errno.
 */
bt_nodiscard ssize_t bt_sock_recv(int fd, void *ret, size_t size, int *ret_fds, size_t *ret_nfds,
				  int flags);

/** Bind and listen on a unix socket of `type` at `path`, mode `mode`, replacing a stale
 * socket that nobody listens on. One of datagrams (SOCK_DGRAM) is bound only. Paths longer than
 * sun_path are reached through their directory's descriptor. Returns the descriptor, -EADDRINUSE
 * when another process listens there, or another -errno. */
bt_nodiscard int bt_sock_listen(const char *path, int type, mode_t mode);

/** Connect to the unix socket at `path`, or for "@name" to that of the abstract name. Returns the
 * descriptor or -errno. */
bt_nodiscard int bt_sock_connect(const char *path, int type);

#endif
