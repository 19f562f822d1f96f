/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_mode.h"

#include <errno.h>

#include "engine/network_table.h"
#include "engine_fixture.h"

#define ID_A "aa00000000000000000000000000000000000000000000000000000000000000"
#define ID_B "bb00000000000000000000000000000000000000000000000000000000000000"

static struct bt_networks nets;

static void add_net(const char *id, const char *name)
{
	json_auto_t *config = parse("{'Driver':'bridge','Options':{}}");
	struct bt_network *net = NULL;

	ck_well(bt_network_table_make(id, name, 1, config, &net, &err), &err);
	ck_well(bt_network_table_store(&nets, net, &err), &err);
}

/* The networks "a" and "b", and the default one. */
static void setup(void)
{
	setup_engine();
	nets = (struct bt_networks){ .engine = &engine, .db = engine.db };
	bt_list_init(&nets.list);
	add_net(ID_A, "a");
	add_net(ID_B, "b");
	add_net("cc", "bridge");
}

static void teardown(void)
{
	bt_network_table_free(&nets);
	teardown_engine();
}

START_TEST(the_mode_is_what_the_user_says_or_the_daemons_bridge_if_it_has_one)
{
	static const struct {
		const char *host_config, *bridge, *mode;
	} cases[] = {
		{ "{}", "docker0", "bridge" },
		{ "{'NetworkMode':''}", "docker0", "bridge" },
		{ "{'NetworkMode':'default'}", "docker0", "bridge" },
		{ "{'NetworkMode':null}", "docker0", "bridge" },
		{ "{'NetworkMode':'default'}", "none", "none" },
		{ "{}", NULL, "none" },
		{ "{'NetworkMode':'bridge'}", "none", "bridge" },
		{ "{'NetworkMode':'a'}", "docker0", "a" },
		{ "{'NetworkMode':'host'}", "none", "host" },
		{ "{'NetworkMode':'container:x'}", "docker0", "container:x" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		json_auto_t *hc = parse(cases[i].host_config);

		engine.cfg.bridge = cases[i].bridge;
		ck_assert_msg(strcmp(bt_network_mode_of(&engine, hc), cases[i].mode) == 0,
			      "%s with %s: %s", cases[i].host_config,
			      cases[i].bridge ? cases[i].bridge : "NULL",
			      bt_network_mode_of(&engine, hc));
	}
}
END_TEST

START_TEST(the_modes_network_is_the_first_where_it_is_meant_at_all)
{
	static const struct {
		const char *mode, *endpoints, *first;
	} cases[] = {
		{ "a", "{}", "a" },
		{ "a", "null", "a" },
		{ ID_A, "{}", "a" },
		{ "aa", "{}", "a" },
		{ "b", "{'a':{},'b':{}}", "b" },
		/* By its id, on either side. */
		{ "b", "{'a':{},'" ID_B "':{}}", "b" },
		{ ID_B, "{'a':{},'b':{}}", "b" },
		/* Named is named, whatever is wanted of it. */
		{ "b", "{'a':{},'b':null}", "b" },
		/* The endpoints say all: who did not name a mode, or left its network. */
		{ "bridge", "{'a':{}}", "a" },
		{ "a", "{'b':{}}", "b" },
		{ "a", "{'" ID_B "':{}}", "b" },
		/* The mode's network is gone, and not needed. */
		{ "nosuch", "{'b':{}}", "b" },
		{ "nosuch", "{}", NULL },
		{ "a", "{'nosuch':{}}", NULL },
		{ "", "{}", NULL },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		json_auto_t *endpoints = parse(cases[i].endpoints);
		struct bt_network *net = NULL;
		int r;

		err = (struct bt_err){ 0 };
		r = bt_network_mode_first(&nets, cases[i].mode, endpoints, &net, &err);
		ck_assert_msg((r == 0) == (cases[i].first != NULL), "%s of %s: %d", cases[i].mode,
			      cases[i].endpoints, r);
		if (cases[i].first) {
			ck_assert_msg(strcmp(net->name, cases[i].first) == 0, "%s of %s: %s",
				      cases[i].mode, cases[i].endpoints, net->name);
			continue;
		}
		check_err(&err, BT_ERR_NOT_FOUND, "not found");
		ck_assert_ptr_null(net);
	}
}
END_TEST

START_TEST(what_is_wanted_is_found_by_name_or_by_id)
{
	json_auto_t *endpoints = parse("{'a':{'x':1},'" ID_B "':{'x':2},'bridge':null}");
	struct bt_network *a = bt_network_table_named(&nets, "a");
	struct bt_network *b = bt_network_table_named(&nets, "b");

	assert_json(bt_network_mode_want(endpoints, a), "{'x':1}");
	assert_json(bt_network_mode_want(endpoints, b), "{'x':2}");
	ck_assert_ptr_null(
		bt_network_mode_want(endpoints, bt_network_table_named(&nets, "bridge")));
	ck_assert_ptr_null(bt_network_mode_want(NULL, a));
}
END_TEST

START_TEST(endpoints_are_by_name_and_the_modes_own_is_among_them_where_there_are_none)
{
	static const struct {
		const char *mode, *networking, *endpoints;
	} cases[] = {
		{ "a", "{}", "{'a':{}}" },
		{ "a", "{'EndpointsConfig':null}", "{'a':{}}" },
		{ "a", "{'EndpointsConfig':{}}", "{'a':{}}" },
		{ "aa", "{}", "{'a':{}}" },
		{ "bridge", "{'EndpointsConfig':{'a':{'x':1}}}", "{'a':{'x':1}}" },
		{ "a", "{'EndpointsConfig':{'" ID_B "':{'x':1},'a':null}}",
		  "{'b':{'x':1},'a':null}" },
		/* What is not there any more keeps its name. */
		{ "nosuch", "{}", "{'nosuch':{}}" },
		{ "a", "{'EndpointsConfig':{'nosuch':{}}}", "{'nosuch':{}}" },
		/* Another's namespace has networks, this container none. */
		{ "container:x", "{}", "{}" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		json_auto_t *networking = parse(cases[i].networking);
		const json_t *got = bt_network_mode_complete(&nets, cases[i].mode, networking);

		assert_json(got, cases[i].endpoints);
		ck_assert_ptr_eq(got, json_object_get(networking, "EndpointsConfig"));
		/* Twice is once. */
		assert_json(bt_network_mode_complete(&nets, cases[i].mode, networking),
			    cases[i].endpoints);
	}
}
END_TEST

START_TEST(who_left_the_only_network_and_joined_another_is_on_that_alone)
{
	json_auto_t *networking = parse("{}");

	(void)bt_network_mode_complete(&nets, "a", networking);
	bt_network_mode_leave(networking, "a");
	/* Nothing of it is implied from now on. */
	assert_json(bt_network_mode_complete(&nets, "a", networking), "{}");
	ck_assert_int_eq(bt_network_mode_join(networking, "b", NULL), 0);
	assert_json(bt_network_mode_complete(&nets, "a", networking), "{'b':{}}");
	ck_assert_int_eq(bt_network_mode_join(networking, "a", NULL), 0);
	assert_json(networking, "{'EndpointsConfig':{'b':{},'a':{}}}");
}
END_TEST

START_TEST(who_joins_another_keeps_the_modes_and_what_was_wanted_is_kept)
{
	json_auto_t *networking = parse("{}"), *want = parse("{'Aliases':['x']}");

	(void)bt_network_mode_complete(&nets, "a", networking);
	ck_assert_int_eq(bt_network_mode_join(networking, "b", want), 0);
	(void)json_object_set_new(want, "Aliases", json_null());
	assert_json(networking, "{'EndpointsConfig':{'a':{},'b':{'Aliases':['x']}}}");
	/* Again: the last word counts. */
	ck_assert_int_eq(bt_network_mode_join(networking, "b", NULL), 0);
	assert_json(networking, "{'EndpointsConfig':{'a':{},'b':{}}}");
}
END_TEST

START_TEST(who_leaves_what_it_was_not_on_has_left_nothing)
{
	json_auto_t *networking = parse("{'EndpointsConfig':{'a':{},'b':{}}}");
	json_auto_t *none = parse("{}");

	bt_network_mode_leave(networking, "nosuch");
	bt_network_mode_leave(networking, "b");
	assert_json(networking, "{'EndpointsConfig':{'a':{}}}");
	bt_network_mode_leave(none, "a");
	assert_json(bt_network_mode_complete(&nets, "a", none), "{'a':{}}");
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, the_mode_is_what_the_user_says_or_the_daemons_bridge_if_it_has_one);
	tcase_add_test(tests, the_modes_network_is_the_first_where_it_is_meant_at_all);
	tcase_add_test(tests, what_is_wanted_is_found_by_name_or_by_id);
	tcase_add_test(tests,
		       endpoints_are_by_name_and_the_modes_own_is_among_them_where_there_are_none);
	tcase_add_test(tests, who_left_the_only_network_and_joined_another_is_on_that_alone);
	tcase_add_test(tests, who_joins_another_keeps_the_modes_and_what_was_wanted_is_kept);
	tcase_add_test(tests, who_leaves_what_it_was_not_on_has_left_nothing);
}

int main(void)
{
	return run_suite("network_mode", setup, teardown, add_tests);
}
