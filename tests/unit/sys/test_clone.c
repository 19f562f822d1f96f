/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/clone.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run_tests.h"
#include "base/auto.h"
#include "without_call.h"

/* As it is, and where clone3(2) is not to be had: the old call, or a filter's answer. */
static const int errors[] = { 0, ENOSYS, EPERM };
#define NERRORS ((int)(sizeof(errors) / sizeof(errors[0])))

static pid_t clone_with(uint64_t flags, int *ret_pidfd)
{
	const struct bt_clone how = { .flags = flags, .cgroup_fd = -EBADF };

	return bt_clone(&how, ret_pidfd);
}

static int code_of(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

START_TEST(child_has_what_its_parent_had_and_its_end_is_heard)
{
	bt_auto_close int pidfd = -EBADF;
	struct pollfd fd;
	int mine = 5;
	pid_t pid;

	if (errors[_i] != 0)
		without_call(SCMP_SYS(clone3), errors[_i]);
	pid = clone_with(0, &pidfd);
	if (pid == 0)
		_exit(mine + 2);
	ck_assert_int_gt(pid, 0);
	fd = (struct pollfd){ .fd = pidfd, .events = POLLIN };
	ck_assert_int_eq(poll(&fd, 1, -1), 1);
	ck_assert_int_eq(code_of(pid), 7);
}
END_TEST

START_TEST(child_is_in_the_namespaces_asked_for)
{
	bt_auto_close int pidfd = -EBADF;
	pid_t pid;

	if (errors[_i] != 0)
		without_call(SCMP_SYS(clone3), errors[_i]);
	pid = clone_with(CLONE_NEWPID | CLONE_NEWUTS, &pidfd);
	if (pid == 0)
		_exit(getpid() == 1 && sethostname("inner", 5) == 0 ? 0 : 1);
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(code_of(pid), 0);
}
END_TEST

START_TEST(flags_that_contradict_one_another_make_nobody)
{
	bt_auto_close int pidfd = -EBADF;

	ck_assert_int_eq(clone_with(CLONE_NEWNS | CLONE_FS, &pidfd), -EINVAL);
	ck_assert_int_eq(pidfd, -EBADF);
	ck_assert_int_lt(waitpid(-1, NULL, 0), 0);
}
END_TEST

START_TEST(each_namespace_has_its_name_in_procfs)
{
	static const int types[] = { CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,   CLONE_NEWNET,
				     CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP };
	char path[64];

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s",
			       bt_clone_namespace_name(types[i]));
		ck_assert_msg(access(path, F_OK) == 0, "%s", path);
	}
	ck_assert_str_eq(bt_clone_namespace_name(0), "?");
}
END_TEST

static void wait_for_ever(void)
{
	for (;;)
		(void)pause();
}

/* A leader of its own group that leaves a sibling, of which only the group is known, and says so by
 * the end of `say`. */
static pid_t leader(bool ends, int say)
{
	bt_auto_close int pidfd = -EBADF, inner = -EBADF;
	pid_t pid = clone_with(0, &pidfd);

	if (pid != 0)
		return pid;
	if (setpgid(0, 0) < 0)
		_exit(1);
	pid = clone_with(CLONE_PARENT | CLONE_NEWPID, &inner);
	if (pid == 0)
		wait_for_ever();
	bt_ignore(write(say, "x", 1));
	if (!ends)
		wait_for_ever();
	_exit(0);
}

START_TEST(whom_a_child_has_left_is_ended_with_it)
{
	int begun[2];
	char byte;
	pid_t other = fork(), pid;

	if (other == 0)
		wait_for_ever();
	ck_assert_int_eq(pipe(begun), 0);
	pid = leader(_i == 0, begun[1]);
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(read(begun[0], &byte, 1), 1);
	bt_clone_end_group(pid);
	/* One of another group is left. */
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), 0);
	ck_assert_int_eq(kill(other, SIGKILL), 0);
	ck_assert_int_eq(waitpid(-1, NULL, 0), other);
	ck_assert_int_lt(waitpid(-1, NULL, 0), 0);
}
END_TEST

/* Killed before it could make a group. */
START_TEST(child_without_a_group_is_ended_alone)
{
	bt_auto_close int pidfd = -EBADF;
	pid_t pid = clone_with(0, &pidfd);

	if (pid == 0)
		wait_for_ever();
	bt_clone_end_group(pid);
	ck_assert_int_lt(waitpid(-1, NULL, 0), 0);
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_loop_test(tests, child_has_what_its_parent_had_and_its_end_is_heard, 0, NERRORS);
	tcase_add_loop_test(tests, child_is_in_the_namespaces_asked_for, 0, NERRORS);
	tcase_add_test(tests, flags_that_contradict_one_another_make_nobody);
	tcase_add_test(tests, each_namespace_has_its_name_in_procfs);
	tcase_add_loop_test(tests, whom_a_child_has_left_is_ended_with_it, 0, 2);
	tcase_add_test(tests, child_without_a_group_is_ended_alone);
}

int main(void)
{
	return run_tests("sys/clone", add);
}
