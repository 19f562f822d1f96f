/* SPDX-License-Identifier: Apache-2.0 */

#include "net/firewall.h"

#include "base/auto.h"
#include "net/bridge.h"
#include "net/sandbox.h"
#include "private_net.h"

/* The host has two bridges of its own, and a "lan" with one other machine on it. */
static struct bt_nsthread *thread;
static struct bt_firewall *fw;
static int a, b, lan, home; /* containers on bridge 0 and 1; the other machine; the host */

static void bridge(unsigned n)
{
	char name[] = "bt-test0";
	struct bt_bridge_config cfg = { .name = name, .prefix_len = 24 };
	struct bt_err err = { 0 };

	name[7] = (char)('0' + n);
	cfg.address.s_addr = htonl(0x0a5f0001 + (n << 8));
	ck_assert_msg(bt_bridge_ensure(&cfg, &err) == 0, "%s", err.msg);
}

static int machine(unsigned n, unsigned host)
{
	char name[] = "bt-test0";
	struct bt_sandbox_port p = { .ifname = "eth0",
				     .bridge = name,
				     .mac = { 2, 0x42, 10, 95, (uint8_t)n, (uint8_t)host },
				     .prefix_len = 24 };
	struct bt_err err = { 0 };
	int fd;

	name[7] = (char)('0' + n);
	p.address.s_addr = htonl(0x0a5f0000 + (n << 8) + host);
	p.gateway.s_addr = htonl(0x0a5f0001 + (n << 8));
	fd = bt_sandbox_create(thread, &p, 1, &err);
	ck_assert_msg(fd >= 0, "%s", err.msg);
	return fd;
}

static void network(const char *name, bool icc, bool internal)
{
	struct bt_firewall_network net = {
		.bridge = name, .masquerade = true, .icc = icc, .internal = internal
	};
	struct bt_err err = { 0 };

	ck_assert_msg(bt_firewall_network_add(fw, &net, &err) == 0, "%s", err.msg);
}

static void set_up(void)
{
	struct bt_err err = { 0 };

	private_net();
	home = home_fd();
	for (unsigned i = 0; i < 3; i++)
		bridge(i);
	ck_assert_int_eq(bt_nsthread_start(&thread, &err), 0);
	a = machine(0, 2);
	b = machine(1, 2);
	lan = machine(2, 2);
	ck_assert_int_eq(bt_firewall_open("berth-test", &fw, &err), 0);
	network("bt-test0", true, false);
	ck_assert_msg(bt_firewall_load(fw, &err) == 0, "%s", err.msg);
	network("bt-test1", true, false);
}

static void tear_down(void)
{
	bt_firewall_close(fw);
	bt_nsthread_stop(thread);
}

START_TEST(a_container_reaches_the_outside_under_the_hosts_address)
{
	bt_auto_close int l = listen_in(lan, 80);
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	bt_auto_close int c = -EBADF;

	ck_assert_int_eq(connect_from(a, "10.95.2.2", 80), 0);
	c = accept(l, (struct sockaddr *)&from, &len);
	ck_assert_int_ge(c, 0);
	ck_assert_uint_eq(ntohl(from.sin_addr.s_addr), 0x0a5f0201);
}
END_TEST

START_TEST(no_container_reaches_another_bridge)
{
	bt_auto_close int l = listen_in(b, 80);

	ck_assert_int_eq(connect_from(a, "10.95.1.2", 80), -ETIMEDOUT);
	ck_assert_int_eq(connect_from(home, "10.95.1.2", 80), 0);
}
END_TEST

/* N01 */
START_TEST(a_neighbour_with_a_route_reaches_no_container)
{
	bt_auto_close int l = listen_in(a, 80);

	ck_assert_int_eq(connect_from(lan, "10.95.0.2", 80), -ETIMEDOUT);
}
END_TEST

START_TEST(nothing_leaves_or_enters_an_internal_network)
{
	bt_auto_close int l = listen_in(lan, 80);
	int a2 = machine(0, 3);
	bt_auto_close int l2 = listen_in(a2, 81);

	network("bt-test0", true, true);
	ck_assert_int_eq(connect_from(a, "10.95.2.2", 80), -ETIMEDOUT);
	ck_assert_int_eq(connect_from(a, "10.95.0.3", 81), 0);
	network("bt-test0", true, false);
	ck_assert_int_eq(connect_from(a, "10.95.2.2", 80), 0);
}
END_TEST

START_TEST(a_second_load_replaces_the_table_and_keeps_the_networks)
{
	bt_auto_close int l = listen_in(lan, 80);
	bt_auto_close int lb = listen_in(b, 80);
	struct bt_err err = { 0 };

	ck_assert_msg(bt_firewall_load(fw, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(connect_from(a, "10.95.2.2", 80), 0);
	ck_assert_int_eq(connect_from(a, "10.95.1.2", 80), -ETIMEDOUT);
}
END_TEST

/* As a daemon that was killed and started again. */
START_TEST(another_handle_takes_the_table_over)
{
	bt_auto_close int lb = listen_in(b, 80);
	struct bt_err err = { 0 };

	bt_firewall_close(fw);
	ck_assert_int_eq(connect_from(a, "10.95.1.2", 80), -ETIMEDOUT);
	ck_assert_int_eq(bt_firewall_open("berth-test", &fw, &err), 0);
	network("bt-test0", true, false);
	network("bt-test1", true, false);
	ck_assert_msg(bt_firewall_load(fw, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(connect_from(a, "10.95.1.2", 80), -ETIMEDOUT);
	ck_assert_int_eq(bt_firewall_remove(fw, &err), 0);
	ck_assert_int_eq(connect_from(a, "10.95.1.2", 80), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net/firewall");
	TCase *tc = tcase_create("firewall");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 20);
	tcase_add_test(tc, a_container_reaches_the_outside_under_the_hosts_address);
	tcase_add_test(tc, no_container_reaches_another_bridge);
	tcase_add_test(tc, a_neighbour_with_a_route_reaches_no_container);
	tcase_add_test(tc, nothing_leaves_or_enters_an_internal_network);
	tcase_add_test(tc, a_second_load_replaces_the_table_and_keeps_the_networks);
	tcase_add_test(tc, another_handle_takes_the_table_over);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
