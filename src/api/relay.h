/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_RELAY_H
#define BT_API_RELAY_H

/*
 * Copies between a client and a socket, both ways, where the client's socket
 * itself cannot be given away: raw streams over TLS. Either side may end its
 * sending and still receive.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"

/** The client's side. Its calls do not block: they return a count, 0 at the end (of recv), -EAGAIN,
 * or another negative errno. */
struct bt_relay_client {
	int fd; /* to wait on */
	ssize_t (*recv)(void *arg, void *buf, size_t len);
	ssize_t (*send)(void *arg, const void *data, size_t len);
	bool (*pending)(void *arg); /* is something to be received that `fd` does not show? */
	void *arg;
};

/** Copy until `sock` (borrowed) ends or the client has left. Returns 0, or -ENOMEM. */
bt_nodiscard int bt_relay_run(const struct bt_relay_client *client, int sock);

#endif
