/* SPDX-License-Identifier: Apache-2.0 */

#include "store/nursery.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

static char dir[] = "/tmp/test_nursery.XXXXXX";
static struct bt_spread spread;
static struct bt_nursery nursery;
static int at;

static void setup(void)
{
	bt_auto_free char *path = NULL;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(mkdirat(at, "top", 0700), 0);
	path = bt_str_format("%s/top", dir);
	bt_spread_init(&spread);
	bt_nursery_open(&nursery, path, &spread);
	/* Whatever the file system of the test's directory has a say in. */
	if (nursery.top < 0)
		nursery.top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void teardown(void)
{
	bt_nursery_done(&nursery);
	bt_spread_done(&spread);
	(void)close(at);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

static int entries(const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = -2;
	DIR *d = fdopendir(fd);

	ck_assert_ptr_nonnull(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n;
}

static void remove_so_many(int n)
{
	for (int i = 0; i < n; i++)
		bt_nursery_removed(&nursery);
}

static void turn(void)
{
	remove_so_many(BT_NURSERY_REMOVALS);
}

static ino_t make(const char *name)
{
	struct stat st;

	ck_assert_int_eq(bt_nursery_mkdir(&nursery, at, name, 0710), 0);
	ck_assert_int_eq(fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 0710);
	return st.st_ino;
}

START_TEST(before_the_first_turn_directories_are_made_in_place)
{
	(void)make("a");
	ck_assert_int_eq(entries("top"), 0);
}
END_TEST

START_TEST(it_turns_after_so_many_removals_and_not_before)
{
	remove_so_many(BT_NURSERY_REMOVALS - 1);
	ck_assert_int_eq(entries("top"), 0);
	remove_so_many(1);
	ck_assert_int_eq(entries("top"), 1);
	remove_so_many(BT_NURSERY_REMOVALS - 1);
	ck_assert_int_eq(entries("top"), 1);
}
END_TEST

START_TEST(what_is_made_in_it_is_where_it_belongs_and_nothing_stays_behind)
{
	turn();
	(void)make("a");
	(void)make("b");
	ck_assert_int_eq(entries("a"), 0);
	ck_assert_int_eq(entries("top"), 1);
	ck_assert_int_ge(nursery.fd, 0);
	ck_assert_int_eq(unlinkat(nursery.top, nursery.name, AT_REMOVEDIR), 0);
}
END_TEST

START_TEST(a_turn_leaves_one_nursery_and_another_one)
{
	char first[sizeof(nursery.name)];

	turn();
	memcpy(first, nursery.name, sizeof(first));
	turn();
	ck_assert_str_ne(nursery.name, first);
	ck_assert_int_eq(entries("top"), 1);
	(void)make("a");
}
END_TEST

START_TEST(what_is_there_is_not_replaced)
{
	struct stat before, after;

	turn();
	ck_assert_int_eq(mkdirat(at, "empty", 0700), 0);
	ck_assert_int_eq(fstatat(at, "empty", &before, 0), 0);
	ck_assert_int_eq(bt_nursery_mkdir(&nursery, at, "empty", 0755), -EEXIST);
	ck_assert_int_eq(fstatat(at, "empty", &after, 0), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_assert_int_eq(symlinkat("nowhere", at, "link"), 0);
	ck_assert_int_eq(bt_nursery_mkdir(&nursery, at, "link", 0755), -EEXIST);
	(void)make("a"); /* the one that could not be renamed is in nobody's way */
}
END_TEST

START_TEST(a_parent_that_is_missing_is_said_to_be_missing)
{
	turn();
	ck_assert_int_eq(bt_nursery_mkdir(&nursery, at, "no/such", 0755), -ENOENT);
	(void)make("a");
}
END_TEST

START_TEST(a_nursery_that_was_removed_is_done_without)
{
	turn();
	ck_assert_int_eq(unlinkat(nursery.top, nursery.name, AT_REMOVEDIR), 0);
	(void)make("a");
	turn();
	(void)make("b");
	ck_assert_int_eq(entries("top"), 1);
}
END_TEST

START_TEST(what_a_crash_left_in_it_does_not_stop_it)
{
	turn();
	ck_assert_int_eq(mkdirat(nursery.fd, "new", 0700), 0);
	(void)make("a");
}
END_TEST

START_TEST(without_a_directory_for_it_none_is_made)
{
	struct bt_nursery none;

	bt_nursery_open(&none, "/no/such/directory", &spread);
	for (int i = 0; i < 3 * BT_NURSERY_REMOVALS; i++)
		bt_nursery_removed(&none);
	ck_assert_int_eq(bt_nursery_mkdir(&none, at, "a", 0700), 0);
	bt_nursery_done(&none);
}
END_TEST

START_TEST(when_it_is_released_nothing_is_left)
{
	bt_auto_free char *path = bt_str_format("%s/top", dir);

	turn();
	bt_nursery_done(&nursery);
	ck_assert_int_eq(entries("top"), 0);
	bt_nursery_open(&nursery, path, &spread);
}
END_TEST

static void *make_many(void *arg)
{
	const char *prefix = arg;
	char name[32];

	for (int i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), "%s%d", prefix, i);
		if (bt_nursery_mkdir(&nursery, at, name, 0700) < 0)
			return arg;
	}
	return NULL;
}

START_TEST(threads_make_directories_while_it_turns)
{
	char names[3][2] = { "a", "b", "c" };
	pthread_t threads[3];
	void *failed;

	turn();
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, make_many, names[i]), 0);
	for (int i = 0; i < 20; i++)
		turn();
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(pthread_join(threads[i], &failed), 0);
		ck_assert_ptr_null(failed);
	}
	ck_assert_int_eq(entries("."), 301);
	ck_assert_int_eq(entries("top"), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/nursery");
	TCase *tc = tcase_create("nursery");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, before_the_first_turn_directories_are_made_in_place);
	tcase_add_test(tc, it_turns_after_so_many_removals_and_not_before);
	tcase_add_test(tc, what_is_made_in_it_is_where_it_belongs_and_nothing_stays_behind);
	tcase_add_test(tc, a_turn_leaves_one_nursery_and_another_one);
	tcase_add_test(tc, what_is_there_is_not_replaced);
	tcase_add_test(tc, a_parent_that_is_missing_is_said_to_be_missing);
	tcase_add_test(tc, a_nursery_that_was_removed_is_done_without);
	tcase_add_test(tc, what_a_crash_left_in_it_does_not_stop_it);
	tcase_add_test(tc, without_a_directory_for_it_none_is_made);
	tcase_add_test(tc, when_it_is_released_nothing_is_left);
	tcase_add_test(tc, threads_make_directories_while_it_turns);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
