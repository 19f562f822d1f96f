/* SPDX-License-Identifier: Apache-2.0 */

#include "net/firewall.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "base/auto.h"
#include "net/bridge.h"
#include "net/sandbox.h"
#include "net/sysctl.h"
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
	fd = bt_sandbox_create(thread, NULL, &p, 1, &err);
	ck_assert_msg(fd >= 0, "%s", err.msg);
	return fd;
}

static void network(const char *name, bool icc, bool internal)
{
	struct bt_firewall_network net = { .bridge = name,
					   .masquerade4 = true,
					   .masquerade6 = true,
					   .icc = icc,
					   .internal = internal };
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
	/* Only the engine's own bridges have this. */
	ck_assert_int_eq(bt_sysctl_set("0", "ipv4/conf/bt-test2/route_localnet"), 0);
	ck_assert_int_eq(bt_nsthread_start(&thread, &err), 0);
	a = machine(0, 2);
	b = machine(1, 2);
	lan = machine(2, 2);
	ck_assert_int_eq(bt_firewall_open("berth-test", true, &fw, &err), 0);
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
	bt_auto_close bt_unused int l = listen_in(lan, 80);
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	bt_auto_close int c = -EBADF;

	ck_assert_int_eq(reach_from(a, "10.95.2.2", 80), 0);
	c = accept(l, (struct sockaddr *)&from, &len);
	ck_assert_int_ge(c, 0);
	ck_assert_uint_eq(ntohl(from.sin_addr.s_addr), 0x0a5f0201);
}
END_TEST

START_TEST(no_container_reaches_another_bridge)
{
	bt_auto_close bt_unused int l = listen_in(b, 80);

	ck_assert_int_eq(connect_from(a, "10.95.1.2", 80), -ETIMEDOUT);
	ck_assert_int_eq(reach_from(home, "10.95.1.2", 80), 0);
}
END_TEST

/* N01 */
START_TEST(a_neighbour_with_a_route_reaches_no_container)
{
	bt_auto_close bt_unused int l = listen_in(a, 80);

	ck_assert_int_eq(connect_from(lan, "10.95.0.2", 80), -ETIMEDOUT);
}
END_TEST

START_TEST(nothing_leaves_or_enters_an_internal_network)
{
	bt_auto_close bt_unused int l = listen_in(lan, 80);
	int a2 = machine(0, 3);
	bt_auto_close bt_unused int l2 = listen_in(a2, 81);

	network("bt-test0", true, true);
	ck_assert_int_eq(connect_from(a, "10.95.2.2", 80), -ETIMEDOUT);
	ck_assert_int_eq(reach_from(a, "10.95.0.3", 81), 0);
	network("bt-test0", true, false);
	ck_assert_int_eq(reach_from(a, "10.95.2.2", 80), 0);
}
END_TEST

static struct bt_firewall_port tcp(const char *host, uint16_t first, uint16_t last,
				   const char *target, uint16_t target_first)
{
	struct bt_firewall_port p = {
		.proto = IPPROTO_TCP, .first = first, .last = last, .target_first = target_first
	};

	ck_assert_int_eq(bt_prefix_parse_address(host, &p.host), 0);
	ck_assert_int_eq(bt_prefix_parse_address(target, &p.target), 0);
	return p;
}

static void publish(const char *owner, const struct bt_firewall_port *ports, size_t n)
{
	struct bt_err err = { 0 };

	ck_assert_msg(bt_firewall_publish(fw, owner, ports, n, &err) == 0, "%s", err.msg);
}

START_TEST(a_published_port_is_reached_from_everywhere)
{
	struct bt_firewall_port p = tcp("0.0.0.0", 8080, 8080, "10.95.0.2", 80);
	bt_auto_close bt_unused int l = listen_in(a, 80);
	int a2 = machine(0, 3);
	struct bt_err err = { 0 };

	publish("a", &p, 1);
	ck_assert_int_eq(reach_from(lan, "10.95.2.1", 8080), 0);
	ck_assert_int_eq(reach_from(home, "10.95.2.1", 8080), 0);
	ck_assert_int_eq(reach_from(home, "127.0.0.1", 8080), 0);
	ck_assert_int_eq(reach_from(b, "10.95.1.1", 8080), 0);
	ck_assert_int_eq(reach_from(b, "10.95.2.1", 8080), 0);
	ck_assert_int_eq(reach_from(a2, "10.95.0.1", 8080), 0);
	ck_assert_int_eq(reach_from(a, "10.95.0.1", 8080), 0);
	/* N01: directly, also where the port is published. */
	ck_assert_int_eq(connect_from(lan, "10.95.0.2", 80), -ETIMEDOUT);
	ck_assert_int_eq(bt_firewall_unpublish(fw, "a", &err), 0);
	ck_assert_int_eq(reach_from(lan, "10.95.2.1", 8080), -ECONNREFUSED);
}
END_TEST

START_TEST(the_container_sees_the_clients_real_address)
{
	struct bt_firewall_port p = tcp("0.0.0.0", 8080, 8080, "10.95.0.2", 80);
	bt_auto_close bt_unused int l = listen_in(a, 80);
	struct sockaddr_in from;
	socklen_t len = sizeof(from);

	publish("a", &p, 1);
	ck_assert_int_eq(reach_from(lan, "10.95.2.1", 8080), 0);
	ck_assert_int_ge(accept(l, (struct sockaddr *)&from, &len), 0);
	ck_assert_uint_eq(ntohl(from.sin_addr.s_addr), 0x0a5f0202);
}
END_TEST

/* N01: a route to 127.0.0.0/8 by the host, as an attacker on the link would set. */
START_TEST(a_port_on_loopback_is_the_hosts_alone)
{
	struct bt_firewall_port p = tcp("127.0.0.1", 8080, 8080, "10.95.0.2", 80);
	bt_auto_close bt_unused int l = listen_in(a, 80);
	bt_auto_close bt_unused int lh = listen_in(home, 81);
	const char set[] =
		"sysctl -q net.ipv4.conf.all.route_localnet=1;"
		"ip route add 127.0.0.0/8 via $(ip -4 route show default | cut -d' ' -f3) dev eth0 table 7;"
		"ip rule add to 127.0.0.0/8 pref 0 table 7;"
		"ip rule del pref 0 table local; ip rule add pref 1 table local";
	const int netns[] = { a, b, lan };

	publish("a", &p, 1);
	ck_assert_int_eq(reach_from(home, "127.0.0.1", 8080), 0);
	ck_assert_int_eq(reach_from(lan, "10.95.2.1", 8080), -ECONNREFUSED);
	for (int i = 0; i < 3; i++) {
		enter(netns[i]);
		ck_assert_int_eq(system(set), 0);
		enter(home);
		ck_assert_int_lt(connect_from(netns[i], "127.0.0.1", 8080), 0);
		ck_assert_int_lt(connect_from(netns[i], "127.0.0.1", 81), 0);
	}
}
END_TEST

START_TEST(a_range_is_published_with_one_element_or_shifted)
{
	struct bt_firewall_port p[] = { tcp("0.0.0.0", 9000, 9010, "10.95.0.2", 9000),
					tcp("10.95.2.1", 7000, 7003, "10.95.0.2", 6000) };
	bt_auto_close bt_unused int l1 = listen_in(a, 9007);
	bt_auto_close bt_unused int l2 = listen_in(a, 6002);

	publish("a", p, 2);
	ck_assert_int_eq(reach_from(lan, "10.95.2.1", 9007), 0);
	ck_assert_int_eq(reach_from(lan, "10.95.2.1", 7002), 0);
	ck_assert_int_eq(reach_from(home, "10.95.0.1", 7002), -ECONNREFUSED);
	ck_assert_int_eq(reach_from(lan, "10.95.2.1", 9011), -ECONNREFUSED);
}
END_TEST

START_TEST(a_port_is_published_by_one_owner)
{
	struct bt_firewall_port p = tcp("0.0.0.0", 8080, 8080, "10.95.0.2", 80);
	struct bt_firewall_port q = tcp("0.0.0.0", 8080, 8080, "10.95.1.2", 80);
	struct bt_err err = { 0 };

	publish("a", &p, 1);
	ck_assert_int_eq(bt_firewall_publish(fw, "b", &q, 1, &err), -EEXIST);
	ck_assert_int_eq(bt_firewall_unpublish(fw, "b", &err), 0);
}
END_TEST

START_TEST(an_internal_network_reaches_no_published_port)
{
	struct bt_firewall_port p = tcp("0.0.0.0", 8080, 8080, "10.95.0.2", 80);
	bt_auto_close bt_unused int l = listen_in(a, 80);

	publish("a", &p, 1);
	network("bt-test1", true, true);
	ck_assert_int_eq(connect_from(b, "10.95.1.1", 8080), -ETIMEDOUT);
}
END_TEST

START_TEST(a_thousand_ports_are_published_at_once)
{
	static struct bt_firewall_port p[1000];
	bt_auto_close bt_unused int l = listen_in(a, 80);

	for (uint16_t i = 0; i < 1000; i++)
		p[i] = tcp("0.0.0.0", (uint16_t)(20000 + i), (uint16_t)(20000 + i), "10.95.0.2",
			   80);
	publish("a", p, 1000);
	ck_assert_int_eq(reach_from(lan, "10.95.2.1", 20000), 0);
	ck_assert_int_eq(reach_from(lan, "10.95.2.1", 20999), 0);
	ck_assert_int_lt(reach_from(lan, "10.95.2.1", 21000), 0);
}
END_TEST

static void shell(const char *command)
{
	ck_assert_msg(system(command) == 0, "%s", command);
}

START_TEST(judged_ports_in_a_row_are_one_range_wherever_they_lead_and_no_others_are_in_it)
{
	struct bt_firewall_port p[] = { tcp("0.0.0.0", 20000, 20000, "10.95.0.2", 80),
					tcp("0.0.0.0", 20001, 20001, "10.95.0.2", 81),
					tcp("0.0.0.0", 20002, 20002, "10.95.1.2", 80),
					tcp("0.0.0.0", 20003, 20003, "10.95.0.2", 80),
					tcp("0.0.0.0", 20005, 20005, "10.95.0.2", 80) };
	bt_auto_close bt_unused int l = listen_in(a, 80), lb = listen_in(b, 80);

	for (size_t i = 0; i < 5; i++)
		p[i].judged = i != 3;
	publish("a", p, 5);
	shell("nft list set inet berth-test judged4_any | grep -q 20000-20002");
	shell("nft list set inet berth-test judged4_any | grep -qw 20005");
	shell("test -z \"$(nft list set inet berth-test judged4_any | grep -w 20003)\"");
	shell("nft 'add table inet host; add chain inet host in { type filter hook input priority "
	      "0; }; add rule inet host in tcp dport { 20000, 20003 } drop'");
	ck_assert_int_eq(connect_from(lan, "10.95.2.1", 20000), -ETIMEDOUT);
	ck_assert_int_eq(reach_from(lan, "10.95.2.1", 20002), 0);
	ck_assert_int_eq(reach_from(lan, "10.95.2.1", 20003), 0);
	/* Less of them: the range of before is gone. */
	publish("a", p + 1, 1);
	shell("nft list set inet berth-test judged4_any | grep -qw 20001");
	shell("test -z \"$(nft list set inet berth-test judged4_any | grep 20000)\"");
}
END_TEST

START_TEST(a_second_load_replaces_the_table_and_keeps_the_networks)
{
	bt_auto_close bt_unused int l = listen_in(lan, 80);
	bt_auto_close bt_unused int lb = listen_in(b, 80);
	struct bt_firewall_port p = tcp("0.0.0.0", 8080, 8080, "10.95.1.2", 80);
	struct bt_err err = { 0 };

	publish("b", &p, 1);
	ck_assert_msg(bt_firewall_load(fw, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(reach_from(lan, "10.95.2.1", 8080), 0);
	ck_assert_int_eq(reach_from(a, "10.95.2.2", 80), 0);
	ck_assert_int_eq(connect_from(a, "10.95.1.2", 80), -ETIMEDOUT);
}
END_TEST

/* As a daemon that was killed and started again. */
START_TEST(another_handle_takes_the_table_over)
{
	bt_auto_close bt_unused int lb = listen_in(b, 80);
	struct bt_err err = { 0 };

	bt_firewall_close(fw);
	ck_assert_int_eq(connect_from(a, "10.95.1.2", 80), -ETIMEDOUT);
	ck_assert_int_eq(bt_firewall_open("berth-test", true, &fw, &err), 0);
	network("bt-test0", true, false);
	network("bt-test1", true, false);
	ck_assert_msg(bt_firewall_load(fw, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(connect_from(a, "10.95.1.2", 80), -ETIMEDOUT);
	ck_assert_int_eq(bt_firewall_remove(fw, &err), 0);
	ck_assert_int_eq(reach_from(a, "10.95.1.2", 80), 0);
}
END_TEST

static bool becomes_closed(void)
{
	for (int i = 0; i < 50; i++) {
		if (connect_from(a, "10.95.1.2", 80) == -ETIMEDOUT)
			return true;
		usleep(20000);
	}
	return false;
}

/* To close one would wait until the kernel has put away the rules that the load replaced. */
START_TEST(a_load_looks_at_chains_of_others_without_a_socket_more)
{
	struct rlimit all, none;
	struct bt_err err = { 0 };
	int r;

	ck_assert_int_eq(system("nft add table ip filter && nft 'add chain ip filter FORWARD "
				"{ type filter hook forward priority 0; policy drop; }'"),
			 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
	none = all;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (int i = 0; i < 2; i++) {
		r = bt_firewall_load(fw, &err);
		if (r < 0)
			break;
	}
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &all), 0);
	ck_assert_msg(r == 0, "%s", err.msg);
	ck_assert_int_eq(system("test $(nft list chain ip filter FORWARD | grep -c accept) = 1"),
			 0);
}
END_TEST

/* N02, on kernels that know owners of tables. */
/* firewalld's chain refuses at its end what belongs to none of its zones. */
START_TEST(what_our_rules_let_pass_passes_the_chain_of_firewalld_too)
{
	bt_auto_close bt_unused int l = listen_in(a, 80);
	bt_auto_close bt_unused int out = listen_in(lan, 80);
	struct bt_firewall_port p = tcp("0.0.0.0", 8080, 8080, "10.95.0.2", 80);
	struct bt_err err = { 0 };

	publish("a", &p, 1);
	shell("nft 'table inet firewalld { chain filter_FORWARD { type filter hook forward "
	      "priority 10; reject with icmpx admin-prohibited; }; }'");
	ck_assert_msg(bt_firewall_load(fw, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(reach_from(lan, "10.95.2.1", 8080), 0);
	ck_assert_int_eq(reach_from(a, "10.95.2.2", 80), 0);
	/* What ours do not let pass is still refused by whoever comes first. */
	ck_assert_int_ne(connect_from(lan, "10.95.0.2", 80), 0);
	ck_assert_int_eq(bt_firewall_remove(fw, &err), 0);
	shell("test -z \"$(nft list chain inet firewalld filter_FORWARD | grep berth)\"");
	shell("nft list chain inet firewalld filter_FORWARD | grep -q reject");
}
END_TEST

/* Newer versions of firewalld own their table. */
START_TEST(a_chain_that_its_owner_keeps_from_changes_is_no_error)
{
	FILE *owner = popen("nft -i >/dev/null", "w");
	struct bt_err err = { 0 };

	ck_assert_ptr_nonnull(owner);
	(void)fputs("add table inet firewalld { flags owner; }\n"
		    "add chain inet firewalld filter_FORWARD { type filter hook forward priority "
		    "10; }\n",
		    owner);
	(void)fflush(owner);
	while (system("nft list chain inet firewalld filter_FORWARD >/dev/null 2>&1") != 0)
		(void)usleep(10000);
	ck_assert_msg(bt_firewall_load(fw, &err) == 0, "%s", err.msg);
	shell("test -z \"$(nft list chain inet firewalld filter_FORWARD | grep berth)\"");
	(void)pclose(owner);
}
END_TEST

START_TEST(a_flush_of_all_rules_passes_by_an_owned_table)
{
	bt_auto_close bt_unused int lb = listen_in(b, 80);
	struct utsname u;

	ck_assert_int_eq(uname(&u), 0);
	if (strverscmp(u.release, "6.9") < 0)
		return;
	ck_assert_int_eq(system("nft flush ruleset"), 0);
	ck_assert_int_eq(connect_from(a, "10.95.1.2", 80), -ETIMEDOUT);
}
END_TEST

/* N02, on others. */
START_TEST(after_a_flush_of_all_rules_a_table_is_back_at_once)
{
	bt_auto_close bt_unused int lb = listen_in(b, 80);
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_firewall_remove(fw, &err), 0);
	bt_firewall_close(fw);
	ck_assert_int_eq(bt_firewall_open("berth-test", false, &fw, &err), 0);
	network("bt-test0", true, false);
	network("bt-test1", true, false);
	ck_assert_msg(bt_firewall_load(fw, &err) == 0, "%s", err.msg);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(system("nft flush ruleset"), 0);
		ck_assert(becomes_closed());
	}
	ck_assert_int_eq(system("nft list table inet berth-test >/dev/null"), 0);
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
	tcase_add_test(tc, a_published_port_is_reached_from_everywhere);
	tcase_add_test(tc, the_container_sees_the_clients_real_address);
	tcase_add_test(tc, a_port_on_loopback_is_the_hosts_alone);
	tcase_add_test(tc, a_range_is_published_with_one_element_or_shifted);
	tcase_add_test(tc, a_port_is_published_by_one_owner);
	tcase_add_test(tc, an_internal_network_reaches_no_published_port);
	tcase_add_test(tc, a_thousand_ports_are_published_at_once);
	tcase_add_test(
		tc, judged_ports_in_a_row_are_one_range_wherever_they_lead_and_no_others_are_in_it);
	tcase_add_test(tc, a_second_load_replaces_the_table_and_keeps_the_networks);
	tcase_add_test(tc, another_handle_takes_the_table_over);
	tcase_add_test(tc, a_load_looks_at_chains_of_others_without_a_socket_more);
	tcase_add_test(tc, what_our_rules_let_pass_passes_the_chain_of_firewalld_too);
	tcase_add_test(tc, a_chain_that_its_owner_keeps_from_changes_is_no_error);
	tcase_add_test(tc, a_flush_of_all_rules_passes_by_an_owned_table);
	tcase_add_test(tc, after_a_flush_of_all_rules_a_table_is_back_at_once);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
