/* SPDX-License-Identifier: Apache-2.0 */

#include "net/ipam.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "base/time.h"

#define SECOND BT_TIME_NSEC_PER_SEC

static uint64_t next(struct bt_ipam *ipam, int64_t now)
{
	uint64_t index = 0;

	ck_assert_int_eq(bt_ipam_next(ipam, now, &index), 0);
	return index;
}

START_TEST(the_lowest_free_number_is_given_and_never_twice)
{
	struct bt_ipam ipam = { .first = 1, .last = 200 };
	uint64_t index;

	ck_assert_int_eq(bt_ipam_take(&ipam, 1), 0);
	ck_assert_int_eq(bt_ipam_take(&ipam, 1), -EADDRINUSE);
	for (uint64_t i = 2; i <= 200; i++)
		ck_assert_uint_eq(next(&ipam, 0), i);
	ck_assert_int_eq(bt_ipam_next(&ipam, 0, &index), -EADDRNOTAVAIL);
	bt_ipam_done(&ipam);
}
END_TEST

START_TEST(a_number_rests_before_it_is_given_again)
{
	struct bt_ipam ipam = { .first = 1, .last = 100 };

	ck_assert_uint_eq(next(&ipam, 0), 1);
	bt_ipam_give(&ipam, 1, 0);
	ck_assert_uint_eq(next(&ipam, SECOND), 2);
	ck_assert_uint_eq(next(&ipam, 3 * SECOND), 1);
	bt_ipam_done(&ipam);
}
END_TEST

START_TEST(a_resting_number_is_given_where_none_else_is_free_or_taken_by_name)
{
	struct bt_ipam ipam = { .first = 1, .last = 2 };

	ck_assert_uint_eq(next(&ipam, 0), 1);
	ck_assert_uint_eq(next(&ipam, 0), 2);
	bt_ipam_give(&ipam, 2, 0);
	ck_assert_uint_eq(next(&ipam, 0), 2);
	bt_ipam_give(&ipam, 1, 0);
	ck_assert_int_eq(bt_ipam_take(&ipam, 1), 0);
	ck_assert_int_eq(bt_ipam_take(&ipam, 1), -EADDRINUSE);
	bt_ipam_done(&ipam);
}
END_TEST

START_TEST(far_numbers_are_taken_by_name_only)
{
	struct bt_ipam ipam = { .first = 1, .last = UINT64_MAX };

	ck_assert_int_eq(bt_ipam_take(&ipam, BT_IPAM_MAX + 5), 0);
	ck_assert_int_eq(bt_ipam_take(&ipam, BT_IPAM_MAX + 5), -EADDRINUSE);
	bt_ipam_give(&ipam, BT_IPAM_MAX + 5, 0);
	ck_assert_int_eq(bt_ipam_take(&ipam, BT_IPAM_MAX + 5), 0);
	ck_assert_uint_eq(next(&ipam, 0), 1);
	bt_ipam_done(&ipam);
}
END_TEST

START_TEST(a_range_that_begins_far_off_is_given_from_its_first_number)
{
	const uint64_t first = UINT64_C(5) << 48;
	struct bt_ipam ipam = { .first = first, .last = first + 3 };
	uint64_t n;

	ck_assert_int_eq(bt_ipam_take(&ipam, 1), 0);
	ck_assert_int_eq(bt_ipam_take(&ipam, 1), -EADDRINUSE);
	ck_assert_int_eq(bt_ipam_take(&ipam, first + 1), 0);
	ck_assert_uint_eq(next(&ipam, 0), first);
	ck_assert_uint_eq(next(&ipam, 0), first + 2);
	ck_assert_int_eq(bt_ipam_take(&ipam, first + 2), -EADDRINUSE);
	ck_assert_uint_eq(next(&ipam, 0), first + 3);
	ck_assert_int_eq(bt_ipam_next(&ipam, 0, &n), -EADDRNOTAVAIL);
	bt_ipam_give(&ipam, first + 1, 0);
	bt_ipam_give(&ipam, 1, 0);
	ck_assert_uint_eq(next(&ipam, 0), first + 1);
	ck_assert_int_eq(bt_ipam_take(&ipam, 1), 0);
	bt_ipam_done(&ipam);
}
END_TEST

START_TEST(more_than_the_ring_holds_may_rest)
{
	struct bt_ipam ipam = { .first = 0, .last = 999 };

	for (uint64_t i = 0; i < 1000; i++)
		ck_assert_uint_eq(next(&ipam, 0), i);
	for (uint64_t i = 0; i < 1000; i++)
		bt_ipam_give(&ipam, i, 0);
	ck_assert_uint_eq(next(&ipam, 0), 0);
	ck_assert_int_eq(bt_ipam_take(&ipam, 999), 0);
	bt_ipam_done(&ipam);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net/ipam");
	TCase *tc = tcase_create("ipam");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, the_lowest_free_number_is_given_and_never_twice);
	tcase_add_test(tc, a_number_rests_before_it_is_given_again);
	tcase_add_test(tc, a_resting_number_is_given_where_none_else_is_free_or_taken_by_name);
	tcase_add_test(tc, far_numbers_are_taken_by_name_only);
	tcase_add_test(tc, a_range_that_begins_far_off_is_given_from_its_first_number);
	tcase_add_test(tc, more_than_the_ring_holds_may_rest);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
