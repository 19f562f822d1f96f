/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_LINKS_H
#define BT_TESTS_LINKS_H

/*
 * What interfaces a test's own network has, asked anew each time.
 */

#include <linux/if_link.h>
#include <net/if.h>

#include "../suite.h"
#include "base/auto.h"
#include "net/rtnl.h"
#include "private_net.h"

/** An interface. */
struct link_seen {
	char name[IFNAMSIZ], alias[64], kind[16];
	unsigned flags;
	int below; /* index of the interface it sits on, or 0 */
	bool there;
};

static inline void copy_text(const struct nlmsghdr *nlh, uint16_t type, char *ret, size_t size)
{
	const struct nlattr *attr = bt_rtnl_attr(nlh, sizeof(struct ifinfomsg), type);

	(void)snprintf(ret, size, "%s", attr ? mnl_attr_get_str(attr) : "");
}

static inline int see_link(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *info = bt_rtnl_attr(nlh, sizeof(*ifi), IFLA_LINKINFO);
	const struct nlattr *below = bt_rtnl_attr(nlh, sizeof(*ifi), IFLA_LINK);
	struct link_seen *seen = arg, got = { .flags = ifi->ifi_flags, .there = true };

	copy_text(nlh, IFLA_IFNAME, got.name, sizeof(got.name));
	if (strcmp(got.name, seen->name) != 0)
		return 0;
	copy_text(nlh, IFLA_IFALIAS, got.alias, sizeof(got.alias));
	/* The kind comes first of what there is about it. */
	if (info)
		(void)snprintf(got.kind, sizeof(got.kind), "%s",
			       mnl_attr_get_str(mnl_attr_get_payload(info)));
	got.below = below ? (int)mnl_attr_get_u32(below) : 0;
	*seen = got;
	return 0;
}

/** Look for the interface `name`. */
static inline struct link_seen look_at_link(const char *name)
{
	struct bt_rtnl rtnl = { 0 };
	struct link_seen seen = { .there = false };

	(void)snprintf(seen.name, sizeof(seen.name), "%s", name);
	ck_assert_int_eq(bt_rtnl_open(&rtnl), 0);
	ck_assert_int_eq(bt_rtnl_dump(&rtnl, RTM_GETLINK, AF_UNSPEC, see_link, &seen), 0);
	bt_rtnl_done(&rtnl);
	return seen;
}

static inline int count_one(const struct nlmsghdr *nlh, void *arg)
{
	(void)nlh;
	++*(int *)arg;
	return 0;
}

/** How many interfaces, addresses or routes (RTM_GET…) there are. */
static inline int count_all(uint16_t type, int family)
{
	struct bt_rtnl rtnl = { 0 };
	int n = 0;

	ck_assert_int_eq(bt_rtnl_open(&rtnl), 0);
	ck_assert_int_eq(bt_rtnl_dump(&rtnl, type, family, count_one, &n), 0);
	bt_rtnl_done(&rtnl);
	return n;
}

#endif
