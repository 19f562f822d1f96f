/* SPDX-License-Identifier: Apache-2.0 */

#include "client/dial_tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/sock.h"
#include "client/dialer.h"
#include "client/tls.h"

#define USAGE 2

static int connect_tcp(const struct bt_endpoint *ep, struct bt_err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
	int r = getaddrinfo(ep->host, ep->port, &hints, &found);

	if (r)
		return bt_err_set(err, BT_ERR_UNAVAILABLE, EHOSTUNREACH,
				  "error during connect: lookup %s: %s", ep->host, gai_strerror(r));
	r = -ECONNREFUSED;
	for (const struct addrinfo *ai = found; ai; ai = ai->ai_next) {
		bt_auto_close int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0 || connect(fd, ai->ai_addr, ai->ai_addrlen) < 0) {
			r = -errno;
			continue;
		}
		r = bt_take_fd(&fd);
		break;
	}
	freeaddrinfo(found);
	return r < 0 ? bt_endpoint_unreachable(ep, r, err) : r;
}

/* The endpoint borrows from `argv`. */
static int read_args(int argc, char **argv, struct bt_endpoint *ret)
{
	static const struct option options[] = {
		{ "tls", no_argument, NULL, 't' },       { "verify", no_argument, NULL, 'v' },
		{ "ca", required_argument, NULL, 'a' },  { "cert", required_argument, NULL, 'c' },
		{ "key", required_argument, NULL, 'k' }, { 0 },
	};
	struct bt_endpoint ep = { .kind = BT_ENDPOINT_TCP };
	int c;

	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (c == 't')
			ep.tls.enabled = true;
		else if (c == 'v')
			ep.tls.verify = true;
		else if (c == 'a')
			ep.tls.ca = optarg;
		else if (c == 'c')
			ep.tls.cert = optarg;
		else if (c == 'k')
			ep.tls.key = optarg;
		else
			return -EINVAL;
	}
	if (argc - optind != 3)
		return -EINVAL;
	ep.url = argv[optind];
	ep.host = argv[optind + 1];
	ep.port = argv[optind + 2];
	*ret = ep;
	return 0;
}

static int answer(const struct bt_err *err, int fd)
{
	return bt_sock_send(BT_DIALER_FD, err, sizeof(*err), &fd, fd >= 0 ? 1 : 0);
}

/* Shake hands, answer with one end of a pair, and carry between the other and the daemon. */
static int carry(int fd, const struct bt_endpoint *ep, struct bt_err *err)
{
	bt_auto_close int ours = -EBADF, theirs = -EBADF;
	struct bt_tls *tls = NULL;
	int pair[2], r = bt_tls_open(fd, ep, &tls, err);

	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return bt_err_sys(err, -errno, "TLS");
	ours = pair[0];
	theirs = pair[1];
	r = answer(err, theirs);
	if (r < 0)
		return bt_err_sys(err, r, "TLS");
	bt_close(&theirs);
	(void)close(BT_DIALER_FD);
	bt_tls_carry(tls, fd, ours);
}

int bt_dial_tcp_main(int argc, char **argv)
{
	struct bt_endpoint ep = { .kind = BT_ENDPOINT_TCP };
	bt_auto_close int fd = -EBADF;
	struct bt_err err = { 0 };
	int r;

	if (read_args(argc, argv, &ep) < 0 || fcntl(BT_DIALER_FD, F_SETFD, FD_CLOEXEC) < 0)
		return USAGE;
	fd = connect_tcp(&ep, &err);
	r = fd >= 0 && ep.tls.enabled ? carry(fd, &ep, &err) : fd;
	return answer(&err, r < 0 ? -EBADF : fd) < 0 || r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
