/* SPDX-License-Identifier: Apache-2.0 */

#include "store/skeleton.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "store/skeleton_replay.h"

static char path[] = "/tmp/test_skeleton.XXXXXX";
static int layer;
static struct bt_skeleton *sk;

static void make_layer(void)
{
	struct bt_err err = { 0 };

	ck_assert_ptr_nonnull(mkdtemp(path));
	layer = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(layer, 0);
	ck_assert_int_eq(mkdirat(layer, "diff", 0700), 0);
	ck_assert_int_eq(mkdirat(layer, "shadow", 0700), 0);
	ck_assert_int_eq(
		bt_skeleton_create(openat(layer, "skeleton", O_WRONLY | O_CREAT | O_CLOEXEC, 0600),
				   &sk, &err),
		0);
}

static void remove_layer(void)
{
	bt_skeleton_destroy(sk);
	bt_close(&layer);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, path), 0);
}

static void file(const char *name, const char *text)
{
	ck_assert_int_eq(bt_io_create_file(layer, name, 0600, text, strlen(text)), 0);
}

static void end(void)
{
	struct bt_err err = { 0 };

	ck_assert_msg(bt_skeleton_finish(sk, &err) == 0, "%s", err.msg);
}

static int keep(void *arg, const void *data, size_t len)
{
	bt_str_add(arg, data, len);
	return ((struct bt_str *)arg)->failed;
}

static void expect(const char *want, size_t len)
{
	bt_auto_str struct bt_str got = { 0 };
	struct bt_err err = { 0 };
	int64_t size = 0;

	ck_assert_msg(bt_skeleton_replay(layer, keep, &got, &err) == 0, "%s", err.msg);
	ck_assert_uint_eq(got.len, len);
	ck_assert_mem_eq(bt_str_get(&got), want, len);
	ck_assert_int_eq(bt_skeleton_size(layer, &size, &err), 0);
	ck_assert_int_eq(size, (int64_t)len);
}

START_TEST(bytes_and_files_come_in_the_order_in_which_they_were_told)
{
	file("diff/a", "AAAA");
	ck_assert_int_eq(mkdirat(layer, "diff/d", 0700), 0);
	file("diff/d/b", "BB");
	bt_skeleton_raw(sk, "1", 1);
	bt_skeleton_raw(sk, "2", 1);
	bt_skeleton_file(sk, "a", 4);
	bt_skeleton_raw(sk, "3", 1);
	bt_skeleton_file(sk, "d/b", 2);
	bt_skeleton_raw(sk, "4", 1);
	end();
	expect("12AAAA3BB4", 10);
}
END_TEST

START_TEST(a_file_that_was_replaced_later_is_found_where_it_was_moved)
{
	file("shadow/0", "old");
	file("diff/a", "newer");
	bt_skeleton_file(sk, "a", 3);
	bt_skeleton_moved(sk, "a", 0);
	bt_skeleton_file(sk, "a", 5);
	end();
	expect("oldnewer", 8);
}
END_TEST

START_TEST(what_lay_in_a_directory_that_was_replaced_is_found_too)
{
	ck_assert_int_eq(mkdirat(layer, "shadow/0", 0700), 0);
	file("shadow/0/f", "in");
	file("diff/d", "file");
	bt_skeleton_file(sk, "d/f", 2);
	bt_skeleton_moved(sk, "d", 0);
	bt_skeleton_file(sk, "d", 4);
	end();
	expect("infile", 6);
}
END_TEST

START_TEST(more_than_a_buffer_of_bytes_is_kept)
{
	const size_t len = 300001;
	bt_auto_free char *text = malloc(len);

	for (size_t i = 0; i < len; i++)
		text[i] = (char)(i * 7 + i / 251);
	bt_skeleton_raw(sk, text, len);
	end();
	expect(text, len);
}
END_TEST

START_TEST(a_file_that_has_become_shorter_or_a_link_is_an_error)
{
	bt_auto_str struct bt_str got = { 0 };
	struct bt_err err = { 0 };

	file("diff/a", "AB");
	bt_skeleton_file(sk, "a", 3);
	end();
	ck_assert_int_lt(bt_skeleton_replay(layer, keep, &got, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "/a of a layer"));
	ck_assert_int_eq(unlinkat(layer, "diff/a", 0), 0);
	ck_assert_int_eq(symlinkat("/etc/passwd", layer, "diff/a"), 0);
	ck_assert_int_lt(bt_skeleton_replay(layer, keep, &got, &err), 0);
}
END_TEST

START_TEST(a_record_that_is_cut_or_garbage_is_an_error)
{
	bt_auto_str struct bt_str got = { 0 };
	struct bt_err err = { 0 };
	struct stat st;

	bt_skeleton_raw(sk, "some bytes", 10);
	end();
	ck_assert_int_eq(fstatat(layer, "skeleton", &st, 0), 0);
	{
		bt_auto_close int fd = openat(layer, "skeleton", O_WRONLY | O_CLOEXEC);

		ck_assert_int_eq(ftruncate(fd, st.st_size - 4), 0);
	}
	ck_assert_int_lt(bt_skeleton_replay(layer, keep, &got, &err), 0);
	file("skeleton", "Zgarbage and more of it");
	ck_assert_int_lt(bt_skeleton_replay(layer, keep, &got, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "damaged"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/skeleton");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tests, make_layer, remove_layer);
	tcase_add_test(tests, bytes_and_files_come_in_the_order_in_which_they_were_told);
	tcase_add_test(tests, a_file_that_was_replaced_later_is_found_where_it_was_moved);
	tcase_add_test(tests, what_lay_in_a_directory_that_was_replaced_is_found_too);
	tcase_add_test(tests, more_than_a_buffer_of_bytes_is_kept);
	tcase_add_test(tests, a_file_that_has_become_shorter_or_a_link_is_an_error);
	tcase_add_test(tests, a_record_that_is_cut_or_garbage_is_an_error);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
