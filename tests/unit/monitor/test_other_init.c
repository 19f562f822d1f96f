/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/other_init.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"

#define PATIENCE_MS 60000

/* A child that does `then` a while after it was told to. */
struct child {
	pid_t pid;
	int pidfd, go;
	struct bt_other_init before;
};

static struct child begin(void (*then)(void))
{
	struct child c = { 0 };
	int pair[2];
	char byte;

	ck_assert_int_eq(pipe(pair), 0);
	c.pid = fork();
	if (c.pid == 0) {
		/* Or it would not see that the test has ended. */
		close(pair[1]);
		if (read(pair[0], &byte, 1) == 1)
			usleep(50000);
		then();
		_exit(1);
	}
	close(pair[0]);
	c.go = pair[1];
	c.pidfd = (int)syscall(SYS_pidfd_open, c.pid, 0);
	ck_assert_int_ge(c.pidfd, 0);
	bt_other_init_look(c.pid, &c.before);
	return c;
}

static void end(struct child *c)
{
	kill(c->pid, SIGKILL);
	ck_assert_int_eq(waitpid(c->pid, NULL, 0), c->pid);
	close(c->pidfd);
	close(c->go);
}

static void become_sleep(void)
{
	execl("/bin/sleep", "sleep", "600", (char *)NULL);
}

static void become_itself_with_arguments(void)
{
	execl("/proc/self/exe", "again", "wait", (char *)NULL);
}

static void do_nothing(void)
{
	pause();
}

static void leave(void)
{
	_exit(0);
}

START_TEST(once_it_is_another_program_the_wait_ends)
{
	struct child c = begin(become_sleep);
	struct bt_other_init now;

	ck_assert_int_eq(write(c.go, "g", 1), 1);
	ck_assert(bt_other_init_await(c.pid, c.pidfd, &c.before, PATIENCE_MS));
	/* Between the two programs its arguments are not there for a moment. */
	do {
		bt_other_init_look(c.pid, &now);
	} while (now.len == 0);
	ck_assert_uint_eq(now.len, sizeof("sleep\000600"));
	ck_assert_int_eq(memcmp(now.cmdline, "sleep\000600", now.len), 0);
	end(&c);
}
END_TEST

START_TEST(other_arguments_of_the_same_program_are_another)
{
	struct child c = begin(become_itself_with_arguments);

	ck_assert_int_eq(write(c.go, "g", 1), 1);
	ck_assert(bt_other_init_await(c.pid, c.pidfd, &c.before, PATIENCE_MS));
	end(&c);
}
END_TEST

START_TEST(one_that_ends_instead_is_not_waited_for)
{
	struct child c = begin(leave);

	ck_assert_int_eq(write(c.go, "g", 1), 1);
	ck_assert(bt_other_init_await(c.pid, c.pidfd, &c.before, PATIENCE_MS));
	end(&c);
}
END_TEST

START_TEST(one_that_stays_what_it_is_is_waited_for_as_long_as_was_said)
{
	struct child c = begin(do_nothing);

	ck_assert(!bt_other_init_await(c.pid, c.pidfd, &c.before, 20));
	end(&c);
}
END_TEST

START_TEST(of_one_that_is_not_there_nothing_is_told)
{
	struct bt_other_init none;

	bt_other_init_look(0x7ffffff0, &none);
	ck_assert_uint_eq(none.len, 0);
	ck_assert(none.dev == 0 && none.ino == 0);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *suite = suite_create("monitor/other_init");
	TCase *tc = tcase_create("other_init");
	SRunner *runner = srunner_create(suite);
	int failed;

	if (argc == 2 && strcmp(argv[1], "wait") == 0)
		pause();
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, once_it_is_another_program_the_wait_ends);
	tcase_add_test(tc, other_arguments_of_the_same_program_are_another);
	tcase_add_test(tc, one_that_ends_instead_is_not_waited_for);
	tcase_add_test(tc, one_that_stays_what_it_is_is_waited_for_as_long_as_was_said);
	tcase_add_test(tc, of_one_that_is_not_there_nothing_is_told);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
