/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "client/http.h"

/* A daemon's whole answer, of which it may have written anything. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bt_http_conn conn;
	struct bt_err err = { 0 };
	bt_auto_free char *body = NULL;
	int pair[2];

	if (size > 32768 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return 0;
	if (send(pair[1], data, size, MSG_DONTWAIT) != (ssize_t)size) {
		(void)close(pair[0]);
		(void)close(pair[1]);
		return 0;
	}
	(void)close(pair[1]);
	if (bt_http_attach(pair[0], &conn) < 0)
		return 0;
	int r = bt_http_receive(&conn, false, &err);
	if (r == 0)
		r = bt_http_read_all(&conn, 1u << 20, &body, NULL, &err);
	if (r < 0 && !err.msg[0])
		abort();
	/* A body is never longer than what was sent. */
	if (r == 0 && body && strlen(body) > size)
		abort();
	bt_http_close(&conn);
	return 0;
}
