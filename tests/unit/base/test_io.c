/* SPDX-License-Identifier: Apache-2.0 */

#include "base/io.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"

static char top[] = "/tmp/test_io.XXXXXX";

static int scratch(void)
{
	ck_assert_ptr_nonnull(mkdtemp(top));
	return open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void remove_scratch(void)
{
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, top), 0);
	ck_assert_int_eq(access(top, F_OK), -1);
}

START_TEST(a_file_comes_back_as_it_was_written)
{
	bt_auto_close int dir = scratch();
	bt_auto_free char *got = NULL;
	bt_auto_free char *data = malloc(100000);
	size_t len;

	for (size_t i = 0; i < 100000; i++)
		data[i] = (char)(i * 7);
	ck_assert_int_eq(bt_io_create_file(dir, "f", 0600, data, 100000), 0);
	ck_assert_int_eq(bt_io_read_file(dir, "f", 100000, &got, &len), 0);
	ck_assert_uint_eq(len, 100000);
	ck_assert_int_eq(memcmp(got, data, len), 0);
	remove_scratch();
}
END_TEST

START_TEST(reading_stops_at_the_limit)
{
	bt_auto_close int dir = scratch();
	char *got = NULL;

	ck_assert_int_eq(bt_io_create_file(dir, "f", 0600, "12345", 5), 0);
	ck_assert_int_eq(bt_io_read_file(dir, "f", 4, &got, NULL), -EFBIG);
	ck_assert_ptr_null(got);
	ck_assert_int_eq(bt_io_read_file(dir, "none", 4, &got, NULL), -ENOENT);
	remove_scratch();
}
END_TEST

START_TEST(mkdir_p_makes_parents_and_keeps_what_is_there)
{
	bt_auto_close int dir = scratch();
	bt_auto_free char *deep = bt_str_format("%s/a/b/c", top);
	struct stat st;

	ck_assert_int_eq(bt_io_mkdir_p(deep, 0700), 0);
	ck_assert_int_eq(bt_io_mkdir_p(deep, 0755), 0);
	ck_assert_int_eq(fstatat(dir, "a/b/c", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	ck_assert_int_eq(bt_io_create_file(dir, "file", 0600, "", 0), 0);
	free(deep);
	deep = bt_str_format("%s/file/x", top);
	ck_assert_int_eq(bt_io_mkdir_p(deep, 0700), -ENOTDIR);
	remove_scratch();
}
END_TEST

START_TEST(a_tree_is_removed_without_following_links)
{
	bt_auto_close int dir = scratch();

	ck_assert_int_eq(mkdirat(dir, "keep", 0700), 0);
	ck_assert_int_eq(bt_io_create_file(dir, "keep/f", 0600, "x", 1), 0);
	ck_assert_int_eq(mkdirat(dir, "gone", 0700), 0);
	ck_assert_int_eq(mkdirat(dir, "gone/sub", 0700), 0);
	ck_assert_int_eq(symlinkat("../keep", dir, "gone/link"), 0);
	ck_assert_int_eq(bt_io_remove_tree(dir, "gone"), 0);
	ck_assert_int_eq(faccessat(dir, "gone", F_OK, 0), -1);
	ck_assert_int_eq(faccessat(dir, "keep/f", F_OK, 0), 0);
	ck_assert_int_eq(bt_io_remove_tree(dir, "gone"), 0);
	remove_scratch();
}
END_TEST

/* As a program in a container does it: with mkdir and chdir there is no limit. */
static void nest(int dir, const char *name, int depth)
{
	int fd = dup(dir);

	for (int i = 0; i < depth; i++) {
		int next;

		ck_assert_int_eq(mkdirat(fd, name, 0700), 0);
		next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(next, 0);
		ck_assert_int_eq(mknodat(next, "f", S_IFREG | 0600, 0), 0);
		(void)close(fd);
		fd = next;
	}
	(void)close(fd);
}

static void *remove_nested(void *arg)
{
	*(int *)arg = bt_io_remove_tree(*(int *)arg, "gone");
	return NULL;
}

START_TEST(a_tree_of_any_depth_is_removed_on_a_small_stack_with_few_descriptors)
{
	const struct rlimit few = { .rlim_cur = 100, .rlim_max = 100 };
	bt_auto_close int dir = scratch();
	bt_auto_close int gone = -EBADF;
	pthread_attr_t attr;
	pthread_t thread;
	int r = dir;

	ck_assert_int_eq(mkdirat(dir, "gone", 0700), 0);
	gone = openat(dir, "gone", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	nest(gone, "d", 300);
	nest(gone, ".raised-0", 100);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	ck_assert_int_eq(pthread_attr_init(&attr), 0);
	ck_assert_int_eq(pthread_attr_setstacksize(&attr, 64u << 10), 0);
	ck_assert_int_eq(pthread_create(&thread, &attr, remove_nested, &r), 0);
	(void)pthread_join(thread, NULL);
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(faccessat(dir, "gone", F_OK, 0), -1);
	remove_scratch();
}
END_TEST

START_TEST(a_memfd_cannot_be_changed)
{
	bt_auto_close int fd = bt_io_memfd("test", "sealed", 6);
	char got[8] = { 0 };

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bt_io_read_all(fd, got, sizeof(got)), 6);
	ck_assert_str_eq(got, "sealed");
	ck_assert_int_eq(write(fd, "x", 1), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(ftruncate(fd, 0), -1);
}
END_TEST

START_TEST(write_file_never_creates)
{
	bt_auto_close int dir = scratch();

	ck_assert_int_eq(bt_io_write_file(dir, "none", "x"), -ENOENT);
	ck_assert_int_eq(faccessat(dir, "none", F_OK, 0), -1);
	remove_scratch();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/io");
	TCase *tc = tcase_create("io");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, a_file_comes_back_as_it_was_written);
	tcase_add_test(tc, reading_stops_at_the_limit);
	tcase_add_test(tc, mkdir_p_makes_parents_and_keeps_what_is_there);
	tcase_add_test(tc, a_tree_is_removed_without_following_links);
	tcase_add_test(tc, a_tree_of_any_depth_is_removed_on_a_small_stack_with_few_descriptors);
	tcase_add_test(tc, a_memfd_cannot_be_changed);
	tcase_add_test(tc, write_file_never_creates);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
