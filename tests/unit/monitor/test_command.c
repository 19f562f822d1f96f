/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../suite.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

static char dir[] = "/tmp/test_command.XXXXXX";
static const int no_stdio[3] = { -EBADF, -EBADF, -EBADF };

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void teardown(void)
{
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

/* Run a shell's line; what it prints, in `*ret` (NULL: nobody wants it), for the caller to free. */
static int run(const char *line, char **ret)
{
	const char *argv[] = { "sh", "-c", line, NULL };
	int stdio[3] = { -EBADF, -EBADF, -EBADF }, r;
	bt_auto_close int out = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	ck_assert_int_ge(out, 0);
	if (ret)
		stdio[1] = stdio[2] = out;
	r = bt_command_run(argv, stdio);
	ck_assert_int_eq(lseek(out, 0, SEEK_SET), 0);
	if (ret)
		ck_assert_int_eq(bt_io_read_fd(out, 1u << 20, ret, NULL), 0);
	return r;
}

START_TEST(an_exit_code_is_told_and_a_signal_by_its_number)
{
	ck_assert_int_eq(run("exit 0", NULL), 0);
	ck_assert_int_eq(run("exit 3", NULL), 3);
	ck_assert_int_eq(run("exit 255", NULL), 255);
	ck_assert_int_eq(run("kill -9 $$", NULL), 128 + SIGKILL);
	ck_assert_int_eq(run("kill -TERM $$", NULL), 128 + SIGTERM);
}
END_TEST

/* Else a runtime that is missing would be one that failed with 127. */
START_TEST(what_cannot_be_run_is_told_from_what_failed)
{
	bt_auto_free char *text = bt_str_format("%s/text", dir);
	const char *missing[] = { "/nowhere/runtime", NULL }, *no_program[] = { text, NULL };
	const char *directory[] = { dir, NULL }, *not_in_path[] = { "berth-no-such-program", NULL };

	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, text, 0600, "x", 1), 0);
	ck_assert_int_eq(bt_command_run(missing, no_stdio), -ENOENT);
	ck_assert_int_eq(bt_command_run(not_in_path, no_stdio), -ENOENT);
	ck_assert_int_eq(bt_command_run(no_program, no_stdio), -EACCES);
	ck_assert_int_eq(bt_command_run(directory, no_stdio), -EACCES);
	ck_assert_int_eq(run("exit 127", NULL), 127);
}
END_TEST

START_TEST(a_program_gets_its_streams_and_nothing_where_there_are_none)
{
	bt_auto_free char *text = NULL;

	ck_assert_int_eq(run("echo out; echo error >&2; cat", &text), 0);
	ck_assert_str_eq(text, "out\nerror\n");
	/* What it prints to nobody is no failure. */
	ck_assert_int_eq(run("echo out && echo error >&2 && ! read x", NULL), 0);
}
END_TEST

START_TEST(streams_may_be_each_others_numbers)
{
	const char *argv[] = { "sh", "-c", "read x; echo \"out $x\"; echo \"error $x\" >&2", NULL };
	bt_auto_free char *path = bt_str_format("%s/in", dir), *out = bt_str_format("%s/out", dir);
	bt_auto_free char *error = bt_str_format("%s/error", dir), *text = NULL;
	int before[3], stdio[3] = { 2, 0, 1 };

	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0600, "word\n", 5), 0);
	for (int i = 0; i < 3; i++)
		before[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
	/* 0 is where it prints to, 1 where it complains, and 2 what it reads. */
	for (int i = 0; i < 3; i++) {
		const char *const paths[] = { out, error, path };
		int fd = open(paths[i], i == 2 ? O_RDONLY : O_WRONLY | O_CREAT, 0600);

		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(dup2(fd, i), i);
		ck_assert_int_eq(close(fd), 0);
	}
	ck_assert_int_eq(bt_command_run(argv, stdio), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(dup2(before[i], i), i);
	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, out, 100, &text, NULL), 0);
	ck_assert_str_eq(text, "out word\n");
	free(bt_take(text));
	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, error, 100, &text, NULL), 0);
	ck_assert_str_eq(text, "error word\n");
}
END_TEST

START_TEST(nothing_of_ours_is_inherited_but_the_arguments)
{
	bt_auto_free char *text = NULL;
	bt_auto_close int secret = open("/etc/hostname", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(setenv("SECRET", "x", 1), 0);
	ck_assert_int_ge(secret, 0);
	ck_assert_int_eq(run("cd /proc/$$/fd && for f in *; do readlink $f; done; env", &text), 0);
	ck_assert_msg(strstr(text, "SECRET") == NULL && strstr(text, "hostname") == NULL, "%s",
		      text);
	ck_assert_msg(strstr(text, "PATH=/usr/local/sbin:/usr/local/bin:") != NULL, "%s", text);
}
END_TEST

START_TEST(signals_are_as_at_birth)
{
	const unsigned long long library = 3ull << 31;
	unsigned long long blocked, ignored;
	bt_auto_free char *text = NULL;
	sigset_t all;

	ck_assert_ptr_ne(signal(SIGTERM, SIG_IGN), SIG_ERR);
	ck_assert_int_eq(sigfillset(&all), 0);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &all, NULL), 0);
	ck_assert_int_eq(run("sed -n 's/^Sig\\(Blk\\|Ign\\)://p' /proc/self/status", &text), 0);
	ck_assert_int_eq(sigprocmask(SIG_UNBLOCK, &all, NULL), 0);
	/* Two are the C library's own, which lets nobody change what was inherited. */
	ck_assert_int_eq(sscanf(text, "%llx %llx", &blocked, &ignored), 2);
	ck_assert_uint_eq(blocked & ~library, 0);
	ck_assert_uint_eq(ignored & ~library, 0);
}
END_TEST

START_TEST(no_process_and_no_descriptor_is_left)
{
	int before = open("/dev/null", O_RDONLY | O_CLOEXEC), after;

	ck_assert_int_eq(close(before), 0);
	ck_assert_int_eq(run("exit 1", NULL), 1);
	ck_assert_int_eq(bt_command_run((const char *[]){ "/nowhere", NULL }, no_stdio), -ENOENT);
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(after, before);
	ck_assert_int_eq(close(after), 0);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, an_exit_code_is_told_and_a_signal_by_its_number);
	tcase_add_test(tests, what_cannot_be_run_is_told_from_what_failed);
	tcase_add_test(tests, a_program_gets_its_streams_and_nothing_where_there_are_none);
	tcase_add_test(tests, streams_may_be_each_others_numbers);
	tcase_add_test(tests, nothing_of_ours_is_inherited_but_the_arguments);
	tcase_add_test(tests, signals_are_as_at_birth);
	tcase_add_test(tests, no_process_and_no_descriptor_is_left);
}

int main(void)
{
	return run_suite("monitor/command", setup, teardown, add);
}
