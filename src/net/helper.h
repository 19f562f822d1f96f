/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_HELPER_H
#define BT_NET_HELPER_H

/*
 * What the processes that outlive the daemon have in common (net/nameserver.h,
 * net/forwarder.h): a listening socket at which the daemon, whose user must be 0,
 * connects; requests of one packet each, a JSON object with descriptors whose roles
 * the member "fds" names in order, answered in order with {"ok":true,…} or
 * {"error":ERRNO}; and an end when neither a daemon nor anything to do is left.
 *
 * Every helper knows {"op":"hello"} → "v": the version of its protocol, and
 * {"op":"quit"}. The daemon's side is net/helper_link.h.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/sock.h"
#include "net/helper_loop.h"

/** One request. The descriptors not taken are closed after it was obeyed. */
struct bt_helper_message {
	const json_t *json;
	int fds[BT_SOCK_FDS_MAX];
	size_t nfds;
	size_t next; /* role that is probably asked for next: who sends many has them in order */
};

/** The descriptor of that role (owned by the caller from now on), or -EBADF. */
int bt_helper_take_fd(struct bt_helper_message *m, const char *role);

struct bt_helper {
	/** Do what a request asks, and fill the reply. Returns 0 or -errno; -EOPNOTSUPP: no such
	 * op. */
	int (*obey)(void *owner, struct bt_helper_message *m, json_t *reply);
	/** Is nothing left to do, should no daemon be there either? */
	bool (*is_idle)(void *owner);
	/** Milliseconds until tick() is due, -1: never. */
	int (*next_due)(void *owner, int64_t now_ns);
	/** After each turn of the loop. */
	void (*tick)(void *owner, int64_t now_ns);
	void *owner;
	int64_t version; /* of the protocol */

	struct bt_helper_loop loop; /* by bt_helper_init() */
	struct bt_helper_loop_watch listener, control;
	bool met; /* a daemon was here */
	bool quit;
};

/** The functions, owner and version are set; `listen_fd` is owned from now on. Returns 0 or
 * -errno. */
bt_nodiscard int bt_helper_init(struct bt_helper *helper, int listen_fd);
/** Run until told to quit, or until no daemon is connected and nothing is left to do. */
void bt_helper_run(struct bt_helper *helper);
/** Close everything, and free what is buried. */
void bt_helper_done(struct bt_helper *helper);

/** For this whole process, once: call it `name`, allow it all descriptors that its limit allows,
 * take every privilege from it. Returns 0 or -errno. */
bt_nodiscard int bt_helper_drop_privileges(const char *name);

#endif
