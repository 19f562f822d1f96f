/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_HIJACK_H
#define BT_API_HIJACK_H

/*
 * Connections that become raw streams: attach, exec. Whoever wants one says here
 * what takes it over; api/hijack_response.h switches the connection.
 */

#include <stddef.h>

#include "base/err.h"

/** What takes over a connection that was switched to a raw stream. */
struct bt_hijack {
	/** Runs with the client's socket, which it owns from now on, also after a failure, and
	 * with bytes that the client sent already. Consumes `arg`. */
	int (*run)(void *arg, int sock, const void *early, size_t early_len, struct bt_err *err);
	/** The connection could not be switched. Consumes `arg`. */
	void (*cancel)(void *arg);
	void *arg;
};

/** Hand over `sock` (owned by what takes over from now on) with the bytes that came already. A
 * failure is logged: the headers are out, there is nobody to tell. */
void bt_hijack_run(struct bt_hijack *hijack, int sock, const void *early, size_t early_len);
/** Give up a hijack that never ran. A zeroed one is fine. */
void bt_hijack_cancel(struct bt_hijack *hijack);

#endif
