/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/stdio.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/auto.h"

#define PIPE_SIZE (1 << 20)

static struct bt_loop loop;
static struct bt_stdio stdio;
static int ended;

static void on_ended(struct bt_stdio *s)
{
	(void)s;
	ended++;
}

static void on_idle(struct bt_stdio *s)
{
	(void)s;
}

static const struct bt_stdio_events events = { .ended = on_ended, .idle = on_idle };

static void set_up(void)
{
	ck_assert_int_eq(bt_loop_init(&loop), 0);
	bt_stdio_init(&stdio, &loop, &events);
}

static void tear_down(void)
{
	bt_stdio_done(&stdio);
	bt_close(&loop.fd);
}

/* A full pipe of that many bytes as the standard output; *ret_writer: its other end. */
static void fill_output(int size, int *ret_writer)
{
	static char page[4096];
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	ck_assert_int_ge(fcntl(fds[1], F_SETPIPE_SZ, size), size);
	for (int n = 0; n < size; n += (int)sizeof(page))
		ck_assert_int_eq(write(fds[1], page, sizeof(page)), (ssize_t)sizeof(page));
	stdio.outs[0].fd = fds[0];
	*ret_writer = fds[1];
}

START_TEST(all_that_a_dead_process_has_left_is_read_to_its_end)
{
	int writer;

	fill_output(PIPE_SIZE, &writer);
	bt_close(&writer);
	bt_stdio_drain(&stdio);
	ck_assert(bt_stdio_has_ended(&stdio));
}
END_TEST

START_TEST(an_output_that_somebody_holds_is_read_as_far_as_it_goes_and_not_waited_for)
{
	int writer;

	fill_output(PIPE_SIZE, &writer);
	bt_stdio_drain(&stdio);
	ck_assert(!bt_stdio_has_ended(&stdio));
	/* It was emptied. */
	ck_assert_int_eq(read(stdio.outs[0].fd, &(char){ 0 }, 1), -1);
	bt_close(&writer);
}
END_TEST

/* Somebody outside who got the pipe (by a socket in a shared volume, say) may write faster than it
 * is read. */
START_TEST(an_output_without_an_end_does_not_hold_up_the_end_of_the_run)
{
	stdio.outs[0].fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(stdio.outs[0].fd, 0);
	bt_stdio_drain(&stdio);
	ck_assert(!bt_stdio_has_ended(&stdio));
	bt_stdio_finish(&stdio);
	ck_assert(bt_stdio_has_ended(&stdio));
}
END_TEST

START_TEST(what_was_never_opened_has_ended)
{
	ck_assert(bt_stdio_has_ended(&stdio));
	bt_stdio_drain(&stdio);
	bt_stdio_input(&stdio, "x", 1);
	bt_stdio_input_end(&stdio);
	ck_assert_int_lt(bt_stdio_resize(&stdio, 1, 1), 0);
	ck_assert_int_eq(ended, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("monitor/stdio");
	TCase *tc = tcase_create("stdio");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, all_that_a_dead_process_has_left_is_read_to_its_end);
	tcase_add_test(tc,
		       an_output_that_somebody_holds_is_read_as_far_as_it_goes_and_not_waited_for);
	tcase_add_test(tc, an_output_without_an_end_does_not_hold_up_the_end_of_the_run);
	tcase_add_test(tc, what_was_never_opened_has_ended);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
