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

START_TEST(printing_fits_exactly_or_grows)
{
	/* Around each size at which the memory grows. */
	for (int n = 0; n < 600; n++) {
		bt_auto_str struct bt_str s = { 0 };

		bt_str_puts(&s, "ab");
		bt_str_printf(&s, "%0*d", n + 1, 7);
		bt_str_printf(&s, "%s", "");
		ck_assert_uint_eq(s.len, (size_t)n + 3);
		ck_assert_uint_eq(strlen(s.p), s.len);
		ck_assert_int_eq(s.p[0], 'a');
		ck_assert_int_eq(s.p[s.len - 1], '7');
	}
}
END_TEST

START_TEST(printing_beyond_the_limit_leaves_what_was_there)
{
	bt_auto_str struct bt_str s = { .max = 8 };

	bt_str_puts(&s, "abcdef");
	bt_str_printf(&s, "%d", 12);
	ck_assert_str_eq(bt_str_get(&s), "abcdef12");
	ck_assert_int_eq(s.failed, 0);
	/* The memory has room for it, the limit has not. */
	bt_str_printf(&s, "%d", 3);
	ck_assert_int_eq(s.failed, -E2BIG);
	ck_assert_str_eq(bt_str_get(&s), "abcdef12");
	bt_str_printf(&s, "%d", 4);
	ck_assert_uint_eq(s.len, 8);
}
END_TEST

START_TEST(filling_repeats_a_byte_within_the_limit)
{
	bt_auto_str struct bt_str s = { .max = 100 };

	bt_str_fill(&s, 'x', 0);
	ck_assert_str_eq(bt_str_get(&s), "");
	bt_str_puts(&s, "a");
	bt_str_fill(&s, ' ', 3);
	ck_assert_str_eq(bt_str_get(&s), "a   ");
	bt_str_fill(&s, '-', 96);
	ck_assert_uint_eq(strlen(s.p), 100);
	bt_str_fill(&s, '-', 1);
	ck_assert_int_eq(s.failed, -E2BIG);
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

START_TEST(of_all_bytes_only_hexadecimal_digits_have_a_value)
{
	static const char digits[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";

	for (int c = -128; c < 128; c++) {
		const char *low = c ? strchr(digits, c) : NULL, *high = c ? strchr(upper, c) : NULL;
		int want = low ? (int)(low - digits) : high ? (int)(high - upper) : -1;

		ck_assert_int_eq(bt_str_hex_digit((char)c), want);
	}
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
	tcase_add_test(tc, printing_fits_exactly_or_grows);
	tcase_add_test(tc, printing_beyond_the_limit_leaves_what_was_there);
	tcase_add_test(tc, filling_repeats_a_byte_within_the_limit);
	tcase_add_test(tc, numbers_are_whole_and_bounded);
	tcase_add_test(tc, prefixes_and_suffixes);
	tcase_add_test(tc, of_all_bytes_only_hexadecimal_digits_have_a_value);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
