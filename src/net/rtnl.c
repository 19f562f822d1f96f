/* SPDX-License-Identifier: Apache-2.0 */

#include "net/rtnl.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "base/auto.h"

#define MSG_ROOM   1024u
#define REPLY_SIZE 32768u
#define ACK_SIZE   4096u

int bt_rtnl_open(struct bt_rtnl *ret)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int one = 1;

	if (!nl)
		return -errno;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		int r = -errno;

		mnl_socket_close(nl);
		return r;
	}
	/* Answers need not repeat the request. Filtering of dumps by the kernel is wanted too;
	 * both are as old as Linux 4.20, and both do without. */
	(void)mnl_socket_setsockopt(nl, NETLINK_CAP_ACK, &one, sizeof(one));
	(void)mnl_socket_setsockopt(nl, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	*ret = (struct bt_rtnl){ .nl = nl };
	return 0;
}

void bt_rtnl_done(struct bt_rtnl *rtnl)
{
	if (rtnl->nl)
		mnl_socket_close(rtnl->nl);
	rtnl->nl = NULL;
}

struct nlmsghdr *bt_rtnl_add(struct bt_rtnl_batch *batch, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh;

	if (batch->len + MSG_ROOM > sizeof(batch->buf))
		return NULL;
	nlh = mnl_nlmsg_put_header(batch->buf + batch->len);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	return nlh;
}

void bt_rtnl_end(struct bt_rtnl_batch *batch, const struct nlmsghdr *nlh)
{
	batch->len += NLMSG_ALIGN(nlh->nlmsg_len);
	batch->count++;
}

/* Number the requests from `first` on, so that answers tell which they are for. */
static void number(struct bt_rtnl_batch *batch, uint32_t first)
{
	struct nlmsghdr *nlh = (void *)batch->buf;
	int left = (int)batch->len;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		nlh->nlmsg_seq = first++;
}

struct answers {
	uint32_t first;
	unsigned missing;
	unsigned failed_at;
	int failure;
};

static void take_answer(struct answers *a, unsigned count, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	uint32_t at = nlh->nlmsg_seq - a->first;

	/* Other numbers answer to a batch that was given up. */
	if (nlh->nlmsg_type != NLMSG_ERROR || at >= count)
		return;
	a->missing--;
	if (e->error && !a->failure) {
		a->failure = e->error;
		a->failed_at = at;
	}
}

static int collect(struct bt_rtnl *rtnl, unsigned count, struct answers *a)
{
	char buf[ACK_SIZE];

	while (a->missing > 0) {
		ssize_t n = mnl_socket_recvfrom(rtnl->nl, buf, sizeof(buf));
		const struct nlmsghdr *nlh = (const void *)buf;
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
			take_answer(a, count, nlh);
	}
	return 0;
}

int bt_rtnl_run(struct bt_rtnl *rtnl, struct bt_rtnl_batch *batch, unsigned *ret_at)
{
	const unsigned count = batch->count;
	struct answers a = { .first = rtnl->seq + 1, .missing = count };
	const size_t len = batch->len;
	int r;

	number(batch, a.first);
	rtnl->seq += count;
	batch->len = 0;
	batch->count = 0;
	if (count == 0)
		return 0;
	if (mnl_socket_sendto(rtnl->nl, batch->buf, len) < 0)
		return -errno;
	r = collect(rtnl, count, &a);
	if (r < 0)
		return r;
	if (a.failure && ret_at)
		*ret_at = a.failed_at;
	return a.failure;
}

int bt_rtnl_index(struct bt_rtnl *rtnl, const char *name)
{
	char buf[REPLY_SIZE];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;
	ssize_t n;

	if (strlen(name) >= IFNAMSIZ)
		return -ENODEV;
	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = ++rtnl->seq;
	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	if (mnl_socket_sendto(rtnl->nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		n = mnl_socket_recvfrom(rtnl->nl, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		nlh = (void *)buf;
		if (nlh->nlmsg_seq != rtnl->seq)
			continue;
		if (nlh->nlmsg_type == NLMSG_ERROR)
			return ((struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->error;
		ifi = mnl_nlmsg_get_payload(nlh);
		return ifi->ifi_index;
	}
}

#define DUMP_ATTEMPTS 50

static size_t dump_header_size(uint16_t type)
{
	switch (type) {
	case RTM_GETADDR:
		return sizeof(struct ifaddrmsg);
	case RTM_GETROUTE:
		return sizeof(struct rtmsg);
	default:
		return sizeof(struct ifinfomsg);
	}
}

struct dump {
	int (*cb)(const struct nlmsghdr *nlh, void *arg);
	void *arg;
	unsigned seq;
	bool interrupted; /* something changed meanwhile, and may have been left out */
	int r;            /* of the callback */
};

/* One buffer of answers. Returns 1 where more are to come, 0 after the last, or -errno. */
static int take_answers(const char *buf, int len, struct dump *d)
{
	const struct nlmsghdr *nlh = (const void *)buf;

	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		if (nlh->nlmsg_seq != d->seq)
			continue;
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			d->interrupted = true;
		if (nlh->nlmsg_type == NLMSG_ERROR)
			return ((const struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->error;
		if (nlh->nlmsg_type == NLMSG_DONE)
			return 0;
		if (d->r >= 0)
			d->r = d->cb(nlh, d->arg);
	}
	return 1;
}

static int dump_once(struct bt_rtnl *rtnl, uint16_t type, int family, struct dump *d)
{
	char buf[REPLY_SIZE];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	unsigned char *head;
	int r = 1;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = d->seq = ++rtnl->seq;
	/* The family is the first byte of each of these headers. */
	head = mnl_nlmsg_put_extra_header(nlh, dump_header_size(type));
	head[0] = (unsigned char)family;
	if (mnl_socket_sendto(rtnl->nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	while (r > 0) {
		ssize_t n = mnl_socket_recvfrom(rtnl->nl, buf, sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		r = take_answers(buf, (int)n, d);
	}
	return r < 0 ? r : d->r < 0 ? d->r : 0;
}

int bt_rtnl_dump(struct bt_rtnl *rtnl, uint16_t type, int family,
		 int (*cb)(const struct nlmsghdr *nlh, void *arg), void *arg)
{
	int r = -EINTR;

	/* A machine on which it changes each time is told so. */
	for (int i = 0; r == -EINTR && i < DUMP_ATTEMPTS; i++) {
		struct dump d = { .cb = cb, .arg = arg };

		r = dump_once(rtnl, type, family, &d);
		if (r == 0 && d.interrupted)
			r = -EINTR;
	}
	return r;
}

const struct nlattr *bt_rtnl_attr(const struct nlmsghdr *nlh, size_t header_size, uint16_t type)
{
	const char *end = mnl_nlmsg_get_payload_tail(nlh);
	const struct nlattr *attr = mnl_nlmsg_get_payload_offset(nlh, header_size);

	for (; mnl_attr_ok(attr, (int)(end - (const char *)attr)); attr = mnl_attr_next(attr))
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

void bt_rtnl_put_up(struct bt_rtnl_batch *batch, int index)
{
	struct nlmsghdr *nlh = bt_rtnl_add(batch, RTM_NEWLINK, 0);
	struct ifinfomsg *ifi;

	if (!nlh)
		return;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = index;
	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	bt_rtnl_end(batch, nlh);
}

static size_t address_size(int family)
{
	return family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

void bt_rtnl_put_address(struct bt_rtnl_batch *batch, int index, int family, const void *address,
			 unsigned prefix_len)
{
	struct nlmsghdr *nlh = bt_rtnl_add(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
	struct ifaddrmsg *ifa;

	if (!nlh)
		return;
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = (uint8_t)family;
	ifa->ifa_prefixlen = (uint8_t)prefix_len;
	ifa->ifa_index = (uint32_t)index;
	/* We gave it to nobody else: duplicate address detection would only delay it. */
	ifa->ifa_flags = family == AF_INET6 ? IFA_F_NODAD : 0;
	mnl_attr_put(nlh, IFA_LOCAL, address_size(family), address);
	mnl_attr_put(nlh, IFA_ADDRESS, address_size(family), address);
	if (family == AF_INET) {
		uint32_t host = prefix_len >= 32 ? 0 : UINT32_MAX >> prefix_len;

		mnl_attr_put_u32(nlh, IFA_BROADCAST,
				 ((const struct in_addr *)address)->s_addr | htonl(host));
	}
	bt_rtnl_end(batch, nlh);
}

void bt_rtnl_put_route(struct bt_rtnl_batch *batch, int index, int family, const void *dst,
		       unsigned prefix_len, const void *gateway)
{
	struct nlmsghdr *nlh = bt_rtnl_add(batch, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
	struct rtmsg *rt;

	if (!nlh)
		return;
	rt = mnl_nlmsg_put_extra_header(nlh, sizeof(*rt));
	rt->rtm_family = (uint8_t)family;
	rt->rtm_table = RT_TABLE_MAIN;
	rt->rtm_protocol = RTPROT_BOOT;
	rt->rtm_type = RTN_UNICAST;
	rt->rtm_scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	if (dst) {
		rt->rtm_dst_len = (uint8_t)prefix_len;
		mnl_attr_put(nlh, RTA_DST, address_size(family), dst);
	}
	if (gateway)
		mnl_attr_put(nlh, RTA_GATEWAY, address_size(family), gateway);
	mnl_attr_put_u32(nlh, RTA_OIF, (uint32_t)index);
	bt_rtnl_end(batch, nlh);
}

void bt_rtnl_put_remove(struct bt_rtnl_batch *batch, int index)
{
	struct nlmsghdr *nlh = bt_rtnl_add(batch, RTM_DELLINK, 0);
	struct ifinfomsg *ifi;

	if (!nlh)
		return;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = index;
	bt_rtnl_end(batch, nlh);
}
