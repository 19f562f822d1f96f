/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_lease.h"

#include <arpa/inet.h>
#include <linux/if_link.h>

#include "../suite.h"
#include "base/auto.h"
#include "common.h"
#include "engine/mac.h"

static struct bt_err err;
static struct bt_network net;

/* The network "n", 10.95.0.0/24 and fd00::/64, whose first two addresses are given out. */
static void setup(void)
{
	net = (struct bt_network){ .driver = BT_NETWORK_DRIVER_BRIDGE,
				   .icc = true,
				   .bridge = "bt-n",
				   .iface_prefix = "eth",
				   .mtu = 1400,
				   .v4.ipam = { .first = 2, .last = 254 },
				   .v6.ipam = { .first = 2, .last = UINT64_MAX } };
	net.name = strdup("n");
	(void)strcpy(net.id, "1234");
	ck_assert_int_eq(bt_prefix_parse("10.95.0.0/24", &net.v4.subnet), 0);
	ck_assert_int_eq(bt_prefix_parse("10.95.0.1/24", &net.v4.gateway), 0);
	ck_assert_int_eq(bt_prefix_parse("fd00::/64", &net.v6.subnet), 0);
	ck_assert_int_eq(bt_prefix_parse("fd00::1/64", &net.v6.gateway), 0);
	ck_assert_int_eq(bt_ipam_take(&net.v4.ipam, 1), 0);
	ck_assert_int_eq(bt_ipam_take(&net.v6.ipam, 1), 0);
}

static void teardown(void)
{
	bt_ipam_done(&net.v4.ipam);
	bt_ipam_done(&net.v6.ipam);
	free(net.name);
}

/* `want`: EndpointSettings with single quotes, NULL: none. */
static int take(const char *want, struct bt_network_lease *ret)
{
	json_auto_t *json = want ? parse(want) : NULL;

	err = (struct bt_err){ 0 };
	return bt_network_lease_take(&net, json, ret, &err);
}

static void check_mac(const struct bt_network_lease *lease, const char *text)
{
	char got[BT_MAC_TEXT_LEN];

	bt_mac_format(lease->mac, got);
	ck_assert_str_eq(got, text);
}

/* Nobody has an address that was not given out before. */
static void check_nothing_taken(const char *why)
{
	ck_assert_msg(net.leases == 0, "%s: %u leases", why, net.leases);
	ck_assert_msg(bt_ipam_take(&net.v4.ipam, 9) == 0, "%s: 10.95.0.9 is taken", why);
	ck_assert_msg(bt_ipam_take(&net.v6.ipam, 9) == 0, "%s: fd00::9 is taken", why);
	bt_ipam_give(&net.v4.ipam, 9, 0);
	bt_ipam_give(&net.v6.ipam, 9, 0);
}

START_TEST(who_asks_for_nothing_gets_the_lowest_addresses_and_a_mac_that_follows_from_them)
{
	struct bt_network_lease a, b;

	ck_well(take(NULL, &a), &err);
	ck_well(take("{}", &b), &err);
	ck_assert_uint_eq(a.index4, 2);
	ck_assert_uint_eq(a.index6, 2);
	ck_assert_uint_eq(b.index4, 3);
	ck_assert_ptr_eq(a.network, &net);
	ck_assert_str_eq(a.ifname, "");
	check_mac(&a, "02:42:0a:5f:00:02");
	check_mac(&b, "02:42:0a:5f:00:03");
	ck_assert_uint_eq(net.leases, 2);
}
END_TEST

START_TEST(who_asks_for_addresses_gets_these)
{
	struct bt_network_lease lease;

	ck_well(take("{'MacAddress':'02-42-00-00-00-AA','IPAMConfig':"
		     "{'IPv4Address':'10.95.0.77','IPv6Address':'fd00::ff'}}",
		     &lease),
		&err);
	ck_assert_uint_eq(lease.index4, 77);
	ck_assert_uint_eq(lease.index6, 255);
	check_mac(&lease, "02:42:00:00:00:aa");
	/* Beside those that are given out by themselves is fine, too. */
	net.v4.ipam.last = 100;
	ck_well(take("{'IPAMConfig':{'IPv4Address':'10.95.0.200'}}", &lease), &err);
	ck_assert_uint_eq(lease.index4, 200);
}
END_TEST

START_TEST(what_cannot_be_had_is_refused_in_dockers_words_and_takes_nothing)
{
	static const struct {
		const char *want, *words;
		enum bt_err_kind kind;
	} cases[] = {
		{ "{'IPAMConfig':{'IPv4Address':'10.95.0.1'}}", "Address already in use",
		  BT_ERR_FORBIDDEN },
		{ "{'IPAMConfig':{'IPv4Address':'10.95.0.0'}}", "Address already in use",
		  BT_ERR_FORBIDDEN },
		{ "{'IPAMConfig':{'IPv4Address':'10.95.0.255'}}", "Address already in use",
		  BT_ERR_FORBIDDEN },
		{ "{'IPAMConfig':{'IPv6Address':'fd00::'}}", "Address already in use",
		  BT_ERR_FORBIDDEN },
		{ "{'IPAMConfig':{'IPv4Address':'10.96.0.9'}}",
		  "no configured subnet or ip-range contain the IP address 10.96.0.9",
		  BT_ERR_INVALID },
		{ "{'IPAMConfig':{'IPv4Address':'nobody'}}", "invalid IPv4 address: nobody",
		  BT_ERR_INVALID },
		{ "{'IPAMConfig':{'IPv4Address':'10.95.0.9/24'}}",
		  "invalid IPv4 address: 10.95.0.9/24", BT_ERR_INVALID },
		{ "{'IPAMConfig':{'IPv4Address':'fd00::9'}}", "invalid IPv4 address: fd00::9",
		  BT_ERR_INVALID },
		/* The first family's address is given back where the second's cannot be had. */
		{ "{'IPAMConfig':{'IPv4Address':'10.95.0.9','IPv6Address':'10.95.0.9'}}",
		  "invalid IPv6 address: 10.95.0.9", BT_ERR_INVALID },
		{ "{'IPAMConfig':{'IPv4Address':'10.95.0.9','IPv6Address':'fd00::1'}}",
		  "Address already in use", BT_ERR_FORBIDDEN },
		{ "{'IPAMConfig':{'IPv4Address':'10.95.0.9','IPv6Address':'fd00::9'},"
		  "'MacAddress':'01:00:5e:00:00:01'}",
		  "invalid MAC address: 01:00:5e:00:00:01", BT_ERR_INVALID },
		{ "{'IPAMConfig':{'IPv4Address':'10.95.0.9','IPv6Address':'fd00::9'},"
		  "'MacAddress':'00:00:00:00:00:00'}",
		  "invalid MAC address", BT_ERR_INVALID },
		{ "{'IPAMConfig':{'IPv4Address':'10.95.0.9'},'MacAddress':'-2:42:00:00:00:01'}",
		  "invalid MAC address", BT_ERR_INVALID },
		{ "{'DriverOpts':{'x':'y'}}", "endpoint option x is not supported",
		  BT_ERR_NOT_IMPLEMENTED },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct bt_network_lease lease = { .index4 = 42 };

		ck_assert_msg(take(cases[i].want, &lease) < 0, "%s", cases[i].want);
		check_err(&err, cases[i].kind, cases[i].words);
		ck_assert_uint_eq(lease.index4, 42);
		check_nothing_taken(cases[i].want);
	}
}
END_TEST

START_TEST(the_default_bridge_has_neither_addresses_to_choose_nor_names)
{
	struct bt_network_lease lease;

	net.is_default = true;
	ck_assert_int_lt(take("{'IPAMConfig':{'IPv4Address':'10.95.0.9'}}", &lease), 0);
	check_err(&err, BT_ERR_INVALID, "supported on user defined networks only");
	ck_assert_int_lt(take("{'Aliases':['web']}", &lease), 0);
	check_err(&err, BT_ERR_INVALID, "network-scoped aliases are only supported");
	check_nothing_taken("the default bridge");
	ck_well(take("{'Aliases':[],'MacAddress':'02:42:00:00:00:01'}", &lease), &err);
	check_mac(&lease, "02:42:00:00:00:01");
}
END_TEST

START_TEST(a_template_is_joined_by_nobody)
{
	struct bt_network_lease lease;

	net.config_only = true;
	ck_assert_int_lt(take(NULL, &lease), 0);
	check_err(&err, BT_ERR_FORBIDDEN, "n is a configuration only network");
	check_nothing_taken("a template");
}
END_TEST

START_TEST(a_network_whose_addresses_are_all_given_out_says_which_family_it_lacks)
{
	struct bt_network_lease lease;

	net.v4.ipam.last = 2;
	ck_well(take(NULL, &lease), &err);
	ck_assert_int_eq(take(NULL, &lease), -EADDRNOTAVAIL);
	check_err(&err, BT_ERR_CONFLICT,
		  "no available IPv4 addresses on this network's address pools: n (1234)");
	net.v4.ipam.last = 254;
	net.v6.ipam.last = 2;
	ck_assert_int_eq(take(NULL, &lease), -EADDRNOTAVAIL);
	check_err(&err, BT_ERR_CONFLICT, "no available IPv6 addresses");
	/* That of the other family was given back. */
	ck_assert_uint_eq(net.leases, 1);
	ck_assert_int_eq(bt_ipam_take(&net.v4.ipam, 3), 0);
}
END_TEST

START_TEST(a_network_of_one_family_gives_no_address_of_the_other)
{
	struct bt_network_lease lease;

	net.v6.subnet = (struct bt_prefix){ 0 };
	ck_well(take(NULL, &lease), &err);
	ck_assert_uint_eq(lease.index6, BT_PREFIX_NO_INDEX);
	ck_assert_int_lt(take("{'IPAMConfig':{'IPv6Address':'fd00::9'}}", &lease), 0);
	check_err(&err, BT_ERR_INVALID, "no configured subnet or ip-range contain");
}
END_TEST

START_TEST(without_an_address_of_ipv4_the_mac_is_anybodys_but_one_of_ours)
{
	struct bt_network_lease a, b;

	net.v4.subnet = (struct bt_prefix){ 0 };
	ck_well(take(NULL, &a), &err);
	ck_well(take(NULL, &b), &err);
	ck_assert_uint_eq(a.index4, BT_PREFIX_NO_INDEX);
	ck_assert_uint_eq(a.mac[0], 0x02);
	ck_assert_uint_eq(a.mac[1], 0x42);
	ck_assert(memcmp(a.mac, b.mac, sizeof(a.mac)) != 0);
}
END_TEST

START_TEST(the_hosts_network_gives_no_addresses_and_counts_who_is_on_it)
{
	struct bt_network_lease lease;

	net.driver = BT_NETWORK_DRIVER_HOST;
	ck_well(take(NULL, &lease), &err);
	ck_assert_uint_eq(lease.index4, BT_PREFIX_NO_INDEX);
	ck_assert_uint_eq(lease.index6, BT_PREFIX_NO_INDEX);
	ck_assert_uint_eq(net.leases, 1);
	bt_network_lease_give(&lease);
	ck_assert_uint_eq(net.leases, 0);
}
END_TEST

START_TEST(what_is_given_back_is_given_back_once_and_is_to_be_had_by_name_at_once)
{
	struct bt_network_lease lease, again;

	ck_well(take(NULL, &lease), &err);
	bt_network_lease_give(&lease);
	ck_assert_ptr_null(lease.network);
	bt_network_lease_give(&lease);
	ck_assert_uint_eq(net.leases, 0);
	/* It rests where nobody names it. */
	ck_well(take(NULL, &again), &err);
	ck_assert_uint_eq(again.index4, 3);
	ck_well(take("{'IPAMConfig':{'IPv4Address':'10.95.0.2'}}", &again), &err);
	ck_assert_uint_eq(again.index4, 2);
}
END_TEST

static bool is_one_of(const char *name, const void *arg)
{
	for (const char *const *one = arg; *one; one++)
		if (strcmp(*one, name) == 0)
			return true;
	return false;
}

START_TEST(an_interface_is_called_by_the_lowest_number_that_is_free)
{
	static const char *const none[] = { NULL }, *const some[] = { "eth0", "eth2", NULL };
	struct bt_network_lease lease = { .network = &net };

	ck_well(bt_network_lease_name(&lease, NULL, is_one_of, none, &err), &err);
	ck_assert_str_eq(lease.ifname, "eth0");
	ck_well(bt_network_lease_name(&lease, NULL, is_one_of, some, &err), &err);
	ck_assert_str_eq(lease.ifname, "eth1");
}
END_TEST

START_TEST(a_name_of_the_users_is_taken_where_no_other_interface_has_it)
{
	static const char *const taken[] = { "wan", NULL };
	json_auto_t *want = parse("{'DriverOpts':{'com.docker.network.endpoint.ifname':'lan'}}");
	json_auto_t *other = parse("{'DriverOpts':{'com.docker.network.endpoint.ifname':'wan'}}");
	struct bt_network_lease lease = { .network = &net };

	ck_well(bt_network_lease_name(&lease, want, is_one_of, taken, &err), &err);
	ck_assert_str_eq(lease.ifname, "lan");
	ck_assert_int_eq(bt_network_lease_name(&lease, other, is_one_of, taken, &err), -EEXIST);
	check_err(&err, BT_ERR_CONFLICT, "interface name wan is used twice in one container");
}
END_TEST

static bool is_below_ten(const char *name, const void *arg)
{
	(void)arg;
	return strlen(name) < IFNAMSIZ - 1 || name[IFNAMSIZ - 2] != '9';
}

START_TEST(a_number_that_does_not_fit_the_prefix_is_an_error_and_not_a_name_cut_off)
{
	static const char *const none[] = { NULL };
	struct bt_network_lease lease = { .network = &net };

	(void)strcpy(net.iface_prefix, "fourteen-bytes");
	ck_well(bt_network_lease_name(&lease, NULL, is_below_ten, NULL, &err), &err);
	ck_assert_str_eq(lease.ifname, "fourteen-bytes9");
	(void)strcpy(net.iface_prefix, "fifteen-letters");
	ck_assert_int_eq(bt_network_lease_name(&lease, NULL, is_one_of, none, &err), -ENAMETOOLONG);
	check_err(&err, BT_ERR_INVALID, "no name is left for an interface fifteen-letters");
}
END_TEST

/* The port of a lease that asked for nothing. */
static struct bt_sandbox_port port_of(const struct bt_network_lease *lease, bool gateway)
{
	struct bt_sandbox_port port;

	bt_network_lease_port(lease, NULL, gateway, &port);
	return port;
}

START_TEST(the_interface_has_addresses_and_where_it_is_the_gateways_the_routes)
{
	struct bt_network_lease lease;
	struct bt_sandbox_port port;
	char text[INET6_ADDRSTRLEN];

	ck_well(take(NULL, &lease), &err);
	(void)strcpy(lease.ifname, "eth7");
	port = port_of(&lease, true);
	ck_assert_str_eq(port.ifname, "eth7");
	ck_assert_str_eq(port.bridge, "bt-n");
	ck_assert_int_eq(port.kind, BT_SANDBOX_BRIDGE);
	ck_assert_uint_eq(port.mtu, 1400);
	ck_assert(!port.isolated);
	ck_assert_int_eq(memcmp(port.mac, lease.mac, sizeof(port.mac)), 0);
	ck_assert_uint_eq(ntohl(port.address.s_addr), 0x0a5f0002);
	ck_assert_uint_eq(port.prefix_len, 24);
	ck_assert_uint_eq(ntohl(port.gateway.s_addr), 0x0a5f0001);
	ck_assert_str_eq(inet_ntop(AF_INET6, &port.address6, text, sizeof(text)), "fd00::2");
	ck_assert_uint_eq(port.prefix6_len, 64);
	ck_assert_str_eq(inet_ntop(AF_INET6, &port.gateway6, text, sizeof(text)), "fd00::1");
	port = port_of(&lease, false);
	ck_assert_uint_eq(port.gateway.s_addr, 0);
	ck_assert(IN6_IS_ADDR_UNSPECIFIED(&port.gateway6));
}
END_TEST

START_TEST(an_internal_network_leads_nowhere)
{
	struct bt_network_lease lease;
	struct bt_sandbox_port port;

	net.internal = true;
	ck_well(take(NULL, &lease), &err);
	port = port_of(&lease, true);
	ck_assert_uint_eq(port.gateway.s_addr, 0);
	ck_assert(IN6_IS_ADDR_UNSPECIFIED(&port.gateway6));
	ck_assert_uint_ne(port.address.s_addr, 0);
}
END_TEST

START_TEST(a_router_of_the_users_takes_the_place_of_the_bridge)
{
	struct bt_network_lease lease;

	ck_assert_int_eq(bt_prefix_parse_address("10.95.0.9", &net.v4.router), 0);
	ck_well(take(NULL, &lease), &err);
	ck_assert_uint_eq(ntohl(port_of(&lease, true).gateway.s_addr), 0x0a5f0009);
	net.v4.router = net.v4.gateway = (struct bt_prefix){ 0 };
	ck_assert_uint_eq(port_of(&lease, true).gateway.s_addr, 0);
}
END_TEST

START_TEST(neighbours_are_out_of_reach_where_the_network_says_so)
{
	struct bt_network_lease lease;

	net.icc = false;
	ck_well(take(NULL, &lease), &err);
	ck_assert(port_of(&lease, true).isolated);
}
END_TEST

START_TEST(modes_of_macvlan_and_ipvlan_are_the_kernels)
{
	static const struct {
		enum bt_network_driver driver;
		unsigned mode, flag;
		enum bt_sandbox_kind kind;
		uint16_t want_mode, want_flags;
	} cases[] = {
		{ BT_NETWORK_DRIVER_MACVLAN, 0, 0, BT_SANDBOX_MACVLAN, MACVLAN_MODE_BRIDGE, 0 },
		{ BT_NETWORK_DRIVER_MACVLAN, 1, 0, BT_SANDBOX_MACVLAN, MACVLAN_MODE_PRIVATE, 0 },
		{ BT_NETWORK_DRIVER_MACVLAN, 2, 0, BT_SANDBOX_MACVLAN, MACVLAN_MODE_VEPA, 0 },
		{ BT_NETWORK_DRIVER_MACVLAN, 3, 0, BT_SANDBOX_MACVLAN, MACVLAN_MODE_PASSTHRU, 0 },
		{ BT_NETWORK_DRIVER_IPVLAN, 0, 0, BT_SANDBOX_IPVLAN, IPVLAN_MODE_L2, 0 },
		{ BT_NETWORK_DRIVER_IPVLAN, 1, 1, BT_SANDBOX_IPVLAN, IPVLAN_MODE_L3,
		  IPVLAN_F_PRIVATE },
		{ BT_NETWORK_DRIVER_IPVLAN, 2, 2, BT_SANDBOX_IPVLAN, IPVLAN_MODE_L3S,
		  IPVLAN_F_VEPA },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct bt_network_lease lease;
		struct bt_sandbox_port port;

		net.driver = cases[i].driver;
		net.link_mode = cases[i].mode;
		net.link_flag = cases[i].flag;
		ck_well(take(NULL, &lease), &err);
		port = port_of(&lease, true);
		ck_assert_int_eq(port.kind, cases[i].kind);
		ck_assert_uint_eq(port.mode, cases[i].want_mode);
		ck_assert_uint_eq(port.flags, cases[i].want_flags);
	}
}
END_TEST

START_TEST(what_the_user_asked_of_the_interface_goes_along)
{
	json_auto_t *want =
		parse("{'IPAMConfig':{'LinkLocalIPs':['169.254.9.9','fe80::9']},'DriverOpts':"
		      "{'com.docker.network.endpoint.sysctls':'net.ipv4.conf.IFNAME.x=1'}}");
	struct bt_network_lease lease;
	struct bt_sandbox_port port;

	ck_well(bt_network_lease_take(&net, want, &lease, &err), &err);
	bt_network_lease_port(&lease, want, false, &port);
	ck_assert_str_eq(port.sysctls, "net.ipv4.conf.IFNAME.x=1");
	ck_assert_uint_eq(port.nlink_local, 2);
	ck_assert_uint_eq(port.link_local[0].len, 16);
	ck_assert_uint_eq(port.link_local[1].len, 64);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(
		tests,
		who_asks_for_nothing_gets_the_lowest_addresses_and_a_mac_that_follows_from_them);
	tcase_add_test(tests, who_asks_for_addresses_gets_these);
	tcase_add_test(tests, what_cannot_be_had_is_refused_in_dockers_words_and_takes_nothing);
	tcase_add_test(tests, the_default_bridge_has_neither_addresses_to_choose_nor_names);
	tcase_add_test(tests, a_template_is_joined_by_nobody);
	tcase_add_test(tests,
		       a_network_whose_addresses_are_all_given_out_says_which_family_it_lacks);
	tcase_add_test(tests, a_network_of_one_family_gives_no_address_of_the_other);
	tcase_add_test(tests, without_an_address_of_ipv4_the_mac_is_anybodys_but_one_of_ours);
	tcase_add_test(tests, the_hosts_network_gives_no_addresses_and_counts_who_is_on_it);
	tcase_add_test(tests,
		       what_is_given_back_is_given_back_once_and_is_to_be_had_by_name_at_once);
	tcase_add_test(tests, an_interface_is_called_by_the_lowest_number_that_is_free);
	tcase_add_test(tests, a_name_of_the_users_is_taken_where_no_other_interface_has_it);
	tcase_add_test(tests,
		       a_number_that_does_not_fit_the_prefix_is_an_error_and_not_a_name_cut_off);
	tcase_add_test(tests, the_interface_has_addresses_and_where_it_is_the_gateways_the_routes);
	tcase_add_test(tests, an_internal_network_leads_nowhere);
	tcase_add_test(tests, a_router_of_the_users_takes_the_place_of_the_bridge);
	tcase_add_test(tests, neighbours_are_out_of_reach_where_the_network_says_so);
	tcase_add_test(tests, modes_of_macvlan_and_ipvlan_are_the_kernels);
	tcase_add_test(tests, what_the_user_asked_of_the_interface_goes_along);
}

int main(void)
{
	return run_suite("network_lease", setup, teardown, add_tests);
}
