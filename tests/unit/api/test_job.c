/* SPDX-License-Identifier: Apache-2.0 */

/* What a client sees of it is in test_server.c. */

#include "api/job.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../suite.h"
#include "api/answer.h"
#include "api/request.h"
#include "base/auto.h"
#include "base/str.h"

static struct bt_request req;
static struct bt_err err;
static int client = -EBADF; /* its end */
static atomic_int released;
static sem_t go_on;

static void setup(void)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	req.sock = pair[0];
	client = pair[1];
	ck_assert_int_eq(sem_init(&go_on, 0, 0), 0);
}

static void teardown(void)
{
	bt_reply_done(&req.answer);
	bt_close(&req.sock);
	bt_close(&client);
}

static void release(void *arg)
{
	(void)arg;
	atomic_fetch_add(&released, 1);
}

static void wait_for_leave(void)
{
	while (sem_wait(&go_on) < 0)
		ck_assert_int_eq(errno, EINTR);
}

/* All of the answer, to its end: 0, or how it was broken off. */
static int read_answer(struct bt_str *ret)
{
	const struct bt_stream *stream = &req.answer.stream;
	char buf[4096];
	ssize_t n = 0;

	ck_assert_ptr_nonnull(stream->ops);
	for (;;) {
		struct pollfd p = { .fd = stream->ops->fd(stream->arg), .events = POLLIN };

		n = stream->ops->read(stream->arg, buf, sizeof(buf));
		if (n == -EAGAIN)
			ck_assert_int_ge(poll(&p, 1, -1), 0);
		else if (n <= 0)
			break;
		else
			bt_str_add(ret, buf, (size_t)n);
	}
	ck_assert_int_eq(ret->failed, 0);
	return (int)n;
}

static int say_nothing(struct bt_job *job, void *arg, struct bt_err *e)
{
	(void)job;
	(void)arg;
	(void)e;
	return 0;
}

START_TEST(work_without_a_word_is_an_answer_without_a_body)
{
	ck_well(bt_job_answer(&req, BT_ANSWER_JSON, say_nothing, release, NULL, &err), &err);
	ck_assert_uint_eq(req.answer.status, 200);
	ck_assert_str_eq(req.answer.type, BT_ANSWER_JSON);
	ck_assert_uint_eq(req.answer.len, 0);
	ck_assert_ptr_null(req.answer.stream.ops);
	ck_assert_int_eq(released, 1);
}
END_TEST

static int fail_at_once(struct bt_job *job, void *arg, struct bt_err *e)
{
	/* Nothing is no word. */
	ck_assert_int_eq(bt_job_write(job, "", 0), 0);
	return bt_err_set(e, BT_ERR_NOT_FOUND, ENOENT, "no %s", (const char *)arg);
}

START_TEST(what_fails_before_the_first_word_is_the_requests_error)
{
	static char thing[] = "such image";

	ck_assert_int_eq(bt_job_answer(&req, BT_ANSWER_JSON, fail_at_once, release, thing, &err),
			 -ENOENT);
	check_err(&err, BT_ERR_NOT_FOUND, "no such image");
	ck_assert_uint_eq(req.answer.status, 0);
	ck_assert_int_eq(released, 1);
}
END_TEST

static int say_three(struct bt_job *job, void *arg, struct bt_err *e)
{
	(void)e;
	for (int i = 0; i < 3; i++) {
		json_auto_t *message = json_pack("{si}", "n", i);

		ck_assert_int_eq(bt_job_message(job, message), 0);
		if (i == 0)
			wait_for_leave();
	}
	return arg ? bt_err_set(e, BT_ERR_SYSTEM, EIO, "it broke: %s", (const char *)arg) : 0;
}

START_TEST(messages_are_lines_in_their_order_and_the_work_goes_on_behind_the_first)
{
	bt_auto_str struct bt_str text = { 0 };

	ck_well(bt_job_answer(&req, BT_ANSWER_JSON, say_three, release, NULL, &err), &err);
	ck_assert_int_eq(released, 0);
	ck_assert_int_eq(sem_post(&go_on), 0);
	ck_assert_int_eq(read_answer(&text), 0);
	ck_assert_str_eq(bt_str_get(&text), "{\"n\":0}\r\n{\"n\":1}\r\n{\"n\":2}\r\n");
	bt_reply_done(&req.answer);
	ck_assert_int_eq(released, 1);
}
END_TEST

START_TEST(what_fails_later_is_told_by_the_last_message)
{
	static char why[] = "\"quoted\"";
	bt_auto_str struct bt_str text = { 0 };

	ck_well(bt_job_answer(&req, BT_ANSWER_JSON, say_three, release, why, &err), &err);
	ck_assert_int_eq(sem_post(&go_on), 0);
	ck_assert_int_eq(read_answer(&text), 0);
	ck_assert_str_eq(bt_str_get(&text),
			 "{\"n\":0}\r\n{\"n\":1}\r\n{\"n\":2}\r\n"
			 "{\"errorDetail\":{\"message\":\"it broke: \\\"quoted\\\"\"},"
			 "\"error\":\"it broke: \\\"quoted\\\"\"}\r\n");
}
END_TEST

/* The end of an archive that is cut looks like an end: only a broken connection tells. */
START_TEST(other_streams_that_fail_later_are_broken_off)
{
	static char why[] = "disk";
	bt_auto_str struct bt_str text = { 0 };

	ck_well(bt_job_answer(&req, "application/x-tar", say_three, release, why, &err), &err);
	ck_assert_int_eq(sem_post(&go_on), 0);
	ck_assert_int_eq(read_answer(&text), -ECONNRESET);
	/* What was said before is said. */
	ck_assert_str_eq(bt_str_get(&text), "{\"n\":0}\r\n{\"n\":1}\r\n{\"n\":2}\r\n");
}
END_TEST

static int say_much(struct bt_job *job, void *arg, struct bt_err *e)
{
	static const char block[1u << 16];

	(void)e;
	for (int i = 0; i < 64; i++)
		ck_assert_int_eq(bt_job_write(job, block, sizeof(block)), 0);
	*(bool *)arg = true;
	return 0;
}

START_TEST(work_waits_for_a_client_that_does_not_read_and_loses_nothing)
{
	bt_auto_str struct bt_str text = { 0 };
	bool over = false;

	ck_well(bt_job_answer(&req, BT_ANSWER_RAW, say_much, release, &over, &err), &err);
	ck_assert_int_eq(read_answer(&text), 0);
	ck_assert_uint_eq(text.len, 64u << 16);
	bt_reply_done(&req.answer);
	ck_assert(over);
	ck_assert_int_eq(released, 1);
}
END_TEST

static int say_without_end(struct bt_job *job, void *arg, struct bt_err *e)
{
	int r;

	while ((r = bt_job_write(job, "word ", 5)) == 0)
		;
	*(int *)arg = r;
	return bt_err_set(e, BT_ERR_SYSTEM, -r, "the client left");
}

START_TEST(work_ends_once_nobody_takes_what_it_says)
{
	int r = 0;

	ck_well(bt_job_answer(&req, BT_ANSWER_JSON, say_without_end, release, &r, &err), &err);
	ck_assert_int_eq(r, 0);
	/* The answer is given up. */
	bt_reply_done(&req.answer);
	ck_assert_int_eq(r, -EPIPE);
	ck_assert_int_eq(released, 1);
}
END_TEST

START_TEST(a_client_that_has_left_already_ends_the_work_as_well)
{
	int r = 0;

	bt_close(&client);
	/* Whether it was noticed before the first word or behind it. */
	if (bt_job_answer(&req, BT_ANSWER_JSON, say_without_end, release, &r, &err) == 0)
		bt_reply_done(&req.answer);
	ck_assert_int_eq(r, -EPIPE);
	ck_assert_int_eq(released, 1);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, work_without_a_word_is_an_answer_without_a_body);
	tcase_add_test(tests, what_fails_before_the_first_word_is_the_requests_error);
	tcase_add_test(tests,
		       messages_are_lines_in_their_order_and_the_work_goes_on_behind_the_first);
	tcase_add_test(tests, what_fails_later_is_told_by_the_last_message);
	tcase_add_test(tests, other_streams_that_fail_later_are_broken_off);
	tcase_add_test(tests, work_waits_for_a_client_that_does_not_read_and_loses_nothing);
	tcase_add_test(tests, work_ends_once_nobody_takes_what_it_says);
	tcase_add_test(tests, a_client_that_has_left_already_ends_the_work_as_well);
}

int main(void)
{
	return run_suite("api/job", setup, teardown, add);
}
