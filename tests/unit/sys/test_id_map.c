/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/id_map.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/auto.h"

static const struct bt_id_range two[] = { { 0, 100000, 1000 }, { 1000, 500000, 64536 } };

START_TEST(an_id_is_found_on_the_other_side_in_each_range)
{
	ck_assert_uint_eq(bt_id_map_outside(two, 2, 0), 100000);
	ck_assert_uint_eq(bt_id_map_outside(two, 2, 999), 100999);
	ck_assert_uint_eq(bt_id_map_outside(two, 2, 1000), 500000);
	ck_assert_uint_eq(bt_id_map_inside(two, 2, 100999), 999);
	ck_assert_uint_eq(bt_id_map_inside(two, 2, 564535), 65535);
}
END_TEST

START_TEST(an_id_outside_of_all_ranges_is_nobodys)
{
	ck_assert_uint_eq(bt_id_map_outside(two, 2, 65536), BT_ID_MAP_NOBODY);
	ck_assert_uint_eq(bt_id_map_inside(two, 2, 0), BT_ID_MAP_NOBODY);
	ck_assert_uint_eq(bt_id_map_inside(two, 2, 101000), BT_ID_MAP_NOBODY);
	ck_assert_uint_eq(bt_id_map_inside(two, 2, UINT32_MAX), BT_ID_MAP_NOBODY);
	ck_assert_uint_eq(bt_id_map_inside(two, 0, 5), BT_ID_MAP_NOBODY);
}
END_TEST

START_TEST(the_kernels_text_is_read)
{
	struct bt_id_range got[BT_ID_MAP_MAX];

	ck_assert_int_eq(
		bt_id_map_parse("         0     100000       1000\n      1000 5 64536\n", got), 2);
	ck_assert_uint_eq(got[0].outside, 100000);
	ck_assert_uint_eq(got[1].inside, 1000);
	ck_assert_uint_eq(got[1].size, 64536);
	ck_assert_int_eq(bt_id_map_parse("0 0 4294967295\n", got), 1);
	ck_assert_int_eq(bt_id_map_parse("", got), 0);
}
END_TEST

START_TEST(text_that_is_no_map_is_refused)
{
	static const char *const bad[] = {
		"0 0",       "a b c",    "0 0 0\n",           "0 -1 5\n",
		"0 0 5 6\n", "1 2 3x\n", "0 4294967290 10\n", "99999999999 0 1\n"
	};
	struct bt_id_range got[BT_ID_MAP_MAX];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(bt_id_map_parse(bad[i], got) == -EINVAL, "%s", bad[i]);
}
END_TEST

START_TEST(more_ranges_than_there_is_room_for_are_refused)
{
	struct bt_id_range got[BT_ID_MAP_MAX];
	char text[BT_ID_MAP_MAX * 20 + 40] = "";
	int n = 0;

	for (unsigned i = 0; i < BT_ID_MAP_MAX; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%u %u 1\n", i, 1000 + i);
	ck_assert_int_eq(bt_id_map_parse(text, got), BT_ID_MAP_MAX);
	(void)snprintf(text + n, sizeof(text) - (size_t)n, "99 99 1\n");
	ck_assert_int_eq(bt_id_map_parse(text, got), -E2BIG);
}
END_TEST

START_TEST(a_process_in_the_hosts_namespace_has_no_map)
{
	bt_auto_close int proc = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct bt_id_map map = { .nuids = 9 };

	ck_assert_int_eq(bt_id_map_of(proc, &map), 0);
	ck_assert_uint_eq(map.nuids, 0);
	ck_assert_uint_eq(map.ngids, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sys/id_map");
	TCase *ids = tcase_create("ids");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(ids, an_id_is_found_on_the_other_side_in_each_range);
	tcase_add_test(ids, an_id_outside_of_all_ranges_is_nobodys);
	tcase_add_test(ids, the_kernels_text_is_read);
	tcase_add_test(ids, text_that_is_no_map_is_refused);
	tcase_add_test(ids, more_ranges_than_there_is_room_for_are_refused);
	tcase_add_test(ids, a_process_in_the_hosts_namespace_has_no_map);
	suite_add_tcase(suite, ids);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
