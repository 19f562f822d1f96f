/* SPDX-License-Identifier: Apache-2.0 */

#include "net/rtnl.h"

#include "links.h"

static struct bt_rtnl rtnl;
static struct bt_rtnl_batch batch;

static void setup(void)
{
	private_net();
	ck_assert_int_eq(bt_rtnl_open(&rtnl), 0);
}

static void teardown(void)
{
	bt_rtnl_done(&rtnl);
	/* Twice is fine, and of one that was never open. */
	bt_rtnl_done(&rtnl);
}

static void put_bridge(const char *name)
{
	struct nlmsghdr *nlh = bt_rtnl_add(&batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *info;

	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(nlh, info);
	bt_rtnl_end(&batch, nlh);
}

static int run(unsigned *ret_at)
{
	return bt_rtnl_run(&rtnl, &batch, ret_at);
}

START_TEST(an_interface_is_found_by_its_name_made_and_removed)
{
	int index;

	ck_assert_int_eq(bt_rtnl_index(&rtnl, "lo"), 1);
	ck_assert_int_eq(bt_rtnl_index(&rtnl, "br0"), -ENODEV);
	put_bridge("br0");
	ck_assert_int_eq(run(NULL), 0);
	index = bt_rtnl_index(&rtnl, "br0");
	ck_assert_int_gt(index, 1);
	bt_rtnl_put_up(&batch, index);
	ck_assert_int_eq(run(NULL), 0);
	ck_assert(look_at_link("br0").flags & IFF_UP);
	bt_rtnl_put_remove(&batch, index);
	ck_assert_int_eq(run(NULL), 0);
	ck_assert_int_eq(bt_rtnl_index(&rtnl, "br0"), -ENODEV);
}
END_TEST

START_TEST(a_name_that_no_interface_can_have_names_none)
{
	static const char *const names[] = { "", "exactly-16-bytes", "lo/", ".",
					     "a name that is far longer than any" };

	for (size_t i = 0; i < LENGTH(names); i++)
		ck_assert_msg(bt_rtnl_index(&rtnl, names[i]) < 0, "\"%s\"", names[i]);
	/* Nothing of that is taken for the answer to what follows. */
	ck_assert_int_eq(bt_rtnl_index(&rtnl, "lo"), 1);
}
END_TEST

START_TEST(of_a_batch_the_first_failure_is_told_and_what_was_before_it_stays)
{
	unsigned at = 77;

	put_bridge("br0");
	put_bridge("br1");
	put_bridge("br0");
	put_bridge("lo");
	put_bridge("br2");
	ck_assert_int_eq(run(&at), -EEXIST);
	ck_assert_uint_eq(at, 2);
	ck_assert(look_at_link("br1").there);
	/* The batch is empty, and the next one is answered by its own answers. */
	ck_assert_uint_eq(batch.len, 0);
	ck_assert_int_eq(run(&at), 0);
	put_bridge("br3");
	ck_assert_int_eq(run(&at), 0);
	ck_assert_uint_eq(at, 2);
	ck_assert(look_at_link("br3").there);
}
END_TEST

START_TEST(a_batch_that_is_full_takes_no_more_and_what_is_in_it_is_done)
{
	unsigned n = 0;

	for (; n < 1000; n++) {
		struct nlmsghdr *nlh = bt_rtnl_add(&batch, RTM_NEWLINK, 0);
		struct ifinfomsg *ifi;

		if (!nlh)
			break;
		ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
		ifi->ifi_index = 1;
		bt_rtnl_end(&batch, nlh);
	}
	ck_assert_uint_gt(n, 10);
	ck_assert_uint_lt(n, 1000);
	ck_assert_uint_le(batch.len, sizeof(batch.buf));
	/* What is put by these is left out without harm. */
	bt_rtnl_put_up(&batch, 1);
	bt_rtnl_put_remove(&batch, 1);
	bt_rtnl_put_address(&batch, 1, AF_INET, &(struct in_addr){ 0 }, 8);
	bt_rtnl_put_route(&batch, 1, AF_INET, NULL, 0, NULL);
	ck_assert_uint_eq(batch.count, n);
	ck_assert_int_eq(run(NULL), 0);
	ck_assert_int_eq(bt_rtnl_index(&rtnl, "lo"), 1);
}
END_TEST

START_TEST(addresses_and_routes_are_put_where_they_belong_and_twice_is_once)
{
	struct in_addr four, net, gateway;
	struct in6_addr six;
	int addresses = count_all(RTM_GETADDR, AF_INET), routes;

	ck_assert_int_eq(inet_pton(AF_INET, "10.1.2.3", &four), 1);
	ck_assert_int_eq(inet_pton(AF_INET, "10.7.0.0", &net), 1);
	ck_assert_int_eq(inet_pton(AF_INET, "10.1.2.9", &gateway), 1);
	ck_assert_int_eq(inet_pton(AF_INET6, "fd00::3", &six), 1);
	for (int i = 0; i < 2; i++) {
		bt_rtnl_put_address(&batch, 1, AF_INET, &four, 24);
		bt_rtnl_put_address(&batch, 1, AF_INET6, &six, 64);
		ck_assert_int_eq(run(NULL), 0);
	}
	ck_assert_int_eq(count_all(RTM_GETADDR, AF_INET), addresses + 1);
	routes = count_all(RTM_GETROUTE, AF_INET);
	for (int i = 0; i < 2; i++) {
		bt_rtnl_put_route(&batch, 1, AF_INET, &net, 16, NULL);
		bt_rtnl_put_route(&batch, 1, AF_INET, NULL, 0, &gateway);
		ck_assert_int_eq(run(NULL), 0);
	}
	ck_assert_int_eq(count_all(RTM_GETROUTE, AF_INET), routes + 2);
}
END_TEST

START_TEST(a_route_by_a_gateway_that_nobody_can_reach_is_refused)
{
	struct in_addr gateway;
	unsigned at = 0;

	ck_assert_int_eq(inet_pton(AF_INET, "192.0.2.1", &gateway), 1);
	bt_rtnl_put_up(&batch, 1);
	bt_rtnl_put_route(&batch, 1, AF_INET, NULL, 0, &gateway);
	ck_assert_int_eq(run(&at), -ENETUNREACH);
	ck_assert_uint_eq(at, 1);
}
END_TEST

static int stop_at_second(const struct nlmsghdr *nlh, void *arg)
{
	(void)nlh;
	return ++*(int *)arg == 2 ? -ECANCELED : 0;
}

START_TEST(a_walk_ends_where_its_callback_says_so_and_the_socket_goes_on)
{
	int n = 0;

	for (int i = 0; i < 5; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "br%d", i);
		put_bridge(name);
	}
	ck_assert_int_eq(run(NULL), 0);
	ck_assert_int_eq(bt_rtnl_dump(&rtnl, RTM_GETLINK, AF_UNSPEC, stop_at_second, &n),
			 -ECANCELED);
	ck_assert_int_eq(n, 2);
	ck_assert_int_eq(count_all(RTM_GETLINK, AF_UNSPEC), 6);
	ck_assert_int_eq(bt_rtnl_index(&rtnl, "lo"), 1);
}
END_TEST

START_TEST(a_walk_sees_all_of_more_than_one_buffer)
{
	int made = 0, n = 0;

	for (int i = 0; i < 60; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "br%d", i);
		put_bridge(name);
		ck_assert_int_eq(run(NULL), 0);
		made++;
	}
	/* An interface's answer has more than a kibibyte. */
	ck_assert_int_eq(bt_rtnl_dump(&rtnl, RTM_GETLINK, AF_UNSPEC, count_one, &n), 0);
	ck_assert_int_eq(n, made + 1);
}
END_TEST

START_TEST(a_socket_stays_in_the_namespace_it_was_opened_in)
{
	put_bridge("br0");
	ck_assert_int_eq(run(NULL), 0);
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	ck_assert_int_gt(bt_rtnl_index(&rtnl, "br0"), 1);
	ck_assert(!look_at_link("br0").there);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, an_interface_is_found_by_its_name_made_and_removed);
	tcase_add_test(tests, a_name_that_no_interface_can_have_names_none);
	tcase_add_test(tests, of_a_batch_the_first_failure_is_told_and_what_was_before_it_stays);
	tcase_add_test(tests, a_batch_that_is_full_takes_no_more_and_what_is_in_it_is_done);
	tcase_add_test(tests, addresses_and_routes_are_put_where_they_belong_and_twice_is_once);
	tcase_add_test(tests, a_route_by_a_gateway_that_nobody_can_reach_is_refused);
	tcase_add_test(tests, a_walk_ends_where_its_callback_says_so_and_the_socket_goes_on);
	tcase_add_test(tests, a_walk_sees_all_of_more_than_one_buffer);
	tcase_add_test(tests, a_socket_stays_in_the_namespace_it_was_opened_in);
}

int main(void)
{
	return run_suite("rtnl", setup, teardown, add_tests);
}
