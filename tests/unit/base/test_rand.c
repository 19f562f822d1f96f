/* SPDX-License-Identifier: Apache-2.0 */

#include "base/rand.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

START_TEST(ids_are_hex_differ_and_are_no_numbers)
{
	char a[BT_RAND_ID_LEN + 1], b[BT_RAND_ID_LEN + 1];

	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(bt_rand_id(a), 0);
		ck_assert_int_eq(bt_rand_id(b), 0);
		ck_assert_str_ne(a, b);
		ck_assert_uint_eq(strlen(a), BT_RAND_ID_LEN);
		ck_assert(bt_str_is_hex(a));
		ck_assert_uint_lt(strspn(a, "0123456789"), 12);
	}
}
END_TEST

START_TEST(lengths_are_kept)
{
	char got[100];

	for (size_t n = 0; n < 99; n++) {
		ck_assert_int_eq(bt_rand_hex(got, n), 0);
		ck_assert_uint_eq(strlen(got), n);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/rand");
	TCase *tc = tcase_create("rand");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, ids_are_hex_differ_and_are_no_numbers);
	tcase_add_test(tc, lengths_are_kept);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
