/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/selinux_mcs.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common.h"

static struct bt_selinux_mcs *mcs;

static void setup(void)
{
	mcs = bt_selinux_mcs_create();
	ck_assert_ptr_nonnull(mcs);
}

static void teardown(void)
{
	bt_selinux_mcs_destroy(mcs);
}

START_TEST(a_level_is_a_pair_and_reads_back)
{
	static const char *const good[] = { "s0:c0,c1", "s0:c1,c2", "s0:c17,c901",
					    "s0:c1022,c1023" };
	char text[BT_SELINUX_MCS_LEN];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint32_t pair = bt_selinux_mcs_parse(good[i]);

		ck_assert_uint_ne(pair, 0);
		bt_selinux_mcs_print(pair, text);
		ck_assert_str_eq(text, good[i]);
	}
}
END_TEST

START_TEST(a_level_of_another_form_has_no_pair)
{
	static const char *const other[] = { "",         "s0",        "s0:c1",       "s0:c2,c1",
					     "s0:c1,c1", "s1:c1,c2",  "s0:c1,c1024", "s0:c1,c2,c3",
					     "s0:c1.c5", "s0:c01,c2", "s0:c-1,c2",   "s0:c1, c2" };

	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		ck_assert_msg(bt_selinux_mcs_parse(other[i]) == 0, "%s", other[i]);
}
END_TEST

START_TEST(no_two_takers_get_the_same_pair)
{
	static bool seen[BT_SELINUX_MCS_CATEGORIES * BT_SELINUX_MCS_CATEGORIES];
	char text[BT_SELINUX_MCS_LEN];
	uint32_t pair;

	for (int i = 0; i < 5000; i++) {
		ck_assert_int_eq(bt_selinux_mcs_take(mcs, &pair), 0);
		ck_assert_uint_lt(pair, sizeof(seen));
		ck_assert(!seen[pair]);
		seen[pair] = true;
		bt_selinux_mcs_print(pair, text);
		ck_assert_uint_eq(bt_selinux_mcs_parse(text), pair);
		ck_assert_str_ne(text, "s0:c1022,c1023");
	}
}
END_TEST

START_TEST(where_all_pairs_are_in_use_none_is_given)
{
	uint32_t pair;

	for (uint32_t high = 1; high < BT_SELINUX_MCS_CATEGORIES; high++)
		for (uint32_t low = 0; low < high; low++)
			bt_selinux_mcs_hold(mcs, high * BT_SELINUX_MCS_CATEGORIES + low);
	ck_assert_int_eq(bt_selinux_mcs_take(mcs, &pair), -ENOSPC);
}
END_TEST

START_TEST(a_pair_is_free_when_its_last_user_has_gone)
{
	uint32_t mine = bt_selinux_mcs_parse("s0:c1,c2"), pair;

	for (uint32_t high = 1; high < BT_SELINUX_MCS_CATEGORIES; high++)
		for (uint32_t low = 0; low < high; low++)
			bt_selinux_mcs_hold(mcs, high * BT_SELINUX_MCS_CATEGORIES + low);
	bt_selinux_mcs_hold(mcs, mine);
	bt_selinux_mcs_drop(mcs, mine);
	ck_assert_int_eq(bt_selinux_mcs_take(mcs, &pair), -ENOSPC);
	/* All but one pair again: a taker finds it sooner or later. */
	bt_selinux_mcs_drop(mcs, mine);
	for (int i = 0; i < 1000000 && bt_selinux_mcs_take(mcs, &pair) < 0; i++)
		pair = 0;
	ck_assert_uint_eq(pair, mine);
}
END_TEST

START_TEST(no_pair_and_no_set_are_fine)
{
	bt_selinux_mcs_drop(NULL, 5);
	bt_selinux_mcs_drop(mcs, 0);
	bt_selinux_mcs_hold(mcs, 0);
	bt_selinux_mcs_drop(mcs, UINT32_MAX);
	bt_selinux_mcs_destroy(NULL);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests,
			  60); /* the last free pair of half a million is looked for by chance */
	tcase_add_test(tests, a_level_is_a_pair_and_reads_back);
	tcase_add_test(tests, a_level_of_another_form_has_no_pair);
	tcase_add_test(tests, no_two_takers_get_the_same_pair);
	tcase_add_test(tests, where_all_pairs_are_in_use_none_is_given);
	tcase_add_test(tests, a_pair_is_free_when_its_last_user_has_gone);
	tcase_add_test(tests, no_pair_and_no_set_are_fine);
}

int main(void)
{
	return run_tests("engine/selinux_mcs", add);
}
