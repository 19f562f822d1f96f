/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/subids.h"

#include <errno.h>

#include "common.h"

static struct bt_id_range got[BT_ID_MAP_MAX];
static struct bt_err err;

static int find(const char *text, const char *name, const char *id)
{
	return bt_subids_find(text, name, id, got, &err);
}

START_TEST(a_name_finds_its_range)
{
	ck_assert_int_eq(find("other:1:2\nme:100000:65536\n", "me", ""), 1);
	ck_assert_uint_eq(got[0].inside, 0);
	ck_assert_uint_eq(got[0].outside, 100000);
	ck_assert_uint_eq(got[0].size, 65536);
}
END_TEST

START_TEST(a_number_stands_for_the_name)
{
	ck_assert_int_eq(find("1000:100000:65536", "me", "1000"), 1);
	ck_assert_int_eq(find("1000:100000:65536", "me", ""), 0);
}
END_TEST

START_TEST(several_ranges_follow_one_another_inside)
{
	ck_assert_int_eq(find("me:100000:1000\n# me:5:5\n\nx:7:7\nme:500000:64536", "me", ""), 2);
	ck_assert_uint_eq(got[1].inside, 1000);
	ck_assert_uint_eq(got[1].outside, 500000);
}
END_TEST

START_TEST(nobody_finds_a_part_of_a_name)
{
	ck_assert_int_eq(find("men:1:2\nm:1:2\n:1:2\n", "me", ""), 0);
	ck_assert_int_eq(find("", "me", ""), 0);
	ck_assert_int_eq(find(":1:2\n", "", ""), 0);
}
END_TEST

START_TEST(other_peoples_lines_may_be_anything)
{
	ck_assert_int_eq(find("garbage\nother:x:y\nme:9:8\nother::::", "me", ""), 1);
}
END_TEST

START_TEST(own_lines_that_make_no_sense_are_refused_with_their_text)
{
	static const char *const bad[] = { "me",
					   "me:",
					   "me:5",
					   "me:5:",
					   "me:x:5",
					   "me:5:x",
					   "me:5:5:5",
					   "me:-1:5",
					   "me:5:0",
					   "me:0:10",
					   "me:4294967295:1",
					   "me:99999999999:1",
					   "me:100:10\nme:105:10",
					   "me:105:10\nme:100:10" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(find(bad[i], "me", "") == -EINVAL, "%s", bad[i]);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
		ck_assert_ptr_nonnull(strstr(err.msg, "me"));
	}
}
END_TEST

START_TEST(the_next_range_begins_behind_all_others)
{
	ck_assert_uint_eq(bt_subids_next(""), 100000);
	ck_assert_uint_eq(bt_subids_next("a:5:5\n"), 100000);
	ck_assert_uint_eq(bt_subids_next("a:165536:65536\nb:100000:65536\nx:y:z\n"), 231072);
	ck_assert_uint_eq(bt_subids_next("a:4294967290:10\n"), 100000);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_name_finds_its_range);
	tcase_add_test(tests, a_number_stands_for_the_name);
	tcase_add_test(tests, several_ranges_follow_one_another_inside);
	tcase_add_test(tests, nobody_finds_a_part_of_a_name);
	tcase_add_test(tests, other_peoples_lines_may_be_anything);
	tcase_add_test(tests, own_lines_that_make_no_sense_are_refused_with_their_text);
	tcase_add_test(tests, the_next_range_begins_behind_all_others);
}

int main(void)
{
	return run_tests("engine/subids", add);
}
