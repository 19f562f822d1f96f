/* SPDX-License-Identifier: Apache-2.0 */

#include "api/relay.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"

/* A relay between client[1] and container[0]; tests speak at client[0] and container[1]. */
static int client[2], container[2];
static pthread_t thread;

static ssize_t plain_recv(void *arg, void *buf, size_t len)
{
	ssize_t n = recv(client[1], buf, len, MSG_DONTWAIT);

	(void)arg;
	return n < 0 ? -errno : n;
}

static ssize_t plain_send(void *arg, const void *data, size_t len)
{
	ssize_t n = send(client[1], data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	(void)arg;
	return n < 0 ? -errno : n;
}

static bool nothing_pending(void *arg)
{
	(void)arg;
	return false;
}

static void *run(void *arg)
{
	const struct bt_relay_client side = {
		.fd = client[1], .recv = plain_recv, .send = plain_send, .pending = nothing_pending
	};

	(void)arg;
	ck_assert_int_eq(bt_relay_run(&side, container[0]), 0);
	/* As who runs it does. */
	close(client[1]);
	close(container[0]);
	return NULL;
}

static void set_up(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, client), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, container), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, run, NULL), 0);
}

/* Read exactly `text` from a socket that may not block. */
static void hear(int sock, const char *text)
{
	char buf[64] = { 0 };
	size_t len = 0;

	while (len < strlen(text)) {
		ssize_t n = recv(sock, buf + len, strlen(text) - len, 0);

		if (n > 0)
			len += (size_t)n;
		else
			usleep(1000);
	}
	ck_assert_str_eq(buf, text);
}

START_TEST(bytes_go_both_ways_after_input_ended)
{
	ck_assert_int_eq(bt_io_write_all(client[0], "in", 2), 0);
	hear(container[1], "in");
	shutdown(client[0], SHUT_WR);
	ck_assert_int_eq(recv(container[1], (char[1]){ 0 }, 1, 0), 0);
	ck_assert_int_eq(bt_io_write_all(container[1], "late", 4), 0);
	hear(client[0], "late");
}
END_TEST

START_TEST(it_is_over_when_the_container_hangs_up)
{
	ck_assert_int_eq(bt_io_write_all(container[1], "last", 4), 0);
	close(container[1]);
	hear(client[0], "last");
	ck_assert_int_eq(recv(client[0], (char[1]){ 0 }, 1, 0), 0);
	pthread_join(thread, NULL);
}
END_TEST

START_TEST(it_is_over_when_the_client_has_left)
{
	ck_assert_int_eq(bt_io_write_all(container[1], "unheard", 7), 0);
	close(client[0]);
	/* Input ends; the output finds nobody. */
	ck_assert_int_eq(recv(container[1], (char[1]){ 0 }, 1, 0), 0);
	while (send(container[1], "more", 4, MSG_NOSIGNAL | MSG_DONTWAIT) > 0 &&
	       pthread_tryjoin_np(thread, NULL) != 0)
		usleep(1000);
}
END_TEST

START_TEST(a_slow_reader_gets_everything)
{
	static char sent[1 << 20], got[1 << 20];
	size_t len = 0;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 7);
	if (fork() == 0) {
		ck_assert_int_eq(bt_io_write_all(container[1], sent, sizeof(sent)), 0);
		_exit(0);
	}
	close(container[1]);
	while (len < sizeof(got)) {
		ssize_t n = recv(client[0], got + len, 10000, 0);

		len += n > 0 ? (size_t)n : 0;
	}
	ck_assert_int_eq(memcmp(sent, got, sizeof(got)), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api/relay");
	TCase *copying = tcase_create("copy");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(copying, set_up, NULL);
	tcase_add_test(copying, bytes_go_both_ways_after_input_ended);
	tcase_add_test(copying, it_is_over_when_the_container_hangs_up);
	tcase_add_test(copying, it_is_over_when_the_client_has_left);
	tcase_add_test(copying, a_slow_reader_gets_everything);
	suite_add_tcase(suite, copying);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
