/* SPDX-License-Identifier: Apache-2.0 */

#include "api/relay.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/auto.h"

#define BUFFER_SIZE (32u << 10)

static void wait_for(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	(void)poll(&p, 1, -1);
}

static int to_client(const struct bt_relay_client *client, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = client->send(client->arg, data, len);

		if (n == -EAGAIN)
			wait_for(client->fd, POLLOUT);
		else if (n < 0)
			return (int)n;
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int to_socket(int sock, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(sock, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN)
			wait_for(sock, POLLOUT);
		else if (n < 0 && errno != EINTR)
			return -errno;
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Copy input. Returns 1 to go on, 0 at its end, or a negative errno: the client has left. */
static int copy_in(const struct bt_relay_client *client, int sock, char *buf)
{
	ssize_t n = client->recv(client->arg, buf, BUFFER_SIZE);

	if (n == -EAGAIN)
		return 1;
	if (n < 0)
		return (int)n;
	if (n == 0) {
		(void)shutdown(sock, SHUT_WR);
		return 0;
	}
	/* A process that takes no input any more may still have something to say. */
	return to_socket(sock, buf, (size_t)n) < 0 ? 0 : 1;
}

/* Copy output. Returns 1 to go on, 0 at its end, or a negative errno: the client has left. */
static int copy_out(const struct bt_relay_client *client, int sock, char *buf)
{
	ssize_t n = recv(sock, buf, BUFFER_SIZE, MSG_DONTWAIT);
	int r;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (n <= 0)
		return 0;
	r = to_client(client, buf, (size_t)n);
	return r < 0 ? r : 1;
}

int bt_relay_run(const struct bt_relay_client *client, int sock)
{
	bt_auto_free char *buf = malloc(BUFFER_SIZE);
	int in = 1, out = 1;

	if (!buf)
		return -ENOMEM;
	while (in >= 0 && out > 0) {
		struct pollfd p[2] = { { .fd = in > 0 ? client->fd : -1, .events = POLLIN },
				       { .fd = sock, .events = POLLIN } };
		bool pending = in > 0 && client->pending(client->arg);

		if (poll(p, 2, pending ? 0 : -1) < 0)
			continue;
		if (pending || p[0].revents)
			in = copy_in(client, sock, buf);
		if (p[1].revents)
			out = copy_out(client, sock, buf);
	}
	return 0;
}
