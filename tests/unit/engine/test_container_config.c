/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_config.h"

#include "common.h"

static json_t *make(const char *body, const char *image)
{
	json_t *b = parse(body), *i = parse(image), *out = NULL;
	struct bt_err err;

	ck_assert_int_eq(bt_container_config_make(b, i, &out, &err), 0);
	json_decref(b);
	json_decref(i);
	return out;
}

static void assert_refused(const char *body, const char *message)
{
	json_t *b = parse(body), *out = NULL;
	struct bt_err err;

	ck_assert_int_lt(bt_container_config_make(b, NULL, &out, &err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_str_eq(err.msg, message);
	ck_assert_ptr_null(out);
	json_decref(b);
}

START_TEST(the_images_command_counts_where_the_request_has_none)
{
	json_t *config = make("{}", "{'Cmd':['sh'],'Entrypoint':['/tini','--']}");

	assert_json(json_object_get(config, "Cmd"), "['sh']");
	assert_json(json_object_get(config, "Entrypoint"), "['/tini','--']");
	json_decref(config);
}
END_TEST

START_TEST(an_entrypoint_of_the_request_takes_the_images_command_away)
{
	json_t *config = make("{'Entrypoint':['ls']}", "{'Cmd':['sh'],'Entrypoint':['/tini']}");

	assert_json(json_object_get(config, "Cmd"), "null");
	assert_json(json_object_get(config, "Entrypoint"), "['ls']");
	json_decref(config);
}
END_TEST

START_TEST(an_empty_entrypoint_takes_the_images_away_and_keeps_the_command)
{
	json_t *config = make("{'Entrypoint':[''],'Cmd':['id']}", "{'Entrypoint':['/tini']}");

	assert_json(json_object_get(config, "Entrypoint"), "null");
	assert_json(json_object_get(config, "Cmd"), "['id']");
	json_decref(config);
}
END_TEST

START_TEST(a_lone_string_is_a_command)
{
	json_t *config = make("{'Cmd':'top','Entrypoint':null}", "{}");

	assert_json(json_object_get(config, "Cmd"), "['top']");
	json_decref(config);
}
END_TEST

START_TEST(our_variables_go_before_the_images_and_win)
{
	json_t *config =
		make("{'Cmd':['x'],'Env':['A=1','PATH=/me']}", "{'Env':['PATH=/bin','B=2']}");

	assert_json(json_object_get(config, "Env"), "['A=1','PATH=/me','B=2']");
	json_decref(config);
}
END_TEST

START_TEST(labels_ports_and_volumes_are_united)
{
	json_t *config = make("{'Cmd':['x'],'Labels':{'a':'1'},'ExposedPorts':{'80/tcp':{}}}",
			      "{'Labels':{'a':'0','b':'2'},'ExposedPorts':{'81/tcp':{}},"
			      "'Volumes':{'/data':{}}}");

	assert_json(json_object_get(config, "Labels"), "{'a':'1','b':'2'}");
	assert_json(json_object_get(config, "ExposedPorts"), "{'80/tcp':{},'81/tcp':{}}");
	assert_json(json_object_get(config, "Volumes"), "{'/data':{}}");
	json_decref(config);
}
END_TEST

START_TEST(a_health_check_is_completed_from_the_image)
{
	json_t *config = make("{'Cmd':['x'],'Healthcheck':{'Interval':5000000000}}",
			      "{'Healthcheck':{'Test':['CMD','true'],'Retries':2}}");

	assert_json(json_object_get(config, "Healthcheck"),
		    "{'Interval':5000000000,'Test':['CMD','true'],'Retries':2}");
	json_decref(config);
}
END_TEST

START_TEST(nonsense_is_refused_and_the_member_named)
{
	assert_refused("{}", "no command specified");
	assert_refused("{'Cmd':5}", "invalid JSON: Config.Cmd must be an array of strings");
	assert_refused("{'Cmd':['x'],'Tty':'yes'}", "invalid JSON: Config.Tty must be a boolean");
	assert_refused("{'Cmd':['x'],'WorkingDir':'tmp'}",
		       "the working directory 'tmp' is invalid, it needs to be an absolute path");
	assert_refused("{'Cmd':['x'],'StopSignal':'NOPE'}", "invalid signal: NOPE");
	assert_refused("{'Cmd':['x'],'Hostname':'a\\nb'}", "invalid hostname: a\nb");
	assert_refused("{'Cmd':['x'],'Domainname':'a\\tb'}", "invalid domainname: a\tb");
	assert_refused("{'Cmd':['x'],'Hostname':'a\\u007f'}", "invalid hostname: a\x7f");
	assert_refused("{'Cmd':['x'],'Env':['=x']}", "invalid environment variable: =x");
}
END_TEST

START_TEST(an_image_whose_members_have_other_types_is_refused)
{
	static const struct {
		const char *image, *message;
	} images[] = {
		{ "{'Env':{'A':'b'}}", "Env is not an array of strings" },
		{ "{'Env':[1]}", "Env is not an array of strings" },
		{ "{'Volumes':['/a']}", "Volumes is not an object" },
		{ "{'ExposedPorts':['80']}", "ExposedPorts is not an object" },
		{ "{'User':0}", "User is not a string" },
		{ "{'StopSignal':9}", "StopSignal is not a string" },
		{ "{'Cmd':[null]}", "Cmd is not" },
		{ "{'Entrypoint':[['true']]}", "Entrypoint is not" },
		{ "{'Healthcheck':'true'}", "Healthcheck is not an object" },
		{ "{'Healthcheck':{'Interval':1.5}}", "Healthcheck.Interval" },
		{ "{'Healthcheck':{'Test':[1]}}", "Healthcheck.Test" },
		{ "{'Volumes':{'/a':1}}", "Volumes" },
		{ "{'Labels':{'a':1}}", "Labels must hold strings" },
	};

	for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
		json_t *body = parse("{'Cmd':['true']}"), *image = parse(images[i].image);
		json_t *out = NULL;
		struct bt_err err = { 0 };

		ck_assert_msg(bt_container_config_make(body, image, &out, &err) < 0, "%s",
			      images[i].image);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
		ck_assert_msg(strstr(err.msg, images[i].message) != NULL, "%s", err.msg);
		json_decref(body);
		json_decref(image);
	}
}
END_TEST

START_TEST(an_image_may_say_nothing_and_more_than_is_known)
{
	json_t *config =
		make("{'Cmd':['true']}",
		     "{'Env':null,'Volumes':null,'Labels':null,'Healthcheck':null,'OnBuild':null,"
		     "'NetworkDisabled':true,'HostConfig':{'Privileged':true},'X':[{}]}");

	assert_json(json_object_get(config, "Cmd"), "['true']");
	ck_assert_ptr_null(json_object_get(config, "HostConfig"));
	json_decref(config);
}
END_TEST

START_TEST(names_of_members_match_without_regard_to_case)
{
	json_t *config = make("{'cmd':['x'],'user':'me'}", "{}");

	assert_json(json_object_get(config, "User"), "'me'");
	json_decref(config);
}
END_TEST

START_TEST(the_command_is_entrypoint_then_cmd)
{
	json_t *config = parse("{'Entrypoint':['a','b'],'Cmd':['c']}"), *args;
	const char *path;

	ck_assert_int_eq(bt_container_config_command(config, &path, &args), 0);
	ck_assert_str_eq(path, "a");
	assert_json(args, "['b','c']");
	json_decref(args);
	json_decref(config);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, the_images_command_counts_where_the_request_has_none);
	tcase_add_test(tests, an_entrypoint_of_the_request_takes_the_images_command_away);
	tcase_add_test(tests, an_empty_entrypoint_takes_the_images_away_and_keeps_the_command);
	tcase_add_test(tests, a_lone_string_is_a_command);
	tcase_add_test(tests, our_variables_go_before_the_images_and_win);
	tcase_add_test(tests, labels_ports_and_volumes_are_united);
	tcase_add_test(tests, a_health_check_is_completed_from_the_image);
	tcase_add_test(tests, nonsense_is_refused_and_the_member_named);
	tcase_add_test(tests, an_image_whose_members_have_other_types_is_refused);
	tcase_add_test(tests, an_image_may_say_nothing_and_more_than_is_known);
	tcase_add_test(tests, names_of_members_match_without_regard_to_case);
	tcase_add_test(tests, the_command_is_entrypoint_then_cmd);
}

int main(void)
{
	return run_tests("engine/container_config", add);
}
