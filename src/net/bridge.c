/* SPDX-License-Identifier: Apache-2.0 */

#include "net/bridge.h"

#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>

#include "base/auto.h"
#include "base/rand.h"
#include "net/retire.h"
#include "net/rtnl.h"
#include "net/sysctl.h"

/* A bridge without an address of its own takes the lowest of its ports', and changes it as
 * ports come and go; neighbours would talk to the old one for a while. */
static int random_mac(uint8_t ret[6])
{
	int r = bt_rand_bytes(ret, 6);

	ret[0] = (uint8_t)((ret[0] & 0xfc) | 0x02);
	return r;
}

static int create(struct bt_rtnl *rtnl, const struct bt_bridge_config *cfg)
{
	struct bt_rtnl_batch batch = { 0 };
	struct nlmsghdr *nlh = bt_rtnl_add(&batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *info;
	uint8_t mac[6];
	int r = random_mac(mac);

	if (r < 0)
		return r;
	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, cfg->name);
	mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(mac), mac);
	if (cfg->mtu)
		mnl_attr_put_u32(nlh, IFLA_MTU, cfg->mtu);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(nlh, info);
	bt_rtnl_end(&batch, nlh);
	r = bt_rtnl_run(rtnl, &batch, NULL);
	if (r < 0)
		return r;
	/* The kernel ignores an alias at birth. */
	nlh = bt_rtnl_add(&batch, RTM_NEWLINK, 0);
	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, cfg->name);
	mnl_attr_put(nlh, IFLA_IFALIAS, strlen(BT_BRIDGE_ALIAS), BT_BRIDGE_ALIAS);
	bt_rtnl_end(&batch, nlh);
	return bt_rtnl_run(rtnl, &batch, NULL);
}

/* An interface has its settings from its birth; they come before it is up. A missing setting
 * means a kernel without IPv6, which is as good as off. */
static int settings(const struct bt_bridge_config *cfg)
{
	const char *off6 = cfg->prefix6_len ? "0" : "1";
	int r;

	r = bt_sysctl_set("0", "ipv6/conf/%s/accept_ra", cfg->name);
	if (r < 0 && r != -ENOENT)
		return r;
	r = bt_sysctl_set(off6, "ipv6/conf/%s/disable_ipv6", cfg->name);
	if (r < 0 && r != -ENOENT)
		return r;
	/* For ports published on 127.0.0.1; net/firewall_rules.c closes what it opens. */
	r = bt_sysctl_set("1", "ipv4/conf/%s/route_localnet", cfg->name);
	if (r < 0)
		return r;
	r = bt_sysctl_set("1", "ipv4/ip_forward");
	if (r == 0 && cfg->prefix6_len)
		r = bt_sysctl_set("1", "ipv6/conf/all/forwarding");
	return r;
}

struct addresses {
	const struct bt_bridge_config *cfg;
	struct bt_rtnl_batch *batch;
	int index;
};

static bool is_wanted(const struct bt_bridge_config *cfg, const struct ifaddrmsg *ifa,
		      const void *address)
{
	const struct in6_addr *a6 = address;

	if (ifa->ifa_family == AF_INET)
		return cfg->inhibit4 || (ifa->ifa_prefixlen == cfg->prefix_len &&
					 memcmp(address, &cfg->address, sizeof(cfg->address)) == 0);
	if (IN6_IS_ADDR_LINKLOCAL(a6))
		return true;
	return ifa->ifa_prefixlen == cfg->prefix6_len &&
	       memcmp(a6, &cfg->address6, sizeof(*a6)) == 0;
}

/* Remove an address that an earlier configuration left. */
static int check_address(const struct nlmsghdr *nlh, void *arg)
{
	struct addresses *a = arg;
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr = bt_rtnl_attr(nlh, sizeof(*ifa), IFA_LOCAL);
	const void *address;
	struct ifaddrmsg *del_ifa;
	struct nlmsghdr *del;

	if ((int)ifa->ifa_index != a->index)
		return 0;
	if (!attr)
		attr = bt_rtnl_attr(nlh, sizeof(*ifa), IFA_ADDRESS);
	address = attr ? mnl_attr_get_payload(attr) : NULL;
	if (!address || is_wanted(a->cfg, ifa, address))
		return 0;
	del = bt_rtnl_add(a->batch, RTM_DELADDR, 0);
	if (!del)
		return 0;
	del_ifa = mnl_nlmsg_put_extra_header(del, sizeof(*del_ifa));
	*del_ifa = *ifa;
	mnl_attr_put(del, IFA_LOCAL, ifa->ifa_family == AF_INET ? 4 : 16, address);
	bt_rtnl_end(a->batch, del);
	return 0;
}

static int addresses(struct bt_rtnl *rtnl, const struct bt_bridge_config *cfg, int index)
{
	struct bt_rtnl_batch batch = { 0 };
	struct addresses a = { .cfg = cfg, .batch = &batch, .index = index };
	int r;

	r = bt_rtnl_dump(rtnl, RTM_GETADDR, AF_UNSPEC, check_address, &a);
	if (r < 0)
		return r;
	r = bt_rtnl_run(rtnl, &batch, NULL);
	if (r < 0)
		return r;
	if (cfg->address.s_addr)
		bt_rtnl_put_address(&batch, index, AF_INET, &cfg->address, cfg->prefix_len);
	if (cfg->prefix6_len)
		bt_rtnl_put_address(&batch, index, AF_INET6, &cfg->address6, cfg->prefix6_len);
	bt_rtnl_put_up(&batch, index);
	return bt_rtnl_run(rtnl, &batch, NULL);
}

int bt_bridge_ensure(const struct bt_bridge_config *cfg, struct bt_err *err)
{
	bt_auto_rtnl struct bt_rtnl rtnl = { 0 };
	int r, index;

	r = bt_rtnl_open(&rtnl);
	if (r == 0)
		r = create(&rtnl, cfg);
	if (r == -EEXIST)
		r = 0;
	if (r < 0)
		return bt_err_sys(err, r, "create bridge %s", cfg->name);
	index = bt_rtnl_index(&rtnl, cfg->name);
	if (index < 0)
		return bt_err_sys(err, index, "find bridge %s", cfg->name);
	r = settings(cfg);
	if (r < 0)
		return bt_err_sys(err, r, "network settings for bridge %s", cfg->name);
	r = addresses(&rtnl, cfg, index);
	if (r < 0)
		return bt_err_sys(err, r, "address of bridge %s", cfg->name);
	return 0;
}

struct find {
	const char *name;
	int index;
	bool ours;
};

static int match_link(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *name = bt_rtnl_attr(nlh, sizeof(*ifi), IFLA_IFNAME);
	const struct nlattr *alias = bt_rtnl_attr(nlh, sizeof(*ifi), IFLA_IFALIAS);
	struct find *f = arg;

	if (!name || strcmp(mnl_attr_get_str(name), f->name) != 0)
		return 0;
	f->index = ifi->ifi_index;
	f->ours = alias && strcmp(mnl_attr_get_str(alias), BT_BRIDGE_ALIAS) == 0;
	return 0;
}

static int remove_now(struct bt_rtnl *rtnl, int index)
{
	struct bt_rtnl_batch batch = { 0 };

	bt_rtnl_put_remove(&batch, index);
	return bt_rtnl_run(rtnl, &batch, NULL);
}

int bt_bridge_remove(struct bt_retire *retire, const char *name, struct bt_err *err)
{
	bt_auto_rtnl struct bt_rtnl rtnl = { 0 };
	struct find f = { .name = name };
	int r;

	r = bt_rtnl_open(&rtnl);
	if (r == 0)
		r = bt_rtnl_dump(&rtnl, RTM_GETLINK, AF_UNSPEC, match_link, &f);
	if (r == 0 && f.ours && (!retire || bt_retire_link(retire, &rtnl, f.index) < 0))
		r = remove_now(&rtnl, f.index);
	if (r < 0 && r != -ENODEV)
		return bt_err_sys(err, r, "remove bridge %s", name);
	return 0;
}
