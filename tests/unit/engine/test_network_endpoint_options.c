/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_endpoint_options.h"

#include <arpa/inet.h>
#include <errno.h>

#include "common.h"

#define IFNAME  "com.docker.network.endpoint.ifname"
#define SYSCTLS "com.docker.network.endpoint.sysctls"

static char net_name[] = "mine";

static int check_on(enum bt_network_driver driver, bool v6, const char *want, struct bt_err *err)
{
	struct bt_network net = { .name = net_name, .driver = driver };
	json_t *json = parse(want);
	int r;

	net.v6.subnet.family = v6 ? AF_INET6 : 0;
	r = bt_network_endpoint_options_check(&net, json, err);
	json_decref(json);
	return r;
}

static void assert_good(const char *want)
{
	struct bt_err err = { 0 };

	ck_assert_msg(check_on(BT_NETWORK_DRIVER_BRIDGE, true, want, &err) == 0, "%s: %s", want,
		      err.msg);
}

static void assert_refused(const char *want, enum bt_err_kind kind, const char *message)
{
	struct bt_err err = { 0 };

	ck_assert_msg(check_on(BT_NETWORK_DRIVER_BRIDGE, false, want, &err) < 0, "%s was taken",
		      want);
	ck_assert_int_eq(err.kind, kind);
	ck_assert_str_eq(err.msg, message);
}

START_TEST(an_endpoint_that_asks_for_nothing_is_good_on_any_network)
{
	struct bt_network net = { .name = net_name, .driver = BT_NETWORK_DRIVER_NULL };
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_network_endpoint_options_check(&net, NULL, &err), 0);
	ck_assert_int_eq(check_on(BT_NETWORK_DRIVER_HOST, false, "{}", &err), 0);
	ck_assert_int_eq(check_on(BT_NETWORK_DRIVER_HOST, false, "{'DriverOpts':{}}", &err), 0);
	ck_assert(!bt_network_endpoint_options_any(NULL));
}
END_TEST

START_TEST(a_network_without_an_interface_takes_no_options)
{
	struct bt_err err = { 0 };

	ck_assert_int_lt(check_on(BT_NETWORK_DRIVER_HOST, false,
				  "{'DriverOpts':{'" IFNAME "':'eth7'}}", &err),
			 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_str_eq(err.msg, "network mine has no interface that options could be for");
}
END_TEST

START_TEST(an_interfaces_name_is_one_that_the_kernel_takes)
{
	static const char *const bad[] = { "",      "lo",  ".",
					   "..",    "a/b", "a b",
					   "eth%d", "a:1", "a-name-of-16-chr" };

	assert_good("{'DriverOpts':{'" IFNAME "':'eth7'}}");
	assert_good("{'DriverOpts':{'" IFNAME "':'a-name-of-15-ch'}}");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char want[128], message[160];

		snprintf(want, sizeof(want), "{'DriverOpts':{'" IFNAME "':'%s'}}", bad[i]);
		snprintf(message, sizeof(message),
			 "invalid value \"%s\" for " IFNAME ": not the name of an interface",
			 bad[i]);
		assert_refused(want, BT_ERR_INVALID, message);
	}
}
END_TEST

START_TEST(settings_are_of_the_interface_alone)
{
	static const char *const bad[] = {
		"net.ipv4.ip_forward=1",
		"net.core.IFNAME.x=1",
		"kernel.IFNAME.x=1",
		"net.ipv4.conf.IFNAME.x",
		"net.ipv4.conf.IFNAME=1",
		"net.ipv4.conf.x=.IFNAME.",
		"net.ipv4.conf/IFNAME.IFNAME.x=1",
		"net.ipv4..IFNAME.x=1",
		"net.ipv4.conf.IFNAME.x=1,net.ipv4.ip_forward=1",
		"net.ipv4.ip_forward=1,net.ipv4.conf.IFNAME.x=1",
		",net.ipv4.conf.IFNAME.x=1",
	};

	assert_good("{'DriverOpts':{'" SYSCTLS "':'net.ipv4.conf.IFNAME.log_martians=1'}}");
	assert_good("{'DriverOpts':{'" SYSCTLS
		    "':'net.ipv4.conf.IFNAME.a=1,net.ipv6.conf.IFNAME.b=x..y'}}");
	assert_good("{'DriverOpts':{'" SYSCTLS "':''}}");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bt_err err = { 0 };
		char want[256];

		snprintf(want, sizeof(want), "{'DriverOpts':{'" SYSCTLS "':'%s'}}", bad[i]);
		ck_assert_msg(check_on(BT_NETWORK_DRIVER_BRIDGE, true, want, &err) == -EINVAL,
			      "%s was taken", bad[i]);
	}
}
END_TEST

START_TEST(an_option_that_nobody_has_is_refused_by_its_name)
{
	assert_refused("{'DriverOpts':{'x':'1'}}", BT_ERR_NOT_IMPLEMENTED,
		       "endpoint option x is not supported");
}
END_TEST

START_TEST(link_local_addresses_are_link_local_and_of_a_family_that_is_there)
{
	assert_good("{'IPAMConfig':{'LinkLocalIPs':['169.254.1.1','fe80::1']}}");
	assert_refused("{'IPAMConfig':{'LinkLocalIPs':['10.0.0.1']}}", BT_ERR_INVALID,
		       "invalid link-local IP address: 10.0.0.1");
	assert_refused("{'IPAMConfig':{'LinkLocalIPs':['fd00::1']}}", BT_ERR_INVALID,
		       "invalid link-local IP address: fd00::1");
	assert_refused("{'IPAMConfig':{'LinkLocalIPs':['169.254.1.1/16']}}", BT_ERR_INVALID,
		       "invalid link-local IP address: 169.254.1.1/16");
	assert_refused("{'IPAMConfig':{'LinkLocalIPs':[7]}}", BT_ERR_INVALID,
		       "invalid link-local IP address: ");
	assert_refused("{'IPAMConfig':{'LinkLocalIPs':['fe80::1']}}", BT_ERR_INVALID,
		       "link-local IP address fe80::1: network mine has no IPv6");
}
END_TEST

START_TEST(more_link_local_addresses_than_there_is_room_for_are_refused)
{
	json_t *list = json_array(),
	       *want = json_pack("{s:{s:o}}", "IPAMConfig", "LinkLocalIPs", list);
	struct bt_network net = { .name = net_name, .driver = BT_NETWORK_DRIVER_BRIDGE };
	struct bt_err err = { 0 };

	for (int i = 0; i < BT_SANDBOX_LINK_LOCAL_MAX; i++)
		json_array_append_new(list, json_string("169.254.1.1"));
	ck_assert_int_eq(bt_network_endpoint_options_check(&net, want, &err), 0);
	json_array_append_new(list, json_string("169.254.1.1"));
	ck_assert_int_eq(bt_network_endpoint_options_check(&net, want, &err), -E2BIG);
	json_decref(want);
}
END_TEST

START_TEST(what_was_asked_for_reaches_the_port)
{
	json_t *want = parse("{'DriverOpts':{'" IFNAME "':'eth7','" SYSCTLS
			     "':'net.ipv4.conf.IFNAME.a=1'},"
			     "'IPAMConfig':{'LinkLocalIPs':['169.254.1.1','fe80::1']}}");
	struct bt_sandbox_port port = { 0 };

	ck_assert(bt_network_endpoint_options_any(want));
	ck_assert_str_eq(bt_network_endpoint_options_ifname(want), "eth7");
	bt_network_endpoint_options_apply(want, &port);
	ck_assert_str_eq(port.sysctls, "net.ipv4.conf.IFNAME.a=1");
	ck_assert_uint_eq(port.nlink_local, 2);
	ck_assert_int_eq(port.link_local[0].family, AF_INET);
	ck_assert_uint_eq(port.link_local[0].len, 16);
	ck_assert_int_eq(port.link_local[1].family, AF_INET6);
	ck_assert_uint_eq(port.link_local[1].len, 64);
	json_decref(want);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, an_endpoint_that_asks_for_nothing_is_good_on_any_network);
	tcase_add_test(tc, a_network_without_an_interface_takes_no_options);
	tcase_add_test(tc, an_interfaces_name_is_one_that_the_kernel_takes);
	tcase_add_test(tc, settings_are_of_the_interface_alone);
	tcase_add_test(tc, an_option_that_nobody_has_is_refused_by_its_name);
	tcase_add_test(tc, link_local_addresses_are_link_local_and_of_a_family_that_is_there);
	tcase_add_test(tc, more_link_local_addresses_than_there_is_room_for_are_refused);
	tcase_add_test(tc, what_was_asked_for_reaches_the_port);
}

int main(void)
{
	return run_tests("engine/network_endpoint_options", add);
}
