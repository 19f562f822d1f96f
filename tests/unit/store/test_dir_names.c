/* SPDX-License-Identifier: Apache-2.0 */

#include "store/dir_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "../suite.h"
#include "base/auto.h"
#include "base/io.h"

static char dir[] = "/tmp/test_dir_names.XXXXXX";
static int fd = -EBADF;
static struct bt_dir_names names;

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
}

static void teardown(void)
{
	bt_dir_names_done(&names);
	/* Twice is fine. */
	bt_dir_names_done(&names);
	bt_close(&fd);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

static void make(const char *name)
{
	ck_assert_int_eq(bt_io_create_file(fd, name, 0600, "", 0), 0);
}

START_TEST(names_are_sorted_by_their_bytes_and_the_dots_are_left_out)
{
	static const char *const want[] = { " ", "...", ".a", "A",        "B",
					    "a", "a b", "aa", "\xc3\xa4", "\xff\n" };

	for (size_t i = LENGTH(want); i > 0; i--)
		make(want[i - 1]);
	ck_assert_int_eq(bt_dir_names_read(fd, &names), 0);
	ck_assert_uint_eq(names.len, LENGTH(want));
	for (size_t i = 0; i < LENGTH(want); i++)
		ck_assert_str_eq(names.names[i], want[i]);
}
END_TEST

START_TEST(an_empty_directory_has_none)
{
	ck_assert_int_eq(bt_dir_names_read(fd, &names), 0);
	ck_assert_uint_eq(names.len, 0);
}
END_TEST

START_TEST(more_names_than_there_was_room_for_are_all_there)
{
	for (int i = 0; i < 500; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "%04d", i);
		make(name);
	}
	ck_assert_int_eq(bt_dir_names_read(fd, &names), 0);
	ck_assert_uint_eq(names.len, 500);
	for (int i = 0; i < 500; i++)
		ck_assert_int_eq(atoi(names.names[i]), i);
	/* The descriptor is the caller's still. */
	make("z");
	ck_assert_int_ge(fcntl(fd, F_GETFD), 0);
}
END_TEST

START_TEST(what_is_no_directory_is_an_error_and_no_descriptor_is_left)
{
	bt_auto_close int file = -EBADF;
	int before, after;

	make("file");
	file = openat(fd, "file", O_RDONLY | O_CLOEXEC);
	before = dup(file);
	close(before);
	ck_assert_int_eq(bt_dir_names_read(file, &names), -ENOTDIR);
	ck_assert_int_eq(bt_dir_names_read(-EBADF, &names), -EBADF);
	after = dup(file);
	close(after);
	ck_assert_int_eq(before, after);
	ck_assert_ptr_null(names.names);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, names_are_sorted_by_their_bytes_and_the_dots_are_left_out);
	tcase_add_test(tests, an_empty_directory_has_none);
	tcase_add_test(tests, more_names_than_there_was_room_for_are_all_there);
	tcase_add_test(tests, what_is_no_directory_is_an_error_and_no_descriptor_is_left);
}

int main(void)
{
	return run_suite("dir_names", setup, teardown, add_tests);
}
