/* SPDX-License-Identifier: Apache-2.0 */

#include "api/origin.h"

#include <check.h>
#include <stdlib.h>
#include <unistd.h>

static int check(const char *origin, const char *host, bool changes, bool tls)
{
	struct bt_err err = { 0 };
	const struct bt_origin o = {
		.origin = origin, .host = host, .changes = changes, .tls = tls
	};
	int r = bt_origin_check(&o, &err);

	ck_assert(r == 0 || err.kind == BT_ERR_FORBIDDEN);
	return r;
}

START_TEST(numbers_and_own_names_are_this_machine)
{
	char own[256] = "";

	ck_assert_int_eq(gethostname(own, sizeof(own) - 1), 0);
	ck_assert_int_eq(check(NULL, "127.0.0.1:2375", true, false), 0);
	ck_assert_int_eq(check(NULL, "[::1]:2375", true, false), 0);
	ck_assert_int_eq(check(NULL, "10.1.2.3", true, false), 0);
	ck_assert_int_eq(check(NULL, "LocalHost:1", true, false), 0);
	ck_assert_int_eq(check(NULL, own, true, false), 0);
	ck_assert_int_eq(check(NULL, "", true, false), 0);
	ck_assert_int_eq(check(NULL, NULL, true, false), 0);
}
END_TEST

START_TEST(another_name_is_refused_without_tls_even_to_read)
{
	ck_assert_int_lt(check(NULL, "evil.example:2375", false, false), 0);
	ck_assert_int_lt(check(NULL, "127.0.0.1.evil.example", false, false), 0);
	ck_assert_int_lt(check(NULL, "localhost.evil.example:80", true, false), 0);
	ck_assert_int_eq(check(NULL, "docker.example:2376", true, true), 0);
	/* What looks like a port and is none belongs to the name. */
	ck_assert_int_lt(check(NULL, "127.0.0.1:2375, evil.example", false, false), 0);
	ck_assert_int_lt(check(NULL, "127.0.0.1:2375@evil.example", false, false), 0);
	ck_assert_int_lt(check(NULL, "127.0.0.1:evil.example", false, false), 0);
	ck_assert_int_lt(check(NULL, "[::1].evil.example", false, false), 0);
	ck_assert_int_lt(check(NULL, "[::1", false, false), 0);
	ck_assert_int_lt(check(NULL, "[::1]:80.evil.example", false, false), 0);
	ck_assert_int_eq(check(NULL, "[::1]", false, false), 0);
	ck_assert_int_eq(check(NULL, "127.0.0.1:", false, false), 0);
}
END_TEST

START_TEST(a_page_of_another_origin_changes_nothing)
{
	ck_assert_int_lt(check("http://evil.example", "127.0.0.1:2375", true, false), 0);
	ck_assert_int_lt(check("null", "127.0.0.1:2375", true, false), 0);
	ck_assert_int_lt(check("http://127.0.0.1:80", "127.0.0.1:2375", true, true), 0);
	ck_assert_int_lt(check("", "127.0.0.1:2375", true, false), 0);
	ck_assert_int_eq(check("http://127.0.0.1:2375", "127.0.0.1:2375", true, false), 0);
	ck_assert_int_eq(check("http://evil.example", "127.0.0.1:2375", false, false), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api/origin");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, numbers_and_own_names_are_this_machine);
	tcase_add_test(tests, another_name_is_refused_without_tls_even_to_read);
	tcase_add_test(tests, a_page_of_another_origin_changes_nothing);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
