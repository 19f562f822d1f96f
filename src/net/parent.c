/* SPDX-License-Identifier: Apache-2.0 */

#include "net/parent.h"

#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "net/bridge.h"
#include "net/rtnl.h"

#define VLAN_MAX 4094

/* A dummy, or the VLAN `id` (not 0) of interface `below`. */
static void put_link(struct bt_rtnl_batch *batch, const char *name, int below, uint16_t id)
{
	struct nlmsghdr *nlh = bt_rtnl_add(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *info, *data;

	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	if (id)
		mnl_attr_put_u32(nlh, IFLA_LINK, (uint32_t)below);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, id ? "vlan" : "dummy");
	if (id) {
		data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
		mnl_attr_put_u16(nlh, IFLA_VLAN_ID, id);
		mnl_attr_nest_end(nlh, data);
	}
	mnl_attr_nest_end(nlh, info);
	bt_rtnl_end(batch, nlh);
	nlh = bt_rtnl_add(batch, RTM_NEWLINK, 0);
	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	mnl_attr_put(nlh, IFLA_IFALIAS, strlen(BT_BRIDGE_ALIAS), BT_BRIDGE_ALIAS);
	bt_rtnl_end(batch, nlh);
}

static int make(struct bt_rtnl *rtnl, const char *name, int below, uint16_t id, struct bt_err *err)
{
	struct bt_rtnl_batch batch = { 0 };
	int r;

	put_link(&batch, name, below, id);
	r = bt_rtnl_run(rtnl, &batch, NULL);
	if (r == -EOPNOTSUPP)
		return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, ENOTSUP,
				  id ? "this kernel has no VLAN interfaces: %s cannot be made"
				     : "this kernel has no dummy interfaces: a network without "
				       "option parent (%s) cannot be made",
				  name);
	return r < 0 && r != -EEXIST ? bt_err_sys(err, r, "make interface %s", name) : 0;
}

static int make_vlan(struct bt_rtnl *rtnl, const char *name, struct bt_err *err)
{
	const char *point = strrchr(name, '.');
	char below[IFNAMSIZ] = "";
	unsigned long long id = 0;
	int index;

	if (!point || point - name >= IFNAMSIZ || bt_str_to_u64(point + 1, &id) < 0 || id == 0 ||
	    id > VLAN_MAX)
		return bt_err_set(err, BT_ERR_INVALID, ENODEV,
				  "parent interface %s does not exist, and is no VLAN's name as "
				  "eth0.10",
				  name);
	memcpy(below, name, (size_t)(point - name));
	index = bt_rtnl_index(rtnl, below);
	if (index < 0)
		return bt_err_set(err, BT_ERR_INVALID, ENODEV,
				  "parent interface %s does not exist, nor does %s", name, below);
	return make(rtnl, name, index, (uint16_t)id, err);
}

int bt_parent_ensure(const char *name, bool own, struct bt_err *err)
{
	bt_auto_rtnl struct bt_rtnl rtnl = { 0 };
	struct bt_rtnl_batch batch = { 0 };
	int r = bt_rtnl_open(&rtnl), index;

	if (r < 0)
		return bt_err_sys(err, r, "find interface %s", name);
	if (bt_rtnl_index(&rtnl, name) < 0)
		r = own ? make(&rtnl, name, 0, 0, err) : make_vlan(&rtnl, name, err);
	if (r < 0)
		return r;
	index = bt_rtnl_index(&rtnl, name);
	if (index < 0)
		return bt_err_sys(err, index, "find interface %s", name);
	bt_rtnl_put_up(&batch, index);
	r = bt_rtnl_run(&rtnl, &batch, NULL);
	return r < 0 ? bt_err_sys(err, r, "bring up interface %s", name) : 0;
}
