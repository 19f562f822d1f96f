/* SPDX-License-Identifier: Apache-2.0 */

#include "registry/settings.h"

#include <check.h>
#include <stdlib.h>

static struct bt_settings got;

static void setup(void)
{
	static const char *const names[] = { "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
					     "http_proxy", "https_proxy", "no_proxy" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unsetenv(names[i]);
}

static void teardown(void)
{
	bt_settings_done(&got);
}

START_TEST(without_any_there_are_no_proxies)
{
	ck_assert_int_eq(bt_settings_copy(&(struct bt_settings){ 0 }, &got), 0);
	ck_assert_ptr_null(got.http_proxy);
	ck_assert_ptr_null(got.https_proxy);
	ck_assert_ptr_null(got.mirrors);
	ck_assert_str_eq(got.no_proxy, "localhost,127.0.0.0/8,::1");
}
END_TEST

START_TEST(the_environment_is_asked_in_capitals_first)
{
	(void)setenv("HTTP_PROXY", "http://a", 1);
	(void)setenv("http_proxy", "http://b", 1);
	(void)setenv("https_proxy", "http://c", 1);
	(void)setenv("NO_PROXY", "x,y", 1);
	ck_assert_int_eq(bt_settings_copy(&(struct bt_settings){ 0 }, &got), 0);
	ck_assert_str_eq(got.http_proxy, "http://a");
	ck_assert_str_eq(got.https_proxy, "http://c");
	ck_assert_str_eq(got.no_proxy, "localhost,127.0.0.0/8,::1,x,y");
}
END_TEST

START_TEST(what_is_given_goes_before_the_environment)
{
	char mine[] = "http://mine", none[] = "";

	(void)setenv("HTTP_PROXY", "http://a", 1);
	(void)setenv("HTTPS_PROXY", "http://a", 1);
	ck_assert_int_eq(
		bt_settings_copy(&(struct bt_settings){ .http_proxy = mine, .https_proxy = none },
				 &got),
		0);
	ck_assert_str_eq(got.http_proxy, "http://mine");
	ck_assert_ptr_null(got.https_proxy);
}
END_TEST

START_TEST(lists_are_copied_whole)
{
	json_auto_t *list = json_pack("[s]", "reg:1");

	ck_assert_int_eq(bt_settings_copy(&(struct bt_settings){ .insecure = list }, &got), 0);
	ck_assert_int_eq(json_array_clear(list), 0);
	ck_assert_uint_eq(json_array_size(got.insecure), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("registry/settings");
	TCase *tests = tcase_create("settings");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, without_any_there_are_no_proxies);
	tcase_add_test(tests, the_environment_is_asked_in_capitals_first);
	tcase_add_test(tests, what_is_given_goes_before_the_environment);
	tcase_add_test(tests, lists_are_copied_whole);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
