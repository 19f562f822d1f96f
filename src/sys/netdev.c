/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/netdev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"

/* More than anybody gives one device. */
#define ADDRESSES_MAX 64
/* "eth%d": how many names are tried. */
#define TEMPLATE_MAX 1000

/** An address as RTM_NEWADDR takes it. */
struct address {
	uint8_t family, prefix;
	uint32_t flags;
	size_t len; /* of each of the following */
	uint8_t local[16], peer[16], broadcast[16];
	bool has_local, has_peer, has_broadcast;
};

struct move {
	int here, there; /* rtnetlink sockets in both namespaces, owned */
	int index;       /* of the device, where it is */
	struct address addresses[ADDRESSES_MAX];
	size_t naddresses;
};

static void move_done(struct move *m)
{
	bt_close(&m->here);
	bt_close(&m->there);
}

/** A request under construction. */
struct request {
	struct nlmsghdr head;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg address;
	};
	char attributes[256];
};

static int open_socket(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return fd < 0 ? -errno : fd;
}

static int open_there(int netns, int *ret)
{
	bt_auto_close int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int fd;

	if (own < 0 || setns(netns, CLONE_NEWNET) < 0)
		return -errno;
	fd = open_socket();
	/* A process that cannot return must not go on. */
	if (setns(own, CLONE_NEWNET) < 0)
		_exit(1);
	if (fd < 0)
		return fd;
	*ret = fd;
	return 0;
}

static void add_attribute(struct request *r, unsigned short type, const void *data, size_t len)
{
	struct rtattr *a = (struct rtattr *)(void *)((char *)r + NLMSG_ALIGN(r->head.nlmsg_len));

	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(len);
	memcpy(RTA_DATA(a), data, len);
	r->head.nlmsg_len = (uint32_t)(NLMSG_ALIGN(r->head.nlmsg_len) + RTA_ALIGN(a->rta_len));
}

/* Send, and wait for the kernel's word. */
static int ask(int fd, struct request *r)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char rest[4096];
	} answer;
	ssize_t n;

	r->head.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (send(fd, r, r->head.nlmsg_len, 0) < 0)
		return -errno;
	n = recv(fd, &answer, sizeof(answer), 0);
	if (n < 0)
		return -errno;
	if ((size_t)n < NLMSG_LENGTH(sizeof(int)) || answer.head.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return answer.error.error;
}

static int index_of(int fd, const char *name)
{
	struct ifreq request = { 0 };

	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	return ioctl(fd, SIOCGIFINDEX, &request) < 0 ? -errno : request.ifr_ifindex;
}

/* ---- addresses ------------------------------------------------------------------ */

static void take_attribute(struct rtattr *a, struct address *to)
{
	size_t len = RTA_PAYLOAD(a);

	if (a->rta_type == IFA_FLAGS && len == sizeof(to->flags))
		memcpy(&to->flags, RTA_DATA(a), len);
	if (len > sizeof(to->local) || (len != 4 && len != 16))
		return;
	switch (a->rta_type) {
	case IFA_LOCAL:
		memcpy(to->local, RTA_DATA(a), len);
		to->has_local = true;
		to->len = len;
		return;
	case IFA_ADDRESS:
		memcpy(to->peer, RTA_DATA(a), len);
		to->has_peer = true;
		to->len = len;
		return;
	case IFA_BROADCAST:
		memcpy(to->broadcast, RTA_DATA(a), len);
		to->has_broadcast = true;
		return;
	default:
		return;
	}
}

static void take_address(struct move *m, struct nlmsghdr *head)
{
	struct ifaddrmsg *info = NLMSG_DATA(head);
	struct rtattr *a = IFA_RTA(info);
	size_t left = IFA_PAYLOAD(head);
	struct address *to = &m->addresses[m->naddresses];

	if ((int)info->ifa_index != m->index || info->ifa_scope != RT_SCOPE_UNIVERSE ||
	    m->naddresses == ADDRESSES_MAX)
		return;
	*to = (struct address){ .family = info->ifa_family,
				.prefix = info->ifa_prefixlen,
				.flags = info->ifa_flags };
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		take_attribute(a, to);
	/* Those that come and go by themselves come again. */
	if ((to->flags & IFA_F_PERMANENT) && to->len > 0)
		m->naddresses++;
}

static int list_addresses(struct move *m)
{
	struct request r = { .head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
				       .nlmsg_type = RTM_GETADDR,
				       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP } };
	_Alignas(struct nlmsghdr) char buf[32768];

	if (send(m->here, &r, r.head.nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		ssize_t n = recv(m->here, buf, sizeof(buf), 0);
		size_t left = n > 0 ? (size_t)n : 0;

		if (n < 0)
			return -errno;
		for (struct nlmsghdr *h = (void *)buf; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_type == NLMSG_DONE)
				return 0;
			if (h->nlmsg_type == NLMSG_ERROR)
				return -EIO;
			if (h->nlmsg_type == RTM_NEWADDR)
				take_address(m, h);
		}
	}
}

static int add_address(const struct move *m, const struct address *a)
{
	struct request r = { .head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
				       .nlmsg_type = RTM_NEWADDR,
				       .nlmsg_flags = NLM_F_CREATE | NLM_F_REPLACE },
			     .address = { .ifa_family = a->family,
					  .ifa_prefixlen = a->prefix,
					  .ifa_scope = RT_SCOPE_UNIVERSE,
					  .ifa_index = (unsigned)m->index } };
	uint32_t flags = a->flags & (IFA_F_NODAD | IFA_F_NOPREFIXROUTE);

	if (a->has_local)
		add_attribute(&r, IFA_LOCAL, a->local, a->len);
	if (a->has_peer)
		add_attribute(&r, IFA_ADDRESS, a->peer, a->len);
	if (a->has_broadcast)
		add_attribute(&r, IFA_BROADCAST, a->broadcast, a->len);
	add_attribute(&r, IFA_FLAGS, &flags, sizeof(flags));
	return ask(m->there, &r);
}

/* ---- the move -------------------------------------------------------------------- */

static int choose_name(int there, const char *wish, char ret[IFNAMSIZ])
{
	const char *number = strstr(wish, "%d");

	if (strlen(wish) >= IFNAMSIZ || *wish == '\0' || strchr(wish, '/') != NULL)
		return -EINVAL;
	if (number == NULL) {
		memcpy(ret, wish, strlen(wish) + 1);
		return index_of(there, ret) > 0 ? -EEXIST : 0;
	}
	for (int i = 0; i < TEMPLATE_MAX; i++) {
		int n = snprintf(ret, IFNAMSIZ, "%.*s%d%s", (int)(number - wish), wish, i,
				 number + 2);

		if (n >= IFNAMSIZ)
			return -EINVAL;
		if (index_of(there, ret) <= 0)
			return 0;
	}
	return -EEXIST;
}

static int send_away(const struct move *m, const char *name, int netns)
{
	struct request r = { .head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
				       .nlmsg_type = RTM_NEWLINK },
			     .link = { .ifi_index = m->index } };

	add_attribute(&r, IFLA_NET_NS_FD, &netns, sizeof(netns));
	add_attribute(&r, IFLA_IFNAME, name, strlen(name) + 1);
	return ask(m->here, &r);
}

static int bring_up(const struct move *m)
{
	struct request r = {
		.head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			  .nlmsg_type = RTM_NEWLINK },
		.link = { .ifi_index = m->index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP }
	};

	return ask(m->there, &r);
}

int bt_netdev_move(const char *name, const char *new_name, int netns)
{
	bt_auto(move_done) struct move m = { .here = -EBADF, .there = -EBADF };
	char chosen[IFNAMSIZ];
	int r;

	m.here = open_socket();
	r = m.here < 0 ? m.here : open_there(netns, &m.there);
	if (r < 0)
		return r;
	m.index = index_of(m.here, name);
	r = m.index < 0 ? m.index : choose_name(m.there, new_name, chosen);
	if (r == 0)
		r = list_addresses(&m);
	if (r == 0)
		r = send_away(&m, chosen, netns);
	if (r < 0)
		return r;
	/* It may have another number there. */
	m.index = index_of(m.there, chosen);
	r = m.index < 0 ? m.index : 0;
	for (size_t i = 0; i < m.naddresses && r == 0; i++)
		r = add_address(&m, &m.addresses[i]);
	return r < 0 ? r : bring_up(&m);
}
