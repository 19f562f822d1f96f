/* SPDX-License-Identifier: Apache-2.0 */

/* The daemon's side: what becomes the spawner, and what happens where nothing can. */

#include "monitor/spawner.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"

static char *runtime_path(void)
{
	char self[PATH_MAX] = "";

	ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
	*strrchr(self, '/') = '\0';
	return bt_str_format("%s/../../src/berth-runtime", self);
}

/* Its own end closes the connection. */
static void assert_ends(pid_t pid, int fd, int code)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char byte;
	int status;

	ck_assert_int_eq(poll(&p, 1, -1), 1);
	ck_assert_int_le(recv(fd, &byte, 1, 0), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), code);
}

START_TEST(a_runtime_that_is_not_there_is_named_and_nothing_is_started)
{
	struct bt_err err = { 0 };
	pid_t pid = -1;
	int fd = -1;

	ck_assert_int_eq(bt_spawner_start("/nowhere/berth-runtime", &pid, &fd, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.msg, "/nowhere/berth-runtime"));
	ck_assert_int_eq(pid, -1);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

START_TEST(a_spawner_whose_program_cannot_be_copied_is_gone)
{
	bt_auto_close int fd = -EBADF;
	struct bt_err err = { 0 };
	pid_t pid;

	/* It can be opened, and not read. */
	ck_assert_int_eq(bt_spawner_start("/tmp", &pid, &fd, &err), 0);
	assert_ends(pid, fd, 126);
}
END_TEST

START_TEST(a_spawner_whose_program_is_none_is_gone)
{
	bt_auto_close int fd = -EBADF;
	struct bt_err err = { 0 };
	pid_t pid;

	ck_assert_int_eq(bt_spawner_start("/etc/passwd", &pid, &fd, &err), 0);
	assert_ends(pid, fd, 127);
}
END_TEST

/* Until the process is the program; -errno where it never is. */
static int open_program(pid_t pid)
{
	bt_auto_free char *path = bt_str_format("/proc/%d/exe", (int)pid);
	char target[PATH_MAX] = "";

	while (strncmp(target, "/memfd:berth-runtime", 20) != 0) {
		ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		memset(target, 0, sizeof(target));
		ck_assert_int_gt(readlink(path, target, sizeof(target) - 1), 0);
	}
	return open(path, O_RDONLY | O_CLOEXEC);
}

START_TEST(it_runs_from_a_copy_that_nobody_can_write_and_ends_with_its_connection)
{
	bt_auto_free char *path = runtime_path();
	bt_auto_close int fd = -EBADF, program = -EBADF;
	struct bt_err err = { 0 };
	pid_t pid;
	int seals, status;

	ck_assert_msg(bt_spawner_start(path, &pid, &fd, &err) == 0, "%s", err.msg);
	program = open_program(pid);
	ck_assert_int_ge(program, 0);
	seals = fcntl(program, F_GET_SEALS);
	ck_assert_int_eq(seals & (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL),
			 F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	bt_close(&fd);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("monitor/spawner");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(all, a_runtime_that_is_not_there_is_named_and_nothing_is_started);
	tcase_add_test(all, a_spawner_whose_program_cannot_be_copied_is_gone);
	tcase_add_test(all, a_spawner_whose_program_is_none_is_gone);
	tcase_add_test(all, it_runs_from_a_copy_that_nobody_can_write_and_ends_with_its_connection);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
