/* SPDX-License-Identifier: Apache-2.0 */

#include "base/sock.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "base/thread.h"

START_TEST(packets_carry_bytes_and_descriptors)
{
	int pair[2], pipes[2], fds[BT_SOCK_FDS_MAX];
	char got[16] = { 0 };
	size_t nfds;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert_int_eq(bt_sock_send(pair[0], "hello", 5, pipes, 2), 0);
	ck_assert_int_eq(bt_sock_recv(pair[1], got, sizeof(got), fds, &nfds, 0), 5);
	ck_assert_str_eq(got, "hello");
	ck_assert_uint_eq(nfds, 2);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	ck_assert_int_eq(read(pipes[0], got, 1), 1);
	ck_assert_int_ne(fcntl(fds[0], F_GETFD) & FD_CLOEXEC, 0);
	bt_close(&pair[0]);
	ck_assert_int_eq(bt_sock_recv(pair[1], got, sizeof(got), fds, &nfds, 0), 0);
	ck_assert_int_eq(bt_sock_send(pair[1], "x", 1, NULL, 0), -EPIPE);
}
END_TEST

START_TEST(a_cut_packet_is_an_error_and_leaks_nothing)
{
	int pair[2], fds[BT_SOCK_FDS_MAX], before, after;
	char got[4];
	size_t nfds;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	before = dup(0);
	bt_close(&before);
	before = dup(0);
	ck_assert_int_eq(bt_sock_send(pair[0], "much too long", 13, pair, 2), 0);
	ck_assert_int_eq(bt_sock_recv(pair[1], got, sizeof(got), fds, &nfds, 0), -EMSGSIZE);
	ck_assert_uint_eq(nfds, 0);
	after = dup(0);
	ck_assert_int_eq(after, before + 1);
}
END_TEST

/* Who says a last word and goes without having read what was said to it. */
static void part(int pair[2])
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	ck_assert_int_eq(bt_sock_send(pair[0], "unread", 6, NULL, 0), 0);
	ck_assert_int_eq(bt_sock_send(pair[1], "last", 4, NULL, 0), 0);
	bt_close(&pair[1]);
}

START_TEST(the_last_word_of_a_peer_that_went_without_reading_is_received)
{
	int pair[2], fds[BT_SOCK_FDS_MAX];
	char got[8] = "";
	size_t nfds;

	part(pair);
	ck_assert_int_eq(bt_sock_recv(pair[0], got, sizeof(got), fds, &nfds, 0), 4);
	ck_assert_str_eq(got, "last");
	ck_assert_int_eq(bt_sock_recv(pair[0], got, sizeof(got), fds, &nfds, 0), 0);
	bt_close(&pair[0]);
}
END_TEST

START_TEST(sending_to_a_peer_that_went_without_reading_is_a_broken_pipe_and_its_last_word_stays)
{
	int pair[2], fds[BT_SOCK_FDS_MAX];
	char got[8] = "";
	size_t nfds;

	part(pair);
	ck_assert_int_eq(bt_sock_send(pair[0], "more", 4, NULL, 0), -EPIPE);
	ck_assert_int_eq(bt_sock_recv(pair[0], got, sizeof(got), fds, &nfds, 0), 4);
	ck_assert_str_eq(got, "last");
	bt_close(&pair[0]);
}
END_TEST

START_TEST(a_stale_socket_is_replaced_and_a_living_one_is_not)
{
	char top[] = "/tmp/test_sock.XXXXXX";
	bt_auto_free char *path = NULL;
	struct stat st;
	int a, b;

	ck_assert_ptr_nonnull(mkdtemp(top));
	path = bt_str_format("%s/s", top);
	a = bt_sock_listen(path, SOCK_STREAM, 0600);
	ck_assert_int_ge(a, 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(bt_sock_listen(path, SOCK_STREAM, 0600), -EADDRINUSE);
	bt_close(&a);
	b = bt_sock_listen(path, SOCK_STREAM, 0600);
	ck_assert_int_ge(b, 0);
	ck_assert_int_ge(bt_sock_connect(path, SOCK_STREAM), 0);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, top), 0);
	ck_assert_int_eq(bt_sock_connect(path, SOCK_STREAM), -ENOENT);
}
END_TEST

START_TEST(a_socket_of_datagrams_is_bound_and_reached)
{
	char top[] = "/tmp/test_sock.XXXXXX", got[8] = "";
	bt_auto_free char *path = NULL;
	int fds[BT_SOCK_FDS_MAX], a, b;
	size_t nfds = 0;

	ck_assert_ptr_nonnull(mkdtemp(top));
	path = bt_str_format("%s/s", top);
	a = bt_sock_listen(path, SOCK_DGRAM, 0777);
	ck_assert_int_ge(a, 0);
	ck_assert_int_eq(bt_sock_listen(path, SOCK_DGRAM, 0777), -EADDRINUSE);
	b = bt_sock_connect(path, SOCK_DGRAM);
	ck_assert_int_ge(b, 0);
	ck_assert_int_eq(bt_sock_send(b, "hello", 5, NULL, 0), 0);
	ck_assert_int_eq(bt_sock_recv(a, got, sizeof(got), fds, &nfds, 0), 5);
	ck_assert_str_eq(got, "hello");
	bt_close(&a);
	bt_close(&b);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, top), 0);
}
END_TEST

START_TEST(an_abstract_name_is_reached_by_its_at_sign)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int a = socket(AF_UNIX, SOCK_DGRAM, 0), b, n;

	n = snprintf(addr.sun_path + 1, sizeof(addr.sun_path) - 1, "test_sock.%d", (int)getpid());
	ck_assert_int_eq(bind(a, (struct sockaddr *)&addr,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)),
			 0);
	addr.sun_path[0] = '@';
	b = bt_sock_connect(addr.sun_path, SOCK_DGRAM);
	ck_assert_int_ge(b, 0);
	bt_close(&a);
	bt_close(&b);
	ck_assert_int_eq(bt_sock_connect(addr.sun_path, SOCK_DGRAM), -ECONNREFUSED);
}
END_TEST

START_TEST(a_long_path_works)
{
	char top[] = "/tmp/test_sock.XXXXXX";
	bt_auto_free char *dir = NULL;
	bt_auto_free char *path = NULL;

	ck_assert_ptr_nonnull(mkdtemp(top));
	dir = bt_str_format("%s/%0120d", top, 1);
	path = bt_str_format("%s/s", dir);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	ck_assert_int_ge(bt_sock_listen(path, SOCK_SEQPACKET, 0600), 0);
	ck_assert_int_ge(bt_sock_connect(path, SOCK_SEQPACKET), 0);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, top), 0);
}
END_TEST

static void *drain(void *arg)
{
	int fd = *(int *)arg;
	static char buf[4096];
	size_t total = 0;
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		total += (size_t)n;
	return (void *)(uintptr_t)total;
}

START_TEST(what_the_sockets_buffer_does_not_hold_is_sent_all_the_same)
{
	bt_auto_free char *data = calloc(1, 4u << 20);
	void *total = NULL;
	int pair[2];
	pthread_t reader;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	ck_assert_int_eq(bt_thread_start(&reader, 256u << 10, drain, &pair[1]), 0);
	ck_assert_int_eq(bt_sock_send_all(pair[0], data, 4u << 20), 0);
	ck_assert_int_eq(shutdown(pair[0], SHUT_WR), 0);
	ck_assert_int_eq(pthread_join(reader, &total), 0);
	ck_assert_uint_eq((uintptr_t)total, 4u << 20);
	bt_close(&pair[1]);
	ck_assert_int_eq(bt_sock_send_all(pair[0], "", 0), 0);
	ck_assert_int_eq(bt_sock_send_all(pair[0], "x", 1), -EPIPE);
	bt_close(&pair[0]);
}
END_TEST

START_TEST(sending_to_who_takes_nothing_ends_with_the_sockets_time)
{
	const struct timeval soon = { .tv_usec = 1000 };
	bt_auto_free char *data = calloc(1, 4u << 20);
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	ck_assert_int_eq(setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon)), 0);
	ck_assert_int_eq(bt_sock_send_all(pair[0], data, 4u << 20), -EAGAIN);
	bt_close(&pair[0]);
	bt_close(&pair[1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/sock");
	TCase *tc = tcase_create("sock");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, packets_carry_bytes_and_descriptors);
	tcase_add_test(tc, a_cut_packet_is_an_error_and_leaks_nothing);
	tcase_add_test(tc, the_last_word_of_a_peer_that_went_without_reading_is_received);
	tcase_add_test(
		tc,
		sending_to_a_peer_that_went_without_reading_is_a_broken_pipe_and_its_last_word_stays);
	tcase_add_test(tc, a_stale_socket_is_replaced_and_a_living_one_is_not);
	tcase_add_test(tc, a_socket_of_datagrams_is_bound_and_reached);
	tcase_add_test(tc, an_abstract_name_is_reached_by_its_at_sign);
	tcase_add_test(tc, a_long_path_works);
	tcase_add_test(tc, what_the_sockets_buffer_does_not_hold_is_sent_all_the_same);
	tcase_add_test(tc, sending_to_who_takes_nothing_ends_with_the_sockets_time);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
