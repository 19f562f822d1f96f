/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_links.h"

#include "stores_fixture.h"

static json_t *env;
static struct bt_str hosts;

static void setup(void)
{
	setup_stores();
	env = json_array();
}

static void teardown(void)
{
	json_decref(env);
	bt_str_done(&hosts);
	teardown_stores();
}

/* The variables that one link gives; ports and the other's environment are JSON. */
static void assert_env(const char *path, const char *ports, const char *child, const char *want)
{
	json_auto_t *exposed = parse(ports), *theirs = parse(child);

	json_array_clear(env);
	bt_container_links_env(path, "172.17.0.2", exposed, theirs, env);
	assert_json(env, want);
}

START_TEST(a_link_without_ports_tells_its_name_alone)
{
	assert_env("/web/db", "{}", "null", "['DB_NAME=/web/db']");
	assert_env("/web/db", "null", "[]", "['DB_NAME=/web/db']");
}
END_TEST

START_TEST(a_port_is_told_as_a_whole_and_in_parts)
{
	assert_env("/web/db", "{'5432/tcp':{}}", "null",
		   "['DB_PORT=tcp://172.17.0.2:5432','DB_PORT_5432_TCP=tcp://172.17.0.2:5432',"
		   "'DB_PORT_5432_TCP_PORT=5432','DB_PORT_5432_TCP_ADDR=172.17.0.2',"
		   "'DB_PORT_5432_TCP_PROTO=tcp','DB_NAME=/web/db']");
}
END_TEST

START_TEST(of_several_ports_the_lowest_of_tcp_goes_first)
{
	assert_env("/web/db", "{'9/udp':{},'80/tcp':{},'10/tcp':{}}", "null",
		   "['DB_PORT=tcp://172.17.0.2:10','DB_PORT_10_TCP=tcp://172.17.0.2:10',"
		   "'DB_PORT_10_TCP_PORT=10','DB_PORT_10_TCP_ADDR=172.17.0.2',"
		   "'DB_PORT_10_TCP_PROTO=tcp','DB_PORT_80_TCP=tcp://172.17.0.2:80',"
		   "'DB_PORT_80_TCP_PORT=80','DB_PORT_80_TCP_ADDR=172.17.0.2',"
		   "'DB_PORT_80_TCP_PROTO=tcp','DB_PORT_9_UDP=udp://172.17.0.2:9',"
		   "'DB_PORT_9_UDP_PORT=9','DB_PORT_9_UDP_ADDR=172.17.0.2',"
		   "'DB_PORT_9_UDP_PROTO=udp','DB_NAME=/web/db']");
}
END_TEST

/* Is this among the variables? */
static bool has(const char *variable)
{
	const json_t *item;
	size_t i;

	json_array_foreach (env, i, item)
		if (strcmp(json_string_value(item), variable) == 0)
			return true;
	return false;
}

/* How many of them begin so? */
static int count(const char *prefix)
{
	const json_t *item;
	size_t i;
	int n = 0;

	json_array_foreach (env, i, item)
		n += strncmp(json_string_value(item), prefix, strlen(prefix)) == 0;
	return n;
}

static void make_env(const char *path, const char *ports)
{
	json_auto_t *exposed = parse(ports);

	bt_container_links_env(path, "172.17.0.2", exposed, NULL, env);
}

START_TEST(ports_in_a_row_of_one_protocol_are_a_range_as_well)
{
	make_env("/web/db", "{'82/tcp':{},'80/tcp':{},'81/tcp':{},'83/udp':{},'90/tcp':{}}");
	ck_assert(has("DB_PORT_80_TCP_START=tcp://172.17.0.2:80"));
	ck_assert(has("DB_PORT_80_TCP_PORT_START=80"));
	ck_assert(has("DB_PORT_80_TCP_END=tcp://172.17.0.2:82"));
	ck_assert(has("DB_PORT_80_TCP_PORT_END=82"));
	ck_assert(!has("DB_PORT_81_TCP_START=tcp://172.17.0.2:81"));
	ck_assert(!has("DB_PORT_90_TCP_START=tcp://172.17.0.2:90"));
	ck_assert(!has("DB_PORT_83_UDP_START=udp://172.17.0.2:83"));
	ck_assert(has("DB_PORT_81_TCP=tcp://172.17.0.2:81"));
}
END_TEST

START_TEST(what_is_no_port_is_passed_over)
{
	make_env("/web/db", "{'0/tcp':{},'65536/tcp':{},'x/tcp':{},'80':{},'':{},'-1/tcp':{},"
			    "'99999999999999999999/tcp':{},'65535/tcp':{}}");
	ck_assert(has("DB_PORT=tcp://172.17.0.2:65535"));
	ck_assert_int_eq(count("DB_PORT_"), 4);
}
END_TEST

START_TEST(more_ports_than_are_told_are_no_harm)
{
	json_auto_t *ports = json_object();

	for (int i = 1; i <= 3000; i++) {
		bt_auto_free char *port = bt_str_format("%d/tcp", 2 * i);

		json_object_set_new(ports, port, json_object());
	}
	bt_container_links_env("/web/db", "1.2.3.4", ports, NULL, env);
	ck_assert_int_eq(count("DB_PORT="), 1);
	ck_assert_int_eq(count("DB_PORT_"), 4 * 1024);
}
END_TEST

START_TEST(a_name_becomes_that_of_a_variable)
{
	assert_env("/web/my-db.1", "{}", "null", "['MY_DB.1_NAME=/web/my-db.1']");
}
END_TEST

START_TEST(the_others_environment_is_told_but_for_what_every_program_has)
{
	assert_env("/web/db", "{}",
		   "['A=1','B=','HOME=/root','PATH=/bin','PATHS=x','NOVALUE','C=a=b',3,null]",
		   "['DB_NAME=/web/db','DB_ENV_A=1','DB_ENV_B=','DB_ENV_PATHS=x','DB_ENV_C=a=b']");
}
END_TEST

/* A target that runs, or not, at an address of the default bridge. */
static struct bt_container *add_target(const char *name, const char *address)
{
	struct bt_container *c = add_recorded(
		name, "{'Hostname':'host','ExposedPorts':{'80/tcp':{}},'Env':['K=v']}", "{}", "[]");

	if (address) {
		c->state.status = BT_CONTAINER_RUNNING;
		c->state.networks = bt_str_format("{\"bridge\":{\"IPAddress\":\"%s\"}}", address);
	}
	return c;
}

static int make(const char *host_config)
{
	json_auto_t *hc = parse(host_config);

	return bt_container_links_make(&engine, "web", hc, &hosts, env, &err);
}

START_TEST(each_link_is_a_line_of_hosts_with_alias_host_and_name)
{
	add_target("db", "172.17.0.2");
	add_target("cache", "172.17.0.3");
	ck_well(make("{'Links':['db:store','/cache:cache','db']}"), &err);
	ck_assert_str_eq(bt_str_get(&hosts), "172.17.0.2\tstore host db\n"
					     "172.17.0.3\tcache host\n"
					     "172.17.0.2\tdb host\n");
	ck_assert(has("STORE_NAME=/web/store"));
	ck_assert(has("STORE_ENV_K=v"));
	ck_assert(has("CACHE_PORT=tcp://172.17.0.3:80"));
	ck_assert(has("DB_PORT_80_TCP_ADDR=172.17.0.2"));
}
END_TEST

START_TEST(a_link_as_inspect_shows_it_is_understood)
{
	add_target("db", "172.17.0.2");
	ck_well(make("{'Links':['/db:/web/store']}"), &err);
	ck_assert_str_eq(bt_str_get(&hosts), "172.17.0.2\tstore host db\n");
}
END_TEST

START_TEST(only_the_default_bridge_has_links)
{
	static const char *const modes[] = { "", "default", "bridge" };
	static const char *const others[] = { "host", "none", "mine", "container:db" };

	for (size_t i = 0; i < LENGTH(others); i++) {
		bt_auto_free char *hc =
			bt_str_format("{'NetworkMode':'%s','Links':['gone:x']}", others[i]);

		ck_well(make(hc), &err);
	}
	ck_assert_uint_eq(hosts.len, 0);
	for (size_t i = 0; i < LENGTH(modes); i++) {
		bt_auto_free char *hc =
			bt_str_format("{'NetworkMode':'%s','Links':['gone:x']}", modes[i]);

		ck_assert_int_lt(make(hc), 0);
		check_err(&err, BT_ERR_NOT_FOUND, "No such container: gone");
	}
}
END_TEST

START_TEST(a_target_that_does_not_run_is_a_conflict)
{
	struct bt_container *db = add_target("db", NULL);

	ck_assert_int_lt(make("{'Links':['db:store']}"), 0);
	check_err(&err, BT_ERR_CONFLICT,
		  "Cannot link to a non running container: /db AS /web/store");
	/* It runs, but not on the bridge. */
	db->state.status = BT_CONTAINER_RUNNING;
	db->state.networks = strdup("{\"mine\":{\"IPAddress\":\"10.0.0.2\"}}");
	ck_assert_int_lt(make("{'Links':['db:store']}"), 0);
	check_err(&err, BT_ERR_CONFLICT, "Cannot link to a non running container");
}
END_TEST

START_TEST(without_links_nothing_is_added)
{
	ck_well(make("{}"), &err);
	ck_well(make("{'Links':null}"), &err);
	ck_well(make("{'Links':[]}"), &err);
	ck_assert_uint_eq(hosts.len, 0);
	ck_assert_uint_eq(json_array_size(env), 0);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_link_without_ports_tells_its_name_alone);
	tcase_add_test(tests, a_port_is_told_as_a_whole_and_in_parts);
	tcase_add_test(tests, of_several_ports_the_lowest_of_tcp_goes_first);
	tcase_add_test(tests, ports_in_a_row_of_one_protocol_are_a_range_as_well);
	tcase_add_test(tests, what_is_no_port_is_passed_over);
	tcase_add_test(tests, more_ports_than_are_told_are_no_harm);
	tcase_add_test(tests, a_name_becomes_that_of_a_variable);
	tcase_add_test(tests, the_others_environment_is_told_but_for_what_every_program_has);
	tcase_add_test(tests, each_link_is_a_line_of_hosts_with_alias_host_and_name);
	tcase_add_test(tests, a_link_as_inspect_shows_it_is_understood);
	tcase_add_test(tests, only_the_default_bridge_has_links);
	tcase_add_test(tests, a_target_that_does_not_run_is_a_conflict);
	tcase_add_test(tests, without_links_nothing_is_added);
}

int main(void)
{
	return run_suite("engine/container_links", setup, teardown, add);
}
