/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/early_pump.h"

#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../suite.h"
#include "base/auto.h"
#include "base/io.h"

/* More than all buffers on the way hold. */
#define MUCH (8u << 20)

/* The machine has no room for another thread. */
static atomic_bool crowded;

/* In the place of the library's, for this program. */
int pthread_create(pthread_t *ret, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
	int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

	if (atomic_load(&crowded))
		return EAGAIN;
	*(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
	return real(ret, attr, fn, arg);
}

/* The user's end of the connection, and the one that the engine goes on with. */
static int user = -EBADF, stream = -EBADF;

static void begin(const void *early, size_t len)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	user = ends[0];
	stream = bt_early_pump(ends[1], early, len);
	ck_assert_int_ge(stream, 0);
}

static void setup(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
}

static void teardown(void)
{
	bt_close(&user);
	bt_close(&stream);
}

static void say(int fd, const char *text)
{
	ck_assert_int_eq(bt_io_write_all(fd, text, strlen(text)), 0);
}

static void hear(int fd, const char *text)
{
	char got[64] = "";

	ck_assert_int_eq((int)recv(fd, got, strlen(text), MSG_WAITALL), (int)strlen(text));
	ck_assert_str_eq(got, text);
}

static void hear_end(int fd)
{
	char byte;

	ck_assert_int_eq((int)recv(fd, &byte, 1, 0), 0);
}

START_TEST(a_connection_on_which_nothing_was_said_early_is_itself)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	user = ends[0];
	stream = bt_early_pump(ends[1], NULL, 0);
	ck_assert_int_eq(stream, ends[1]);
}
END_TEST

START_TEST(what_was_said_early_comes_before_the_rest_and_answers_go_back)
{
	begin("early", 5);
	say(user, " and late");
	hear(stream, "early and late");
	say(stream, "answer");
	hear(user, "answer");
}
END_TEST

START_TEST(the_end_of_the_users_input_leaves_the_answers)
{
	begin("all", 3);
	ck_assert_int_eq(shutdown(user, SHUT_WR), 0);
	hear(stream, "all");
	hear_end(stream);
	say(stream, "late");
	hear(user, "late");
	bt_close(&stream);
	hear_end(user);
}
END_TEST

START_TEST(the_containers_last_words_come_before_its_end)
{
	static char much[MUCH];
	ssize_t n;
	size_t got = 0;
	char buf[4096];
	pid_t pid;

	begin("x", 1);
	pid = fork();
	if (pid == 0)
		_exit(bt_io_write_all(stream, much, sizeof(much)) != 0);
	bt_close(&stream);
	while ((n = recv(user, buf, sizeof(buf), 0)) > 0)
		got += (size_t)n;
	ck_assert_uint_eq(got, sizeof(much));
}
END_TEST

START_TEST(a_user_who_goes_is_gone_for_the_container)
{
	begin("unheard", 7);
	bt_close(&user);
	hear(stream, "unheard");
	hear_end(stream);
	/* The first words find that nobody is there; sooner or later they cannot be said. */
	while (send(stream, "more", 4, MSG_NOSIGNAL) == 4)
		;
	ck_assert(errno == EPIPE || errno == ECONNRESET);
}
END_TEST

START_TEST(as_much_as_was_said_early_comes_whole)
{
	static char much[300000], got[sizeof(much) + 1];

	for (size_t i = 0; i < sizeof(much); i++)
		much[i] = (char)(i * 31 >> 3);
	begin(much, sizeof(much));
	say(user, "!");
	ck_assert_int_eq((int)recv(stream, got, sizeof(got), MSG_WAITALL), (int)sizeof(got));
	ck_assert_mem_eq(got, much, sizeof(much));
	ck_assert_int_eq(got[sizeof(much)], '!');
}
END_TEST

/* Says twice what it hears, and hears nothing while that is not taken. */
static void *answer_twice(void *arg)
{
	static char buf[65536], twice[sizeof(buf) * 2];
	ssize_t n;

	(void)arg;
	while ((n = recv(stream, buf, sizeof(buf), 0)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			twice[2 * i] = twice[2 * i + 1] = buf[i];
		ck_assert_int_eq(bt_io_write_all(stream, twice, 2 * (size_t)n), 0);
	}
	ck_assert_int_eq(shutdown(stream, SHUT_WR), 0);
	return NULL;
}

static void *say_much(void *arg)
{
	ck_assert_int_eq(bt_io_write_all(user, arg, MUCH), 0);
	ck_assert_int_eq(shutdown(user, SHUT_WR), 0);
	return NULL;
}

START_TEST(input_and_output_do_not_wait_for_each_other)
{
	static char much[MUCH], got[2 * MUCH];
	pthread_t container, writer;

	for (size_t i = 0; i < sizeof(much); i++)
		much[i] = (char)(i * 31 >> 3);
	begin("early", 5);
	ck_assert_int_eq(pthread_create(&container, NULL, answer_twice, NULL), 0);
	ck_assert_int_eq(pthread_create(&writer, NULL, say_much, much), 0);
	hear(user, "eeaarrllyy");
	ck_assert_int_eq((int)recv(user, got, sizeof(got), MSG_WAITALL), (int)sizeof(got));
	for (size_t i = 0; i < sizeof(got); i++)
		if (got[i] != much[i / 2])
			ck_abort_msg("byte %zu", i);
	hear_end(user);
	ck_assert_int_eq(pthread_join(writer, NULL), 0);
	ck_assert_int_eq(pthread_join(container, NULL), 0);
}
END_TEST

START_TEST(where_there_is_no_thread_the_connection_is_closed)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	user = ends[0];
	atomic_store(&crowded, true);
	ck_assert_int_eq(bt_early_pump(ends[1], "x", 1), -EAGAIN);
	atomic_store(&crowded, false);
	hear_end(user);
	ck_assert_int_eq(fcntl(ends[1], F_GETFD), -1);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_connection_on_which_nothing_was_said_early_is_itself);
	tcase_add_test(tests, what_was_said_early_comes_before_the_rest_and_answers_go_back);
	tcase_add_test(tests, the_end_of_the_users_input_leaves_the_answers);
	tcase_add_test(tests, the_containers_last_words_come_before_its_end);
	tcase_add_test(tests, a_user_who_goes_is_gone_for_the_container);
	tcase_add_test(tests, as_much_as_was_said_early_comes_whole);
	tcase_add_test(tests, input_and_output_do_not_wait_for_each_other);
	tcase_add_test(tests, where_there_is_no_thread_the_connection_is_closed);
}

int main(void)
{
	return run_suite("early_pump", setup, teardown, add_tests);
}
