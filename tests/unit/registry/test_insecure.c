/* SPDX-License-Identifier: Apache-2.0 */

#include "registry/insecure.h"

#include <check.h>
#include <stdlib.h>

static bool has(const char *list, const char *domain)
{
	json_t *json = list ? json_loads(list, 0, NULL) : NULL;
	bool found;

	ck_assert(!list || json);
	found = bt_insecure_has(json, domain);
	json_decref(json);
	return found;
}

START_TEST(this_machines_registries_always_may)
{
	static const char *const own[] = {
		"localhost",  "localhost:5000", "127.0.0.1:5000",       "127.200.3.4",
		"[::1]:5000", "[::1]",          "[::ffff:127.0.0.1]:80"
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		ck_assert_msg(has(NULL, own[i]) && has("[]", own[i]), "%s", own[i]);
}
END_TEST

START_TEST(others_may_not_unless_they_are_listed)
{
	static const char *const others[] = { "docker.io",
					      "localhost.example",
					      "128.0.0.1",
					      "[::2]:5000",
					      "127.0.0.1.example",
					      "[fd00::1]",
					      "my-localhost:1",
					      "::1",
					      "[::1",
					      "",
					      "[]",
					      ":5000" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ck_assert_msg(!has(NULL, others[i]), "%s", others[i]);
}
END_TEST

START_TEST(a_host_is_listed_for_one_port_or_for_all)
{
	ck_assert(has("[\"reg:5000\"]", "reg:5000"));
	ck_assert(!has("[\"reg:5000\"]", "reg:5001"));
	ck_assert(!has("[\"reg:5000\"]", "reg"));
	ck_assert(has("[\"reg\"]", "reg:5001"));
	ck_assert(!has("[\"reg\"]", "reg.example:5001"));
	ck_assert(has("[\"[fd00::1]:5000\"]", "[fd00::1]:5000"));
	ck_assert(!has("[\"[fd00::1]:5000\"]", "[fd00::1]:5001"));
	ck_assert(has("[\"[fd00::1]\"]", "[fd00::1]:5001"));
	ck_assert(has("[\"fd00::1\"]", "[fd00::1]:5001"));
	ck_assert(!has("[\"[fd00::1\"]", "[fd00::1]:5001"));
}
END_TEST

START_TEST(a_network_has_the_addresses_of_its_family)
{
	ck_assert(has("[\"10.9.0.0/16\"]", "10.9.255.1:80"));
	ck_assert(!has("[\"10.9.0.0/16\"]", "10.10.0.1:80"));
	ck_assert(has("[\"10.9.0.16/28\"]", "10.9.0.31"));
	ck_assert(!has("[\"10.9.0.16/28\"]", "10.9.0.32"));
	ck_assert(has("[\"10.9.0.1/32\"]", "10.9.0.1"));
	ck_assert(has("[\"fd00:1::/32\"]", "[fd00:1:ffff::9]:5000"));
	ck_assert(!has("[\"fd00:1::/32\"]", "[fd00:2::9]:5000"));
	ck_assert(has("[\"fd00::10/124\"]", "[fd00::1f]"));
	ck_assert(!has("[\"fd00::10/124\"]", "[fd00::20]"));
	ck_assert(has("[\"fd00::1/128\"]", "[FD00:0:0::1]:1"));
	ck_assert(has("[\"0.0.0.0/0\"]", "203.0.113.9") && !has("[\"0.0.0.0/0\"]", "[fd00::1]"));
	ck_assert(has("[\"::/0\"]", "[2001:db8::1]") && !has("[\"::/0\"]", "203.0.113.9"));
	ck_assert(has("[\"10.0.0.0/8\"]", "[::ffff:10.1.2.3]:80"));
}
END_TEST

START_TEST(a_name_is_in_no_network)
{
	ck_assert(!has("[\"0.0.0.0/0\", \"::/0\"]", "registry.example"));
	ck_assert(!has("[\"0.0.0.0/0\", \"::/0\"]", "docker.io"));
}
END_TEST

START_TEST(what_is_no_entry_matches_nothing)
{
	static const char *const entries[] = { "[\"10.0.0.0/33\"]",
					       "[\"10.0.0.0/\"]",
					       "[\"/8\"]",
					       "[\"10.0.0/8\"]",
					       "[\"fd00::/129\"]",
					       "[\"10.0.0.0/-1\"]",
					       "[\"10.0.0.0/8x\"]",
					       "[\"\"]",
					       "[7]",
					       "[null]",
					       "{\"a\": 1}",
					       "[\"[\"]" };

	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		ck_assert_msg(!has(entries[i], "10.1.2.3"), "%s", entries[i]);
		ck_assert_msg(!has(entries[i], "[fd00::1]:1"), "%s", entries[i]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("registry/insecure");
	TCase *tests = tcase_create("insecure");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, this_machines_registries_always_may);
	tcase_add_test(tests, others_may_not_unless_they_are_listed);
	tcase_add_test(tests, a_host_is_listed_for_one_port_or_for_all);
	tcase_add_test(tests, a_network_has_the_addresses_of_its_family);
	tcase_add_test(tests, a_name_is_in_no_network);
	tcase_add_test(tests, what_is_no_entry_matches_nothing);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
