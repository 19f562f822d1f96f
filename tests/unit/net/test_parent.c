/* SPDX-License-Identifier: Apache-2.0 */

#include "net/parent.h"

#include "links.h"
#include "net/bridge.h"

static struct bt_err err;

/* Does this kernel have such interfaces? */
static bool made(int r)
{
	if (r == -ENOTSUP)
		check_err(&err, BT_ERR_NOT_IMPLEMENTED, "this kernel has no ");
	else
		ck_well(r, &err);
	return r == 0;
}

START_TEST(an_interface_that_is_there_is_brought_up_and_not_marked_as_ours)
{
	struct bt_rtnl rtnl = { 0 };
	struct bt_rtnl_batch batch = { 0 };
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;

	ck_assert_int_eq(bt_rtnl_open(&rtnl), 0);
	nlh = bt_rtnl_add(&batch, RTM_NEWLINK, 0);
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = 1;
	ifi->ifi_change = IFF_UP;
	bt_rtnl_end(&batch, nlh);
	ck_assert_int_eq(bt_rtnl_run(&rtnl, &batch, NULL), 0);
	bt_rtnl_done(&rtnl);
	ck_assert(!(look_at_link("lo").flags & IFF_UP));
	ck_well(bt_parent_ensure("lo", false, &err), &err);
	ck_assert(look_at_link("lo").flags & IFF_UP);
	ck_assert_str_eq(look_at_link("lo").alias, "");
	ck_well(bt_parent_ensure("lo", true, &err), &err);
	ck_assert_int_eq(count_all(RTM_GETLINK, AF_UNSPEC), 1);
}
END_TEST

START_TEST(one_of_our_own_leads_nowhere_is_up_marked_and_removed_by_its_mark)
{
	struct link_seen seen;

	if (!made(bt_parent_ensure("dm-test", true, &err)))
		return;
	seen = look_at_link("dm-test");
	ck_assert_str_eq(seen.kind, "dummy");
	ck_assert_str_eq(seen.alias, BT_BRIDGE_ALIAS);
	ck_assert(seen.flags & IFF_UP);
	/* Once more changes nothing. */
	ck_well(bt_parent_ensure("dm-test", true, &err), &err);
	ck_assert_int_eq(count_all(RTM_GETLINK, AF_UNSPEC), 2);
	ck_well(bt_bridge_remove(NULL, "dm-test", &err), &err);
	ck_assert(!look_at_link("dm-test").there);
}
END_TEST

START_TEST(a_name_with_a_number_becomes_that_vlan_of_the_interface_before_it)
{
	static const char *const names[] = { "par.10", "par.1", "par.4094" };

	if (!made(bt_parent_ensure("par", true, &err)))
		return;
	for (size_t i = 0; i < LENGTH(names); i++) {
		struct link_seen seen;

		if (!made(bt_parent_ensure(names[i], false, &err)))
			return;
		seen = look_at_link(names[i]);
		ck_assert_str_eq(seen.kind, "vlan");
		ck_assert_str_eq(seen.alias, BT_BRIDGE_ALIAS);
		ck_assert_int_gt(seen.below, 0);
		ck_assert(seen.flags & IFF_UP);
	}
}
END_TEST

START_TEST(what_is_neither_there_nor_a_vlan_of_something_that_is_is_refused)
{
	static const struct {
		const char *name, *words;
	} cases[] = {
		{ "none", "is no VLAN's name" },
		{ "lo.", "is no VLAN's name" },
		{ "lo.0", "is no VLAN's name" },
		{ "lo.4095", "is no VLAN's name" },
		{ "lo.65537", "is no VLAN's name" },
		{ "lo.-1", "is no VLAN's name" },
		{ "lo.1x", "is no VLAN's name" },
		{ "lo.18446744073709551617", "is no VLAN's name" },
		{ "none.5", "nor does none" },
		{ ".5", "does not exist" },
		/* Longer than a name can be. */
		{ "an-interface-with-a-long-name.5", "does not exist" },
		{ "aaaaaaaaaaaaaaaa.5", "does not exist" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		err = (struct bt_err){ 0 };
		ck_assert_msg(bt_parent_ensure(cases[i].name, false, &err) == -ENODEV, "%s: %s",
			      cases[i].name, err.msg);
		check_err(&err, BT_ERR_INVALID, cases[i].words);
	}
	ck_assert_int_eq(count_all(RTM_GETLINK, AF_UNSPEC), 1);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, an_interface_that_is_there_is_brought_up_and_not_marked_as_ours);
	tcase_add_test(tests, one_of_our_own_leads_nowhere_is_up_marked_and_removed_by_its_mark);
	tcase_add_test(tests, a_name_with_a_number_becomes_that_vlan_of_the_interface_before_it);
	tcase_add_test(tests, what_is_neither_there_nor_a_vlan_of_something_that_is_is_refused);
}

int main(void)
{
	return run_suite("parent", private_net, NULL, add_tests);
}
