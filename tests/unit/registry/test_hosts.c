/* SPDX-License-Identifier: Apache-2.0 */

#include "registry/hosts.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bt_endpoint list[BT_HOSTS_MAX];
static struct bt_err err;

static int parse(const char *text, bool push, bool by_digest)
{
	const struct bt_hosts_use use = { .dir = "/certs",
					  .server = "https://reg.example",
					  .push = push,
					  .by_digest = by_digest };

	return bt_hosts_parse(text, strlen(text), &use, list, &err);
}

static void teardown(void)
{
	for (int i = 0; i < BT_HOSTS_MAX; i++)
		bt_endpoint_done(&list[i]);
}

START_TEST(an_empty_file_leaves_the_registry_itself)
{
	ck_assert_int_eq(parse("", false, false), 1);
	ck_assert_str_eq(list[0].base, "https://reg.example");
	ck_assert_str_eq(list[0].api, "https://reg.example/v2");
	ck_assert(!list[0].mirror && !list[0].insecure);
}
END_TEST

START_TEST(hosts_come_in_their_order_and_the_server_last)
{
	ck_assert_int_eq(parse("server = \"https://real.example/\"\n"
			       "[host.\"https://b/v2\"]\n[host.\"http://a:5000/x\"]\n",
			       false, false),
			 3);
	ck_assert_str_eq(list[0].api, "https://b/v2");
	ck_assert_str_eq(list[1].base, "http://a:5000");
	ck_assert_str_eq(list[1].api, "http://a:5000/x/v2");
	ck_assert(list[0].mirror && list[1].mirror && list[1].insecure && !list[0].insecure);
	ck_assert_str_eq(list[2].base, "https://real.example");
	ck_assert(!list[2].mirror);
}
END_TEST

START_TEST(capabilities_decide_who_is_asked_for_what)
{
	static const char text[] =
		"[host.\"https://pull\"]\ncapabilities = [\"pull\"]\n"
		"[host.\"https://both\"]\ncapabilities = [\"pull\", \"resolve\"]\n"
		"[host.\"https://push\"]\ncapabilities = [\"push\"]\n";

	ck_assert_int_eq(parse(text, false, false), 2);
	ck_assert_str_eq(list[0].base, "https://both");
	teardown();
	ck_assert_int_eq(parse(text, false, true), 3);
	ck_assert_str_eq(list[0].base, "https://pull");
	teardown();
	ck_assert_int_eq(parse(text, true, false), 2);
	ck_assert_str_eq(list[0].base, "https://push");
	ck_assert(!list[0].mirror);
}
END_TEST

START_TEST(certificates_headers_and_the_rest_are_taken)
{
	ck_assert_int_eq(
		parse("[host.\"https://m/a/b\"]\noverride_path = true\nskip_verify = true\n"
		      "ca = [\"ca.pem\"]\nclient = [[\"c.pem\", \"/abs/k.pem\"]]\n"
		      "dial_timeout = \"2s\"\n[host.\"https://m/a/b\".header]\n"
		      "x-one = \"1\"\nx-two = [\"2\", \"3\"]\n",
		      false, false),
		2);
	ck_assert_str_eq(list[0].api, "https://m/a/b");
	ck_assert_str_eq(list[0].base, "https://m");
	ck_assert_str_eq(list[0].ca, "/certs/ca.pem");
	ck_assert_str_eq(list[0].cert, "/certs/c.pem");
	ck_assert_str_eq(list[0].key, "/abs/k.pem");
	ck_assert(list[0].insecure);
	ck_assert_int_eq(list[0].connect_ms, 2000);
	ck_assert_uint_eq(json_array_size(list[0].headers), 3);
	ck_assert_str_eq(json_string_value(json_array_get(list[0].headers, 2)), "x-two: 3");
}
END_TEST

START_TEST(what_is_not_understood_is_refused_by_name)
{
	static const char *const texts[][2] = {
		{ "unheard = 1", "\"unheard\" is not understood here" },
		{ "[host.\"https://x\"]\nskip_verify = \"yes\"", "\"skip_verify\" is not" },
		{ "[host.\"https://x\"]\nca = [\"a\", \"b\"]", "one file" },
		{ "[host.\"https://x\"]\nclient = [[\"a\"]]", "two files" },
		{ "[host.\"https://x\"]\ncapabilities = \"pull\"", "must be a list" },
		{ "[host.\"https://x\"]\ndial_timeout = \"soon\"", "a duration" },
		{ "[host.\"https://x\".header]\nx = \"a\\r\\nb\"", "a header that is none" },
		{ "[host.\"ftp://x\"]", "no URL of a registry" },
		{ "[host.\"https://user@x\"]", "no URL of a registry" },
		{ "server = 1", "must be a string" },
		{ "host = 1", "must be a table" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_assert_int_lt(parse(texts[i][0], false, false), 0);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
		ck_assert_msg(strstr(err.msg, texts[i][1]), "%s: %s", texts[i][0], err.msg);
	}
}
END_TEST

START_TEST(there_are_not_too_many_hosts)
{
	char text[BT_HOSTS_MAX * 32] = "";

	for (int i = 0; i < BT_HOSTS_MAX; i++)
		(void)snprintf(text + strlen(text), 32, "[host.\"https://m%d\"]\n", i);
	ck_assert_int_lt(parse(text, false, false), 0);
	ck_assert_str_eq(err.msg, "too many hosts");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("registry/hosts");
	TCase *tests = tcase_create("hosts");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tests, NULL, teardown);
	tcase_add_test(tests, an_empty_file_leaves_the_registry_itself);
	tcase_add_test(tests, hosts_come_in_their_order_and_the_server_last);
	tcase_add_test(tests, capabilities_decide_who_is_asked_for_what);
	tcase_add_test(tests, certificates_headers_and_the_rest_are_taken);
	tcase_add_test(tests, what_is_not_understood_is_refused_by_name);
	tcase_add_test(tests, there_are_not_too_many_hosts);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
