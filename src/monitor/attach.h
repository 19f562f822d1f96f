/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_MONITOR_ATTACH_H
#define BT_MONITOR_ATTACH_H

/*
 * One client attached to a process: a stream socket that came from the daemon.
 * Output goes out raw, or framed as Docker's raw-stream: a byte that names the
 * stream, three zeroes, the length in big-endian order, and the bytes.
 */

#include "base/attr.h"
#include "base/list.h"
#include "base/str.h"
#include "monitor/detach_keys.h"
#include "monitor/loop.h"
#include "monitor/protocol.h"
#include "monitor/stdio.h"

/* How much output waits for a client before the process has to. */
#define BT_ATTACH_QUEUE_MAX (1u << 20)
/* Clients of one process. */
#define BT_ATTACH_CLIENTS_MAX 1024

struct bt_attach {
	struct bt_list link; /* in stdio->clients */
	struct bt_loop_source source;
	struct bt_loop_timer linger;
	struct bt_stdio *stdio; /* borrowed */
	int fd;                 /* owned */
	bool in, out, err, mux;
	bool ending; /* nothing more for it: close when the queue is empty */
	bool shut;   /* our side is closed; waiting for the client's */
	struct bt_detach_keys keys;
	struct bt_str queue;
	size_t sent; /* of the queue */
};

/** Attach a socket, which is owned from now on, also after a failure. `first` (taken; NULL:
 * nothing) is sent before any output. Returns 0; -EINVAL for bad detach keys; -EMFILE with too many
 * clients; -ESHUTDOWN after bt_stdio_finish(); or -errno. */
bt_nodiscard int bt_attach_create(struct bt_stdio *stdio, int fd, const struct bt_spawn_client *how,
				  struct bt_str *first);

/** Send output to the client, or queue it. It may be gone afterwards. */
void bt_attach_output(struct bt_attach *attach, enum bt_log_stream stream, const char *data,
		      size_t len);

/** No more output comes: close once everything has been sent. It may be gone afterwards. */
void bt_attach_end(struct bt_attach *attach);

/** Does so much wait for this client that the process should? */
bool bt_attach_is_full(const struct bt_attach *attach);

/** Read input from the client, or not, according to what the process takes. */
void bt_attach_update(struct bt_attach *attach);

/** Drop it without further ado. */
void bt_attach_destroy(struct bt_attach *attach);

#endif
