/* SPDX-License-Identifier: Apache-2.0 */

#include "base/str.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

START_TEST(a_builder_grows_and_is_taken)
{
	bt_auto_str struct bt_str s = { 0 };
	bt_auto_free char *got = NULL;
	bt_auto_free char *empty = NULL;

	ck_assert_str_eq(bt_str_get(&s), "");
	for (int i = 0; i < 1000; i++)
		bt_str_printf(&s, "%d,", i);
	bt_str_putc(&s, 'x');
	bt_str_puts(&s, "yz");
	ck_assert_uint_eq(s.len, 3893);
	ck_assert_int_eq(bt_str_steal(&s, &got), 0);
	ck_assert_str_eq(got + strlen(got) - 7, "999,xyz");
	ck_assert_uint_eq(s.len, 0);
	ck_assert_int_eq(bt_str_steal(&s, &empty), 0);
	ck_assert_str_eq(empty, "");
}
END_TEST

START_TEST(a_limit_is_sticky)
{
	bt_auto_str struct bt_str s = { .max = 4 };
	char *got = NULL;

	bt_str_puts(&s, "1234");
	bt_str_puts(&s, "5");
	bt_str_puts(&s, "");
	ck_assert_int_eq(bt_str_steal(&s, &got), -E2BIG);
	ck_assert_ptr_null(got);
	bt_str_puts(&s, "ok");
	ck_assert_str_eq(bt_str_get(&s), "ok");
}
END_TEST

START_TEST(numbers_are_whole_and_bounded)
{
	unsigned long long u;
	long long i;

	ck_assert_int_eq(bt_str_to_u64("18446744073709551615", &u), 0);
	ck_assert(u == 18446744073709551615ull);
	ck_assert_int_eq(bt_str_to_u64("18446744073709551616", &u), -ERANGE);
	ck_assert_int_eq(bt_str_to_u64("-1", &u), -EINVAL);
	ck_assert_int_eq(bt_str_to_u64(" 1", &u), -EINVAL);
	ck_assert_int_eq(bt_str_to_u64("1x", &u), -EINVAL);
	ck_assert_int_eq(bt_str_to_u64("", &u), -EINVAL);
	ck_assert_int_eq(bt_str_to_i64("-9", &i), 0);
	ck_assert_int_eq(i, -9);
	ck_assert_int_eq(bt_str_to_i64("--9", &i), -EINVAL);
	ck_assert_int_eq(bt_str_to_i64("9223372036854775808", &i), -ERANGE);
}
END_TEST

START_TEST(prefixes_and_suffixes)
{
	ck_assert_str_eq(bt_str_after("unix:///x", "unix://"), "/x");
	ck_assert_ptr_null(bt_str_after("uni", "unix"));
	ck_assert(bt_str_ends("a.tar", ".tar"));
	ck_assert(!bt_str_ends("tar", ".tar"));
	ck_assert(bt_str_eq(NULL, NULL) && !bt_str_eq("", NULL) && bt_str_eq("a", "a"));
	ck_assert(bt_str_is_hex("09af") && !bt_str_is_hex("0G") && !bt_str_is_hex("") &&
		  !bt_str_is_hex("A"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/str");
	TCase *tc = tcase_create("str");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, a_builder_grows_and_is_taken);
	tcase_add_test(tc, a_limit_is_sticky);
	tcase_add_test(tc, numbers_are_whole_and_bounded);
	tcase_add_test(tc, prefixes_and_suffixes);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
