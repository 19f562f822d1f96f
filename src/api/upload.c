/* SPDX-License-Identifier: Apache-2.0 */

#include "api/upload.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/sock.h"
#include "base/thread.h"

/* Unpacking keeps its buffers on the heap; archive libraries want a little more than a
 * connection's thread has. */
#define STACK_SIZE  (512u << 10)
#define BUFFER_SIZE (512 << 10)

struct bt_upload {
	bt_upload_fn reader;
	void *arg;
	pthread_t thread;
	int sock; /* our end */
	int body; /* the reader's end */
	int r;
	struct bt_err err;
	bool joined;
};

static void *run_reader(void *arg)
{
	struct bt_upload *upload = arg;

	upload->r = upload->reader(upload->arg, upload->body, &upload->err);
	bt_close(&upload->body);
	return NULL;
}

/* Two connected sockets. A byte that we never read waits at our end: where we close without
 * having shut it down, the kernel then resets the other end instead of ending it. */
static int connect_body(int *ret_ours, int *ret_readers)
{
	const int size = BUFFER_SIZE;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	(void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	*ret_ours = ends[0];
	*ret_readers = ends[1];
	return send(ends[1], "", 1, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

int bt_upload_start(bt_upload_fn reader, void *arg, struct bt_upload **ret, struct bt_err *err)
{
	bt_auto_close int ours = -EBADF, readers = -EBADF;
	bt_auto_free struct bt_upload *upload = calloc(1, sizeof(*upload));
	int r = upload ? connect_body(&ours, &readers) : -ENOMEM;

	if (r < 0)
		return bt_err_sys(err, r, "receive the request body");
	*upload = (struct bt_upload){ .reader = reader, .arg = arg, .sock = ours, .body = readers };
	r = bt_thread_start(&upload->thread, STACK_SIZE, run_reader, upload);
	if (r < 0)
		return bt_err_sys(err, r, "start a thread for the request body");
	(void)bt_take_fd(&ours);
	(void)bt_take_fd(&readers);
	*ret = bt_take(upload);
	return 0;
}

int bt_upload_write(struct bt_upload *upload, const char *data, size_t len)
{
	return bt_sock_send_all(upload->sock, data, len) < 0 ? -EPIPE : 0;
}

static void join(struct bt_upload *upload)
{
	if (!upload->joined)
		(void)pthread_join(upload->thread, NULL);
	upload->joined = true;
}

int bt_upload_finish(struct bt_upload *upload, struct bt_err *err)
{
	(void)shutdown(upload->sock, SHUT_WR);
	join(upload);
	if (upload->r < 0)
		*err = upload->err;
	return upload->r;
}

void bt_upload_destroy(struct bt_upload *upload)
{
	if (!upload)
		return;
	bt_close(&upload->sock);
	join(upload);
	free(upload);
}
