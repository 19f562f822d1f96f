/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/cpu_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/io.h"
#include "common.h"

static char path[64];

static void remove_file(void)
{
	if (path[0])
		unlink(path);
}

static int check(const char *list, const char *available, char *ret, size_t size)
{
	snprintf(path, sizeof(path), "/tmp/test_cpu_list.%d", (int)getpid());
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0600, available, strlen(available)), 0);
	return bt_cpu_list_check(list, path, ret, size);
}

START_TEST(numbers_and_ranges_that_are_there_are_good)
{
	static const char *const lists[] = { "0", "3", "0-3", "0,2-3", "1,1,1", "0-0", "7", "03" };
	char text[32];

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		ck_assert_msg(check(lists[i], "0-3,7\n", text, sizeof(text)) == 0, "%s", lists[i]);
}
END_TEST

START_TEST(what_is_not_there_is_told_with_what_is)
{
	static const char *const lists[] = { "4", "0-4", "3,8", "6-7" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		char text[32] = "";

		ck_assert_msg(check(lists[i], "0-3,7\n", text, sizeof(text)) == -ERANGE, "%s",
			      lists[i]);
		ck_assert_str_eq(text, "0-3,7");
	}
}
END_TEST

START_TEST(the_text_of_what_is_there_is_cut_where_there_is_no_room)
{
	char text[4] = "xxx";

	ck_assert_int_eq(check("9", "0-3,7\n", text, sizeof(text)), -ERANGE);
	ck_assert_str_eq(text, "0-3");
}
END_TEST

START_TEST(what_is_no_list_is_refused)
{
	static const char *const lists[] = {
		"a",    "-1",  "1-",  "3-1",   ",1",
		"1,,2", "1 2", "0x1", "1-2-3", "0-99999999999999999999",
		"+1",   " 1",  "1;2"
	};
	char text[32];

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		ck_assert_msg(check(lists[i], "0-3\n", text, sizeof(text)) == -EINVAL, "%s",
			      lists[i]);
}
END_TEST

START_TEST(without_the_kernels_file_there_is_number_0_alone)
{
	char text[32];

	ck_assert_int_eq(bt_cpu_list_check("0", "/nowhere/online", text, sizeof(text)), 0);
	ck_assert_int_eq(bt_cpu_list_check("1", "/nowhere/online", text, sizeof(text)), -ERANGE);
	ck_assert_str_eq(text, "0");
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, NULL, remove_file);
	tcase_add_test(tc, numbers_and_ranges_that_are_there_are_good);
	tcase_add_test(tc, what_is_not_there_is_told_with_what_is);
	tcase_add_test(tc, the_text_of_what_is_there_is_cut_where_there_is_no_room);
	tcase_add_test(tc, what_is_no_list_is_refused);
	tcase_add_test(tc, without_the_kernels_file_there_is_number_0_alone);
}

int main(void)
{
	return run_tests("engine/cpu_list", add);
}
