/* SPDX-License-Identifier: Apache-2.0 */

#include "net/gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "net/rtnl.h"
#include "net/sysctl.h"

/* Used on this link alone. */
#define NEIGHBOUR6 "fe80::252:2"

/* FNV-1a: short, and the same each time. */
static uint32_t hash_of(const char *key)
{
	uint32_t hash = 2166136261u;

	for (const char *p = key; *p; p++)
		hash = (hash ^ (uint8_t)*p) * 16777619u;
	return hash;
}

static void name_end(const char *key, char which, char ret[IFNAMSIZ])
{
	(void)snprintf(ret, IFNAMSIZ, "bg%08x%c", hash_of(key), which);
}

/* Of RFC 3927's block, away from where clouds have their services, and another for each owner. The
 * kernel sends to a neighbour that it has a route to. */
static struct in_addr address4(const char *key, uint32_t last)
{
	const uint32_t hash = hash_of(key);

	return (struct in_addr){ htonl(0xa9fee000 | (hash & 0xffc) | last) };
}

static void put_address(struct nlmsghdr *nlh, uint8_t last)
{
	const uint8_t mac[6] = { 0x02, 0x42, 0, 0, 0, last };

	mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(mac), mac);
}

static void put_pair(struct bt_rtnl_batch *batch, const char *near, const char *far)
{
	struct nlmsghdr *nlh = bt_rtnl_add(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *info, *data, *peer;

	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, near);
	put_address(nlh, 1);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(nlh, VETH_INFO_PEER);
	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, far);
	put_address(nlh, 2);
	mnl_attr_nest_end(nlh, peer);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	bt_rtnl_end(batch, nlh);
}

static void put_neighbour(struct bt_rtnl_batch *batch, int index, int family, const void *address)
{
	const uint8_t mac[6] = { 0x02, 0x42, 0, 0, 0, 2 };
	struct nlmsghdr *nlh = bt_rtnl_add(batch, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
	struct ndmsg *nd = mnl_nlmsg_put_extra_header(nlh, sizeof(*nd));

	nd->ndm_family = (uint8_t)family;
	nd->ndm_ifindex = index;
	nd->ndm_state = NUD_PERMANENT;
	mnl_attr_put(nlh, NDA_DST, family == AF_INET ? 4 : 16, address);
	mnl_attr_put(nlh, NDA_LLADDR, sizeof(mac), mac);
	bt_rtnl_end(batch, nlh);
}

/* Both ends: no routers are listened to; the far end takes sources that are routed elsewhere, for
 * all that come by it are. */
static int settings(const char *near, const char *far)
{
	const char *const ends[] = { near, far };
	int r = bt_sysctl_set("2", "ipv4/conf/%s/rp_filter", far);

	for (size_t i = 0; r == 0 && i < 2; i++) {
		r = bt_sysctl_set("0", "ipv6/conf/%s/accept_ra", ends[i]);
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}

/* The far end has an address of its own because the kernel's loose check of sources refuses packets
 * on interfaces that have none. */
static int configure(struct bt_rtnl *rtnl, const char *far, struct in_addr own,
		     const struct bt_gate *gate)
{
	struct bt_rtnl_batch batch = { 0 };
	int far_index = bt_rtnl_index(rtnl, far), r;

	if (far_index < 0)
		return far_index;
	bt_rtnl_put_up(&batch, far_index);
	bt_rtnl_put_up(&batch, gate->near);
	bt_rtnl_put_address(&batch, far_index, AF_INET, &own, 32);
	bt_rtnl_put_route(&batch, gate->near, AF_INET, &gate->neighbour, 32, NULL);
	put_neighbour(&batch, gate->near, AF_INET, &gate->neighbour);
	r = bt_rtnl_run(rtnl, &batch, NULL);
	if (r < 0)
		return r;
	put_neighbour(&batch, gate->near, AF_INET6, &gate->neighbour6);
	/* Fails on a host without IPv6, where no packet of it comes either. */
	(void)!bt_rtnl_run(rtnl, &batch, NULL);
	/* Asked for, an interface is settled: no packet is lost (net/sandbox_link.c). */
	(void)bt_rtnl_index(rtnl, far);
	return 0;
}

static int ensure(struct bt_rtnl *rtnl, const char *key, const char *near, struct bt_gate *gate)
{
	struct bt_rtnl_batch batch = { 0 };
	int r;

	put_pair(&batch, near, gate->far);
	r = bt_rtnl_run(rtnl, &batch, NULL);
	if (r < 0 && r != -EEXIST)
		return r;
	gate->near = bt_rtnl_index(rtnl, near);
	if (gate->near < 0)
		return gate->near;
	r = settings(near, gate->far);
	return r < 0 ? r : configure(rtnl, gate->far, address4(key, 3), gate);
}

int bt_gate_ensure(const char *key, struct bt_gate *ret, struct bt_err *err)
{
	bt_auto_rtnl struct bt_rtnl rtnl = { 0 };
	struct bt_gate gate = { 0 };
	char near[IFNAMSIZ];
	int r = bt_rtnl_open(&rtnl);

	name_end(key, 'a', near);
	name_end(key, 'b', gate.far);
	gate.neighbour = address4(key, 2);
	(void)inet_pton(AF_INET6, NEIGHBOUR6, &gate.neighbour6);
	if (r == 0)
		r = ensure(&rtnl, key, near, &gate);
	if (r < 0)
		return bt_err_sys(err, r, "make the way through the host's firewall (%s)", near);
	*ret = gate;
	return 0;
}

int bt_gate_remove(const char *key, struct bt_err *err)
{
	bt_auto_rtnl struct bt_rtnl rtnl = { 0 };
	struct bt_rtnl_batch batch = { 0 };
	char near[IFNAMSIZ];
	int r = bt_rtnl_open(&rtnl), index;

	name_end(key, 'a', near);
	if (r < 0)
		return bt_err_sys(err, r, "remove %s", near);
	index = bt_rtnl_index(&rtnl, near);
	if (index < 0)
		return 0;
	bt_rtnl_put_remove(&batch, index);
	r = bt_rtnl_run(&rtnl, &batch, NULL);
	return r < 0 && r != -ENODEV ? bt_err_sys(err, r, "remove %s", near) : 0;
}
