/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_inspect.h"

#include <errno.h>

#include "codec/json_raw.h"
#include "stores_fixture.h"

static json_t *list(const struct bt_list_options *opt)
{
	bt_auto_str struct bt_str text = { 0 };
	json_t *ret;

	ck_assert_msg(bt_container_list(&engine, opt, &text, &err) == 0, "%s", err.msg);
	ret = json_loads(bt_str_get(&text), 0, NULL);
	ck_assert_msg(ret != NULL, "no JSON: %s", bt_str_get(&text));
	return ret;
}

static json_t *list_filtered(const char *filters)
{
	bt_auto_filters struct bt_filters *f = NULL;

	ck_well(bt_filters_parse(filters, &f, &err), &err);
	return list(&(struct bt_list_options){ .all = true, .filters = f });
}

static const char *name_at(const json_t *rows, size_t i)
{
	return json_string_value(
		json_array_get(json_object_get(json_array_get(rows, i), "Names"), 0));
}

START_TEST(without_containers_it_is_an_empty_array)
{
	json_auto_t *rows = list(&(struct bt_list_options){ .all = true });

	assert_json(rows, "[]");
}
END_TEST

START_TEST(one_that_never_ran_is_told_whole_with_the_networks_it_would_have)
{
	bt_auto_str struct bt_str text = { 0 };

	add_container("web", "{\"Image\":\"gone:1\",\"Command\":\"sh -c \\\"x\\\"\",\"Labels\":{"
			     "\"k\":\"<v>\"},\"NetworkMode\":\"none\",\"Mounts\":[],"
			     "\"ExposedPorts\":{\"80/tcp\":{}},\"PortBindings\":null}");
	ck_assert_int_eq(
		bt_container_list(&engine, &(struct bt_list_options){ .all = true }, &text, &err),
		0);
	/* Docker's members in Docker's order, and nothing is escaped that was not. */
	ck_assert_str_eq(
		bt_str_get(&text),
		"[{\"Id\":\"0000000000000000000000000000000000000000000000000000000000000001\","
		"\"Names\":[\"/web\"],\"Image\":\"" IMAGE "\",\"ImageID\":\"" IMAGE "\","
		"\"Command\":\"sh -c \\\"x\\\"\",\"Created\":1,\"Ports\":[],"
		"\"Labels\":{\"k\":\"<v>\"},\"State\":\"created\",\"Status\":\"Created\","
		"\"HostConfig\":{\"NetworkMode\":\"none\"},\"NetworkSettings\":{\"Networks\":{"
		"\"none\":{\"IPAMConfig\":null,\"Links\":null,\"Aliases\":null,\"MacAddress\":\"\","
		"\"DriverOpts\":null,\"GwPriority\":0,\"NetworkID\":\"\",\"EndpointID\":\"\","
		"\"Gateway\":\"\",\"IPAddress\":\"\",\"IPPrefixLen\":0,\"IPv6Gateway\":\"\","
		"\"GlobalIPv6Address\":\"\",\"GlobalIPv6PrefixLen\":0,\"DNSNames\":null}}},"
		"\"Mounts\":[]}]");
}
END_TEST

START_TEST(networks_that_a_start_left_are_told_as_they_are)
{
	struct bt_container *c = add_container("web", "{\"NetworkMode\":\"blue\"}");

	c->state.networks = strdup("{\"blue\":{\"IPAddress\":\"10.0.0.2\"}}");
	json_auto_t *rows = list(&(struct bt_list_options){ .all = true });
	assert_json(json_object_get(json_array_get(rows, 0), "NetworkSettings"),
		    "{'Networks':{'blue':{'IPAddress':'10.0.0.2'}}}");
}
END_TEST

START_TEST(each_mode_has_its_own_networks_also_when_they_alternate)
{
	add_container("a", "{\"NetworkMode\":\"blue\"}");
	add_container("b", "{\"NetworkMode\":\"green\"}");
	add_container("c", "{\"NetworkMode\":\"blue\"}");
	add_container("d", "{\"NetworkMode\":\"container:a\"}");
	json_auto_t *rows = list(&(struct bt_list_options){ .all = true });
	static const char *const want[] = { "", "blue", "green", "blue" };

	for (size_t i = 0; i < 4; i++) {
		json_t *networks = json_object_get(
			json_object_get(json_array_get(rows, i), "NetworkSettings"), "Networks");

		ck_assert_uint_eq(json_object_size(networks), want[i][0] ? 1 : 0);
		ck_assert(!want[i][0] || json_object_get(networks, want[i]));
	}
}
END_TEST

START_TEST(endpoints_of_the_request_are_told_before_the_first_start)
{
	add_container("a", "{\"NetworkMode\":\"blue\",\"EndpointsConfig\":{\"blue\":{"
			   "\"Aliases\":[\"x\"]},\"red\":{}}}");
	add_container("b", "{\"NetworkMode\":\"blue\"}");
	json_auto_t *rows = list(&(struct bt_list_options){ .all = true });
	json_t *b = json_object_get(json_object_get(json_array_get(rows, 0), "NetworkSettings"),
				    "Networks");
	json_t *a = json_object_get(json_object_get(json_array_get(rows, 1), "NetworkSettings"),
				    "Networks");

	ck_assert_uint_eq(json_object_size(a), 2);
	assert_json(json_object_get(json_object_get(a, "blue"), "Aliases"), "['x']");
	ck_assert_uint_eq(json_object_size(b), 1);
	assert_json(json_object_get(json_object_get(b, "blue"), "Aliases"), "null");
}
END_TEST

START_TEST(annotations_are_told_where_there_are_some)
{
	add_container("a", "{\"NetworkMode\":\"none\",\"Annotations\":{\"k\":\"v\"}}");
	json_auto_t *rows = list(&(struct bt_list_options){ .all = true });

	assert_json(json_object_get(json_array_get(rows, 0), "HostConfig"),
		    "{'NetworkMode':'none','Annotations':{'k':'v'}}");
}
END_TEST

START_TEST(where_a_volume_lies_is_not_told_but_of_a_bind_it_is)
{
	add_container("web",
		      "{\"Mounts\":[{\"Type\":\"volume\",\"Name\":\"v\",\"Source\":\"/secret\"},"
		      "{\"Type\":\"bind\",\"Source\":\"/srv\"}]}");
	json_auto_t *rows = list(&(struct bt_list_options){ .all = true });

	assert_json(json_object_get(json_array_get(rows, 0), "Mounts"),
		    "[{'Type':'volume','Name':'v','Source':''},{'Type':'bind','Source':'/srv'}]");
}
END_TEST

START_TEST(what_the_summary_lacks_is_null_or_empty)
{
	add_container("web", "{}");
	json_auto_t *rows = list(&(struct bt_list_options){ .all = true });
	const json_t *row = json_array_get(rows, 0);

	ck_assert(json_is_null(json_object_get(row, "Labels")));
	ck_assert(json_is_null(json_object_get(row, "Mounts")));
	assert_json(json_object_get(row, "Command"), "''");
	assert_json(json_object_get(row, "HostConfig"), "{'NetworkMode':''}");
	assert_json(json_object_get(row, "NetworkSettings"), "{'Networks':{}}");
}
END_TEST

START_TEST(exposed_ports_are_told_while_it_runs)
{
	struct bt_container *c =
		add_container("web", "{\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{}}}");

	c->state.status = BT_CONTAINER_RUNNING;
	c->state.pid = 1;
	json_auto_t *rows = list(&(struct bt_list_options){ 0 });
	assert_json(json_object_get(json_array_get(rows, 0), "Ports"),
		    "[{'PrivatePort':80,'Type':'tcp'},{'PrivatePort':53,'Type':'udp'}]");
}
END_TEST

START_TEST(the_newest_comes_first_and_a_limit_counts_what_is_shown)
{
	add_container("old", "{}");
	add_container("mid", "{}");
	add_container("new", "{}");
	json_auto_t *rows = list(&(struct bt_list_options){ .limit = 2 });

	ck_assert_uint_eq(json_array_size(rows), 2);
	ck_assert_str_eq(name_at(rows, 0), "/new");
	ck_assert_str_eq(name_at(rows, 1), "/mid");
}
END_TEST

START_TEST(only_those_that_run_are_shown_unless_all_are_wanted)
{
	add_container("stopped", "{}");
	add_container("restarting", "{}")->state.status = BT_CONTAINER_RESTARTING;
	add_container("paused", "{}")->state.status = BT_CONTAINER_PAUSED;
	add_container("dead", "{}")->state.status = BT_CONTAINER_DEAD;
	json_auto_t *few = list(&(struct bt_list_options){ 0 });
	json_auto_t *all = list(&(struct bt_list_options){ .all = true });

	ck_assert_uint_eq(json_array_size(few), 2);
	ck_assert_str_eq(name_at(few, 0), "/paused");
	ck_assert_uint_eq(json_array_size(all), 4);
}
END_TEST

START_TEST(the_status_says_the_health)
{
	struct bt_container *c = add_container("web", "{}");

	c->state.status = BT_CONTAINER_RUNNING;
	c->state.started_ns = bt_time_now_ns();
	c->state.health = strdup("{\"Status\":\"unhealthy\",\"Log\":[]}");
	json_auto_t *rows = list(&(struct bt_list_options){ 0 });
	assert_json(json_object_get(json_array_get(rows, 0), "Status"),
		    "'Up Less than a second (unhealthy)'");
}
END_TEST

START_TEST(every_filter_lets_its_container_through_and_no_other)
{
	static const char *const filters[] = {
		"{\"label\":[\"k=v\"]}",     "{\"label\":[\"k\"]}",
		"{\"name\":[\"we\"]}",       "{\"name\":[\"^/web$\"]}",
		"{\"network\":[\"blue\"]}",  "{\"network\":[\"f00d\"]}",
		"{\"volume\":[\"vol\"]}",    "{\"volume\":[\"/data\"]}",
		"{\"expose\":[\"80/tcp\"]}", "{\"expose\":[\"70-90\"]}",
		"{\"publish\":[\"81\"]}",    "{\"status\":[\"exited\"]}",
		"{\"exited\":[\"3\"]}",      "{\"health\":[\"healthy\"]}",
		"{\"since\":[\"other\"]}",   "{\"id\":[\"2$\"]}",
	};
	struct bt_container *c;

	add_container("other", "{\"Labels\":{\"k\":\"w\"}}")->state.status = BT_CONTAINER_DEAD;
	json_auto_t *labels = list_filtered("{\"label\":[\"k=v\"]}");
	ck_assert_uint_eq(json_array_size(labels), 0);
	c = add_container("web",
			  "{\"Labels\":{\"k\":\"v\"},\"NetworkMode\":\"blue\",\"Mounts\":[{"
			  "\"Type\":\"volume\",\"Name\":\"vol\",\"Destination\":\"/data\"}],"
			  "\"ExposedPorts\":{\"80/tcp\":{}},\"PortBindings\":{\"81/tcp\":[]}}");
	c->state.status = BT_CONTAINER_EXITED;
	c->state.started_ns = 1;
	c->state.exit_code = 3;
	c->state.health = strdup("{\"Status\":\"healthy\"}");
	c->state.networks = strdup("{\"blue\":{\"NetworkID\":\"f00d00\"}}");
	for (size_t i = 1; i < sizeof(filters) / sizeof(filters[0]); i++) {
		json_auto_t *rows = list_filtered(filters[i]);
		bool both = strstr(filters[i], "[\"k\"]") != NULL;

		ck_assert_msg(json_array_size(rows) == (both ? 2 : 1), "%s", filters[i]);
		ck_assert_str_eq(name_at(rows, 0), "/web");
	}
}
END_TEST

START_TEST(a_filter_that_is_none_is_refused)
{
	bt_auto_filters struct bt_filters *f = NULL;
	bt_auto_str struct bt_str text = { 0 };

	ck_assert_int_eq(bt_filters_parse("{\"nope\":[\"x\"]}", &f, &err), 0);
	ck_assert_int_lt(
		bt_container_list(&engine, &(struct bt_list_options){ .filters = f }, &text, &err),
		0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
}
END_TEST

START_TEST(a_list_that_grows_too_long_is_an_error)
{
	bt_auto_str struct bt_str text = { .max = 100 };

	add_container("web", "{}");
	ck_assert_int_lt(
		bt_container_list(&engine, &(struct bt_list_options){ .all = true }, &text, &err),
		0);
	ck_assert_int_eq(err.errnum, E2BIG);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, without_containers_it_is_an_empty_array);
	tcase_add_test(tests, one_that_never_ran_is_told_whole_with_the_networks_it_would_have);
	tcase_add_test(tests, networks_that_a_start_left_are_told_as_they_are);
	tcase_add_test(tests, each_mode_has_its_own_networks_also_when_they_alternate);
	tcase_add_test(tests, endpoints_of_the_request_are_told_before_the_first_start);
	tcase_add_test(tests, annotations_are_told_where_there_are_some);
	tcase_add_test(tests, where_a_volume_lies_is_not_told_but_of_a_bind_it_is);
	tcase_add_test(tests, what_the_summary_lacks_is_null_or_empty);
	tcase_add_test(tests, exposed_ports_are_told_while_it_runs);
	tcase_add_test(tests, the_newest_comes_first_and_a_limit_counts_what_is_shown);
	tcase_add_test(tests, only_those_that_run_are_shown_unless_all_are_wanted);
	tcase_add_test(tests, the_status_says_the_health);
	tcase_add_test(tests, every_filter_lets_its_container_through_and_no_other);
	tcase_add_test(tests, a_filter_that_is_none_is_refused);
	tcase_add_test(tests, a_list_that_grows_too_long_is_an_error);
}

int main(void)
{
	return run_suite("engine/container_list", setup_stores, teardown_stores, add);
}
