/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/closing.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include "without_call.h"

#define FIRST 50
#define LAST  89

static void open_many(void)
{
	for (int fd = FIRST; fd <= LAST; fd++)
		ck_assert_int_eq(dup2(1, fd), fd);
	ck_assert_int_eq(dup2(1, 900), 900);
}

static void assert_closed_between(void)
{
	ck_assert_int_eq(bt_closing_range(FIRST + 1, LAST - 1, false), 0);
	for (int fd = FIRST; fd <= LAST; fd++)
		ck_assert_int_eq(fcntl(fd, F_GETFD) >= 0, fd == FIRST || fd == LAST);
	ck_assert_int_ge(fcntl(900, F_GETFD), 0);
	ck_assert_int_eq(bt_closing_range(FIRST, ~0u, false), 0);
	ck_assert_int_lt(fcntl(900, F_GETFD), 0);
	ck_assert_int_ge(fcntl(2, F_GETFD), 0);
}

static void assert_marked_between(void)
{
	ck_assert_int_eq(bt_closing_range(FIRST + 1, LAST - 1, true), 0);
	for (int fd = FIRST; fd <= LAST; fd++)
		ck_assert_int_eq(fcntl(fd, F_GETFD), fd == FIRST || fd == LAST ? 0 : FD_CLOEXEC);
}

START_TEST(range_is_closed_and_nothing_else)
{
	open_many();
	assert_closed_between();
}
END_TEST

START_TEST(range_is_marked_and_nothing_else)
{
	open_many();
	assert_marked_between();
}
END_TEST

/* ENOSYS of old kernels, and EPERM of filters. */
START_TEST(the_same_is_closed_without_the_call)
{
	without_call(SCMP_SYS(close_range), _i == 0 ? ENOSYS : EPERM);
	open_many();
	assert_closed_between();
}
END_TEST

START_TEST(the_same_is_marked_without_the_call)
{
	without_call(SCMP_SYS(close_range), _i == 0 ? ENOSYS : EPERM);
	open_many();
	assert_marked_between();
}
END_TEST

/* An image may have a /proc/self/fd of its own, with nothing in it. */
START_TEST(directory_that_is_no_procfs_is_not_believed)
{
	if (unshare(CLONE_NEWNS) < 0)
		return;
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), 0);
	ck_assert_int_eq(mount("fake", "/proc", "tmpfs", 0, NULL), 0);
	without_call(SCMP_SYS(close_range), ENOSYS);
	open_many();
	assert_closed_between();
	/* What looks for leaks at the end reads the real one. */
	ck_assert_int_eq(umount2("/proc", MNT_DETACH), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sys/closing");
	TCase *ranges = tcase_create("ranges");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(ranges, range_is_closed_and_nothing_else);
	tcase_add_test(ranges, range_is_marked_and_nothing_else);
	tcase_add_loop_test(ranges, the_same_is_closed_without_the_call, 0, 2);
	tcase_add_loop_test(ranges, the_same_is_marked_without_the_call, 0, 2);
	tcase_add_test(ranges, directory_that_is_no_procfs_is_not_believed);
	suite_add_tcase(suite, ranges);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
