/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>

#include "base/auto.h"
#include "base/sock.h"

#define ERRNO_MAX 4095

static size_t length(const struct bt_sync_message *message)
{
	size_t head = offsetof(struct bt_sync_message, err);

	switch (message->type) {
	case BT_SYNC_ERROR:
		return sizeof(*message);
	case BT_SYNC_READY:
		return head + sizeof(message->warning);
	case BT_SYNC_BORN:
	case BT_SYNC_SYSCTL:
		return head + sizeof(message->pid);
	default:
		return head;
	}
}

int bt_sync_send(int sock, const struct bt_sync_message *message, int fd)
{
	return bt_sock_send(sock, message, length(message), &fd, fd >= 0 ? 1 : 0);
}

int bt_sync_say(int sock, enum bt_sync_type type)
{
	const struct bt_sync_message message = { .type = type };

	return bt_sync_send(sock, &message, -EBADF);
}

/* Who may trace a new process may speak in its name: a text has its end, and an error is one. */
static void make_whole(struct bt_sync_message *message)
{
	struct bt_err *err = &message->err;

	if (message->type == BT_SYNC_READY)
		message->warning[sizeof(message->warning) - 1] = '\0';
	if (message->type != BT_SYNC_ERROR)
		return;
	err->msg[sizeof(err->msg) - 1] = '\0';
	if ((int)err->kind <= BT_ERR_NONE || err->kind >= BT_ERR_KINDS_)
		err->kind = BT_ERR_SYSTEM;
	if (err->errnum <= 0 || err->errnum > ERRNO_MAX)
		err->errnum = EPROTO;
}

int bt_sync_receive(int sock, struct bt_sync_message *ret, int *ret_fd)
{
	int fds[BT_SOCK_FDS_MAX];
	size_t nfds = 0;
	ssize_t n;

	memset(ret, 0, sizeof(*ret));
	n = bt_sock_recv(sock, ret, sizeof(*ret), fds, &nfds, 0);
	if (n <= 0)
		return (int)n;
	if (ret_fd != NULL)
		*ret_fd = nfds > 0 ? fds[0] : -EBADF;
	for (size_t i = ret_fd != NULL ? 1 : 0; i < nfds; i++)
		bt_close(&fds[i]);
	make_whole(ret);
	return n >= (ssize_t)sizeof(ret->type) ? 1 : -EPROTO;
}

static int poll_whole(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	int r;

	do {
		r = poll(fds, n, timeout_ms);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

int bt_sync_hear(int sock, int pidfd)
{
	struct pollfd fds[] = { { .fd = sock, .events = POLLIN },
				{ .fd = pidfd, .events = POLLIN } };
	int r = poll_whole(fds, 2, -1);

	/* What it said last came before its end, and may have come after the first look. */
	if (r > 0 && fds[0].revents == 0)
		r = poll_whole(fds, 1, 0);
	return r < 0 ? r : r > 0;
}

int bt_sync_lift(int *fd, int least)
{
	int lifted;

	if (*fd >= least)
		return 0;
	lifted = fcntl(*fd, F_DUPFD_CLOEXEC, least);
	if (lifted < 0)
		return -errno;
	bt_close(fd);
	*fd = lifted;
	return 0;
}

int bt_sync_expect(int sock, enum bt_sync_type type)
{
	struct bt_sync_message message;
	int r = bt_sync_receive(sock, &message, NULL);

	if (r < 0)
		return r;
	if (r == 0)
		return -ECONNRESET;
	return message.type == type ? 0 : -EPROTO;
}
