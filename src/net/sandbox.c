/* SPDX-License-Identifier: Apache-2.0 */

#include "net/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/rand.h"
#include "net/rtnl.h"
#include "net/sysctl.h"

/* Loopback is the first interface of every namespace. */
#define LOOPBACK_INDEX   1
#define HOST_NAME_DIGITS 7

static void put_mtu(struct nlmsghdr *nlh, unsigned mtu)
{
	if (mtu)
		mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
}

/* The veth pair, born in both namespaces, the host's end a port of the bridge and up. (A peer
 * cannot be up before the pair is whole.) The peer gets `peer_index` so that nobody has to ask. */
static void put_veth(struct bt_rtnl_batch *batch, const char *host_name, int bridge_index,
		     const struct bt_sandbox_port *port, int netns_fd, int peer_index)
{
	struct nlmsghdr *nlh = bt_rtnl_add(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	struct nlattr *info, *data, *peer;

	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, host_name);
	mnl_attr_put_u32(nlh, IFLA_MASTER, (uint32_t)bridge_index);
	put_mtu(nlh, port->mtu);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(nlh, VETH_INFO_PEER);
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = peer_index;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, port->ifname);
	mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(port->mac), port->mac);
	put_mtu(nlh, port->mtu);
	mnl_attr_put_u32(nlh, IFLA_NET_NS_FD, (uint32_t)netns_fd);
	mnl_attr_nest_end(nlh, peer);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	bt_rtnl_end(batch, nlh);
}

static void put_port_options(struct bt_rtnl_batch *batch, const char *host_name, bool isolated,
			     bool hairpin)
{
	struct nlmsghdr *nlh = bt_rtnl_add(batch, RTM_NEWLINK, 0);
	struct nlattr *info, *data;

	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, host_name);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_SLAVE_KIND, "bridge");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_SLAVE_DATA);
	mnl_attr_put_u8(nlh, IFLA_BRPORT_ISOLATED, isolated);
	mnl_attr_put_u8(nlh, IFLA_BRPORT_MODE, hairpin);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	bt_rtnl_end(batch, nlh);
}

static void put_inside(struct bt_rtnl_batch *batch, const struct bt_sandbox_port *port, int index)
{
	bt_rtnl_put_address(batch, index, AF_INET, &port->address, port->prefix_len);
	bt_rtnl_put_up(batch, index);
	if (port->gateway.s_addr)
		bt_rtnl_put_route(batch, index, AF_INET, NULL, 0, &port->gateway);
	if (port->prefix6_len == 0)
		return;
	bt_rtnl_put_address(batch, index, AF_INET6, &port->address6, port->prefix6_len);
	if (!IN6_IS_ADDR_UNSPECIFIED(&port->gateway6))
		bt_rtnl_put_route(batch, index, AF_INET6, NULL, 0, &port->gateway6);
}

/* Settings of a namespace that its interfaces inherit at birth. A kernel without IPv6 lacks the
 * settings and needs none. */
static int settings(bool ipv6)
{
	int r;

	r = bt_sysctl_set(ipv6 ? "0" : "1", "ipv6/conf/default/disable_ipv6");
	if (r == 0)
		r = bt_sysctl_set("0", "ipv6/conf/default/accept_ra");
	if (r < 0 && r != -ENOENT)
		return r;
	r = bt_sysctl_set("0", "ipv4/ip_unprivileged_port_start");
	if (r == 0)
		r = bt_sysctl_set("0\t2147483647", "ipv4/ping_group_range");
	return r;
}

/* The host's end: in the root namespace, where the thread is now. It is a port and nothing
 * else: without an IPv6 address of its own. */
static int connect_host_end(const struct bt_nsthread_env *env, const struct bt_sandbox_port *port,
			    int netns_fd, int peer_index, char host_name[IFNAMSIZ])
{
	struct bt_rtnl_batch batch = { 0 };
	char digits[HOST_NAME_DIGITS + 1];
	int bridge = bt_rtnl_index(env->home, port->bridge);
	/* Where another engine has switched br_netfilter on, a container's packet to its own
	 * published port is translated inside the bridge, and must leave by where it came in. */
	bool hairpin = bt_sysctl_is("1", "bridge/bridge-nf-call-iptables");
	int r;

	if (bridge < 0)
		return bridge;
	r = bt_rand_hex(digits, HOST_NAME_DIGITS);
	if (r < 0)
		return r;
	(void)snprintf(host_name, IFNAMSIZ, "veth%s", digits);
	put_veth(&batch, host_name, bridge, port, netns_fd, peer_index);
	if (port->isolated || hairpin)
		put_port_options(&batch, host_name, port->isolated, hairpin);
	r = bt_rtnl_run(env->home, &batch, NULL);
	if (r < 0)
		return r;
	r = bt_sysctl_set("1", "ipv6/conf/%s/disable_ipv6", host_name);
	return r == -ENOENT ? 0 : r;
}

/* An interface whose carrier just came drops what it is given until the kernel's link watch has
 * seen it, which may take a second on a busy machine. Asking for the link makes the kernel look
 * (Linux 6.8; before, there is nothing to be done): first the port, then the bridge, whose
 * carrier its first port brings. */
static void settle(struct bt_rtnl *home, const char *host_name, const char *bridge)
{
	if (bt_rtnl_index(home, host_name) >= 0)
		(void)bt_rtnl_index(home, bridge);
}

struct create {
	const struct bt_sandbox_port *ports;
	unsigned nports;
	int fd; /* result */
};

/* In the new namespace, which `ret_fd` gets to stand for. */
static int enter_new(const struct create *c, struct bt_rtnl *ret_inside, int *ret_fd)
{
	bool ipv6 = false;
	int r;

	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	*ret_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (*ret_fd < 0)
		return -errno;
	for (unsigned i = 0; i < c->nports; i++)
		ipv6 |= c->ports[i].prefix6_len != 0;
	r = settings(ipv6);
	return r < 0 ? r : bt_rtnl_open(ret_inside);
}

static int create(const struct bt_nsthread_env *env, void *arg, struct bt_err *err)
{
	struct create *c = arg;
	struct bt_rtnl_batch batch = { 0 };
	bt_auto_rtnl struct bt_rtnl inside = { 0 };
	bt_auto_close int fd = -EBADF;
	char host_name[IFNAMSIZ];
	int r;

	r = enter_new(c, &inside, &fd);
	if (r < 0)
		return bt_err_sys(err, r, "make a network namespace");
	if (setns(env->home_fd, CLONE_NEWNET) < 0)
		return bt_err_sys(err, -errno, "leave the new network namespace");
	bt_rtnl_put_up(&batch, LOOPBACK_INDEX);
	for (unsigned i = 0; i < c->nports; i++) {
		const int index = LOOPBACK_INDEX + 1 + (int)i;

		r = connect_host_end(env, &c->ports[i], fd, index, host_name);
		if (r < 0)
			return bt_err_sys(err, r, "connect a network namespace to bridge %s",
					  c->ports[i].bridge);
		put_inside(&batch, &c->ports[i], index);
		r = bt_rtnl_run(&inside, &batch, NULL);
		if (r < 0)
			return bt_err_sys(err, r, "configure interface %s of a container",
					  c->ports[i].ifname);
		settle(env->home, host_name, c->ports[i].bridge);
	}
	r = bt_rtnl_run(&inside, &batch, NULL);
	if (r < 0)
		return bt_err_sys(err, r, "bring up loopback in a network namespace");
	c->fd = bt_take_fd(&fd);
	return 0;
}

int bt_sandbox_create(struct bt_nsthread *thread, const struct bt_sandbox_port *ports,
		      unsigned nports, struct bt_err *err)
{
	struct create c = { .ports = ports, .nports = nports, .fd = -EBADF };
	int r = bt_nsthread_run(thread, create, &c, err);

	return r < 0 ? r : c.fd;
}

struct change {
	int netns_fd;
	const struct bt_sandbox_port *port;
	const uint8_t *mac;
	int index; /* found */
};

static void remove_host_end(struct bt_rtnl *home, const char *host_name)
{
	struct bt_rtnl_batch batch = { 0 };
	int index = bt_rtnl_index(home, host_name);

	if (index < 0)
		return;
	bt_rtnl_put_remove(&batch, index);
	/* The caller reports why it came to this; this is all that can be done about it. */
	if (bt_rtnl_run(home, &batch, NULL) < 0)
		return;
}

static int inside_settings(const struct bt_nsthread_env *env, const struct change *c,
			   struct bt_rtnl *ret_inside)
{
	int r = 0;

	if (setns(c->netns_fd, CLONE_NEWNET) < 0)
		return -errno;
	if (c->port) {
		r = bt_sysctl_set(c->port->prefix6_len ? "0" : "1",
				  "ipv6/conf/default/disable_ipv6");
		if (r == -ENOENT)
			r = 0;
	}
	if (r == 0)
		r = bt_rtnl_open(ret_inside);
	if (setns(env->home_fd, CLONE_NEWNET) < 0)
		return -errno;
	return r;
}

static int match_mac(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr = bt_rtnl_attr(nlh, sizeof(*ifi), IFLA_ADDRESS);
	struct change *c = arg;

	if (attr && mnl_attr_get_payload_len(attr) == sizeof(uint8_t[6]) &&
	    memcmp(mnl_attr_get_payload(attr), c->mac, sizeof(uint8_t[6])) == 0)
		c->index = ifi->ifi_index;
	return 0;
}

static int port_add(const struct bt_nsthread_env *env, void *arg, struct bt_err *err)
{
	struct change *c = arg;
	struct bt_rtnl_batch batch = { 0 };
	bt_auto_rtnl struct bt_rtnl inside = { 0 };
	char host_name[IFNAMSIZ];
	int r;

	r = inside_settings(env, c, &inside);
	if (r < 0)
		return bt_err_sys(err, r, "enter a container's network namespace");
	r = connect_host_end(env, c->port, c->netns_fd, 0, host_name);
	if (r < 0)
		return bt_err_sys(err, r, "connect a container to bridge %s", c->port->bridge);
	r = bt_rtnl_dump(&inside, RTM_GETLINK, AF_UNSPEC, match_mac, c);
	if (r == 0) {
		put_inside(&batch, c->port, c->index);
		r = bt_rtnl_run(&inside, &batch, NULL);
	}
	if (r < 0) {
		remove_host_end(env->home, host_name);
		return bt_err_sys(err, r, "configure interface %s of a container", c->port->ifname);
	}
	return 0;
}

int bt_sandbox_port_add(struct bt_nsthread *thread, int netns_fd,
			const struct bt_sandbox_port *port, struct bt_err *err)
{
	struct change c = { .netns_fd = netns_fd, .port = port, .mac = port->mac };

	return bt_nsthread_run(thread, port_add, &c, err);
}

static int port_gateway(const struct bt_nsthread_env *env, void *arg, struct bt_err *err)
{
	struct change *c = arg;
	struct bt_rtnl_batch batch = { 0 };
	bt_auto_rtnl struct bt_rtnl inside = { 0 };
	int r = inside_settings(env, c, &inside);

	if (r < 0)
		return bt_err_sys(err, r, "enter a container's network namespace");
	r = bt_rtnl_dump(&inside, RTM_GETLINK, AF_UNSPEC, match_mac, c);
	if (r == 0 && c->port->gateway.s_addr)
		bt_rtnl_put_route(&batch, c->index, AF_INET, NULL, 0, &c->port->gateway);
	if (r == 0 && !IN6_IS_ADDR_UNSPECIFIED(&c->port->gateway6))
		bt_rtnl_put_route(&batch, c->index, AF_INET6, NULL, 0, &c->port->gateway6);
	if (r == 0)
		r = bt_rtnl_run(&inside, &batch, NULL);
	return r < 0 ? bt_err_sys(err, r, "change a container's default route") : 0;
}

int bt_sandbox_port_gateway(struct bt_nsthread *thread, int netns_fd,
			    const struct bt_sandbox_port *port, struct bt_err *err)
{
	struct change c = { .netns_fd = netns_fd, .port = port, .mac = port->mac };

	return bt_nsthread_run(thread, port_gateway, &c, err);
}

static int port_remove(const struct bt_nsthread_env *env, void *arg, struct bt_err *err)
{
	struct change *c = arg;
	struct bt_rtnl_batch batch = { 0 };
	bt_auto_rtnl struct bt_rtnl inside = { 0 };
	int r;

	r = inside_settings(env, c, &inside);
	if (r < 0)
		return bt_err_sys(err, r, "enter a container's network namespace");
	r = bt_rtnl_dump(&inside, RTM_GETLINK, AF_UNSPEC, match_mac, c);
	if (r == 0 && c->index) {
		bt_rtnl_put_remove(&batch, c->index);
		r = bt_rtnl_run(&inside, &batch, NULL);
	}
	return r < 0 ? bt_err_sys(err, r, "remove a container's interface") : 0;
}

int bt_sandbox_port_remove(struct bt_nsthread *thread, int netns_fd, const uint8_t mac[6],
			   struct bt_err *err)
{
	struct change c = { .netns_fd = netns_fd, .mac = mac };

	return bt_nsthread_run(thread, port_remove, &c, err);
}
