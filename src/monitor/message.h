/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_MONITOR_MESSAGE_H
#define BT_MONITOR_MESSAGE_H

/*
 * One packet of the protocol (monitor/protocol.h): a JSON object, and descriptors
 * that its member "fds" names.
 */

#include <jansson.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/sock.h"

/** A received packet. Zeroed is none. */
struct bt_message {
	json_t *json;             /* an object; owned */
	int fds[BT_SOCK_FDS_MAX]; /* owned; -EBADF once taken */
	size_t nfds;
};

/** Receive one packet. `flags` as recvmsg(2). Returns 1, 0 at the end, -EBADMSG for what is no
 * JSON object, or another -errno. */
bt_nodiscard int bt_message_recv(int fd, int flags, struct bt_message *ret);

/** Parse a packet's text, as received otherwise, and take over its descriptors on success.
 * Returns 0, -EBADMSG or -EMSGSIZE. */
bt_nodiscard int bt_message_parse(const char *text, size_t len, const int *fds, size_t nfds,
				  struct bt_message *ret);

/** Send `json` (borrowed) with descriptors (borrowed). Returns 0 or -errno. */
bt_nodiscard int bt_message_send(int fd, const json_t *json, const int *fds, size_t nfds);

/** Take the first descriptor left that has this role: the caller owns it. -EBADF if none. */
int bt_message_take_fd(struct bt_message *message, const char *role);

/** Release everything not taken. */
void bt_message_done(struct bt_message *message);

#define bt_auto_message bt_auto(bt_message_done)

/** {"kind":…,"errnum":…,"msg":…} of an error; a new reference, or NULL without memory. */
json_t *bt_message_from_error(const struct bt_err *err);

/** The other way: fill *ret from such an object and return -errnum. What makes no sense
 * becomes a SYSTEM error. */
int bt_message_to_error(const json_t *json, struct bt_err *ret);

#endif
