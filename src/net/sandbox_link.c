/* SPDX-License-Identifier: Apache-2.0 */

#include "net/sandbox_link.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>

#include "base/rand.h"
#include "net/rtnl.h"
#include "net/sysctl.h"

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

/* The interface is made in the host's namespace and born inside, under its own name. */
static void put_sub(struct bt_rtnl_batch *batch, const struct bt_sandbox_port *port,
		    int parent_index, int netns_fd, int index)
{
	struct nlmsghdr *nlh = bt_rtnl_add(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	struct nlattr *info, *data;

	ifi->ifi_index = index;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, port->ifname);
	mnl_attr_put_u32(nlh, IFLA_LINK, (uint32_t)parent_index);
	mnl_attr_put_u32(nlh, IFLA_NET_NS_FD, (uint32_t)netns_fd);
	put_mtu(nlh, port->mtu);
	/* An ipvlan shares its parent's address. */
	if (port->kind == BT_SANDBOX_MACVLAN)
		mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(port->mac), port->mac);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND,
			  port->kind == BT_SANDBOX_MACVLAN ? "macvlan" : "ipvlan");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	if (port->kind == BT_SANDBOX_MACVLAN) {
		mnl_attr_put_u32(nlh, IFLA_MACVLAN_MODE, port->mode);
	} else {
		mnl_attr_put_u16(nlh, IFLA_IPVLAN_MODE, port->mode);
		if (port->flags)
			mnl_attr_put_u16(nlh, IFLA_IPVLAN_FLAGS, port->flags);
	}
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	bt_rtnl_end(batch, nlh);
}

int bt_sandbox_link_make(const struct bt_nsthread_env *env, const struct bt_sandbox_port *port,
			 int netns_fd, int index, char host_name[IFNAMSIZ])
{
	struct bt_rtnl_batch batch = { 0 };
	int parent;

	if (port->kind == BT_SANDBOX_BRIDGE)
		return connect_host_end(env, port, netns_fd, index, host_name);
	host_name[0] = '\0';
	parent = bt_rtnl_index(env->home, port->bridge);
	if (parent < 0)
		return parent;
	put_sub(&batch, port, parent, netns_fd, index);
	return bt_rtnl_run(env->home, &batch, NULL);
}

/* An interface whose carrier just came drops what it is given until the kernel's link watch has
 * seen it, which may take a second on a busy machine. Asking for the link makes the kernel look
 * (Linux 6.8; before, there is nothing to be done): first the port, then the bridge, whose
 * carrier its first port brings. */
void bt_sandbox_link_settle(struct bt_rtnl *home, const char *host_name, const char *bridge)
{
	if (host_name[0] && bt_rtnl_index(home, host_name) >= 0)
		(void)bt_rtnl_index(home, bridge);
}

void bt_sandbox_link_remove(struct bt_rtnl *home, const char *host_name)
{
	struct bt_rtnl_batch batch = { 0 };
	int index = host_name[0] ? bt_rtnl_index(home, host_name) : -ENODEV;

	if (index < 0)
		return;
	bt_rtnl_put_remove(&batch, index);
	/* The caller reports why it came to this; this is all that can be done about it. */
	if (bt_rtnl_run(home, &batch, NULL) < 0)
		return;
}
