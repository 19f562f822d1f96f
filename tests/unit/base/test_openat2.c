/* SPDX-License-Identifier: Apache-2.0 */

#include "base/openat2.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"

#define BENEATH (RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)

static char dir[64];
static int root = -EBADF;

static void set_up(void)
{
	strcpy(dir, "/tmp/test_openat2.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root, 0);
	ck_assert_int_eq(mkdirat(root, "a", 0755), 0);
	ck_assert_int_eq(mkdirat(root, "a/b", 0755), 0);
	ck_assert_int_eq(mkdirat(root, "busy", 0755), 0);
	ck_assert_int_eq(bt_io_create_file(root, "a/b/file", 0644, "f", 1), 0);
}

static void tear_down(void)
{
	bt_close(&root);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

static pid_t rename_without_end(const char *from, const char *to, unsigned flags)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		(void)renameat2(root, from, root, to, flags);
		(void)renameat2(root, to, root, from, flags);
	}
}

static void end(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(what_is_opened_is_closed_on_exec)
{
	bt_auto_close int fd = bt_openat2_open(root, "a/b/file", O_RDONLY, BENEATH);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_int_eq(bt_openat2_open(root, "a/b/none", O_RDONLY, BENEATH), -ENOENT);
	ck_assert_int_eq(bt_openat2_open(root, "../x", O_RDONLY, RESOLVE_BENEATH), -EXDEV);
}
END_TEST

START_TEST(whoever_renames_elsewhere_all_the_time_keeps_nobody_from_a_path_with_dots)
{
	static const char round[] = "a/b/../../", file[] = "a/b/file";
	char path[200 * (sizeof(round) - 1) + sizeof(file)] = "";
	pid_t one = rename_without_end("busy", "other", 0);
	pid_t two = rename_without_end("more", "busy", 0);
	int failed = 0;

	/* So long that something is renamed during each lookup. */
	for (int i = 0; i < 200; i++)
		memcpy(path + (size_t)i * (sizeof(round) - 1), round, sizeof(round) - 1);
	memcpy(path + 200 * (sizeof(round) - 1), file, sizeof(file));
	for (int i = 0; i < 500 && failed == 0; i++) {
		int fd = bt_openat2_open(root, path, O_RDONLY, BENEATH);

		failed = fd < 0 ? fd : 0;
		bt_close(&fd);
	}
	end(one);
	end(two);
	ck_assert_int_eq(failed, 0);
}
END_TEST

START_TEST(a_parent_that_is_exchanged_all_the_time_is_found_or_not_but_never_a_reason_to_give_up)
{
	pid_t pid;
	int failed = 0, opened = 0;

	ck_assert_int_eq(symlinkat("../../a/b", root, "a/link"), 0);
	pid = rename_without_end("a/b", "a/link", RENAME_EXCHANGE);
	for (int i = 0; i < 5000 && failed == 0; i++) {
		int fd = bt_openat2_open(root, "a/b/../../a/link/../b", O_PATH, BENEATH);

		/* Each is at times a link that leads to itself. */
		failed = fd < 0 && fd != -ELOOP && fd != -ENOTDIR && fd != -ENOENT ? fd : 0;
		opened += fd >= 0;
		bt_close(&fd);
	}
	end(pid);
	ck_assert_int_eq(failed, 0);
	ck_assert_int_gt(opened, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/openat2");
	TCase *tc = tcase_create("openat2");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_is_opened_is_closed_on_exec);
	tcase_add_test(tc,
		       whoever_renames_elsewhere_all_the_time_keeps_nobody_from_a_path_with_dots);
	tcase_add_test(
		tc,
		a_parent_that_is_exchanged_all_the_time_is_found_or_not_but_never_a_reason_to_give_up);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
