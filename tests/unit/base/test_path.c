/* SPDX-License-Identifier: Apache-2.0 */

#include "base/path.h"

#include <check.h>
#include <stdlib.h>

#include "base/auto.h"

START_TEST(clean_is_gos_clean)
{
	static const char *const table[][2] = {
		{ "", "." },
		{ "/", "/" },
		{ "a//b/./c", "a/b/c" },
		{ "a/../b", "b" },
		{ "../../a", "../../a" },
		{ "/../a", "/a" },
		{ "a/b/../..", "." },
		{ "/a/b/../../..", "/" },
		{ "a/", "a" },
		{ "./a", "a" },
		{ "..", ".." },
		{ "../a/../..", "../.." },
		{ "...", "..." },
		{ "/a/..b", "/a/..b" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		bt_auto_free char *got = bt_path_clean(table[i][0]);

		ck_assert_str_eq(got, table[i][1]);
	}
}
END_TEST

START_TEST(join_puts_one_slash)
{
	static const char *const table[][3] = {
		{ "/a", "b", "/a/b" },
		{ "/a/", "/b", "/a/b" },
		{ "/", "b", "/b" },
		{ "a", "b/c", "a/b/c" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		bt_auto_free char *got = bt_path_join(table[i][0], table[i][1]);

		ck_assert_str_eq(got, table[i][2]);
	}
	ck_assert_str_eq(bt_path_base("/a/b"), "b");
	ck_assert_str_eq(bt_path_base("b"), "b");
}
END_TEST

START_TEST(under_means_itself_or_below)
{
	ck_assert(bt_path_is_under("/a/b", "/a"));
	ck_assert(bt_path_is_under("/a", "/a"));
	ck_assert(!bt_path_is_under("/ab", "/a"));
	ck_assert(bt_path_is_under("/ab", "/"));
	ck_assert(!bt_path_is_under("/", "/a"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/path");
	TCase *tc = tcase_create("path");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, clean_is_gos_clean);
	tcase_add_test(tc, join_puts_one_slash);
	tcase_add_test(tc, under_means_itself_or_below);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
