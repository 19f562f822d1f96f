/* SPDX-License-Identifier: Apache-2.0 */

/* Each case is a process of its own, so what it does to signals and descriptors stays there. */

#include "runtime/oci_console.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "../sys/without_call.h"
#include "base/auto.h"
#include "base/sock.h"

static struct bt_err err;

/* Sent by another process, perhaps before anybody waits: then it has to stay. */
static void hold_back(int signal)
{
	sigset_t set;

	ck_assert_int_eq(sigemptyset(&set), 0);
	ck_assert_int_eq(sigaddset(&set, signal), 0);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
}

static pid_t ending(int code)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(code);
	ck_assert_int_gt(pid, 0);
	return pid;
}

static pid_t waiting(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (;;)
			(void)pause();
	}
	ck_assert_int_gt(pid, 0);
	return pid;
}

START_TEST(the_exit_code_is_the_processs)
{
	ck_assert_int_eq(bt_oci_console_attend(ending(0), -EBADF, &BT_OCI_NOTIFY_NONE, &err), 0);
	ck_assert_int_eq(bt_oci_console_attend(ending(42), -EBADF, &BT_OCI_NOTIFY_NONE, &err), 42);
}
END_TEST

START_TEST(a_signal_is_passed_on_and_its_death_is_a_code)
{
	pid_t pid = waiting(), self = getpid();

	hold_back(SIGTERM);
	if (fork() == 0)
		_exit(kill(self, SIGTERM));
	ck_assert_int_eq(bt_oci_console_attend(pid, -EBADF, &BT_OCI_NOTIFY_NONE, &err),
			 128 + SIGTERM);
}
END_TEST

START_TEST(a_signal_that_comes_before_we_attend_is_passed_on_all_the_same)
{
	pid_t pid = waiting();

	ck_assert_int_eq(bt_oci_console_hold(&err), 0);
	ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
	ck_assert_int_eq(bt_oci_console_attend(pid, -EBADF, &BT_OCI_NOTIFY_NONE, &err),
			 128 + SIGTERM);
}
END_TEST

START_TEST(an_end_before_it_is_watched_for_is_seen)
{
	pid_t pid = ending(7);
	siginfo_t info;

	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	ck_assert_int_eq(bt_oci_console_attend(pid, -EBADF, &BT_OCI_NOTIFY_NONE, &err), 7);
}
END_TEST

/* Standard input at its end stands for a descriptor taken by mistake for that of the signals. */
static void no_input(void)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(dup2(null, STDIN_FILENO), STDIN_FILENO);
}

static void leave(int status, void *unused)
{
	(void)unused;
	_exit(status);
}

/* A search for leaks at the exit masks signals and waits for a process of its own, which a filter
 * would refuse it as well. */
static void no_leak_check(void)
{
	ck_assert_int_eq(on_exit(leave, NULL), 0);
}

START_TEST(without_a_mask_nothing_is_waited_for)
{
	pid_t pid = waiting();
	int r;

	no_input();
	no_leak_check();
	without_call(SCMP_SYS(rt_sigprocmask), ENOMEM);
	r = bt_oci_console_attend(pid, -EBADF, &BT_OCI_NOTIFY_NONE, &err);
	(void)kill(pid, SIGKILL);
	ck_assert_int_eq(r, -ENOMEM);
	ck_assert_ptr_nonnull(strstr(err.msg, "watch for signals"));
	/* Nor is what was never its own closed. */
	ck_assert_int_ge(fcntl(STDIN_FILENO, F_GETFD), 0);
}
END_TEST

START_TEST(without_a_descriptor_of_signals_nothing_is_waited_for)
{
	pid_t pid = waiting();
	int r;

	no_input();
	without_call(SCMP_SYS(signalfd4), ENOMEM);
	r = bt_oci_console_attend(pid, -EBADF, &BT_OCI_NOTIFY_NONE, &err);
	(void)kill(pid, SIGKILL);
	ck_assert_int_eq(r, -ENOMEM);
	ck_assert_int_ge(fcntl(STDIN_FILENO, F_GETFD), 0);
}
END_TEST

START_TEST(signals_that_cannot_be_read_are_an_error_and_no_loop)
{
	pid_t pid = waiting();
	int r;

	hold_back(SIGUSR1);
	ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
	without_call(SCMP_SYS(read), EIO);
	r = bt_oci_console_attend(pid, -EBADF, &BT_OCI_NOTIFY_NONE, &err);
	(void)kill(pid, SIGKILL);
	ck_assert_int_eq(r, -EIO);
	ck_assert_ptr_nonnull(strstr(err.msg, "wait for the process"));
}
END_TEST

START_TEST(an_end_that_cannot_be_asked_for_is_an_error_and_no_wait)
{
	pid_t pid = waiting();
	int r;

	hold_back(SIGCHLD);
	ck_assert_int_eq(kill(getpid(), SIGCHLD), 0);
	no_leak_check();
	without_call(SCMP_SYS(wait4), ENOMEM);
	r = bt_oci_console_attend(pid, -EBADF, &BT_OCI_NOTIFY_NONE, &err);
	(void)kill(pid, SIGKILL);
	ck_assert_int_eq(r, -ENOMEM);
	ck_assert_ptr_nonnull(strstr(err.msg, "wait for the process"));
}
END_TEST

START_TEST(a_process_that_is_not_ours_is_not_waited_for)
{
	ck_assert_int_eq(bt_oci_console_attend(getppid(), -EBADF, &BT_OCI_NOTIFY_NONE, &err),
			 -ECHILD);
}
END_TEST

/* A terminal's master, and its name. Its slave is opened by who wants it. */
static int terminal(char name[64])
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	ck_assert_int_ge(master, 0);
	ck_assert_int_eq(grantpt(master), 0);
	ck_assert_int_eq(unlockpt(master), 0);
	ck_assert_int_eq(ptsname_r(master, name, 64), 0);
	return master;
}

/* What a process that writes to the terminal and ends leaves on our output. */
static int attended(pid_t pid, int master, char *output, size_t size)
{
	int out[2], r;
	ssize_t n;

	ck_assert_int_eq(pipe(out), 0);
	ck_assert_int_eq(dup2(out[1], STDOUT_FILENO), STDOUT_FILENO);
	r = bt_oci_console_attend(pid, master, &BT_OCI_NOTIFY_NONE, &err);
	n = read(out[0], output, size - 1);
	ck_assert_int_ge(n, 0);
	output[n] = '\0';
	return r;
}

START_TEST(what_it_wrote_last_is_still_copied)
{
	char name[64], output[64];
	int master = terminal(name);
	int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	pid_t pid = fork();

	if (pid == 0)
		_exit(write(slave, "last", 4) == 4 ? 3 : 1);
	bt_close(&slave);
	no_input();
	ck_assert_int_eq(attended(pid, master, output, sizeof(output)), 3);
	ck_assert_str_eq(output, "last");
	bt_close(&master);
}
END_TEST

START_TEST(whoever_else_holds_the_terminal_is_not_waited_for)
{
	char name[64], output[64];
	int master = terminal(name);
	/* Open here: as by a process that the ended one left behind. */
	bt_auto_close int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	pid_t pid = fork();

	if (pid == 0)
		_exit(write(slave, "last", 4) == 4 ? 3 : 1);
	no_input();
	ck_assert_int_eq(attended(pid, master, output, sizeof(output)), 3);
	ck_assert_str_eq(output, "last");
	bt_close(&master);
}
END_TEST

START_TEST(our_input_is_its_input)
{
	char name[64], output[64];
	int master = terminal(name), in[2];
	pid_t pid = fork();

	if (pid == 0) {
		int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
		char line[16] = "";

		_exit(read(slave, line, sizeof(line)) == 3 && memcmp(line, "hi\n", 3) == 0 ? 0 : 1);
	}
	ck_assert_int_eq(pipe(in), 0);
	ck_assert_int_eq(write(in[1], "hi\n", 3), 3);
	ck_assert_int_eq(dup2(in[0], STDIN_FILENO), STDIN_FILENO);
	ck_assert_int_eq(attended(pid, master, output, sizeof(output)), 0);
	bt_close(&master);
}
END_TEST

START_TEST(the_terminal_goes_to_the_socket_with_a_name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char name[64], data[64] = "";
	int master = terminal(name), got = -EBADF;
	bt_auto_close int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bt_auto_close int peer = -EBADF;
	struct stat a, b;
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = { .iov_base = data, .iov_len = sizeof(data) - 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/bt-console-%d", getpid());
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(bt_oci_console_send(address.sun_path, master, &err), 0);
	peer = accept(listener, NULL, NULL);
	(void)unlink(address.sun_path);
	ck_assert_int_gt(recvmsg(peer, &message, 0), 0);
	ck_assert_str_eq(data, "/dev/ptmx");
	ck_assert_ptr_nonnull(CMSG_FIRSTHDR(&message));
	memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(got));
	ck_assert(fstat(got, &a) == 0 && fstat(master, &b) == 0 && a.st_rdev == b.st_rdev);
	bt_close(&got);
	bt_close(&master);
}
END_TEST

START_TEST(a_socket_that_is_not_there_is_named)
{
	ck_assert_int_lt(bt_oci_console_send("/tmp/bt-no-such-socket", STDIN_FILENO, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "/tmp/bt-no-such-socket"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime/oci_console");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(all, 20);
	tcase_add_test(all, the_exit_code_is_the_processs);
	tcase_add_test(all, a_signal_is_passed_on_and_its_death_is_a_code);
	tcase_add_test(all, a_signal_that_comes_before_we_attend_is_passed_on_all_the_same);
	tcase_add_test(all, an_end_before_it_is_watched_for_is_seen);
	tcase_add_test(all, without_a_mask_nothing_is_waited_for);
	tcase_add_test(all, without_a_descriptor_of_signals_nothing_is_waited_for);
	tcase_add_test(all, signals_that_cannot_be_read_are_an_error_and_no_loop);
	tcase_add_test(all, an_end_that_cannot_be_asked_for_is_an_error_and_no_wait);
	tcase_add_test(all, a_process_that_is_not_ours_is_not_waited_for);
	tcase_add_test(all, what_it_wrote_last_is_still_copied);
	tcase_add_test(all, whoever_else_holds_the_terminal_is_not_waited_for);
	tcase_add_test(all, our_input_is_its_input);
	tcase_add_test(all, the_terminal_goes_to_the_socket_with_a_name);
	tcase_add_test(all, a_socket_that_is_not_there_is_named);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
