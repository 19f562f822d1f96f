/* SPDX-License-Identifier: Apache-2.0 */

#include "net/port_hold.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/auto.h"

static socklen_t fill(struct sockaddr_storage *sa, const struct bt_prefix *host, uint16_t port)
{
	memset(sa, 0, sizeof(*sa));
	if (host->family == AF_INET) {
		struct sockaddr_in *in = (void *)sa;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		in->sin_addr = bt_prefix_in_addr(host);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (void *)sa;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	in6->sin6_addr = bt_prefix_in6_addr(host);
	return sizeof(*in6);
}

/* Bind a socket that never listens. Connections that linger after a program's end do not
 * count: only SO_REUSEADDR overlooks them, and it does not overlook who listens. */
int bt_port_hold(int proto, const struct bt_prefix *host, uint16_t port, bool lenient)
{
	const int type = proto == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
	bt_auto_close int fd = socket(host->family, type | SOCK_CLOEXEC, proto);
	struct sockaddr_storage sa;
	socklen_t len = fill(&sa, host, port);
	const int one = 1;

	if (fd < 0)
		return -errno;
	if (host->family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (lenient)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&sa, len) < 0)
		return -errno;
	return bt_take_fd(&fd);
}

int bt_port_hold_number(int fd)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
		return -errno;
	return ntohs(sa.ss_family == AF_INET ? ((struct sockaddr_in *)(void *)&sa)->sin_port
					     : ((struct sockaddr_in6 *)(void *)&sa)->sin6_port);
}

int bt_port_hold_one_of(int proto, const struct bt_prefix *host, uint16_t first, uint16_t last)
{
	int fd = -EADDRINUSE;

	for (unsigned n = first; n <= last && fd == -EADDRINUSE; n++) {
		fd = bt_port_hold(proto, host, (uint16_t)n, false);
		if (fd == -EADDRINUSE && proto == IPPROTO_TCP)
			fd = bt_port_hold(proto, host, (uint16_t)n, true);
	}
	return fd;
}
