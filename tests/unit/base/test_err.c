/* SPDX-License-Identifier: Apache-2.0 */

#include "base/err.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

START_TEST(a_message_is_formatted_and_its_number_returned)
{
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_err_set(&err, BT_ERR_NOT_FOUND, ENOENT, "no such image: %s", "x"),
			 -ENOENT);
	ck_assert_str_eq(err.msg, "no such image: x");
	ck_assert_int_eq(err.kind, BT_ERR_NOT_FOUND);
	ck_assert_int_eq(bt_err_sys(&err, -EACCES, "open %s", "/x"), -EACCES);
	ck_assert_str_eq(err.msg, "open /x: Permission denied");
	ck_assert_int_eq(err.kind, BT_ERR_SYSTEM);
}
END_TEST

START_TEST(context_goes_before_and_keeps_kind)
{
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_err_set(&err, BT_ERR_CONFLICT, EBUSY, "busy"), -EBUSY);
	ck_assert_int_eq(bt_err_context(&err, "remove %d", 5), -EBUSY);
	ck_assert_str_eq(err.msg, "remove 5: busy");
	ck_assert_int_eq(err.kind, BT_ERR_CONFLICT);
}
END_TEST

START_TEST(a_long_message_ends_in_an_ellipsis_and_stays_utf8)
{
	char text[1200];
	struct bt_err err = { 0 };
	size_t i;

	for (i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	text[i] = '\0';
	for (int shift = 0; shift < 2; shift++) {
		(void)bt_err_set(&err, BT_ERR_INVALID, EINVAL, "%s%s", shift ? "x" : "", text);
		ck_assert_uint_lt(strlen(err.msg), sizeof(err.msg));
		ck_assert_str_eq(err.msg + strlen(err.msg) - 3, "\xe2\x80\xa6");
		ck_assert_uint_eq((strlen(err.msg) - 3 - (size_t)shift) % 2, 0);
	}
}
END_TEST

START_TEST(kinds_map_to_statuses)
{
	ck_assert_int_eq(bt_err_http_status(BT_ERR_INVALID), 400);
	ck_assert_int_eq(bt_err_http_status(BT_ERR_NOT_FOUND), 404);
	ck_assert_int_eq(bt_err_http_status(BT_ERR_CONFLICT), 409);
	ck_assert_int_eq(bt_err_http_status(BT_ERR_SYSTEM), 500);
	ck_assert_int_eq(bt_err_http_status(BT_ERR_UNAVAILABLE), 503);
}
END_TEST

START_TEST(want_of_memory_and_descriptors_is_told_from_answers)
{
	ck_assert(bt_err_is_shortage(-ENOMEM));
	ck_assert(bt_err_is_shortage(-EMFILE));
	ck_assert(bt_err_is_shortage(-ENFILE));
	ck_assert(!bt_err_is_shortage(0));
	ck_assert(!bt_err_is_shortage(-ENOENT));
	ck_assert(!bt_err_is_shortage(-ENOSPC));
	/* Numbers of errors are negative here. */
	ck_assert(!bt_err_is_shortage(ENOMEM));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/err");
	TCase *tc = tcase_create("err");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, a_message_is_formatted_and_its_number_returned);
	tcase_add_test(tc, context_goes_before_and_keeps_kind);
	tcase_add_test(tc, a_long_message_ends_in_an_ellipsis_and_stays_utf8);
	tcase_add_test(tc, kinds_map_to_statuses);
	tcase_add_test(tc, want_of_memory_and_descriptors_is_told_from_answers);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
