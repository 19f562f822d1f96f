/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/cgroup_files.h"

#include "limit_files.h"

START_TEST(a_file_that_is_not_there_is_never_made)
{
	ck_assert_int_eq(bt_cgroup_files_write(limit_fd, "cpu.max", "max"), -EOPNOTSUPP);
	ck_assert_int_eq(bt_cgroup_files_printf(limit_fd, "cpu.max", "%d", 5), -EOPNOTSUPP);
	ck_assert_int_eq(bt_cgroup_files_write_max(limit_fd, "cpu.max", 5), -EOPNOTSUPP);
	ck_assert_int_eq(faccessat(limit_fd, "cpu.max", F_OK, 0), -1);
}
END_TEST

START_TEST(what_the_kernel_says_to_a_number_is_told)
{
	have_refusing("cpu.max");
	ck_assert_int_eq(bt_cgroup_files_write(limit_fd, "cpu.max", "5000"), -EINVAL);
	ck_assert_int_eq(mkdirat(limit_fd, "memory.max", 0700), 0);
	ck_assert_int_eq(bt_cgroup_files_write(limit_fd, "memory.max", "1"), -EISDIR);
}
END_TEST

START_TEST(below_zero_there_is_no_limit)
{
	have_file("pids.max");
	ck_assert_int_eq(bt_cgroup_files_write_max(limit_fd, "pids.max", -1), 0);
	check_written("pids.max", "max");
	ck_assert_int_eq(bt_cgroup_files_write_max(limit_fd, "pids.max", INT64_MIN), 0);
	check_written("pids.max", "max");
	ck_assert_int_eq(bt_cgroup_files_write_max(limit_fd, "pids.max", 0), 0);
	check_written("pids.max", "0");
	ck_assert_int_eq(bt_cgroup_files_write_max(limit_fd, "pids.max", INT64_MAX), 0);
	check_written("pids.max", "9223372036854775807");
}
END_TEST

START_TEST(a_text_is_written_whole_or_not_at_all)
{
	char text[257];

	memset(text, 'x', sizeof(text));
	text[255] = '\0';
	have_file("a");
	ck_assert_int_eq(bt_cgroup_files_printf(limit_fd, "a", "%s", text), 0);
	check_written("a", text);
	text[255] = 'x';
	text[256] = '\0';
	ck_assert_int_eq(bt_cgroup_files_printf(limit_fd, "a", "%s", text), -EINVAL);
	check_nothing_else();
}
END_TEST

START_TEST(a_text_is_read_without_its_last_newline_and_as_far_as_there_is_room)
{
	char buf[8];

	have_text("a", "one\n");
	ck_assert_int_eq(bt_cgroup_files_read(limit_fd, "a", buf, sizeof(buf)), 3);
	ck_assert_str_eq(buf, "one");
	have_text("a", "a\nb\n\n");
	ck_assert_int_eq(bt_cgroup_files_read(limit_fd, "a", buf, sizeof(buf)), 4);
	ck_assert_str_eq(buf, "a\nb\n");
	have_text("a", "0123456789");
	ck_assert_int_eq(bt_cgroup_files_read(limit_fd, "a", buf, sizeof(buf)), 7);
	ck_assert_str_eq(buf, "0123456");
	have_text("a", "");
	ck_assert_int_eq(bt_cgroup_files_read(limit_fd, "a", buf, sizeof(buf)), 0);
	ck_assert_str_eq(buf, "");
	ck_assert_int_eq(bt_cgroup_files_read(limit_fd, "b", buf, sizeof(buf)), -ENOENT);
}
END_TEST

START_TEST(numbers_are_read_and_no_limit_has_one_form)
{
	static const struct {
		const char *text;
		uint64_t value;
	} cases[] = {
		{ "0\n", 0 },
		{ "17", 17 },
		{ "max\n", UINT64_MAX },
		/* The last that can be meant, and what version 1 writes for none, by page size. */
		{ "9223372036854710271\n", INT64_MAX - 65536 },
		{ "9223372036854771712\n", UINT64_MAX },
		{ "9223372036854710272\n", UINT64_MAX },
		{ "18446744073709551615\n", UINT64_MAX },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		uint64_t value = 99;

		have_text("n", cases[i].text);
		ck_assert_int_eq(bt_cgroup_files_read_u64(limit_fd, "n", &value), 0);
		ck_assert_msg(value == cases[i].value, "%s: %llu", cases[i].text,
			      (unsigned long long)value);
	}
}
END_TEST

START_TEST(what_is_no_number_is_none)
{
	static const char *const texts[] = {
		"", "\n", "x", "12x", "maximum", "12 13", "18446744073709551616"
	};

	for (size_t i = 0; i < LENGTH(texts); i++) {
		uint64_t value = 99;

		have_text("n", texts[i]);
		ck_assert_msg(bt_cgroup_files_read_u64(limit_fd, "n", &value) == -EINVAL, "\"%s\"",
			      texts[i]);
		ck_assert_uint_eq(value, 99);
	}
}
END_TEST

START_TEST(a_number_is_found_by_its_whole_key)
{
	uint64_t value = 99;

	have_text("memory.events", "oom_kill_group 3\nlow 0\noom 1\noom_kill 2\nhigh max\n");
	ck_assert_int_eq(bt_cgroup_files_read_key(limit_fd, "memory.events", "oom_kill", &value),
			 0);
	ck_assert_uint_eq(value, 2);
	ck_assert_int_eq(bt_cgroup_files_read_key(limit_fd, "memory.events", "oom", &value), 0);
	ck_assert_uint_eq(value, 1);
	ck_assert_int_eq(bt_cgroup_files_read_key(limit_fd, "memory.events", "high", &value), 0);
	ck_assert_uint_eq(value, UINT64_MAX);
}
END_TEST

START_TEST(a_key_that_is_not_there_or_has_no_number_gives_none)
{
	uint64_t value = 99;

	have_text("memory.events", "oom_kill\nlow x\n");
	ck_assert_int_eq(bt_cgroup_files_read_key(limit_fd, "memory.events", "oom", &value),
			 -ENODATA);
	ck_assert_int_eq(bt_cgroup_files_read_key(limit_fd, "memory.events", "oom_kill", &value),
			 -ENODATA);
	ck_assert_int_eq(bt_cgroup_files_read_key(limit_fd, "memory.events", "low", &value),
			 -EINVAL);
	ck_assert_int_eq(bt_cgroup_files_read_key(limit_fd, "nothing", "low", &value), -ENOENT);
	ck_assert_uint_eq(value, 99);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_file_that_is_not_there_is_never_made);
	tcase_add_test(tests, what_the_kernel_says_to_a_number_is_told);
	tcase_add_test(tests, below_zero_there_is_no_limit);
	tcase_add_test(tests, a_text_is_written_whole_or_not_at_all);
	tcase_add_test(tests, a_text_is_read_without_its_last_newline_and_as_far_as_there_is_room);
	tcase_add_test(tests, numbers_are_read_and_no_limit_has_one_form);
	tcase_add_test(tests, what_is_no_number_is_none);
	tcase_add_test(tests, a_number_is_found_by_its_whole_key);
	tcase_add_test(tests, a_key_that_is_not_there_or_has_no_number_gives_none);
}

int main(void)
{
	return run_suite("sys/cgroup_files", setup_limits, teardown_limits, add_tests);
}
