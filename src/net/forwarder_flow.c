/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "base/time.h"
#include "net/forwarder_private.h"

#define PACKET_MAX (64u << 10)
#define BATCH      64
#define FLOWS_MAX  4096u
/* As long as docker-proxy remembers one. */
#define PATIENCE_NS (90 * BT_TIME_NSEC_PER_SEC)
/* Two addresses, a port and an interface, as hexadecimal digits. */
#define KEY_MAX 96

/* Who asks, and which address of the host: the answer must come from there. */
struct ends {
	struct sockaddr_in6 peer6;
	struct sockaddr_in peer4;
	struct in6_pktinfo local6;
	struct in_pktinfo local4;
	bool six;
};

/* One client of one port. */
struct bt_forwarder_flow {
	struct bt_list link; /* of all flows, then of the buried */
	struct bt_forwarder_port *port;
	struct bt_helper_loop_watch watch; /* towards the container */
	struct ends ends;
	int64_t until_ns;
	char key[KEY_MAX];
};

static uint8_t packet[PACKET_MAX];

int bt_forwarder_flow_prepare(int fd)
{
	const int one = 1;
	int domain = 0;
	socklen_t len = sizeof(domain);
	int r = getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);

	if (r == 0 && domain == AF_INET6)
		r = setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one));
	else if (r == 0)
		r = setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));
	return r < 0 ? -errno : 0;
}

static void flow_close(struct bt_forwarder *fw, struct bt_forwarder_flow *f)
{
	(void)bt_map_remove(&f->port->flows, f->key);
	bt_helper_loop_drop(&fw->helper.loop, &f->watch);
	bt_list_remove(&f->link);
	fw->nflows--;
	bt_helper_loop_bury(&fw->helper.loop, &f->link);
}

static void postpone(struct bt_forwarder *fw, struct bt_forwarder_flow *f)
{
	f->until_ns = bt_time_monotonic_ns() + PATIENCE_NS;
	bt_list_remove(&f->link);
	bt_list_append(&fw->flows, &f->link);
}

/* Room for either family's source address. */
union control {
	struct cmsghdr align;
	char room[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

static void answer(const struct bt_forwarder_flow *f, size_t len)
{
	struct ends ends = f->ends;
	union control control = { 0 };
	struct iovec iov = { .iov_base = packet, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control };
	struct cmsghdr *c = &control.align;

	msg.msg_name = ends.six ? (void *)&ends.peer6 : (void *)&ends.peer4;
	msg.msg_namelen = ends.six ? sizeof(ends.peer6) : sizeof(ends.peer4);
	msg.msg_controllen =
		ends.six ? CMSG_SPACE(sizeof(ends.local6)) : CMSG_SPACE(sizeof(ends.local4));
	c->cmsg_level = ends.six ? IPPROTO_IPV6 : IPPROTO_IP;
	c->cmsg_type = ends.six ? IPV6_PKTINFO : IP_PKTINFO;
	c->cmsg_len = ends.six ? CMSG_LEN(sizeof(ends.local6)) : CMSG_LEN(sizeof(ends.local4));
	if (ends.six)
		memcpy(CMSG_DATA(c), &ends.local6, sizeof(ends.local6));
	else
		memcpy(CMSG_DATA(c), &ends.local4, sizeof(ends.local4));
	/* A datagram may be lost. */
	(void)!sendmsg(f->port->sock.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void answered(void *owner, struct bt_helper_loop_watch *watch)
{
	struct bt_forwarder_flow *f = bt_list_entry(watch, struct bt_forwarder_flow, watch);

	for (unsigned i = 0; i < BATCH; i++) {
		const ssize_t n = recv(watch->fd, packet, sizeof(packet), MSG_DONTWAIT);

		/* Also where the container says that nobody listens: the next one may. */
		if (n < 0)
			return;
		answer(f, (size_t)n);
		postpone(owner, f);
	}
}

static void put_hex(char **at, const void *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		const uint8_t b = ((const uint8_t *)bytes)[i];

		*(*at)++ = digits[b >> 4];
		*(*at)++ = digits[b & 15];
	}
}

static void make_key(const struct ends *e, char key[KEY_MAX])
{
	char *at = key;

	if (e->six) {
		put_hex(&at, &e->peer6.sin6_addr, sizeof(e->peer6.sin6_addr));
		put_hex(&at, &e->peer6.sin6_port, sizeof(e->peer6.sin6_port));
		put_hex(&at, &e->peer6.sin6_scope_id, sizeof(e->peer6.sin6_scope_id));
		put_hex(&at, &e->local6.ipi6_addr, sizeof(e->local6.ipi6_addr));
	} else {
		put_hex(&at, &e->peer4.sin_addr, sizeof(e->peer4.sin_addr));
		put_hex(&at, &e->peer4.sin_port, sizeof(e->peer4.sin_port));
		put_hex(&at, &e->local4.ipi_spec_dst, sizeof(e->local4.ipi_spec_dst));
	}
	*at = '\0';
}

static struct bt_forwarder_flow *flow_create(struct bt_forwarder *fw,
					     struct bt_forwarder_port *port,
					     const struct ends *ends, const char *key)
{
	struct bt_forwarder_flow *f;
	bt_auto_close int fd = bt_forwarder_connect(port);

	if (fd < 0)
		return NULL;
	if (fw->nflows >= FLOWS_MAX)
		flow_close(fw, bt_list_entry(fw->flows.next, struct bt_forwarder_flow, link));
	f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	f->port = port;
	f->ends = *ends;
	strcpy(f->key, key);
	f->watch = (struct bt_helper_loop_watch){ .ready = answered, .fd = -EBADF };
	bt_list_append(&fw->flows, &f->link);
	fw->nflows++;
	if (bt_map_put(&port->flows, key, f, NULL) == 0 &&
	    bt_helper_loop_add(&fw->helper.loop, &f->watch, bt_take_fd(&fd)) == 0)
		return f;
	flow_close(fw, f);
	return NULL;
}

/* Returns the length, or -errno. */
static ssize_t receive(int fd, struct ends *ret)
{
	struct sockaddr_storage from;
	union control control;
	struct iovec iov = { .iov_base = packet, .iov_len = sizeof(packet) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_name = &from,
			      .msg_namelen = sizeof(from),
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	const ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT);

	if (n < 0)
		return -errno;
	*ret = (struct ends){ .six = from.ss_family == AF_INET6 };
	memcpy(ret->six ? (void *)&ret->peer6 : (void *)&ret->peer4, &from,
	       ret->six ? sizeof(ret->peer6) : sizeof(ret->peer4));
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO)
			memcpy(&ret->local6, CMSG_DATA(c), sizeof(ret->local6));
		else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
			memcpy(&ret->local4, CMSG_DATA(c), sizeof(ret->local4));
	}
	/* The answer may leave by another interface than the question came by. */
	ret->local4.ipi_ifindex = 0;
	if (!IN6_IS_ADDR_LINKLOCAL(&ret->local6.ipi6_addr))
		ret->local6.ipi6_ifindex = 0;
	return n;
}

void bt_forwarder_flow_asked(void *owner, struct bt_helper_loop_watch *watch)
{
	struct bt_forwarder *fw = owner;
	struct bt_forwarder_port *port = bt_list_entry(watch, struct bt_forwarder_port, sock);

	for (unsigned i = 0; i < BATCH; i++) {
		struct bt_forwarder_flow *f;
		char key[KEY_MAX];
		struct ends ends;
		const ssize_t n = receive(watch->fd, &ends);

		if (n < 0)
			return;
		make_key(&ends, key);
		f = bt_map_get(&port->flows, key);
		if (!f)
			f = flow_create(fw, port, &ends, key);
		if (!f)
			continue;
		(void)!send(f->watch.fd, packet, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
		postpone(fw, f);
	}
}

void bt_forwarder_flow_cut(struct bt_forwarder *fw, struct bt_forwarder_port *port)
{
	void *flow;

	for (size_t pos = 0; bt_map_next(&port->flows, &pos, NULL, &flow); bt_map_removed(&pos))
		flow_close(fw, flow);
}

void bt_forwarder_flow_expire(struct bt_forwarder *fw, int64_t now_ns)
{
	bt_list_foreach (it, &fw->flows) {
		struct bt_forwarder_flow *f = bt_list_entry(it, struct bt_forwarder_flow, link);

		if (f->until_ns > now_ns)
			return;
		flow_close(fw, f);
	}
}

int bt_forwarder_flow_due(const struct bt_forwarder *fw, int64_t now_ns)
{
	const struct bt_forwarder_flow *first;

	if (bt_list_empty(&fw->flows))
		return -1;
	first = bt_list_entry(fw->flows.next, struct bt_forwarder_flow, link);
	return first->until_ns > now_ns ? (int)((first->until_ns - now_ns) / 1000000) + 1 : 0;
}
