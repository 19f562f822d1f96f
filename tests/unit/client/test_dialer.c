/* SPDX-License-Identifier: Apache-2.0 */

#include "client/dialer.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/sock.h"
#include "base/str.h"
#include "client/dial_tcp.h"

/* Programs of other names than the test's own directory has stand in for berth-dial, by PATH. */
static char dir[] = "/tmp/test_dialer.XXXXXX";

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(setenv("PATH", dir, 1), 0);
}

static void teardown(void)
{
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

/* A program that stands in for it. */
static void stand_in(const char *script)
{
	bt_auto_free char *text = bt_str_format("#!/bin/sh\nPATH=/usr/bin:/bin\n%s\n", script);
	bt_auto_free char *path = bt_str_format("%s/" BT_DIALER_PROGRAM, dir);
	bt_auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	ck_assert_int_eq(bt_io_write_all(fd, text, strlen(text)), 0);
}

static struct bt_endpoint endpoint(const char *url, bool tls)
{
	struct bt_endpoint ep = { 0 };
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_endpoint_parse(url, tls, &ep, &err), 0);
	return ep;
}

/* What connecting says, where it fails. */
static struct bt_err refused(const char *url)
{
	struct bt_endpoint ep = endpoint(url, false);
	struct bt_err err = { 0 };
	int fd = bt_dialer_connect(&ep, &err);

	ck_assert_int_lt(fd, 0);
	ck_assert_int_eq(fd, -err.errnum);
	bt_endpoint_done(&ep);
	return err;
}

/* Run the program's main function as a child with `argv`, its answer in *ret_err and *ret_fd. */
static int dial(char **argv, struct bt_err *ret_err, int *ret_fd)
{
	int pair[2], argc = 0, status, fds[BT_SOCK_FDS_MAX];
	size_t nfds = 0;
	pid_t pid;

	while (argv[argc])
		argc++;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		if (pair[1] != BT_DIALER_FD)
			(void)dup2(pair[1], BT_DIALER_FD);
		_exit(bt_dial_tcp_main(argc, argv));
	}
	(void)close(pair[1]);
	*ret_fd = -EBADF;
	if (bt_sock_recv(pair[0], ret_err, sizeof(*ret_err), fds, &nfds, 0) > 0 && nfds == 1)
		*ret_fd = fds[0];
	(void)close(pair[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int listen_somewhere(char port[8])
{
	struct sockaddr_storage at = { .ss_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(listen(fd, 8), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	(void)snprintf(port, 8, "%u",
		       (unsigned)((((unsigned char *)&at)[2] << 8) | ((unsigned char *)&at)[3]));
	return fd;
}

START_TEST(without_the_program_it_says_which_one_is_missing)
{
	struct bt_err err = refused("tcp://127.0.0.1:1");

	ck_assert_ptr_nonnull(strstr(err.msg, "run berth-dial to connect to tcp://127.0.0.1:1"));
	ck_assert_int_eq(err.errnum, ENOENT);
}
END_TEST

START_TEST(a_program_that_ends_without_an_answer_is_an_error)
{
	stand_in("exit 0");
	ck_assert_ptr_nonnull(strstr(refused("tcp://127.0.0.1:1").msg, "berth-dial"));
}
END_TEST

START_TEST(an_answer_that_is_no_answer_is_an_error)
{
	stand_in("printf short >&3");
	ck_assert_ptr_nonnull(strstr(refused("tcp://127.0.0.1:1").msg, "berth-dial"));
	/* No error, and no socket either. */
	stand_in("head -c 512 /dev/zero >&3");
	ck_assert_ptr_nonnull(strstr(refused("tcp://127.0.0.1:1").msg, "berth-dial"));
	/* A kind, but no number, and a text without an end. */
	stand_in("{ printf '\\002'; head -c 511 /dev/zero; } >&3");
	ck_assert_ptr_nonnull(strstr(refused("tcp://127.0.0.1:1").msg, "berth-dial"));
}
END_TEST

START_TEST(everything_that_matters_is_among_its_arguments)
{
	struct bt_endpoint ep = endpoint("tcp://there:99/base", true);
	bt_auto_free char *path = bt_str_format("%s/args", dir), *text = NULL;
	bt_auto_free char *script = bt_str_format("echo \"$@\" >%s", path);
	struct bt_err err = { 0 };

	ep.tls.verify = true;
	ep.tls.ca = strdup("/ca file");
	ep.tls.cert = strdup("/cert");
	ep.tls.key = strdup("/key");
	stand_in(script);
	ck_assert_int_lt(bt_dialer_connect(&ep, &err), 0);
	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, path, 4096, &text, NULL), 0);
	ck_assert_str_eq(text, "--tls --verify --ca /ca file --cert /cert --key /key "
			       "tcp://there:99/base there 99\n");
	bt_endpoint_done(&ep);
}
END_TEST

START_TEST(it_answers_with_a_socket_that_is_connected)
{
	char port[8];
	bt_auto_close int server = listen_somewhere(port);
	char *argv[] = { (char[]){ "berth-dial" }, (char[]){ "tcp://x" }, (char[]){ "127.0.0.1" },
			 port, NULL };
	struct bt_err err = { .kind = BT_ERR_SYSTEM };
	int fd;
	char buf[6] = { 0 };

	ck_assert_int_eq(dial(argv, &err, &fd), 0);
	ck_assert_int_eq(err.kind, BT_ERR_NONE);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	bt_auto_close int accepted = accept(server, NULL, NULL);
	ck_assert_int_eq(send(accepted, "hello", 5, 0), 5);
	ck_assert_int_eq(recv(fd, buf, 5, MSG_WAITALL), 5);
	ck_assert_str_eq(buf, "hello");
	(void)close(fd);
}
END_TEST

START_TEST(where_nobody_listens_it_answers_in_docker_words)
{
	char port[8];
	char *argv[] = { (char[]){ "berth-dial" }, (char[]){ "tcp://x:1" }, (char[]){ "127.0.0.1" },
			 port, NULL };
	struct bt_err err = { 0 };
	int fd, server = listen_somewhere(port);

	(void)close(server);
	ck_assert_int_eq(dial(argv, &err, &fd), 1);
	ck_assert_int_lt(fd, 0);
	ck_assert_int_eq(err.kind, BT_ERR_UNAVAILABLE);
	ck_assert_int_eq(err.errnum, ECONNREFUSED);
	ck_assert_str_eq(err.msg, "Cannot connect to the Docker daemon at tcp://x:1. Is the docker "
				  "daemon running?");
}
END_TEST

START_TEST(a_name_that_is_none_is_said_to_be_none)
{
	char *argv[] = { (char[]){ "berth-dial" }, (char[]){ "tcp://x" },
			 (char[]){ "no such name" }, (char[]){ "1" }, NULL };
	struct bt_err err = { 0 };
	int fd;

	ck_assert_int_eq(dial(argv, &err, &fd), 1);
	ck_assert_ptr_nonnull(strstr(err.msg, "error during connect: lookup no such name: "));
}
END_TEST

START_TEST(a_call_that_is_none_is_not_answered)
{
	char *few[] = { (char[]){ "berth-dial" }, (char[]){ "tcp://x" }, (char[]){ "y" }, NULL };
	char *unknown[] = { (char[]){ "berth-dial" }, (char[]){ "--what" }, (char[]){ "a" },
			    (char[]){ "b" },          (char[]){ "c" },      NULL };
	struct bt_err err = { .kind = BT_ERR_SYSTEM };
	int fd;

	ck_assert_int_eq(dial(few, &err, &fd), 2);
	ck_assert_int_eq(dial(unknown, &err, &fd), 2);
	ck_assert_int_eq(err.kind, BT_ERR_SYSTEM);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client/dialer");
	TCase *tc = tcase_create("dialer");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, without_the_program_it_says_which_one_is_missing);
	tcase_add_test(tc, a_program_that_ends_without_an_answer_is_an_error);
	tcase_add_test(tc, an_answer_that_is_no_answer_is_an_error);
	tcase_add_test(tc, everything_that_matters_is_among_its_arguments);
	tcase_add_test(tc, it_answers_with_a_socket_that_is_connected);
	tcase_add_test(tc, where_nobody_listens_it_answers_in_docker_words);
	tcase_add_test(tc, a_name_that_is_none_is_said_to_be_none);
	tcase_add_test(tc, a_call_that_is_none_is_not_answered);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
