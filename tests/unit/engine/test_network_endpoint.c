/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_endpoint.h"

#include "engine/network_lease.h"
#include "engine/network_table.h"
#include "engine_fixture.h"

#define ID_C1 "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1"
#define ID_C2 "c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2"

static struct bt_networks nets;

static void open_nets(void)
{
	nets = (struct bt_networks){ .engine = &engine, .db = engine.db };
	bt_list_init(&nets.list);
	(void)pthread_mutex_init(&nets.lock, NULL);
}

static void setup(void)
{
	setup_engine();
	open_nets();
	add_container(ID_C1, "one", "{}", "{}");
	add_container(ID_C2, "two", "{}", "{}");
}

static void teardown(void)
{
	bt_network_table_free(&nets);
	(void)pthread_mutex_destroy(&nets.lock);
	teardown_engine();
}

/* A bridge's network with a subnet of each family, 10.`number`.0.0/24 and fd00:`number`::/64. */
static struct bt_network *add_net(const char *name, unsigned number)
{
	char text[512], id[BT_RAND_ID_LEN + 1];
	struct bt_network *net = NULL;
	json_auto_t *config = NULL;

	(void)snprintf(text, sizeof(text),
		       "{'Driver':'bridge','Options':{},'IPAM':{'Config':[{'Subnet':'10.%u.0.0/24',"
		       "'Gateway':'10.%u.0.1'},{'Subnet':'fd00:%u::/64','Gateway':'fd00:%u::1'}]}}",
		       number, number, number, number);
	(void)snprintf(id, sizeof(id), "%064u", number);
	config = parse(text);
	ck_well(bt_network_table_make(id, name, number, config, &net, &err), &err);
	ck_well(bt_network_table_store(&nets, net, &err), &err);
	return net;
}

/* Put a container on a network, as a start does; `ports` may be NULL. */
static struct bt_network_lease join(struct bt_network *net, const char *id, const char *want,
				    const char *ports)
{
	const struct bt_network_endpoint_owner owner = { .id = id, .name = "one", .hostname = "h" };
	json_auto_t *wanted = parse(want), *published = ports ? parse(ports) : NULL;
	struct bt_network_lease lease;
	json_auto_t *settings = NULL;

	ck_well(bt_network_lease_take(net, wanted, &lease, &err), &err);
	(void)strcpy(lease.ifname, "eth5");
	settings = bt_network_endpoint_settings(&lease, wanted, &owner);
	ck_well(bt_network_endpoint_store(&nets, &lease, id, settings, published, &err), &err);
	return lease;
}

static json_t *settings_of(struct bt_network *net, const char *want,
			   const struct bt_network_endpoint_owner *owner)
{
	json_auto_t *wanted = parse(want);
	struct bt_network_lease lease;

	ck_well(bt_network_lease_take(net, wanted, &lease, &err), &err);
	return bt_network_endpoint_settings(&lease, wanted, owner);
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

START_TEST(settings_are_what_was_asked_and_what_was_given)
{
	const struct bt_network_endpoint_owner owner = { .id = ID_C1, .name = "one" };
	json_auto_t *got = settings_of(
		add_net("n", 95),
		"{'Links':['a:b'],'Aliases':['web'],'GwPriority':-7,'MacAddress':'02-42-0A-0B-0C-0D',"
		"'IPAMConfig':{'IPv4Address':'10.95.0.9'},'IPAddress':'1.2.3.4','Gateway':'x'}",
		&owner);

	ck_assert_uint_eq(strlen(text_of(got, "EndpointID")), 64);
	(void)json_object_del(got, "EndpointID");
	assert_json(
		got,
		"{'IPAMConfig':{'IPv4Address':'10.95.0.9'},'Links':['a:b'],'Aliases':['web'],"
		"'MacAddress':'02:42:0a:0b:0c:0d','DriverOpts':null,'GwPriority':-7,"
		"'NetworkID':'0000000000000000000000000000000000000000000000000000000000000095',"
		"'Gateway':'10.95.0.1','IPAddress':'10.95.0.9','IPPrefixLen':24,"
		"'IPv6Gateway':'fd00:95::1','GlobalIPv6Address':'fd00:95::2',"
		"'GlobalIPv6PrefixLen':64,'DNSNames':['one','web','c1c1c1c1c1c1']}");
}
END_TEST

START_TEST(each_endpoint_has_an_id_of_its_own)
{
	const struct bt_network_endpoint_owner owner = { .id = ID_C1, .name = "one" };
	struct bt_network *net = add_net("n", 95);
	json_auto_t *a = settings_of(net, "{}", &owner), *b = settings_of(net, "{}", &owner);

	ck_assert_str_ne(text_of(a, "EndpointID"), text_of(b, "EndpointID"));
}
END_TEST

START_TEST(an_internal_network_shows_no_gateway)
{
	const struct bt_network_endpoint_owner owner = { .id = ID_C1, .name = "one" };
	struct bt_network *net = add_net("n", 95);
	json_auto_t *got = NULL;

	net->internal = true;
	got = settings_of(net, "{}", &owner);
	ck_assert_str_eq(text_of(got, "Gateway"), "");
	ck_assert_str_eq(text_of(got, "IPv6Gateway"), "");
	ck_assert_str_eq(text_of(got, "IPAddress"), "10.95.0.2");
}
END_TEST

START_TEST(names_are_each_there_once_and_in_dockers_order)
{
	static const struct {
		struct bt_network_endpoint_owner owner;
		const char *want, *names;
	} cases[] = {
		{ { ID_C1, "one", "host" }, "{}", "['one','c1c1c1c1c1c1','host']" },
		{ { ID_C1, "one", "one" }, "{}", "['one','c1c1c1c1c1c1']" },
		{ { ID_C1, "one", "c1c1c1c1c1c1" }, "{}", "['one','c1c1c1c1c1c1']" },
		{ { ID_C1, "one", "" },
		  "{'Aliases':['b','a','b','one','']}",
		  "['one','b','a','c1c1c1c1c1c1']" },
		{ { ID_C1, NULL, NULL }, "{'Aliases':null}", "['c1c1c1c1c1c1']" },
		/* The short id asked for as an alias. */
		{ { ID_C1, "one", NULL },
		  "{'Aliases':['c1c1c1c1c1c1']}",
		  "['one','c1c1c1c1c1c1']" },
	};
	struct bt_network *net = add_net("n", 95);

	for (size_t i = 0; i < LENGTH(cases); i++) {
		json_auto_t *got = settings_of(net, cases[i].want, &cases[i].owner);

		assert_json(json_object_get(got, "DNSNames"), cases[i].names);
	}
}
END_TEST

START_TEST(where_there_are_no_names_there_are_none_to_show)
{
	const struct bt_network_endpoint_owner owner = { .id = ID_C1, .name = "one" };
	struct bt_network *net = add_net("n", 95);
	json_auto_t *bridge = NULL, *host = NULL, *ipvlan = NULL;

	net->is_default = true;
	bridge = settings_of(net, "{}", &owner);
	ck_assert(json_is_null(json_object_get(bridge, "DNSNames")));
	net->is_default = false;
	net->driver = BT_NETWORK_DRIVER_HOST;
	host = settings_of(net, "{}", &owner);
	ck_assert(json_is_null(json_object_get(host, "DNSNames")));
	ck_assert_str_eq(text_of(host, "MacAddress"), "");
	ck_assert_str_eq(text_of(host, "IPAddress"), "");
	ck_assert_int_eq(json_integer_value(json_object_get(host, "IPPrefixLen")), 0);
	/* An interface of ipvlan has its parent's. */
	net->driver = BT_NETWORK_DRIVER_IPVLAN;
	ipvlan = settings_of(net, "{}", &owner);
	ck_assert_str_eq(text_of(ipvlan, "MacAddress"), "");
	ck_assert_str_eq(text_of(ipvlan, "IPAddress"), "10.95.0.3");
}
END_TEST

START_TEST(a_row_is_read_back_without_what_only_we_want_to_know)
{
	struct bt_network *net = add_net("n", 95);
	json_auto_t *all = NULL, *interfaces = NULL;
	const json_t *one;

	join(net, ID_C1, "{'Aliases':['web']}", "{'80/tcp':[]}");
	all = bt_network_endpoint_of_container(&nets, ID_C1);
	ck_assert_uint_eq(json_object_size(all), 1);
	one = json_object_get(all, "n");
	ck_assert_str_eq(text_of(one, "IPAddress"), "10.95.0.2");
	ck_assert_ptr_null(json_object_get(one, "berth.Ports"));
	ck_assert_ptr_null(json_object_get(one, "berth.Interface"));
	interfaces = bt_network_endpoint_interfaces(&nets, ID_C1);
	assert_json(interfaces, "{'n':'eth5'}");
}
END_TEST

START_TEST(a_container_on_no_network_has_nothing_and_may_lose_it)
{
	struct bt_network *net = add_net("n", 95);
	json_auto_t *all = bt_network_endpoint_of_container(&nets, ID_C1);

	assert_json(all, "{}");
	ck_well(bt_network_endpoint_delete(&nets, ID_C1, net, &err), &err);
	ck_well(bt_network_endpoint_delete_all(&nets, ID_C1, &err), &err);
	ck_assert_uint_eq(net->leases, 0);
}
END_TEST

START_TEST(one_address_of_a_network_is_in_one_row)
{
	const struct bt_network_endpoint_owner owner = { .id = ID_C2, .name = "two" };
	struct bt_network *net = add_net("n", 95);
	struct bt_network_lease lease = join(net, ID_C1, "{}", NULL);
	json_auto_t *settings = bt_network_endpoint_settings(&lease, NULL, &owner);

	ck_assert_int_lt(bt_network_endpoint_store(&nets, &lease, ID_C2, settings, NULL, &err), 0);
	/* Without an address there is nothing that could be taken twice. */
	lease.index4 = BT_PREFIX_NO_INDEX;
	ck_well(bt_network_endpoint_store(&nets, &lease, ID_C2, settings, NULL, &err), &err);
	sql_run("DELETE FROM endpoints WHERE address IS NOT NULL");
	ck_well(bt_network_endpoint_store(&nets, &lease, ID_C1, settings, NULL, &err), &err);
	ck_assert_int_eq(sql_int("SELECT count(*) FROM endpoints"), 2);
}
END_TEST

START_TEST(what_is_deleted_gives_its_addresses_back_and_leaves_the_others)
{
	struct bt_network *a = add_net("a", 95), *b = add_net("b", 96);
	json_auto_t *left = NULL;

	join(a, ID_C1, "{}", NULL);
	join(b, ID_C1, "{}", NULL);
	join(a, ID_C2, "{}", NULL);
	ck_well(bt_network_endpoint_delete(&nets, ID_C1, a, &err), &err);
	ck_assert_uint_eq(a->leases, 1);
	ck_assert_uint_eq(b->leases, 1);
	ck_assert_int_eq(bt_ipam_take(&a->v4.ipam, 2), 0);
	ck_assert_int_eq(bt_ipam_take(&a->v6.ipam, 2), 0);
	left = bt_network_endpoint_interfaces(&nets, ID_C1);
	assert_json(left, "{'b':'eth5'}");
	/* Twice is once. */
	ck_well(bt_network_endpoint_delete(&nets, ID_C1, a, &err), &err);
	ck_assert_uint_eq(a->leases, 1);
	ck_well(bt_network_endpoint_delete_all(&nets, ID_C1, &err), &err);
	ck_assert_uint_eq(b->leases, 0);
	ck_assert_int_eq(sql_int("SELECT count(*) FROM endpoints"), 1);
}
END_TEST

START_TEST(a_row_of_a_network_that_is_gone_can_be_deleted_and_is_not_shown)
{
	struct bt_network *a = add_net("a", 95), *b = add_net("b", 96);
	json_auto_t *all = NULL;

	join(a, ID_C1, "{}", NULL);
	join(b, ID_C1, "{}", NULL);
	ck_well(bt_network_table_delete(&nets, a, &err), &err);
	all = bt_network_endpoint_of_container(&nets, ID_C1);
	ck_assert_uint_eq(json_object_size(all), 1);
	ck_well(bt_network_endpoint_delete_all(&nets, ID_C1, &err), &err);
	ck_assert_int_eq(sql_int("SELECT count(*) FROM endpoints"), 0);
	ck_assert_uint_eq(b->leases, 0);
}
END_TEST

START_TEST(a_row_that_is_no_json_is_passed_over_and_goes_with_the_others)
{
	struct bt_network *a = add_net("a", 95), *b = add_net("b", 96);
	json_auto_t *all = NULL;

	join(a, ID_C1, "{}", NULL);
	join(b, ID_C1, "{}", NULL);
	sql_run("UPDATE endpoints SET config = '{' WHERE address = 173998082"); /* 10.95.0.2 */
	all = bt_network_endpoint_of_container(&nets, ID_C1);
	ck_assert_uint_eq(json_object_size(all), 1);
	ck_assert_ptr_nonnull(json_object_get(all, "b"));
	ck_well(bt_network_endpoint_delete_all(&nets, ID_C1, &err), &err);
	ck_assert_int_eq(sql_int("SELECT count(*) FROM endpoints"), 0);
}
END_TEST

START_TEST(another_daemon_gives_none_of_the_addresses_out_again)
{
	struct bt_network *net = add_net("n", 95);
	struct bt_network_lease lease;

	join(net, ID_C1, "{}", NULL);
	join(net, ID_C2, "{'IPAMConfig':{'IPv4Address':'10.95.0.200'}}", NULL);
	bt_network_table_free(&nets);
	ck_well(bt_network_table_load(&nets, &err), &err);
	ck_well(bt_network_endpoint_load(&nets, &err), &err);
	net = bt_network_table_named(&nets, "n");
	ck_assert_uint_eq(net->leases, 2);
	ck_assert_int_eq(bt_ipam_take(&net->v4.ipam, 200), -EADDRINUSE);
	ck_well(bt_network_lease_take(net, NULL, &lease, &err), &err);
	ck_assert_uint_eq(lease.index4, 3);
	ck_assert_uint_eq(lease.index6, 4);
}
END_TEST

START_TEST(an_address_outside_of_what_became_of_the_subnet_is_nobodys)
{
	struct bt_network *net = add_net("n", 95);

	join(net, ID_C1, "{}", NULL);
	ck_assert_int_eq(bt_prefix_parse("10.99.0.0/24", &net->v4.subnet), 0);
	net->leases = 0;
	ck_well(bt_network_endpoint_load(&nets, &err), &err);
	ck_assert_uint_eq(net->leases, 1);
	ck_well(bt_network_endpoint_delete_all(&nets, ID_C1, &err), &err);
	ck_assert_uint_eq(net->leases, 0);
}
END_TEST

/* The name of the network that ports are published from. */
static const char *published(const char *id)
{
	struct bt_network_lease lease;

	err = (struct bt_err){ 0 };
	if (bt_network_endpoint_published(&nets, id, &lease, &err) < 0)
		return NULL;
	return lease.network->name;
}

START_TEST(ports_are_published_from_where_the_default_route_goes)
{
	/* The first by name, whichever was made or joined first. */
	join(add_net("z", 95), ID_C1, "{}", NULL);
	join(add_net("m", 96), ID_C1, "{}", NULL);
	ck_assert_pstr_eq(published(ID_C1), "m");
	/* By the smallest difference of priorities. */
	join(add_net("y", 97), ID_C1, "{'GwPriority':1}", NULL);
	ck_assert_pstr_eq(published(ID_C1), "y");
	join(add_net("a", 98), ID_C1, "{'GwPriority':-1}", NULL);
	ck_assert_pstr_eq(published(ID_C1), "y");
}
END_TEST

START_TEST(the_lowest_of_all_priorities_is_one)
{
	struct bt_network_lease lease = { 0 };

	join(add_net("n", 95), ID_C1, "{'GwPriority':-9223372036854775808}", NULL);
	ck_well(bt_network_endpoint_published(&nets, ID_C1, &lease, &err), &err);
	ck_assert_uint_eq(lease.index4, 2);
	ck_assert_uint_eq(lease.index6, 2);
	join(add_net("o", 96), ID_C1, "{'GwPriority':9223372036854775807}", NULL);
	ck_assert_pstr_eq(published(ID_C1), "o");
}
END_TEST

START_TEST(who_has_ports_has_all_of_them_in_one_place)
{
	join(add_net("a", 95), ID_C1, "{'GwPriority':9223372036854775807}", NULL);
	join(add_net("b", 96), ID_C1, "{'GwPriority':-5}", "{'80/tcp':[]}");
	ck_assert_pstr_eq(published(ID_C1), "b");
}
END_TEST

START_TEST(ports_need_a_bridge_that_leads_outside)
{
	struct bt_network *a = add_net("a", 95), *b = add_net("b", 96);

	ck_assert_pstr_eq(published(ID_C1), NULL);
	check_err(&err, BT_ERR_INVALID, "container c1c1c1c1c1c1 is on no network that ports");
	join(a, ID_C1, "{}", NULL);
	join(b, ID_C1, "{}", NULL);
	a->internal = true;
	ck_assert_pstr_eq(published(ID_C1), "b");
	b->driver = BT_NETWORK_DRIVER_MACVLAN;
	ck_assert_pstr_eq(published(ID_C1), NULL);
}
END_TEST

START_TEST(ports_are_stored_beside_what_was_there_and_of_no_one_else)
{
	struct bt_network *a = add_net("a", 95), *b = add_net("b", 96);
	struct bt_network_lease la = join(a, ID_C1, "{}", NULL);
	json_auto_t *ports = parse("{'80/tcp':[{'HostPort':'8080'}]}"), *names = NULL;

	join(b, ID_C1, "{}", NULL);
	join(a, ID_C2, "{}", NULL);
	ck_well(bt_network_endpoint_store_ports(&nets, &la, ID_C1, ports, &err), &err);
	ck_assert_int_eq(sql_int("SELECT count(*) FROM endpoints WHERE config LIKE '%\"8080\"%'"),
			 1);
	ck_assert_int_eq(
		sql_int("SELECT count(*) FROM endpoints WHERE config LIKE '%\"8080\"%' AND "
			"container_id = '" ID_C1 "' AND address = 173998082"),
		1);
	names = bt_network_endpoint_interfaces(&nets, ID_C1);
	assert_json(names, "{'a':'eth5','b':'eth5'}");
	/* Who is not there cannot have any. */
	la.network = b;
	ck_assert_int_lt(bt_network_endpoint_store_ports(&nets, &la, ID_C2, ports, &err), 0);
}
END_TEST

START_TEST(a_network_shows_the_containers_on_it_by_name)
{
	struct bt_network *net = add_net("n", 95);
	json_auto_t *got = NULL;

	join(net, ID_C1, "{}", NULL);
	join(net, "gone", "{}", NULL);
	got = bt_network_endpoint_containers(&nets, net->id);
	(void)json_object_del(json_object_get(got, ID_C1), "EndpointID");
	assert_json(got, "{'" ID_C1 "':{'Name':'one','MacAddress':'02:42:0a:5f:00:02',"
			 "'IPv4Address':'10.95.0.2/24','IPv6Address':'fd00:95::2/64'}}");
	json_decref(got);
	got = bt_network_endpoint_containers(&nets, "nosuch");
	assert_json(got, "{}");
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, settings_are_what_was_asked_and_what_was_given);
	tcase_add_test(tests, each_endpoint_has_an_id_of_its_own);
	tcase_add_test(tests, an_internal_network_shows_no_gateway);
	tcase_add_test(tests, names_are_each_there_once_and_in_dockers_order);
	tcase_add_test(tests, where_there_are_no_names_there_are_none_to_show);
	tcase_add_test(tests, a_row_is_read_back_without_what_only_we_want_to_know);
	tcase_add_test(tests, a_container_on_no_network_has_nothing_and_may_lose_it);
	tcase_add_test(tests, one_address_of_a_network_is_in_one_row);
	tcase_add_test(tests, what_is_deleted_gives_its_addresses_back_and_leaves_the_others);
	tcase_add_test(tests, a_row_of_a_network_that_is_gone_can_be_deleted_and_is_not_shown);
	tcase_add_test(tests, a_row_that_is_no_json_is_passed_over_and_goes_with_the_others);
	tcase_add_test(tests, another_daemon_gives_none_of_the_addresses_out_again);
	tcase_add_test(tests, an_address_outside_of_what_became_of_the_subnet_is_nobodys);
	tcase_add_test(tests, ports_are_published_from_where_the_default_route_goes);
	tcase_add_test(tests, the_lowest_of_all_priorities_is_one);
	tcase_add_test(tests, who_has_ports_has_all_of_them_in_one_place);
	tcase_add_test(tests, ports_need_a_bridge_that_leads_outside);
	tcase_add_test(tests, ports_are_stored_beside_what_was_there_and_of_no_one_else);
	tcase_add_test(tests, a_network_shows_the_containers_on_it_by_name);
}

int main(void)
{
	return run_suite("network_endpoint", setup, teardown, add_tests);
}
