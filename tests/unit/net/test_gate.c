/* SPDX-License-Identifier: Apache-2.0 */

#include "net/gate.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>

#include "links.h"
#include "net/sysctl.h"

static struct bt_err err;

static struct bt_gate ensure(const char *key)
{
	struct bt_gate gate = { .near = 0 };

	ck_well(bt_gate_ensure(key, &gate, &err), &err);
	return gate;
}

static void teardown(void)
{
	bt_sysctl_done();
}

START_TEST(a_gate_has_two_ends_that_are_up_and_is_made_once)
{
	struct bt_gate gate = ensure("key"), again;
	char near[IFNAMSIZ];

	ck_assert_ptr_nonnull(if_indextoname((unsigned)gate.near, near));
	ck_assert_str_ne(near, gate.far);
	ck_assert_str_eq(look_at_link(near).kind, "veth");
	ck_assert(look_at_link(near).flags & IFF_UP);
	ck_assert(look_at_link(gate.far).flags & IFF_UP);
	ck_assert_int_eq(count_all(RTM_GETLINK, AF_UNSPEC), 3);
	again = ensure("key");
	ck_assert_int_eq(again.near, gate.near);
	ck_assert_int_eq(count_all(RTM_GETLINK, AF_UNSPEC), 3);
	ck_assert_int_eq(count_all(RTM_GETADDR, AF_INET), 2);
}
END_TEST

START_TEST(its_neighbour_is_link_local_and_away_from_where_clouds_have_their_services)
{
	static const char *const keys[] = { "",
					    "a",
					    "b",
					    "/var/lib/berth",
					    "/var/lib/berth2",
					    "a key that is longer than the name of an interface" };

	for (size_t i = 0; i < LENGTH(keys); i++) {
		struct bt_gate gate = ensure(keys[i]);
		uint32_t four = ntohl(gate.neighbour.s_addr);

		ck_assert_uint_eq(four >> 12, 0xa9fee); /* 169.254.224.0/20 */
		ck_assert_uint_eq(four & 3, 2);
		ck_assert(IN6_IS_ADDR_LINKLOCAL(&gate.neighbour6));
		ck_assert_uint_le(strlen(gate.far), IFNAMSIZ - 1);
		for (size_t other = 0; other < i; other++) {
			struct bt_gate before = ensure(keys[other]);

			ck_assert_str_ne(before.far, gate.far);
			ck_assert_uint_ne(before.neighbour.s_addr, gate.neighbour.s_addr);
		}
	}
}
END_TEST

START_TEST(what_is_sent_to_the_neighbour_comes_in_by_the_far_end)
{
	struct bt_gate gate = ensure("key");
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons(5000),
				  .sin_addr = gate.neighbour };
	struct sockaddr_ll ll = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_IP),
				  .sll_ifindex = (int)if_nametoindex(gate.far) };
	bt_auto_close int seen = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bt_auto_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct pollfd p = { .fd = seen, .events = POLLIN };
	uint8_t packet[64];

	ck_assert_int_eq(bind(seen, (struct sockaddr *)&ll, sizeof(ll)), 0);
	ck_assert_int_eq((int)sendto(fd, "x", 1, 0, (struct sockaddr *)&sa, sizeof(sa)), 1);
	ck_assert_int_eq(poll(&p, 1, 10000), 1);
	ck_assert_int_gt((int)recv(seen, packet, sizeof(packet), 0), 20);
	ck_assert_mem_eq(packet + 16, &gate.neighbour, 4);
}
END_TEST

START_TEST(its_settings_are_made_right_again_where_somebody_changed_them)
{
	struct bt_gate gate = ensure("key");
	char name[64];

	(void)snprintf(name, sizeof(name), "ipv4/conf/%s/rp_filter", gate.far);
	ck_assert(bt_sysctl_is("2", name));
	ck_assert_int_eq(bt_sysctl_set("1", "%s", name), 0);
	(void)ensure("key");
	ck_assert(bt_sysctl_is("2", name));
}
END_TEST

START_TEST(a_gate_is_removed_with_both_ends_and_others_stay)
{
	struct bt_gate one = ensure("one"), two = ensure("two");

	ck_well(bt_gate_remove("one", &err), &err);
	ck_assert(!look_at_link(one.far).there);
	ck_assert(look_at_link(two.far).there);
	ck_assert_int_eq(count_all(RTM_GETLINK, AF_UNSPEC), 3);
	/* One that is not there is fine. */
	ck_well(bt_gate_remove("one", &err), &err);
	ck_well(bt_gate_remove("never", &err), &err);
}
END_TEST

START_TEST(an_interface_of_that_name_that_is_somebody_elses_is_an_error_and_stays)
{
	struct bt_gate gate = ensure("key");
	char near[IFNAMSIZ];

	ck_assert_ptr_nonnull(if_indextoname((unsigned)gate.near, near));
	ck_well(bt_gate_remove("key", &err), &err);
	/* The far end alone: the pair cannot be made, nor found. */
	struct bt_rtnl rtnl = { 0 };
	struct bt_rtnl_batch batch = { 0 };
	struct nlmsghdr *nlh = bt_rtnl_add(&batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *info;

	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, gate.far);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(nlh, info);
	bt_rtnl_end(&batch, nlh);
	ck_assert_int_eq(bt_rtnl_open(&rtnl), 0);
	ck_assert_int_eq(bt_rtnl_run(&rtnl, &batch, NULL), 0);
	bt_rtnl_done(&rtnl);
	ck_assert_int_lt(bt_gate_ensure("key", &gate, &err), 0);
	check_err(&err, BT_ERR_SYSTEM, near);
	ck_well(bt_gate_remove("key", &err), &err);
	ck_assert_str_eq(look_at_link(gate.far).kind, "bridge");
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_gate_has_two_ends_that_are_up_and_is_made_once);
	tcase_add_test(tests,
		       its_neighbour_is_link_local_and_away_from_where_clouds_have_their_services);
	tcase_add_test(tests, what_is_sent_to_the_neighbour_comes_in_by_the_far_end);
	tcase_add_test(tests, its_settings_are_made_right_again_where_somebody_changed_them);
	tcase_add_test(tests, a_gate_is_removed_with_both_ends_and_others_stay);
	tcase_add_test(tests,
		       an_interface_of_that_name_that_is_somebody_elses_is_an_error_and_stays);
}

int main(void)
{
	return run_suite("gate", private_net, teardown, add_tests);
}
