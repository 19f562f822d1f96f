/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/state_lock.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"

static char dir[64];

static void set_up(void)
{
	strcpy(dir, "/tmp/test_state_lock.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void tear_down(void)
{
	bt_ignore(bt_io_remove_tree(AT_FDCWD, dir));
}

/* What a process of its own gets, which waits so long: 0 or -errno. */
static int taken_elsewhere(int timeout_ms)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int fd = bt_state_lock_take(dir, timeout_ms);

		_exit(fd < 0 ? -fd : 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

/* A process that makes the lock, and says so by the end of *ret_ready; it waits to be killed. */
static pid_t hold_elsewhere(int *ret_ready)
{
	int ready[2];
	pid_t pid;

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		int fd = bt_state_lock_create(dir);

		(void)!write(ready[1], fd < 0 ? "n" : "y", 1);
		(void)pause();
		_exit(1);
	}
	(void)close(ready[1]);
	*ret_ready = ready[0];
	return pid;
}

START_TEST(one_holds_it_and_others_do_not_until_it_is_let_go)
{
	int lock = bt_state_lock_create(dir);

	ck_assert_int_ge(lock, 0);
	ck_assert_int_eq(taken_elsewhere(0), -EAGAIN);
	ck_assert_int_eq(taken_elsewhere(30), -EAGAIN);
	bt_close(&lock);
	ck_assert_int_eq(taken_elsewhere(0), 0);
	lock = bt_state_lock_take(dir, -1);
	ck_assert_int_ge(lock, 0);
	ck_assert_int_eq(taken_elsewhere(0), -EAGAIN);
	bt_close(&lock);
}
END_TEST

START_TEST(it_is_made_once_and_nobody_has_one_where_none_was_made)
{
	bt_auto_close int lock = -EBADF;

	ck_assert_int_eq(bt_state_lock_take(dir, -1), -ENOENT);
	lock = bt_state_lock_create(dir);
	ck_assert_int_ge(lock, 0);
	ck_assert_int_eq(bt_state_lock_create(dir), -EEXIST);
	ck_assert_int_eq(bt_state_lock_create("/nowhere/at/all"), -ENOENT);
}
END_TEST

START_TEST(it_ends_with_its_holder_and_is_not_inherited)
{
	bt_auto_close int lock = -EBADF, ready = -EBADF;
	char said = 0;
	pid_t pid = hold_elsewhere(&ready), child;

	ck_assert_int_eq(read(ready, &said, 1), 1);
	ck_assert_int_eq(said, 'y');
	ck_assert_int_eq(taken_elsewhere(0), -EAGAIN);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	lock = bt_state_lock_take(dir, -1);
	ck_assert_int_ge(lock, 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	/* A child has the descriptor, and does not hold the lock with it. */
	child = fork();
	if (child == 0) {
		(void)pause();
		_exit(1);
	}
	bt_close(&lock);
	ck_assert_int_eq(taken_elsewhere(0), 0);
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

START_TEST(whoever_waited_learns_that_the_container_is_gone)
{
	int lock = bt_state_lock_create(dir), status;
	pid_t pid = fork();

	if (pid == 0) {
		int fd = bt_state_lock_take(dir, -1);

		_exit(fd < 0 ? -fd : 0);
	}
	/* Whether it waits already or not, it is told the same. */
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	bt_close(&lock);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), ENOENT);
}
END_TEST

START_TEST(it_can_be_let_go_and_held_again_unless_the_container_is_gone)
{
	bt_auto_close int lock = bt_state_lock_create(dir);

	ck_assert_int_eq(bt_state_lock_release(lock), 0);
	ck_assert_int_eq(taken_elsewhere(0), 0);
	ck_assert_int_eq(bt_state_lock_retake(lock), 1);
	ck_assert_int_eq(taken_elsewhere(0), -EAGAIN);
	ck_assert_int_eq(bt_state_lock_release(lock), 0);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
	ck_assert_int_eq(bt_state_lock_retake(lock), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime/state_lock");
	TCase *tc = tcase_create("state_lock");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, one_holds_it_and_others_do_not_until_it_is_let_go);
	tcase_add_test(tc, it_is_made_once_and_nobody_has_one_where_none_was_made);
	tcase_add_test(tc, it_ends_with_its_holder_and_is_not_inherited);
	tcase_add_test(tc, whoever_waited_learns_that_the_container_is_gone);
	tcase_add_test(tc, it_can_be_let_go_and_held_again_unless_the_container_is_gone);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
