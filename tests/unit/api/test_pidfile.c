/* SPDX-License-Identifier: Apache-2.0 */

#include "api/pidfile.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"

static char dir[64];

static void set_up(void)
{
	snprintf(dir, sizeof(dir), "/tmp/test_api_pidfile.%d", (int)getpid());
}

static void tear_down(void)
{
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

START_TEST(a_root_is_made_and_locked_for_one)
{
	bt_auto_close int lock = -EBADF;
	struct bt_err err = { 0 };

	lock = bt_pidfile_lock_root(dir, "data root", &err);
	ck_assert_int_ge(lock, 0);
	ck_assert_int_lt(bt_pidfile_lock_root(dir, "data root", &err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.msg, dir));
	bt_close(&lock);
	lock = bt_pidfile_lock_root(dir, "data root", &err);
	ck_assert_int_ge(lock, 0);
}
END_TEST

START_TEST(a_living_daemon_is_respected_and_a_dead_one_is_not)
{
	char path[96], text[32];
	struct bt_err err = { 0 };
	pid_t child;
	int ends[2];

	ck_assert_int_eq(mkdir(dir, 0700), 0);
	snprintf(path, sizeof(path), "%s/pid", dir);
	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		close(ends[1]);
		_exit((int)read(ends[0], text, 1));
	}
	snprintf(text, sizeof(text), "%d\n", (int)child);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0600, text, strlen(text)), 0);
	ck_assert_int_lt(bt_pidfile_write(path, &err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_CONFLICT);
	close(ends[1]);
	waitpid(child, NULL, 0);
	ck_assert_int_eq(bt_pidfile_write(path, &err), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api/pidfile");
	TCase *locks = tcase_create("locks");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(locks, set_up, tear_down);
	tcase_add_test(locks, a_root_is_made_and_locked_for_one);
	tcase_add_test(locks, a_living_daemon_is_respected_and_a_dead_one_is_not);
	suite_add_tcase(suite, locks);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
