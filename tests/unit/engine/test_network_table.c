/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_table.h"

#include "engine_fixture.h"

static struct bt_networks nets;

static void setup(void)
{
	setup_engine();
	nets = (struct bt_networks){ .engine = &engine, .db = engine.db };
	bt_list_init(&nets.list);
}

static void teardown(void)
{
	bt_network_table_free(&nets);
	teardown_engine();
}

/* An id of 64 digits that begins with `start`. */
static const char *id_of(const char *start)
{
	static char id[BT_RAND_ID_LEN + 1];

	(void)memset(id, '0', BT_RAND_ID_LEN);
	(void)memcpy(id, start, strlen(start));
	return id;
}

/* A network of one subnet's configuration (members of IPAM.Config's element), in no list. */
static int make(const char *name, const char *pools, struct bt_network **ret)
{
	char text[1024];
	json_auto_t *config = NULL;

	(void)snprintf(text, sizeof(text),
		       "{'Driver':'bridge','Options':{},'IPAM':{'Config':[%s]}}", pools);
	config = parse(text);
	err = (struct bt_err){ 0 };
	return bt_network_table_make(id_of(name), name, 5, config, ret, &err);
}

/* One in the list and in the database. Borrowed. */
static struct bt_network *add(const char *name, const char *pools)
{
	struct bt_network *net = NULL;

	ck_well(make(name, pools, &net), &err);
	ck_well(bt_network_table_store(&nets, net, &err), &err);
	return net;
}

static int find(const char *ref, struct bt_network **ret)
{
	err = (struct bt_err){ 0 };
	return bt_network_table_find(&nets, ref, ret, &err);
}

START_TEST(addresses_are_given_out_from_the_range_without_those_that_are_somebodys)
{
	static const struct {
		const char *pool;
		uint64_t first, last, next;
	} cases[] = {
		/* All of it: neither the base nor, in IPv4, the broadcast. */
		{ "{'Subnet':'10.95.0.0/24'}", 1, 254, 1 },
		{ "{'Subnet':'10.95.0.0/24','Gateway':'10.95.0.1'}", 1, 254, 2 },
		/* With its prefix, as Docker writes it for IPv6. */
		{ "{'Subnet':'10.95.0.0/24','Gateway':'10.95.0.1/24'}", 1, 254, 2 },
		{ "{'Subnet':'10.95.0.77/24'}", 1, 254, 1 },
		{ "{'Subnet':'10.95.0.0/24','IPRange':'10.95.0.128/25'}", 128, 254, 128 },
		{ "{'Subnet':'10.95.0.0/24','IPRange':'10.95.0.64/26'}", 64, 127, 64 },
		{ "{'Subnet':'10.95.0.0/24','IPRange':'10.95.0.70/26'}", 64, 127, 64 },
		{ "{'Subnet':'10.95.0.0/24','IPRange':'10.95.0.9/32'}", 9, 9, 9 },
		{ "{'Subnet':'10.95.0.0/24','IPRange':'10.95.0.0/24'}", 1, 254, 1 },
		{ "{'Subnet':'10.95.0.0/30'}", 1, 2, 1 },
		{ "{'Subnet':'10.95.0.0/31'}", 1, 1, 1 },
		/* Four billion of them are none too many. */
		{ "{'Subnet':'0.0.0.0/0'}", 1, UINT32_MAX - 1, 1 },
		{ "{'Subnet':'10.95.0.0/24','Gateway':'10.95.0.2','AuxiliaryAddresses':"
		  "{'a':'10.95.0.1','b':'10.95.0.3'}}",
		  1, 254, 4 },
		/* The same one twice, and what is elsewhere or no address at all. */
		{ "{'Subnet':'10.95.0.0/24','Gateway':'10.95.0.1','AuxiliaryAddresses':"
		  "{'a':'10.95.0.1','b':'10.95.0.2','c':'10.95.0.2','d':'10.96.0.3','e':'x',"
		  "'f':7}}",
		  1, 254, 3 },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct bt_network *net = NULL;
		uint64_t next = 0;

		ck_assert_msg(make("n", cases[i].pool, &net) == 0, "%s: %s", cases[i].pool,
			      err.msg);
		ck_assert_msg(net->v4.ipam.first == cases[i].first &&
				      net->v4.ipam.last == cases[i].last,
			      "%s: %ju to %ju", cases[i].pool, (uintmax_t)net->v4.ipam.first,
			      (uintmax_t)net->v4.ipam.last);
		ck_assert_int_eq(bt_ipam_next(&net->v4.ipam, 0, &next), 0);
		ck_assert_msg(next == cases[i].next, "%s: %ju", cases[i].pool, (uintmax_t)next);
		ck_assert_int_eq(net->v6.subnet.family, 0);
		bt_network_table_destroy(net);
	}
}
END_TEST

START_TEST(a_subnet_of_ipv6_has_no_broadcast_and_may_have_more_addresses_than_can_be_counted)
{
	struct bt_network *net = NULL;

	ck_well(make("n", "{'Subnet':'fd00::/126','Gateway':'fd00::1/126'}", &net), &err);
	ck_assert_uint_eq(net->v6.ipam.first, 1);
	ck_assert_uint_eq(net->v6.ipam.last, 3);
	ck_assert_uint_eq(net->v6.gateway.len, 126);
	bt_network_table_destroy(net);
	ck_well(make("n", "{'Subnet':'fd00::/8'}", &net), &err);
	ck_assert_uint_eq(net->v6.ipam.first, 1);
	ck_assert_uint_eq(net->v6.ipam.last, UINT64_MAX);
	bt_network_table_destroy(net);
}
END_TEST

START_TEST(a_network_of_both_families_has_each_its_own)
{
	struct bt_network *net = NULL;

	ck_well(make("n",
		     "{'Subnet':'fd00::/64','Gateway':'fd00::9'},"
		     "{'Subnet':'10.95.0.0/24','Gateway':'10.95.0.7'}",
		     &net),
		&err);
	ck_assert_uint_eq(bt_prefix_index(&net->v4.subnet, &net->v4.gateway), 7);
	ck_assert_uint_eq(bt_prefix_index(&net->v6.subnet, &net->v6.gateway), 9);
	bt_network_table_destroy(net);
}
END_TEST

START_TEST(a_reserved_address_of_the_right_name_is_where_containers_send_what_is_for_others)
{
	struct bt_network *net = NULL;
	struct bt_prefix router;

	ck_well(make("n",
		     "{'Subnet':'10.95.0.0/24','Gateway':'10.95.0.1',"
		     "'AuxiliaryAddresses':{'DefaultGatewayIPv4':'10.95.0.9','x':'10.95.0.8'}},"
		     "{'Subnet':'fd00::/64','Gateway':'fd00::1',"
		     "'AuxiliaryAddresses':{'DefaultGatewayIPv4':'fd00::8'}}",
		     &net),
		&err);
	router = bt_network_router(&net->v4);
	ck_assert_uint_eq(bt_prefix_index(&net->v4.subnet, &router), 9);
	/* That of the other family's name is reserved, no more. */
	router = bt_network_router(&net->v6);
	ck_assert_uint_eq(bt_prefix_index(&net->v6.subnet, &router), 1);
	ck_assert_int_eq(bt_ipam_take(&net->v6.ipam, 8), -EADDRINUSE);
	bt_network_table_destroy(net);
}
END_TEST

START_TEST(a_configuration_that_makes_no_sense_is_refused_and_makes_nothing)
{
	static const struct {
		const char *pool, *words;
		enum bt_err_kind kind;
	} cases[] = {
		{ "{}", "invalid IPAM configuration of network n", BT_ERR_INVALID },
		{ "null", "invalid IPAM configuration of network n", BT_ERR_INVALID },
		{ "{'Subnet':7}", "invalid IPAM configuration", BT_ERR_INVALID },
		{ "{'Subnet':'10.95.0.0'}", "invalid IPAM configuration", BT_ERR_INVALID },
		{ "{'Subnet':'10.95.0.0/33'}", "invalid IPAM configuration", BT_ERR_INVALID },
		{ "{'Subnet':'10.95.0.0/24','Gateway':'10.96.0.1'}", "invalid IPAM configuration",
		  BT_ERR_INVALID },
		{ "{'Subnet':'10.95.0.0/24','Gateway':'fd00::1'}", "invalid IPAM configuration",
		  BT_ERR_INVALID },
		{ "{'Subnet':'10.95.0.0/24','Gateway':'nobody'}", "invalid IPAM configuration",
		  BT_ERR_INVALID },
		{ "{'Subnet':'10.95.0.0/24','IPRange':'10.96.0.0/25'}",
		  "invalid IPAM configuration", BT_ERR_INVALID },
		{ "{'Subnet':'10.95.0.0/24','IPRange':'10.95.0.0/23'}",
		  "invalid IPAM configuration", BT_ERR_INVALID },
		{ "{'Subnet':'10.95.0.0/24','IPRange':'10.95.0.9'}", "invalid IPAM configuration",
		  BT_ERR_INVALID },
		{ "{'Subnet':'10.95.0.0/24'},{'Subnet':'10.96.0.0/24'}",
		  "bridge driver doesn't support multiple subnets", BT_ERR_FORBIDDEN },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct bt_network *net = NULL;

		ck_assert_msg(make("n", cases[i].pool, &net) < 0, "%s", cases[i].pool);
		check_err(&err, cases[i].kind, cases[i].words);
		ck_assert_ptr_null(net);
	}
}
END_TEST

START_TEST(a_template_keeps_its_subnets_for_those_that_take_them)
{
	json_auto_t *config = parse("{'Driver':'null','ConfigOnly':true,'Options':{},'IPAM':"
				    "{'Config':[{'Subnet':'10.95.0.0/24'}]}}");
	struct bt_network *net = NULL;

	ck_well(bt_network_table_make(id_of("t"), "t", 5, config, &net, &err), &err);
	ck_assert(net->config_only);
	ck_assert_int_eq(net->v4.subnet.family, 0);
	bt_network_table_destroy(net);
}
END_TEST

START_TEST(what_is_stored_is_what_the_next_daemon_loads_in_the_order_of_creation)
{
	struct bt_network *late = add("late", "{'Subnet':'10.96.0.0/24','Gateway':'10.96.0.9'}");
	struct bt_network *early = add("early", "{'Subnet':'10.95.0.0/24'}");
	const struct bt_network *got;

	late->created_ns = 9;
	ck_well(bt_network_table_store(&nets, late, &err), &err);
	early->created_ns = 3;
	ck_well(bt_network_table_store(&nets, early, &err), &err);
	bt_network_table_free(&nets);
	ck_assert(bt_list_empty(&nets.list));
	ck_well(bt_network_table_load(&nets, &err), &err);
	got = bt_list_entry(nets.list.next, struct bt_network, link);
	ck_assert_str_eq(got->name, "early");
	got = bt_list_entry(nets.list.next->next, struct bt_network, link);
	ck_assert_str_eq(got->name, "late");
	ck_assert_str_eq(got->id, id_of("late"));
	ck_assert_int_eq(got->created_ns, 9);
	ck_assert_uint_eq(bt_prefix_index(&got->v4.subnet, &got->v4.gateway), 9);
	ck_assert_ptr_eq(nets.list.next->next->next, &nets.list);
}
END_TEST

START_TEST(one_that_is_stored_again_is_there_once)
{
	struct bt_network *net = add("n", "{'Subnet':'10.95.0.0/24'}");

	ck_well(bt_network_table_store(&nets, net, &err), &err);
	ck_assert_ptr_eq(nets.list.next->next, &nets.list);
	ck_assert_int_eq(sql_int("SELECT count(*) FROM networks"), 1);
}
END_TEST

START_TEST(a_row_that_is_no_network_is_named_in_the_error)
{
	add("n", "{'Subnet':'10.95.0.0/24'}");
	bt_network_table_free(&nets);
	sql_run("UPDATE networks SET config = '{'");
	ck_assert_int_lt(bt_network_table_load(&nets, &err), 0);
	ck_assert_msg(strstr(err.msg, "read network n") != NULL, "%s", err.msg);
	sql_run("UPDATE networks SET config = '{\"IPAM\":{\"Config\":[{\"Subnet\":\"x\"}]}}'");
	ck_assert_int_lt(bt_network_table_load(&nets, &err), 0);
	ck_assert_msg(strstr(err.msg, "read network n") != NULL, "%s", err.msg);
}
END_TEST

START_TEST(a_network_that_is_deleted_is_in_neither_place)
{
	struct bt_network *net = add("n", "{'Subnet':'10.95.0.0/24'}"), *found = NULL;

	ck_well(bt_network_table_delete(&nets, net, &err), &err);
	ck_assert_int_eq(sql_int("SELECT count(*) FROM networks"), 0);
	ck_assert_int_eq(find("n", &found), -ENOENT);
}
END_TEST

START_TEST(a_name_comes_before_the_beginning_of_an_id_and_a_whole_id_before_a_name)
{
	struct bt_network *a = NULL, *named = NULL, *found = NULL;

	ck_well(make("aaaa", "{'Subnet':'10.95.0.0/24'}", &a), &err);
	ck_well(bt_network_table_store(&nets, a, &err), &err);
	ck_well(make("aa", "{'Subnet':'10.96.0.0/24'}", &named), &err);
	(void)strcpy(named->id, id_of("ff"));
	ck_well(bt_network_table_store(&nets, named, &err), &err);
	/* "aa" is how the other's id begins. */
	ck_assert_int_eq(find("aa", &found), 0);
	ck_assert_ptr_eq(found, named);
	ck_assert_int_eq(find("aaa", &found), 0);
	ck_assert_ptr_eq(found, a);
	/* Somebody gave a network another one's id for a name. */
	free(named->name);
	named->name = strdup(a->id);
	ck_assert_int_eq(find(a->id, &found), 0);
	ck_assert_ptr_eq(found, a);
	ck_assert_ptr_eq(bt_network_table_named(&nets, a->id), named);
}
END_TEST

START_TEST(what_begins_two_ids_or_none_finds_nothing)
{
	struct bt_network *untouched = NULL;

	add("abc", "{'Subnet':'10.95.0.0/24'}");
	add("abd", "{'Subnet':'10.96.0.0/24'}");
	ck_assert_int_eq(find("ab", &untouched), -EINVAL);
	check_err(&err, BT_ERR_INVALID,
		  "network ab is ambiguous (2 matches found based on ID prefix)");
	ck_assert_ptr_null(untouched);
	ck_assert_int_eq(find("x", &untouched), -ENOENT);
	check_err(&err, BT_ERR_NOT_FOUND, "network x not found");
	/* Nothing begins with nothing, and the case counts. */
	ck_assert_int_eq(find("", &untouched), -ENOENT);
	ck_assert_int_eq(find("ABC", &untouched), -ENOENT);
	ck_assert_ptr_null(untouched);
	ck_assert_ptr_null(bt_network_table_named(&nets, "ab"));
}
END_TEST

START_TEST(two_networks_cannot_have_one_bridge_and_those_without_do_not_care)
{
	struct bt_network *a = add("a", "{'Subnet':'10.95.0.0/24'}");
	struct bt_network *b = NULL;

	ck_well(make("b", "{'Subnet':'10.96.0.0/24'}", &b), &err);
	ck_well(bt_network_table_bridge_free(&nets, b, &err), &err);
	(void)strcpy(b->bridge, a->bridge);
	ck_assert_int_eq(bt_network_table_bridge_free(&nets, b, &err), -EEXIST);
	check_err(&err, BT_ERR_CONFLICT, "networks have same bridge name");
	/* Many may sit on one parent, which a bridge may be. */
	b->driver = BT_NETWORK_DRIVER_MACVLAN;
	ck_well(bt_network_table_bridge_free(&nets, b, &err), &err);
	b->driver = BT_NETWORK_DRIVER_BRIDGE;
	a->driver = BT_NETWORK_DRIVER_MACVLAN;
	ck_well(bt_network_table_bridge_free(&nets, b, &err), &err);
	bt_network_table_destroy(b);
}
END_TEST

START_TEST(a_subnet_overlaps_one_that_it_is_in_and_one_that_is_in_it)
{
	static const struct {
		const char *text;
		bool overlaps;
	} cases[] = {
		{ "10.95.0.0/24", true },  { "10.95.0.128/25", true }, { "10.0.0.0/8", true },
		{ "0.0.0.0/0", true },     { "10.95.1.0/24", false },  { "10.94.255.0/24", false },
		{ "fd00::/64", true },     { "fd00::/8", true },       { "fd00:0:0:1::/64", false },
		{ "fd00::1:0/112", true },
	};

	add("a", "{'Subnet':'10.95.0.0/24'},{'Subnet':'fd00::/64'}");
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct bt_prefix p;

		ck_assert_int_eq(bt_prefix_parse(cases[i].text, &p), 0);
		ck_assert_msg(bt_network_table_overlaps(&p, &nets) == cases[i].overlaps, "%s",
			      cases[i].text);
	}
}
END_TEST

START_TEST(nothing_overlaps_where_there_is_no_network)
{
	struct bt_prefix p;

	ck_assert_int_eq(bt_prefix_parse("0.0.0.0/0", &p), 0);
	ck_assert(!bt_network_table_overlaps(&p, &nets));
	bt_network_table_destroy(NULL);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests,
		       addresses_are_given_out_from_the_range_without_those_that_are_somebodys);
	tcase_add_test(
		tests,
		a_subnet_of_ipv6_has_no_broadcast_and_may_have_more_addresses_than_can_be_counted);
	tcase_add_test(tests, a_network_of_both_families_has_each_its_own);
	tcase_add_test(
		tests,
		a_reserved_address_of_the_right_name_is_where_containers_send_what_is_for_others);
	tcase_add_test(tests, a_configuration_that_makes_no_sense_is_refused_and_makes_nothing);
	tcase_add_test(tests, a_template_keeps_its_subnets_for_those_that_take_them);
	tcase_add_test(tests,
		       what_is_stored_is_what_the_next_daemon_loads_in_the_order_of_creation);
	tcase_add_test(tests, one_that_is_stored_again_is_there_once);
	tcase_add_test(tests, a_row_that_is_no_network_is_named_in_the_error);
	tcase_add_test(tests, a_network_that_is_deleted_is_in_neither_place);
	tcase_add_test(tests,
		       a_name_comes_before_the_beginning_of_an_id_and_a_whole_id_before_a_name);
	tcase_add_test(tests, what_begins_two_ids_or_none_finds_nothing);
	tcase_add_test(tests, two_networks_cannot_have_one_bridge_and_those_without_do_not_care);
	tcase_add_test(tests, a_subnet_overlaps_one_that_it_is_in_and_one_that_is_in_it);
	tcase_add_test(tests, nothing_overlaps_where_there_is_no_network);
}

int main(void)
{
	return run_suite("network_table", setup, teardown, add_tests);
}
