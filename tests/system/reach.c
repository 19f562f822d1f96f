/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who reaches whom, as one static program.
 *
 *   reach serve PORT...  answer on these ports, by every protocol and family that the
 *                        kernel has here, with the address of who asks; prints "ready"
 *   reach ask SECONDS    read lines "PROTOCOL ADDRESS PORT" from stdin, ask all at once, print
 *                        a line for each, in order: "answer ADDRESS", "refused", "silence"
 *                        or "none": the kernel here has no such sockets
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ASK_MAX 512

static void say_peer(const struct sockaddr_in6 *from, char text[INET6_ADDRSTRLEN + 8])
{
	char address[INET6_ADDRSTRLEN];
	const char *plain = address;

	inet_ntop(AF_INET6, &from->sin6_addr, address, sizeof(address));
	if (strncmp(plain, "::ffff:", 7) == 0 && strchr(plain, '.'))
		plain += 7;
	sprintf(text, "%s\n", plain);
}

static int bound(int type, int proto, int port)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	const int one = 1, zero = 0;
	int fd = socket(AF_INET6, type, proto);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		perror("bind");
		exit(1);
	}
	return fd;
}

static void answer_stream(int fd)
{
	struct sockaddr_in6 from;
	socklen_t len = sizeof(from);
	char text[INET6_ADDRSTRLEN + 8];
	int c = accept(fd, (struct sockaddr *)&from, &len);

	if (c < 0)
		return;
	say_peer(&from, text);
	send(c, text, strlen(text), MSG_NOSIGNAL);
	shutdown(c, SHUT_WR);
	close(c);
}

/* From the address that was asked. */
static void answer_datagram(int fd)
{
	struct sockaddr_in6 from;
	char in[64], text[INET6_ADDRSTRLEN + 8], control[128];
	struct iovec iov = { in, sizeof(in) };
	struct msghdr msg = { .msg_name = &from,
			      .msg_namelen = sizeof(from),
			      .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };

	if (recvmsg(fd, &msg, 0) < 0)
		return;
	say_peer(&from, text);
	iov = (struct iovec){ text, strlen(text) };
	sendmsg(fd, &msg, 0);
}

static int serve(int n, char **ports)
{
	struct pollfd all[64];
	bool datagram[64];
	const int one = 1;
	nfds_t used = 0;

	for (int i = 0; i < n; i++) {
		const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_STREAM };
		const int protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };

		for (int k = 0; k < 3; k++) {
			int fd = bound(types[k], protos[k], atoi(ports[i]));

			if (fd < 0)
				continue;
			datagram[used] = types[k] == SOCK_DGRAM;
			if (datagram[used])
				setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one));
			else
				listen(fd, 64);
			all[used++] = (struct pollfd){ fd, POLLIN, 0 };
		}
	}
	puts("ready");
	fflush(stdout);
	while (poll(all, used, -1) > 0)
		for (nfds_t i = 0; i < used; i++)
			if (all[i].revents && datagram[i])
				answer_datagram(all[i].fd);
			else if (all[i].revents)
				answer_stream(all[i].fd);
	return 1;
}

struct question {
	char proto[8], address[64], answer[96];
	int port, fd;
};

static void begin(struct question *q)
{
	const bool udp = strcmp(q->proto, "udp") == 0;
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons((uint16_t)q->port) };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)q->port) };
	const bool six = inet_pton(AF_INET6, q->address, &to6.sin6_addr) == 1;
	int r;

	q->fd = socket(six ? AF_INET6 : AF_INET, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK,
		       udp                             ? IPPROTO_UDP
		       : strcmp(q->proto, "sctp") == 0 ? IPPROTO_SCTP
						       : IPPROTO_TCP);
	if (q->fd < 0) {
		strcpy(q->answer, "none");
		return;
	}
	if (!six && inet_pton(AF_INET, q->address, &to.sin_addr) != 1)
		exit(2);
	r = six ? connect(q->fd, (struct sockaddr *)&to6, sizeof(to6))
		: connect(q->fd, (struct sockaddr *)&to, sizeof(to));
	if ((r < 0 && errno != EINPROGRESS) || (udp && send(q->fd, "?", 1, 0) < 0))
		strcpy(q->answer, "refused");
}

/* Something came. */
static void hear(struct question *q)
{
	char text[64];
	ssize_t n = recv(q->fd, text, sizeof(text) - 1, 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		strcpy(q->answer, "refused");
		return;
	}
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	snprintf(q->answer, sizeof(q->answer), "answer %s", text);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int ask(double seconds)
{
	static struct question all[ASK_MAX];
	struct pollfd fds[ASK_MAX];
	const int64_t end = now_ms() + (int64_t)(seconds * 1000);
	int n = 0;

	while (n < ASK_MAX && scanf("%7s %63s %d", all[n].proto, all[n].address, &all[n].port) == 3)
		begin(&all[n++]);
	for (int waiting = n; waiting > 0 && now_ms() < end;) {
		waiting = 0;
		for (int i = 0; i < n; i++) {
			const bool open = all[i].fd >= 0 && !all[i].answer[0];

			fds[i] = (struct pollfd){ open ? all[i].fd : -1, POLLIN, 0 };
			waiting += open;
		}
		if (waiting == 0 || poll(fds, (nfds_t)n, (int)(end - now_ms())) <= 0)
			break;
		for (int i = 0; i < n; i++)
			if (fds[i].revents)
				hear(&all[i]);
	}
	for (int i = 0; i < n; i++)
		puts(all[i].answer[0] ? all[i].answer : "silence");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "serve") == 0)
		return serve(argc - 2, argv + 2);
	if (argc == 3 && strcmp(argv[1], "ask") == 0)
		return ask(atof(argv[2]));
	return 2;
}
