/* SPDX-License-Identifier: Apache-2.0 */

#include "api/pidfile.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
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

/* A child that calls itself `name` and waits for `*ret_end` to be closed. */
static pid_t make_named(const char *name, int *ret_end)
{
	int ends[2], ready[2];
	char byte;
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		close(ends[1]);
		close(ready[0]);
		prctl(PR_SET_NAME, name);
		close(ready[1]);
		_exit((int)read(ends[0], &byte, 1));
	}
	close(ends[0]);
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	*ret_end = ends[1];
	return child;
}

/* What bt_pidfile_write() says where the file holds `text`. */
static int write_over(const char *text, struct bt_err *err)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/pid", dir);
	ck_assert(mkdir(dir, 0700) == 0 || errno == EEXIST);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0600, text, strlen(text)), 0);
	return bt_pidfile_write(path, err);
}

static void write_over_pid(pid_t pid, bool free)
{
	struct bt_err err = { 0 };
	char text[32];

	snprintf(text, sizeof(text), "%d\n", (int)pid);
	ck_assert_msg((write_over(text, &err) == 0) == free, "pid %d: %s", (int)pid, err.msg);
}

START_TEST(a_daemon_that_ended_and_was_not_waited_for_is_in_nobodys_way)
{
	char ours[32] = { 0 };
	siginfo_t info;
	int end;
	pid_t child;

	prctl(PR_GET_NAME, ours);
	child = make_named(ours, &end);
	write_over_pid(child, false);
	close(end);
	ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	write_over_pid(child, true);
	waitpid(child, NULL, 0);
}
END_TEST

START_TEST(a_process_of_another_name_is_no_daemon_whatever_its_name_looks_like)
{
	static const char *const names[] = { "other", "x) Z 1", "(", ") R (", "" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int end;
		pid_t child = make_named(names[i], &end);

		write_over_pid(child, true);
		close(end);
		waitpid(child, NULL, 0);
	}
}
END_TEST

START_TEST(a_name_with_parentheses_is_recognized_as_a_whole)
{
	int end;
	pid_t child;

	prctl(PR_SET_NAME, "b) Z (d");
	child = make_named("b) Z (d", &end);
	write_over_pid(child, false);
	close(end);
	waitpid(child, NULL, 0);
}
END_TEST

START_TEST(a_file_that_names_no_process_is_written_over)
{
	static const char *const texts[] = {
		"", "\n", "0\n", "-1\n", "abc\n", "99999999999999999999\n", "2147483648\n", "1 2\n"
	};
	char own[32];
	struct bt_err err = { 0 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(write_over(texts[i], &err) == 0, "'%s': %s", texts[i], err.msg);
	snprintf(own, sizeof(own), "%d", (int)getpid());
	ck_assert_int_eq(write_over(own, &err), 0);
}
END_TEST

START_TEST(the_file_holds_our_id_on_a_line)
{
	bt_auto_free char *text = NULL;
	struct bt_err err = { 0 };
	char path[96], want[32];

	ck_assert_int_eq(write_over("junk that is longer than any id", &err), 0);
	snprintf(path, sizeof(path), "%s/pid", dir);
	snprintf(want, sizeof(want), "%d\n", (int)getpid());
	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, path, 64, &text, NULL), 0);
	ck_assert_str_eq(text, want);
}
END_TEST

START_TEST(a_file_that_cannot_be_written_is_named)
{
	struct bt_err err = { 0 };

	ck_assert_int_lt(bt_pidfile_write("/proc/none/pid", &err), 0);
	ck_assert_str_eq(err.msg, "write the pid file /proc/none/pid: No such file or directory");
	ck_assert_int_eq(mkdir(dir, 0700), 0);
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
	tcase_add_test(locks, a_daemon_that_ended_and_was_not_waited_for_is_in_nobodys_way);
	tcase_add_test(locks, a_process_of_another_name_is_no_daemon_whatever_its_name_looks_like);
	tcase_add_test(locks, a_name_with_parentheses_is_recognized_as_a_whole);
	tcase_add_test(locks, a_file_that_names_no_process_is_written_over);
	tcase_add_test(locks, the_file_holds_our_id_on_a_line);
	tcase_add_test(locks, a_file_that_cannot_be_written_is_named);
	suite_add_tcase(suite, locks);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
