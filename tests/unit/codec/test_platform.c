/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/platform.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static const char *parsed(const char *text)
{
	static char out[64];
	struct bt_platform p = { .os = "untouched" };
	struct bt_err err = { 0 };

	if (bt_platform_parse(text, &p, &err) < 0) {
		ck_assert_str_eq(p.os, "untouched");
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
		return NULL;
	}
	(void)snprintf(out, sizeof(out), "%s/%s%s%s", p.os, p.arch, p.variant[0] ? "/" : "",
		       p.variant);
	return out;
}

static int match(const char *wanted, const char *offered)
{
	struct bt_platform a, b;
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_platform_parse(wanted, &a, &err), 0);
	ck_assert_int_eq(bt_platform_parse(offered, &b, &err), 0);
	return bt_platform_match(&a, &b);
}

START_TEST(spellings_of_one_architecture_are_one)
{
	ck_assert_str_eq(parsed("linux/amd64"), "linux/amd64");
	ck_assert_str_eq(parsed("linux/x86_64"), "linux/amd64");
	ck_assert_str_eq(parsed("Linux/AMD64/v1"), "linux/amd64");
	ck_assert_str_eq(parsed("linux/aarch64"), "linux/arm64");
	ck_assert_str_eq(parsed("linux/arm64/v8"), "linux/arm64");
	ck_assert_str_eq(parsed("linux/arm"), "linux/arm/v7");
	ck_assert_str_eq(parsed("linux/arm/v6"), "linux/arm/v6");
}
END_TEST

START_TEST(a_word_alone_is_an_architecture_or_a_system)
{
	struct bt_platform host;
	char want[64];

	ck_assert_str_eq(parsed("arm64"), "linux/arm64");
	ck_assert_str_eq(parsed("x86_64"), "linux/amd64");
	ck_assert_str_eq(parsed("riscv64"), "linux/riscv64");
	bt_platform_host(&host);
	(void)snprintf(want, sizeof(want), "windows/%s%s%s", host.arch, host.variant[0] ? "/" : "",
		       host.variant);
	ck_assert_str_eq(parsed("windows"), want);
	(void)snprintf(want, sizeof(want), "linux/%s%s%s", host.arch, host.variant[0] ? "/" : "",
		       host.variant);
	ck_assert_str_eq(parsed(""), want);
	ck_assert_str_eq(parsed(NULL), want);
}
END_TEST

START_TEST(what_is_no_platform_is_refused)
{
	const char *const bad[] = {
		"/",         "linux/",         "/amd64",
		"linux//v7", "a/b/c/d",        "lin ux/arm",
		"linux/a*",  "linux/\xc3\xa4", "linux/a-name-of-more-than-fifteen-letters",
		"foo",       "linus",          "amd46"
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(parsed(bad[i]) == NULL, "%s", bad[i]);
}
END_TEST

START_TEST(the_same_is_best_and_an_older_variant_does)
{
	ck_assert_int_gt(match("linux/arm/v7", "linux/arm/v7"),
			 match("linux/arm/v7", "linux/arm/v6"));
	ck_assert_int_gt(match("linux/arm/v7", "linux/arm/v6"),
			 match("linux/arm/v7", "linux/arm/v5"));
	ck_assert_int_gt(match("linux/arm/v7", "linux/arm/v5"), 0);
	ck_assert_int_eq(match("linux/arm/v6", "linux/arm/v7"), 0);
	ck_assert_int_eq(match("linux/amd64", "linux/arm64"), 0);
	ck_assert_int_eq(match("windows/amd64", "linux/amd64"), 0);
	ck_assert_int_gt(match("linux/amd64/v3", "linux/amd64"), 0);
	ck_assert_int_eq(match("linux/amd64", "linux/amd64/v3"), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/platform");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, spellings_of_one_architecture_are_one);
	tcase_add_test(tests, a_word_alone_is_an_architecture_or_a_system);
	tcase_add_test(tests, what_is_no_platform_is_refused);
	tcase_add_test(tests, the_same_is_best_and_an_older_variant_does);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
