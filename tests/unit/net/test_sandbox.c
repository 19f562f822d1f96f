/* SPDX-License-Identifier: Apache-2.0 */

#include "net/sandbox.h"

#include "base/auto.h"
#include "net/bridge.h"
#include "net/sysctl.h"
#include "private_net.h"

#define BRIDGE "bt-test0"

static struct bt_nsthread *thread;

static struct bt_sandbox_port port(unsigned host)
{
	struct bt_sandbox_port p = { .ifname = "eth0",
				     .bridge = BRIDGE,
				     .mac = { 2, 0x42, 10, 95, 0, (uint8_t)host },
				     .prefix_len = 24 };

	p.address.s_addr = htonl(0x0a5f0000 + host);
	p.gateway.s_addr = htonl(0x0a5f0001);
	return p;
}

static void set_up(void)
{
	struct bt_bridge_config cfg = { .name = BRIDGE, .prefix_len = 24 };
	struct bt_err err = { 0 };

	private_net();
	cfg.address.s_addr = htonl(0x0a5f0001);
	ck_assert_msg(bt_bridge_ensure(&cfg, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(bt_nsthread_start(&thread, &err), 0);
}

static void tear_down(void)
{
	bt_nsthread_stop(thread);
}

static int create(struct bt_sandbox_port *ports, unsigned n)
{
	struct bt_err err = { 0 };
	int fd = bt_sandbox_create(thread, NULL, ports, n, &err);

	ck_assert_msg(fd >= 0, "%s", err.msg);
	return fd;
}

START_TEST(two_sandboxes_reach_each_other_and_the_bridge)
{
	struct bt_sandbox_port a = port(2), b = port(3);
	bt_auto_close int na = create(&a, 1);
	bt_auto_close int nb = create(&b, 1);
	bt_auto_close int home = home_fd();
	bt_auto_close bt_unused int lb = listen_in(nb, 80);
	bt_auto_close bt_unused int lh = listen_in(home, 81);

	ck_assert_int_eq(reach_from(na, "10.95.0.3", 80), 0);
	ck_assert_int_eq(reach_from(na, "10.95.0.1", 81), 0);
	ck_assert_int_eq(reach_from(home, "10.95.0.3", 80), 0);
	ck_assert_int_eq(reach_from(na, "10.95.0.3", 82), -ECONNREFUSED);
}
END_TEST

START_TEST(isolated_ports_reach_the_bridge_but_not_each_other)
{
	struct bt_sandbox_port a = port(2), b = port(3);
	bt_auto_close int home = home_fd();

	a.isolated = b.isolated = true;
	bt_auto_close int na = create(&a, 1);
	bt_auto_close int nb = create(&b, 1);
	bt_auto_close bt_unused int lb = listen_in(nb, 80);
	bt_auto_close bt_unused int lh = listen_in(home, 81);

	ck_assert_int_lt(connect_from(na, "10.95.0.3", 80), 0);
	ck_assert_int_eq(reach_from(na, "10.95.0.1", 81), 0);
}
END_TEST

START_TEST(loopback_alone_is_up)
{
	bt_auto_close int n = create(NULL, 0);
	bt_auto_close bt_unused int l = listen_in(n, 80);

	ck_assert_int_eq(reach_from(n, "127.0.0.1", 80), 0);
}
END_TEST

static int count_links(const struct nlmsghdr *nlh, void *arg)
{
	(void)nlh;
	(*(int *)arg)++;
	return 0;
}

static int links(void)
{
	struct bt_rtnl rtnl = { 0 };
	int n = 0;

	ck_assert_int_eq(bt_rtnl_open(&rtnl), 0);
	ck_assert_int_eq(bt_rtnl_dump(&rtnl, RTM_GETLINK, AF_UNSPEC, count_links, &n), 0);
	bt_rtnl_done(&rtnl);
	return n;
}

/* The kernel removes interfaces behind the closing of the last descriptor, when it has time. */
static bool links_become(int n)
{
	while (links() > n)
		usleep(1000);
	return links() == n;
}

START_TEST(dropping_the_descriptor_removes_the_veth)
{
	struct bt_sandbox_port a = port(2);
	const int before = links();
	int n = create(&a, 1);

	ck_assert_int_eq(links(), before + 1);
	close(n);
	ck_assert(links_become(before));
}
END_TEST

START_TEST(a_failure_names_the_bridge_and_leaves_nothing)
{
	struct bt_sandbox_port a = port(2);
	struct bt_err err = { 0 };
	const int before = links();

	a.bridge = "bt-none";
	ck_assert_int_eq(bt_sandbox_create(thread, NULL, &a, 1, &err), -ENODEV);
	ck_assert_str_eq(err.msg, "connect a container to bridge bt-none: No such device");
	ck_assert(links_become(before));
}
END_TEST

START_TEST(an_interface_comes_and_goes_while_the_sandbox_lives)
{
	struct bt_sandbox_port a = port(2), b = port(3);
	struct bt_err err = { 0 };
	const int before = links();
	bt_auto_close int na = create(&a, 1);
	bt_auto_close int nb = create(NULL, 0);
	bt_auto_close bt_unused int lb = listen_in(nb, 80);

	ck_assert_int_eq(bt_sandbox_port_add(thread, nb, &b, &err), 0);
	ck_assert_int_eq(reach_from(na, "10.95.0.3", 80), 0);
	ck_assert_int_eq(bt_sandbox_port_remove(thread, nb, b.ifname, &err), 0);
	ck_assert_int_lt(connect_from(na, "10.95.0.3", 80), 0);
	ck_assert(links_become(before + 1));
}
END_TEST

START_TEST(an_address_that_is_refused_leaves_no_interface)
{
	struct bt_sandbox_port b = port(3);
	struct bt_err err = { 0 };
	const int before = links();
	bt_auto_close int nb = create(NULL, 0);

	b.gateway.s_addr = htonl(0x0a600001); /* not on the link */
	ck_assert_int_eq(bt_sandbox_port_add(thread, nb, &b, &err), -ENETUNREACH);
	ck_assert(links_become(before));
}
END_TEST

static int has_v6(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);

	if (ifa->ifa_index != 1)
		*(bool *)arg = true;
	return 0;
}

/* N05 */
START_TEST(without_ipv6_no_interface_has_an_ipv6_address)
{
	struct bt_sandbox_port a = port(2);
	bt_auto_close int n = create(&a, 1);
	bt_auto_close int home = home_fd();
	struct bt_rtnl rtnl = { 0 };
	bool found = false;

	enter(n);
	ck_assert_int_eq(bt_rtnl_open(&rtnl), 0);
	ck_assert_int_eq(bt_rtnl_dump(&rtnl, RTM_GETADDR, AF_INET6, has_v6, &found), 0);
	bt_rtnl_done(&rtnl);
	enter(home);
	ck_assert_int_eq(bt_rtnl_open(&rtnl), 0);
	ck_assert_int_eq(bt_rtnl_dump(&rtnl, RTM_GETADDR, AF_INET6, has_v6, &found), 0);
	bt_rtnl_done(&rtnl);
	ck_assert(!found);
}
END_TEST

START_TEST(a_sandbox_of_a_user_namespace_is_connected_all_the_same)
{
	const struct bt_id_map map = {
		.uids = { { 0, 100000, 10 } }, .gids = { { 0, 100000, 10 } }, .nuids = 1, .ngids = 1
	};
	const struct bt_sandbox_owner fresh = { .map = &map };
	struct bt_sandbox_port a = port(2), b = port(3);
	struct bt_err err = { 0 };
	bt_auto_close int na = bt_sandbox_create(thread, &fresh, &a, 1, &err);
	bt_auto_close int owner = -EBADF, other = -EBADF;

	ck_assert_msg(na >= 0, "%s", err.msg);
	ck_assert_int_eq(bt_userns_of(na, &owner), 0);
	ck_assert_int_ge(owner, 0);

	/* A second one of the same user namespace. */
	const struct bt_sandbox_owner joined = { .userns = owner };
	bt_auto_close int nb = bt_sandbox_create(thread, &joined, &b, 1, &err);
	bt_auto_close bt_unused int lb = listen_in(nb, 80);

	ck_assert_int_eq(bt_userns_of(nb, &other), 0);
	ck_assert(bt_userns_is_same(owner, other));
	ck_assert_int_eq(reach_from(na, "10.95.0.3", 80), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net/sandbox");
	TCase *tc = tcase_create("sandbox");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 20);
	tcase_add_test(tc, two_sandboxes_reach_each_other_and_the_bridge);
	tcase_add_test(tc, isolated_ports_reach_the_bridge_but_not_each_other);
	tcase_add_test(tc, loopback_alone_is_up);
	tcase_add_test(tc, dropping_the_descriptor_removes_the_veth);
	tcase_add_test(tc, a_failure_names_the_bridge_and_leaves_nothing);
	tcase_add_test(tc, an_interface_comes_and_goes_while_the_sandbox_lives);
	tcase_add_test(tc, an_address_that_is_refused_leaves_no_interface);
	tcase_add_test(tc, a_sandbox_of_a_user_namespace_is_connected_all_the_same);
	tcase_add_test(tc, without_ipv6_no_interface_has_an_ipv6_address);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
