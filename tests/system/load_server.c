/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A web server for load: keeps connections, answers "GET /NUMBER…" with that many bytes
 * (less than 16 MiB), anything else with two. One thread, any number of connections, static.
 *
 *   load_server PORT      prints "ready"
 */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY_MAX (16u << 20)
#define FDS_MAX  65536

static char body[BODY_MAX];
/* What each connection has still to send: a head, then bytes of the body. */
static struct {
	char head[128];
	size_t head_len, left;
} all[FDS_MAX];

static void close_it(int fd)
{
	all[fd].head_len = all[fd].left = 0;
	close(fd);
}

/* Returns 0 where all was sent, 1 where some waits, -1 where the connection is gone. */
static int send_more(int fd)
{
	while (all[fd].head_len || all[fd].left) {
		const char *from = all[fd].head_len ? all[fd].head : body;
		const size_t n = all[fd].head_len ? all[fd].head_len : all[fd].left;
		const ssize_t sent =
			send(fd, from, n,
			     MSG_NOSIGNAL | MSG_DONTWAIT |
				     (all[fd].head_len && all[fd].left ? MSG_MORE : 0));

		if (sent < 0)
			return errno == EAGAIN ? 1 : -1;
		if (all[fd].head_len) {
			memmove(all[fd].head, all[fd].head + sent, n - (size_t)sent);
			all[fd].head_len -= (size_t)sent;
		} else {
			all[fd].left -= (size_t)sent;
		}
	}
	return 0;
}

/* One request a packet is enough for those who measure. */
static int answer(int fd)
{
	char in[4096];
	const ssize_t n = recv(fd, in, sizeof(in) - 1, MSG_DONTWAIT);

	if (n <= 0)
		return n < 0 && errno == EAGAIN ? 0 : -1;
	in[n] = '\0';
	all[fd].left = strncmp(in, "GET /", 5) == 0 ? (size_t)strtoul(in + 5, NULL, 10) : 0;
	if (all[fd].left == 0 || all[fd].left > BODY_MAX)
		all[fd].left = 2;
	all[fd].head_len =
		(size_t)snprintf(all[fd].head, sizeof(all[fd].head),
				 "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", all[fd].left);
	return send_more(fd);
}

static int listen_at(int port)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	const int one = 1, zero = 0;
	int fd = socket(AF_INET6, SOCK_STREAM, 0), r;

	if (fd >= 0) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		r = bind(fd, (struct sockaddr *)&sa, sizeof(sa));
	} else {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		r = bind(fd, (struct sockaddr *)&in, sizeof(in));
	}
	if (r < 0 || listen(fd, 4096) < 0) {
		perror("listen");
		exit(1);
	}
	return fd;
}

static void take(int epoll, int listener)
{
	const int one = 1;
	const int fd = accept(listener, NULL, NULL);
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (fd < 0)
		return;
	if (fd >= FDS_MAX) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev);
}

int main(int argc, char **argv)
{
	const int listener = listen_at(argc > 1 ? atoi(argv[1]) : 80);
	const int epoll = epoll_create1(0);
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = listener }, got[64];
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	memset(body, 'x', sizeof(body));
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &ev);
	puts("ready");
	fflush(stdout);
	for (;;) {
		const int n = epoll_wait(epoll, got, 64, -1);

		for (int i = 0; i < n; i++) {
			const int fd = got[i].data.fd;
			int r;

			if (fd == listener) {
				take(epoll, listener);
				continue;
			}
			r = got[i].events & EPOLLOUT ? send_more(fd) : answer(fd);
			if (r < 0) {
				close_it(fd);
				continue;
			}
			ev = (struct epoll_event){ .events = r ? EPOLLOUT : EPOLLIN,
						   .data.fd = fd };
			if (r || got[i].events & EPOLLOUT)
				epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &ev);
		}
	}
}
