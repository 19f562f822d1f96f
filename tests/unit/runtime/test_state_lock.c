/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/state_lock.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
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

static int code_of(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
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

/* Blocked, as who waits with them has them. */
static const sigset_t *enough(void)
{
	static sigset_t set;

	ck_assert_int_eq(sigemptyset(&set), 0);
	ck_assert_int_eq(sigaddset(&set, SIGTERM), 0);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	return &set;
}

START_TEST(it_can_be_let_go_and_held_again_unless_the_container_is_gone)
{
	bt_auto_close int lock = bt_state_lock_create(dir);

	ck_assert_int_eq(bt_state_lock_release(lock), 0);
	ck_assert_int_eq(taken_elsewhere(0), 0);
	ck_assert_int_eq(bt_state_lock_retake(lock, dir, enough()), 1);
	ck_assert_int_eq(taken_elsewhere(0), -EAGAIN);
	ck_assert_int_eq(bt_state_lock_release(lock), 0);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
	ck_assert_int_eq(bt_state_lock_retake(lock, dir, enough()), 0);
}
END_TEST

/* What the next container of the name has is not what this one had. */
START_TEST(lock_of_the_next_container_is_another_one)
{
	bt_auto_close int lock = bt_state_lock_create(dir), next = -EBADF;

	ck_assert_int_eq(bt_state_lock_release(lock), 0);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	next = bt_state_lock_create(dir);
	ck_assert_int_ge(next, 0);
	ck_assert_int_eq(bt_state_lock_retake(lock, dir, enough()), 0);
}
END_TEST

/* A network file system gives what is removed while it is open another name. */
START_TEST(file_that_has_got_another_name_is_the_lock_no_more)
{
	bt_auto_close int lock = bt_state_lock_create(dir);
	char from[96], to[96];

	(void)snprintf(from, sizeof(from), "%s/lock", dir);
	(void)snprintf(to, sizeof(to), "%s/.nfs0001", dir);
	ck_assert_int_eq(bt_state_lock_release(lock), 0);
	ck_assert_int_eq(rename(from, to), 0);
	ck_assert_int_eq(bt_state_lock_retake(lock, dir, enough()), 0);
}
END_TEST

START_TEST(wait_for_another_ends_with_a_signal)
{
	bt_auto_close int ready = -EBADF, lock = -EBADF;
	const sigset_t *set = enough();
	pid_t pid = hold_elsewhere(&ready);
	char said = 0, path[96];

	ck_assert_int_eq(read(ready, &said, 1), 1);
	ck_assert_int_eq(said, 'y');
	(void)snprintf(path, sizeof(path), "%s/lock", dir);
	lock = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(lock, 0);
	ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
	ck_assert_int_eq(bt_state_lock_retake(lock, dir, set), -EINTR);
	/* It counts for one wait, and none where there is nothing to wait for. */
	ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(bt_state_lock_retake(lock, dir, set), 1);
	ck_assert_int_eq(sigtimedwait(set, NULL, &(struct timespec){ 0 }), SIGTERM);
}
END_TEST

START_TEST(holder_is_told_and_ended)
{
	bt_auto_close int ready = -EBADF, lock = -EBADF;
	char said = 0;
	pid_t pid, told = 0;
	int status;

	ck_assert_int_eq(bt_state_lock_holder(dir, &told), 0);
	pid = hold_elsewhere(&ready);
	ck_assert_int_eq(read(ready, &said, 1), 1);
	ck_assert_int_eq(said, 'y');
	ck_assert_int_eq(bt_state_lock_holder(dir, &told), 1);
	ck_assert_int_eq(told, pid);
	lock = bt_state_lock_take_by_force(dir, 0);
	ck_assert_int_ge(lock, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	bt_close(&lock);
	lock = bt_state_lock_take_by_force(dir, 0);
	ck_assert_int_ge(lock, 0);
	bt_close(&lock);
	ck_assert_int_eq(bt_state_lock_take_by_force("/nowhere/at/all", 0), -ENOENT);
	ck_assert_int_eq(bt_state_lock_holder(dir, &told), 0);
	ck_assert_int_eq(bt_state_lock_holder("/nowhere/at/all", &told), 0);
}
END_TEST

/* Its number means nothing outside of its PID namespace, or another process. */
START_TEST(holder_that_is_not_to_be_seen_from_here_is_left_alone)
{
	bt_auto_close int ready = -EBADF;
	char said = 0;
	pid_t pid, told = 1;
	int status;

	pid = hold_elsewhere(&ready);
	ck_assert_int_eq(read(ready, &said, 1), 1);
	if (fork() == 0) {
		pid_t inner;

		if (unshare(CLONE_NEWPID) < 0)
			_exit(1);
		inner = fork();
		if (inner == 0)
			_exit(bt_state_lock_holder(dir, &told) != 1 || told > 0 ||
			      bt_state_lock_take_by_force(dir, 0) != -EREMOTE);
		_exit(waitpid(inner, &status, 0) == inner && WIFEXITED(status) ? WEXITSTATUS(status)
									       : 2);
	}
	ck_assert_int_gt(wait(&status), 0);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

/* The other one has the file open, which lies there as long as that. */
START_TEST(directory_goes_when_nobody_has_the_lock_open_any_more)
{
	int lock = bt_state_lock_create(dir);
	char from[96], to[96];
	int ready[2];
	pid_t pid;

	(void)snprintf(from, sizeof(from), "%s/lock", dir);
	(void)snprintf(to, sizeof(to), "%s/.nfs0001", dir);
	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		int fd = open(from, O_RDWR | O_CLOEXEC);
		struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

		(void)!write(ready[1], "r", 1);
		/* Let go of, it is seen to be gone; and the server removes it. */
		_exit(fcntl(fd, F_SETLKW, &all) < 0 || unlink(to) < 0);
	}
	ck_assert_int_eq(read(ready[0], &(char){ 0 }, 1), 1);
	ck_assert_int_eq(rename(from, to), 0);
	ck_assert_int_eq(bt_state_lock_close(&lock, dir), 0);
	ck_assert_int_eq(lock, -EBADF);
	ck_assert_int_lt(access(dir, F_OK), 0);
	ck_assert_int_eq(code_of(pid), 0);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
}
END_TEST

START_TEST(directory_of_the_next_container_stays)
{
	bt_auto_close int next = -EBADF;
	int lock = bt_state_lock_create(dir);

	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	next = bt_state_lock_create(dir);
	ck_assert_int_ge(next, 0);
	ck_assert_int_eq(bt_state_lock_close(&lock, dir), 0);
	ck_assert_int_eq(access(dir, F_OK), 0);
	/* And it is held as before. */
	ck_assert_int_eq(taken_elsewhere(0), -EAGAIN);
}
END_TEST

START_TEST(directory_that_cannot_be_removed_is_an_error_and_one_that_is_gone_is_none)
{
	int lock = bt_state_lock_create(dir);
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/lock", dir);
	ck_assert_int_eq(bt_state_lock_close(&lock, path), -ENOTDIR);
	ck_assert_int_eq(lock, -EBADF);
	ck_assert_int_eq(bt_state_lock_close(&lock, "/nowhere/at/all"), 0);
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
	tcase_add_test(tc, lock_of_the_next_container_is_another_one);
	tcase_add_test(tc, file_that_has_got_another_name_is_the_lock_no_more);
	tcase_add_test(tc, wait_for_another_ends_with_a_signal);
	tcase_add_test(tc, holder_is_told_and_ended);
	tcase_add_test(tc, holder_that_is_not_to_be_seen_from_here_is_left_alone);
	tcase_add_test(tc, directory_goes_when_nobody_has_the_lock_open_any_more);
	tcase_add_test(tc, directory_of_the_next_container_stays);
	tcase_add_test(tc,
		       directory_that_cannot_be_removed_is_an_error_and_one_that_is_gone_is_none);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
