/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_default.h"

#include <errno.h>

#include "engine/network_table.h"
#include "engine_fixture.h"
#include "../net/private_net.h"

static struct bt_networks nets;

static void setup(void)
{
	/* Free subnets are those that the host has no route to. */
	private_net();
	setup_engine();
	engine.cfg.bridge = "bt-test0";
	nets = (struct bt_networks){ .engine = &engine, .db = engine.db };
	bt_list_init(&nets.list);
}

static void teardown(void)
{
	bt_network_table_free(&nets);
	free(nets.pools);
	json_decref((json_t *)(uintptr_t)engine.cfg.address_pools);
	teardown_engine();
}

static int ensure(void)
{
	err = (struct bt_err){ 0 };
	return bt_network_default_ensure(&nets, &err);
}

/* The default bridge's network; the test ends where there is none. */
static const struct bt_network *bridge(void)
{
	const struct bt_network *net = bt_network_table_named(&nets, "bridge");

	ck_assert_ptr_nonnull(net);
	return net;
}

static const char *gateway_of(const struct bt_network_family *f)
{
	static char text[BT_PREFIX_TEXT_LEN];

	bt_prefix_format(&f->gateway, text);
	return text;
}

static const char *option(const char *name)
{
	return json_string_value(
		json_object_get(json_object_get(bridge()->config, "Options"), name));
}

START_TEST(three_networks_are_always_there)
{
	ck_well(ensure(), &err);
	ck_assert(bridge()->is_default);
	ck_assert_int_eq(bridge()->driver, BT_NETWORK_DRIVER_BRIDGE);
	ck_assert_int_eq(bt_network_table_named(&nets, "none")->driver, BT_NETWORK_DRIVER_NULL);
	ck_assert_int_eq(bt_network_table_named(&nets, "host")->driver, BT_NETWORK_DRIVER_HOST);
	ck_assert_int_eq(sql_int("SELECT count(*) FROM networks"), 3);
}
END_TEST

START_TEST(the_next_daemon_has_the_same_ones_and_no_more)
{
	char id[BT_RAND_ID_LEN + 1], gateway[BT_PREFIX_TEXT_LEN];
	int64_t created;

	ck_well(ensure(), &err);
	(void)strcpy(id, bridge()->id);
	(void)strcpy(gateway, gateway_of(&bridge()->v4));
	created = bridge()->created_ns;
	bt_network_table_free(&nets);
	ck_well(bt_network_table_load(&nets, &err), &err);
	ck_well(ensure(), &err);
	ck_well(ensure(), &err);
	ck_assert_str_eq(bridge()->id, id);
	ck_assert_str_eq(gateway_of(&bridge()->v4), gateway);
	ck_assert_int_eq(bridge()->created_ns, created);
	ck_assert_int_eq(sql_int("SELECT count(*) FROM networks"), 3);
}
END_TEST

START_TEST(what_the_configuration_says_is_what_the_bridge_has)
{
	ck_well(ensure(), &err);
	ck_assert_str_eq(gateway_of(&bridge()->v4), "172.17.0.1/16");
	ck_assert_int_eq(bridge()->v6.subnet.family, 0);
	ck_assert_str_eq(option("com.docker.network.driver.mtu"), "1500");
	ck_assert_str_eq(option("com.docker.network.bridge.host_binding_ipv4"), "0.0.0.0");
	ck_assert(bridge()->icc && bridge()->masquerade);
	/* Each changes the one that is there, which keeps its id. */
	engine.cfg.mtu = 1400;
	engine.cfg.no_icc = engine.cfg.no_masquerade = true;
	engine.cfg.publish_ip = "192.0.2.1";
	ck_well(ensure(), &err);
	ck_assert_uint_eq(bridge()->mtu, 1400);
	ck_assert(!bridge()->icc && !bridge()->masquerade);
	ck_assert_str_eq(option("com.docker.network.bridge.host_binding_ipv4"), "192.0.2.1");
	ck_assert_str_eq(gateway_of(&bridge()->v4), "172.17.0.1/16");
	ck_assert_int_eq(sql_int("SELECT count(*) FROM networks"), 3);
}
END_TEST

START_TEST(an_address_of_the_users_moves_the_bridge_and_its_absence_leaves_it_there)
{
	ck_well(ensure(), &err);
	engine.cfg.bip = "10.95.7.9/24";
	ck_well(ensure(), &err);
	ck_assert_str_eq(gateway_of(&bridge()->v4), "10.95.7.9/24");
	engine.cfg.bip = NULL;
	ck_well(ensure(), &err);
	ck_assert_str_eq(gateway_of(&bridge()->v4), "10.95.7.9/24");
	/* Another bridge is another. */
	engine.cfg.bridge = "bt-test1";
	ck_well(ensure(), &err);
	ck_assert_str_ne(gateway_of(&bridge()->v4), "10.95.7.9/24");
	ck_assert_str_eq(bridge()->bridge, "bt-test1");
}
END_TEST

START_TEST(without_a_bridge_there_is_none_and_the_others_are_there)
{
	ck_well(ensure(), &err);
	engine.cfg.bridge = "none";
	ck_well(ensure(), &err);
	ck_assert_ptr_null(bt_network_table_named(&nets, "bridge"));
	ck_assert_ptr_nonnull(bt_network_table_named(&nets, "none"));
	ck_assert_int_eq(sql_int("SELECT count(*) FROM networks"), 2);
	ck_well(ensure(), &err);
	engine.cfg.bridge = NULL;
	ck_well(ensure(), &err);
	ck_assert_int_eq(sql_int("SELECT count(*) FROM networks"), 2);
}
END_TEST

START_TEST(range_and_router_are_reserved_in_the_subnet)
{
	engine.cfg.bip = "10.95.7.1/24";
	engine.cfg.fixed_cidr = "10.95.7.128/25";
	engine.cfg.default_gateway = "10.95.7.200";
	ck_well(ensure(), &err);
	ck_assert_uint_eq(bridge()->v4.ipam.first, 128);
	ck_assert_uint_eq(bt_prefix_index(&bridge()->v4.subnet, &bridge()->v4.router), 200);
	ck_assert_str_eq(gateway_of(&bridge()->v4), "10.95.7.1/24");
}
END_TEST

START_TEST(ipv6_is_there_where_it_is_wanted_and_stays_the_same)
{
	char first[BT_PREFIX_TEXT_LEN];

	engine.cfg.ipv6 = true;
	ck_well(ensure(), &err);
	ck_assert(json_is_true(json_object_get(bridge()->config, "EnableIPv6")));
	(void)strcpy(first, gateway_of(&bridge()->v6));
	ck_assert_int_eq(strncmp(first, "fd", 2), 0);
	ck_assert_ptr_nonnull(strstr(first, "::1/64"));
	ck_well(ensure(), &err);
	ck_assert_str_eq(gateway_of(&bridge()->v6), first);
	engine.cfg.fixed_cidr6 = "fd00:1::/80";
	ck_well(ensure(), &err);
	ck_assert_str_eq(gateway_of(&bridge()->v6), "fd00:1::1/80");
	engine.cfg.bip6 = "fd00:2::9/64";
	engine.cfg.fixed_cidr6 = "fd00:2::1:0/112";
	ck_well(ensure(), &err);
	ck_assert_str_eq(gateway_of(&bridge()->v6), "fd00:2::9/64");
	ck_assert_uint_eq(bridge()->v6.ipam.first, 0x10000);
	engine.cfg.ipv6 = false;
	ck_well(ensure(), &err);
	ck_assert_int_eq(bridge()->v6.subnet.family, 0);
}
END_TEST

START_TEST(a_configuration_that_makes_no_sense_names_the_flag)
{
	static const struct {
		struct bt_engine_config cfg;
		const char *words;
	} cases[] = {
		{ { .bip = "10.95.7.1" }, "invalid value for \"--bip\": 10.95.7.1" },
		{ { .bip = "fd00::1/64" }, "\"--bip\"" },
		{ { .bip = "10.95.7.1/31" }, "\"--bip\"" },
		{ { .bip = "nonsense" }, "\"--bip\"" },
		{ { .bip = "10.95.7.1/24", .fixed_cidr = "10.96.0.0/25" },
		  "invalid value for \"--fixed-cidr\": 10.96.0.0/25" },
		{ { .bip = "10.95.7.1/24", .fixed_cidr = "10.95.0.0/16" }, "\"--fixed-cidr\"" },
		{ { .bip = "10.95.7.1/24", .fixed_cidr = "10.95.7.128" }, "\"--fixed-cidr\"" },
		{ { .bip = "10.95.7.1/24", .fixed_cidr = "fd00::/64" }, "\"--fixed-cidr\"" },
		{ { .bip = "10.95.7.1/24", .default_gateway = "10.96.0.1" },
		  "invalid value for \"--default-gateway\": 10.96.0.1" },
		{ { .bip = "10.95.7.1/24", .default_gateway = "10.95.7.2/24" },
		  "\"--default-gateway\"" },
		{ { .bip = "10.95.7.1/24", .default_gateway = "fd00::1" },
		  "\"--default-gateway\"" },
		{ { .publish_ip = "localhost" }, "invalid value for \"--ip\": localhost" },
		{ { .bridge = "a-name-of-sixteen" }, "name of bridge too long" },
		{ { .ipv6 = true, .bip6 = "10.95.7.1/24" }, "invalid value for \"--bip6\"" },
		{ { .ipv6 = true, .bip6 = "fd00::1/127" }, "\"--bip6\"" },
		{ { .ipv6 = true, .fixed_cidr6 = "fd00::" }, "\"--fixed-cidr-v6\"" },
		{ { .ipv6 = true, .bip6 = "fd00::1/64", .fixed_cidr6 = "fd01::/80" },
		  "\"--fixed-cidr-v6\"" },
		{ { .ipv6 = true, .bip6 = "fd00::1/64", .default_gateway6 = "fd01::1" },
		  "\"--default-gateway-v6\"" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		engine.cfg = cases[i].cfg;
		if (!engine.cfg.bridge)
			engine.cfg.bridge = "bt-test0";
		ck_assert_msg(ensure() < 0, "%s", cases[i].words);
		check_err(&err, BT_ERR_INVALID, cases[i].words);
		ck_assert_ptr_null(bt_network_table_named(&nets, "bridge"));
	}
	engine.cfg = (struct bt_engine_config){ 0 };
}
END_TEST

static int read_pools(const char *text)
{
	json_decref((json_t *)(uintptr_t)engine.cfg.address_pools);
	engine.cfg.address_pools = parse(text);
	free(nets.pools);
	nets.pools = NULL;
	nets.npools = 0;
	err = (struct bt_err){ 0 };
	return bt_network_default_read_pools(&nets, &err);
}

START_TEST(the_bridge_is_in_the_first_pool_of_the_users)
{
	size_t n;

	ck_well(read_pools("[{'base':'10.95.0.0/16','size':24},{'base':'10.96.0.0/16','size':28}]"),
		&err);
	(void)bt_network_default_pools(&nets, &n);
	ck_assert_uint_eq(n, 2);
	ck_well(ensure(), &err);
	ck_assert_str_eq(gateway_of(&bridge()->v4), "10.95.0.1/24");
}
END_TEST

START_TEST(without_pools_of_the_users_there_are_dockers)
{
	size_t n = 0;

	ck_well(read_pools("[]"), &err);
	ck_assert_ptr_null(nets.pools);
	ck_assert_ptr_nonnull(bt_network_default_pools(&nets, &n));
	ck_assert_uint_gt(n, 1);
}
END_TEST

START_TEST(a_pool_that_makes_no_sense_is_named)
{
	static const char *const cases[] = {
		"[{}]",
		"[{'base':'10.95.0.0','size':24}]",
		"[{'base':'10.95.0.0/16'}]",
		"[{'base':'10.95.0.0/16','size':15}]",
		"[{'base':'10.95.0.0/16','size':31}]",
		"[{'base':'10.95.0.0/16','size':'24'}]",
		"[{'base':'fd00::/48','size':127}]",
		"[{'base':'fd00::/48','size':-1}]",
		"[7]",
		"[{'base':'10.95.0.0/16','size':24},{'base':'nonsense','size':24}]",
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		ck_assert_msg(read_pools(cases[i]) < 0, "%s", cases[i]);
		check_err(&err, BT_ERR_INVALID, "invalid value for \"default-address-pools\"");
	}
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, three_networks_are_always_there);
	tcase_add_test(tests, the_next_daemon_has_the_same_ones_and_no_more);
	tcase_add_test(tests, what_the_configuration_says_is_what_the_bridge_has);
	tcase_add_test(tests,
		       an_address_of_the_users_moves_the_bridge_and_its_absence_leaves_it_there);
	tcase_add_test(tests, without_a_bridge_there_is_none_and_the_others_are_there);
	tcase_add_test(tests, range_and_router_are_reserved_in_the_subnet);
	tcase_add_test(tests, ipv6_is_there_where_it_is_wanted_and_stays_the_same);
	tcase_add_test(tests, a_configuration_that_makes_no_sense_names_the_flag);
	tcase_add_test(tests, the_bridge_is_in_the_first_pool_of_the_users);
	tcase_add_test(tests, without_pools_of_the_users_there_are_dockers);
	tcase_add_test(tests, a_pool_that_makes_no_sense_is_named);
}

int main(void)
{
	return run_suite("network_default", setup, teardown, add_tests);
}
