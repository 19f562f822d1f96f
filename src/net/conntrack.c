/* SPDX-License-Identifier: Apache-2.0 */

#include "net/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "base/str.h"
#include "net/rtnl.h"

#define REPLY_SIZE 32768u
#define MSG_ROOM   512u
/* Connections of one container: more than a kernel tracks by default. */
#define VICTIMS_MAX (64u << 20)

struct search {
	const struct bt_conntrack_target *targets;
	size_t n;
	struct bt_str victims; /* requests to delete, one after the other */
};

static const struct nlattr *find(const struct nlattr *nest, uint16_t type)
{
	const char *end = nest ? (const char *)nest + nest->nla_len : NULL;
	const struct nlattr *attr = nest ? mnl_attr_get_payload(nest) : NULL;

	for (; attr && mnl_attr_ok(attr, (int)(end - (const char *)attr));
	     attr = mnl_attr_next(attr))
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static const struct nlattr *top(const struct nlmsghdr *nlh, uint16_t type)
{
	return bt_rtnl_attr(nlh, sizeof(struct nfgenmsg), type);
}

/* Who answers in this connection: what its packets were translated to. */
static bool matches(const struct bt_conntrack_target *t, const struct nlattr *reply)
{
	const bool six = t->address.family == AF_INET6;
	const struct nlattr *source =
		find(find(reply, CTA_TUPLE_IP), six ? CTA_IP_V6_SRC : CTA_IP_V4_SRC);
	const struct nlattr *proto = find(reply, CTA_TUPLE_PROTO);
	const struct nlattr *number = find(proto, CTA_PROTO_NUM);
	const struct nlattr *port = find(proto, CTA_PROTO_SRC_PORT);
	const size_t size = six ? 16 : 4;

	if (!source || !number || !port || mnl_attr_get_payload_len(source) < size)
		return false;
	return mnl_attr_get_u8(number) == t->proto && ntohs(mnl_attr_get_u16(port)) >= t->first &&
	       ntohs(mnl_attr_get_u16(port)) <= t->last &&
	       memcmp(mnl_attr_get_payload(source), t->address.addr, size) == 0;
}

static void put_victim(struct search *s, const struct nlmsghdr *found, const struct nlattr *tuple)
{
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(found);
	const struct nlattr *id = top(found, CTA_ID);
	struct nlmsghdr *nlh;
	struct nfgenmsg *nfg;

	if (bt_str_reserve(&s->victims, MSG_ROOM) < 0)
		return;
	nlh = mnl_nlmsg_put_header(s->victims.p + s->victims.len);
	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = head->nfgen_family;
	mnl_attr_put(nlh, CTA_TUPLE_ORIG | NLA_F_NESTED, mnl_attr_get_payload_len(tuple),
		     mnl_attr_get_payload(tuple));
	/* Not another one that took its place meanwhile. */
	if (id)
		mnl_attr_put(nlh, CTA_ID, mnl_attr_get_payload_len(id), mnl_attr_get_payload(id));
	s->victims.len += NLMSG_ALIGN(nlh->nlmsg_len);
}

static int take(const struct nlmsghdr *nlh, void *arg)
{
	struct search *s = arg;
	const struct nlattr *tuple = top(nlh, CTA_TUPLE_ORIG);
	const struct nlattr *reply = top(nlh, CTA_TUPLE_REPLY);

	if (!tuple || !reply)
		return MNL_CB_OK;
	for (size_t i = 0; i < s->n; i++) {
		if (!matches(&s->targets[i], reply))
			continue;
		put_victim(s, nlh, tuple);
		break;
	}
	return MNL_CB_OK;
}

/* The kernel shows those that are translated only (Linux 5.8; older ones show all). */
static int ask(struct mnl_socket *nl, int family)
{
	char buf[MSG_ROOM];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = (uint8_t)family;
	mnl_attr_put_u32(nlh, CTA_STATUS, htonl(IPS_DST_NAT));
	mnl_attr_put_u32(nlh, CTA_STATUS_MASK, htonl(IPS_DST_NAT));
	return mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0 ? -errno : 0;
}

static int search_family(struct mnl_socket *nl, int family, struct search *s)
{
	bt_auto_free char *buf = malloc(REPLY_SIZE);
	int r = buf ? ask(nl, family) : -ENOMEM, more = MNL_CB_OK;

	while (r == 0 && more > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(nl, buf, REPLY_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		more = mnl_cb_run(buf, (size_t)n, 0, 0, take, s);
		if (more < 0)
			r = -errno;
	}
	return r;
}

/* One that ended meanwhile is fine, so nothing is answered. */
static int forget(struct mnl_socket *nl, const struct bt_str *victims)
{
	size_t at = 0;

	while (at < victims->len) {
		size_t len = victims->len - at > REPLY_SIZE ? 0 : victims->len - at;
		const struct nlmsghdr *nlh = (const void *)(victims->p + at);

		/* Whole requests, as many as one system call takes. */
		if (len == 0) {
			int left = (int)REPLY_SIZE;

			for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
				len += NLMSG_ALIGN(nlh->nlmsg_len);
		}
		if (mnl_socket_sendto(nl, victims->p + at, len) < 0)
			return -errno;
		at += len;
	}
	return 0;
}

int bt_conntrack_forget(const struct bt_conntrack_target *targets, size_t n)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	bt_auto_str struct bt_str victims = { .max = VICTIMS_MAX };
	struct search s = { .targets = targets, .n = n, .victims = victims };
	bool four = false, six = false;
	int r = 0;

	if (!nl)
		return -errno;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		r = -errno;
	for (size_t i = 0; i < n; i++) {
		four |= targets[i].address.family == AF_INET;
		six |= targets[i].address.family == AF_INET6;
	}
	if (r == 0 && four)
		r = search_family(nl, AF_INET, &s);
	if (r == 0 && six)
		r = search_family(nl, AF_INET6, &s);
	if (r == 0)
		r = s.victims.failed ? s.victims.failed : forget(nl, &s.victims);
	victims = s.victims;
	mnl_socket_close(nl);
	return r;
}
