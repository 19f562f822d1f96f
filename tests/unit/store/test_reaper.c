/* SPDX-License-Identifier: Apache-2.0 */

#include "store/reaper.h"

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

static char path[] = "/tmp/test_reaper.XXXXXX";
static int dir;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct bt_str gone;
static int count, priority;

static void make_dir(void)
{
	ck_assert_ptr_nonnull(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dir, 0);
}

static void remove_dir(void)
{
	bt_close(&dir);
	bt_str_done(&gone);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, path), 0);
}

static void note(void *arg, const char *name)
{
	(void)arg;
	(void)pthread_mutex_lock(&mutex);
	bt_str_puts(&gone, name);
	priority = getpriority(PRIO_PROCESS, (id_t)gettid());
	count++;
	(void)pthread_cond_broadcast(&changed);
	(void)pthread_mutex_unlock(&mutex);
}

static void wait_for(int n)
{
	(void)pthread_mutex_lock(&mutex);
	while (count < n)
		(void)pthread_cond_wait(&changed, &mutex);
	(void)pthread_mutex_unlock(&mutex);
}

static void tree(const char *name)
{
	bt_auto_free char *sub = bt_str_format("%s/a/b", name);
	bt_auto_free char *full = bt_str_format("%s/%s", path, sub);
	bt_auto_free char *file = bt_str_format("%s/f", sub);

	ck_assert_int_eq(bt_io_mkdir_p(full, 0700), 0);
	ck_assert_int_eq(bt_io_create_file(dir, file, 0600, "x", 1), 0);
}

START_TEST(trees_go_with_all_that_is_in_them_and_others_stay)
{
	struct bt_reaper *reaper = NULL;

	tree("one");
	tree("two");
	tree("stays");
	ck_assert_int_eq(bt_reaper_create(dir, note, NULL, &reaper), 0);
	bt_reaper_add(reaper, "one");
	bt_reaper_add(reaper, "two");
	wait_for(2);
	ck_assert_int_ne(faccessat(dir, "one", F_OK, 0), 0);
	ck_assert_int_ne(faccessat(dir, "two", F_OK, 0), 0);
	ck_assert_int_eq(faccessat(dir, "stays/a/b/f", F_OK, 0), 0);
	bt_reaper_destroy(reaper);
}
END_TEST

START_TEST(one_that_was_idle_works_again)
{
	struct bt_reaper *reaper = NULL;

	ck_assert_int_eq(bt_reaper_create(dir, note, NULL, &reaper), 0);
	for (int i = 1; i <= 20; i++) {
		tree("again");
		bt_reaper_add(reaper, "again");
		wait_for(i);
		ck_assert_int_ne(faccessat(dir, "again", F_OK, 0), 0);
	}
	bt_reaper_destroy(reaper);
}
END_TEST

START_TEST(a_tree_that_waits_is_removed_once_however_often_it_is_added)
{
	struct bt_reaper *reaper = NULL;

	tree("one");
	tree("two");
	ck_assert_int_eq(bt_reaper_create(dir, note, NULL, &reaper), 0);
	/* The first one's end cannot be noted meanwhile. */
	(void)pthread_mutex_lock(&mutex);
	bt_reaper_add(reaper, "one");
	for (int i = 0; i < 100; i++)
		bt_reaper_add(reaper, "two");
	(void)pthread_mutex_unlock(&mutex);
	wait_for(2);
	tree("three");
	bt_reaper_add(reaper, "three");
	wait_for(3);
	bt_reaper_destroy(reaper);
	ck_assert_str_eq(bt_str_get(&gone), "onetwothree");
}
END_TEST

START_TEST(it_lets_others_go_first_but_not_where_it_may_hold_what_they_wait_for)
{
	struct bt_reaper *reaper = NULL;

	tree("one");
	ck_assert_int_eq(bt_reaper_create(dir, note, NULL, &reaper), 0);
	bt_reaper_add(reaper, "one");
	wait_for(1);
	ck_assert_int_eq(priority, getpriority(PRIO_PROCESS, (id_t)getpid()));
	bt_reaper_destroy(reaper);
}
END_TEST

START_TEST(what_is_not_there_is_gone)
{
	struct bt_reaper *reaper = NULL;

	ck_assert_int_eq(bt_reaper_create(dir, note, NULL, &reaper), 0);
	bt_reaper_add(reaper, "nowhere");
	wait_for(1);
	ck_assert_str_eq(bt_str_get(&gone), "nowhere");
	bt_reaper_destroy(reaper);
}
END_TEST

START_TEST(an_end_in_the_middle_leaves_whole_names_for_later)
{
	struct bt_reaper *reaper = NULL;

	for (int i = 0; i < 50; i++) {
		bt_auto_free char *name = bt_str_format("t%d", i);

		tree(name);
	}
	ck_assert_int_eq(bt_reaper_create(dir, note, NULL, &reaper), 0);
	for (int i = 0; i < 50; i++) {
		bt_auto_free char *name = bt_str_format("t%d", i);

		bt_reaper_add(reaper, name);
	}
	bt_reaper_destroy(reaper);
	/* Whatever was told is gone, and whatever was not is as it was. */
	for (int i = 0; i < 50; i++) {
		bt_auto_free char *name = bt_str_format("t%d/a/b/f", i);
		bool there = faccessat(dir, name, F_OK, 0) == 0;

		ck_assert_int_eq(there, i >= count);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/reaper");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tests, make_dir, remove_dir);
	tcase_add_test(tests, trees_go_with_all_that_is_in_them_and_others_stay);
	tcase_add_test(tests, one_that_was_idle_works_again);
	tcase_add_test(tests, a_tree_that_waits_is_removed_once_however_often_it_is_added);
	tcase_add_test(tests, it_lets_others_go_first_but_not_where_it_may_hold_what_they_wait_for);
	tcase_add_test(tests, what_is_not_there_is_gone);
	tcase_add_test(tests, an_end_in_the_middle_leaves_whole_names_for_later);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
