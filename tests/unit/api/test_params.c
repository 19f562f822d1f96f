/* SPDX-License-Identifier: Apache-2.0 */

#include "api/params.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/request.h"

static struct bt_request *req;
static struct bt_err err;

static void ask(const char *target)
{
	bt_request_destroy(req);
	memset(&err, 0, sizeof(err));
	req = bt_request_create(NULL, target);
	ck_assert_ptr_nonnull(req);
	ck_assert_int_eq(req->refused.kind, BT_ERR_NONE);
}

static void forget(void)
{
	bt_request_destroy(req);
	req = NULL;
}

START_TEST(a_size_needs_both_sides)
{
	unsigned rows = 7, cols = 7;

	ask("/v1.40/x?h=24&w=65535");
	ck_assert_int_eq(bt_params_size(req, &rows, &cols, &err), 0);
	ck_assert_uint_eq(rows, 24);
	ck_assert_uint_eq(cols, 65535);
	ask("/v1.40/x?h=1");
	ck_assert_int_lt(bt_params_size(req, &rows, &cols, &err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.msg, "width"));
	ck_assert_uint_eq(rows, 24);
	ck_assert_uint_eq(cols, 65535);
}
END_TEST

START_TEST(a_side_that_is_too_large_is_told_from_one_that_is_no_number)
{
	unsigned rows, cols;

	ask("/v1.40/x?h=65536&w=1");
	ck_assert_int_lt(bt_params_size(req, &rows, &cols, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "out of range"));
	ask("/v1.40/x?h=-1&w=1");
	ck_assert_int_lt(bt_params_size(req, &rows, &cols, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "invalid syntax"));
}
END_TEST

START_TEST(a_time_has_nanoseconds_and_is_nothing_where_it_is_not_given)
{
	int64_t ns = 7;

	ask("/v1.40/x?since=12.000000345");
	ck_assert_int_eq(bt_params_time(req, "since", &ns, &err), 0);
	ck_assert_int_eq(ns, INT64_C(12000000345));
	ck_assert_int_eq(bt_params_time(req, "until", &ns, &err), 0);
	ck_assert_int_eq(ns, 0);
	ask("/v1.40/x?until=soon,perhaps");
	ck_assert_int_lt(bt_params_time(req, "until", &ns, &err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.msg, "until"));
	ck_assert_int_eq(ns, 0);
}
END_TEST

START_TEST(texts_are_all_values_of_one_name_in_order)
{
	const char **texts;

	ask("/v1.40/x?names=a&other=z&names=b");
	texts = bt_params_texts(req, "names");
	ck_assert_ptr_nonnull(texts);
	ck_assert_str_eq(texts[0], "a");
	ck_assert_str_eq(texts[1], "b");
	ck_assert_ptr_null(texts[2]);
	free(texts);
	texts = bt_params_texts(req, "absent");
	ck_assert_ptr_nonnull(texts);
	ck_assert_ptr_null(texts[0]);
	free(texts);
}
END_TEST

START_TEST(a_platform_is_an_object_with_system_and_architecture)
{
	static const char *const bad[] = { "linux/arm64", "[]", "{\"os\":\"linux\"}",
					   "{\"architecture\":\"arm\"}" };
	char target[128], *platform = NULL;

	ask("/v1.48/x?platform={\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\"}");
	ck_assert_int_eq(bt_params_platform(req, &platform, &err), 0);
	ck_assert_str_eq(platform, "linux/arm/v7");
	free(platform);
	ask("/v1.48/x?platform={\"os\":\"linux\",\"architecture\":\"amd64\"}");
	ck_assert_int_eq(bt_params_platform(req, &platform, &err), 0);
	ck_assert_str_eq(platform, "linux/amd64");
	free(platform);
	ask("/v1.48/x");
	ck_assert_int_eq(bt_params_platform(req, &platform, &err), 0);
	ck_assert_ptr_null(platform);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(target, sizeof(target), "/v1.48/x?platform=%s", bad[i]);
		ask(target);
		ck_assert_int_lt(bt_params_platform(req, &platform, &err), 0);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api/params");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tests, NULL, forget);
	tcase_add_test(tests, a_size_needs_both_sides);
	tcase_add_test(tests, a_side_that_is_too_large_is_told_from_one_that_is_no_number);
	tcase_add_test(tests, a_time_has_nanoseconds_and_is_nothing_where_it_is_not_given);
	tcase_add_test(tests, texts_are_all_values_of_one_name_in_order);
	tcase_add_test(tests, a_platform_is_an_object_with_system_and_architecture);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
