/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/upload.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"

#define CHUNK (256u << 10)

static int send_body(struct bt_http_conn *conn, int fd, struct bt_err *err)
{
	bt_auto_free char *buf = malloc(CHUNK);
	ssize_t n;
	int r = 0;

	if (!buf)
		return bt_err_sys(err, -ENOMEM, "send");
	while (r == 0) {
		n = read(fd, buf, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return bt_err_sys(err, -errno, "read input");
		r = bt_http_write_chunk(conn, buf, (size_t)n, err);
		if (n == 0)
			break;
	}
	return r;
}

int bt_upload_fd(struct bt_api *api, const struct bt_api_request *req, int fd,
		 struct bt_http_conn *ret, struct bt_err *err)
{
	struct bt_http_conn conn = { .fd = -EBADF };
	struct bt_err late = { 0 };
	int r = bt_api_send(api, req, &conn, err), sent;

	if (r < 0)
		return r;
	sent = send_body(&conn, fd, err);
	/* A daemon that refuses the body says why before it closes. */
	if (sent == 0 || sent == -EPIPE || sent == -ECONNRESET) {
		r = bt_api_answer(&conn, req, &late);
		if (r < 0 && (sent == 0 || late.kind != BT_ERR_SYSTEM || late.errnum == EIO))
			*err = late;
		else if (r == 0)
			sent = 0;
	}
	if (r < 0 || sent < 0) {
		bt_http_close(&conn);
		return r < 0 ? r : sent;
	}
	*ret = conn;
	return 0;
}

int bt_upload_download(struct bt_http_conn *conn, int fd, struct bt_err *err)
{
	bt_auto_free char *buf = malloc(CHUNK);
	ssize_t n;

	if (!buf)
		return bt_err_sys(err, -ENOMEM, "receive");
	while ((n = bt_http_read(conn, buf, CHUNK, err)) > 0) {
		int r = bt_io_write_all(fd, buf, (size_t)n);

		if (r < 0)
			return bt_err_sys(err, r, "write output");
	}
	return (int)n;
}
