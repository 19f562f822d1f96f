/* SPDX-License-Identifier: Apache-2.0 */

#include "registry/endpoint_list.h"

#include <check.h>
#include <stdlib.h>

static struct bt_endpoint *list;
static int count;

static void ask(const char *domain, const char *insecure, const char *mirrors, bool push)
{
	struct bt_settings settings = { .insecure = insecure ? json_loads(insecure, 0, NULL) : NULL,
					.mirrors = mirrors ? json_loads(mirrors, 0, NULL) : NULL };
	const struct bt_session_target target = {
		.domain = domain, .path = "a", .push = push, .settings = &settings
	};
	struct bt_err err = { 0 };

	count = bt_endpoint_list(&target, &list, &err);
	ck_assert_msg(count >= 0, "%s", err.msg);
	bt_settings_done(&settings);
}

static void forget(void)
{
	for (int i = 0; i < count; i++)
		bt_endpoint_done(&list[i]);
	free(list);
	list = NULL;
	count = 0;
}

START_TEST(a_registry_is_reached_by_tls_alone)
{
	ask("reg.example:5000", NULL, NULL, false);
	ck_assert_int_eq(count, 1);
	ck_assert_str_eq(list[0].base, "https://reg.example:5000");
	ck_assert_str_eq(list[0].api, "https://reg.example:5000/v2");
	ck_assert(!list[0].insecure);
}
END_TEST

START_TEST(docker_io_lives_elsewhere_than_its_name)
{
	ask("docker.io", NULL, NULL, false);
	ck_assert_str_eq(list[0].base, "https://registry-1.docker.io");
}
END_TEST

START_TEST(this_machines_and_listed_ones_may_do_without)
{
	static const char *const names[] = { "localhost:5000", "127.1.2.3", "[::1]:5000",
					     "10.9.0.1:80",    "listed:1",  "named:2" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ask(names[i], "[\"10.9.0.0/16\", \"listed:1\", \"named\"]", NULL, false);
		ck_assert_msg(count == 2 && list[0].insecure, "%s", names[i]);
		ck_assert_msg(list[1].base[4] == ':', "%s", list[1].base);
		forget();
	}
	ask("10.10.0.1:80", "[\"10.9.0.0/16\", \"10.10.0.1:81\", \"10.0.0.0/33\"]", NULL, false);
	ck_assert_int_eq(count, 1);
}
END_TEST

START_TEST(a_list_of_mirrors_is_for_docker_io)
{
	static const char mirrors[] = "[\"https://m1/\", \"http://m2:5000\", \"m3/path\"]";

	ask("docker.io", NULL, mirrors, false);
	ck_assert_int_eq(count, 4);
	ck_assert_str_eq(list[0].base, "https://m1");
	ck_assert(list[0].mirror && !list[0].insecure);
	ck_assert_str_eq(list[1].base, "http://m2:5000");
	ck_assert_str_eq(list[2].api, "https://m3/path/v2");
	ck_assert(!list[3].mirror);
	forget();
	ask("docker.io", NULL, mirrors, true);
	ck_assert_int_eq(count, 1);
	forget();
	ask("quay.example", NULL, mirrors, false);
	ck_assert_int_eq(count, 1);
}
END_TEST

START_TEST(a_map_of_mirrors_says_whose_each_is)
{
	static const char mirrors[] = "{\"quay.example\": [\"https://q\"], \"docker.io\": []}";

	ask("quay.example", NULL, mirrors, false);
	ck_assert_int_eq(count, 2);
	ck_assert_str_eq(list[0].base, "https://q");
	forget();
	ask("docker.io", NULL, mirrors, false);
	ck_assert_int_eq(count, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("registry/endpoint_list");
	TCase *tests = tcase_create("endpoint_list");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tests, NULL, forget);
	tcase_add_test(tests, a_registry_is_reached_by_tls_alone);
	tcase_add_test(tests, docker_io_lives_elsewhere_than_its_name);
	tcase_add_test(tests, this_machines_and_listed_ones_may_do_without);
	tcase_add_test(tests, a_list_of_mirrors_is_for_docker_io);
	tcase_add_test(tests, a_map_of_mirrors_says_whose_each_is);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
