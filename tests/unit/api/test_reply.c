/* SPDX-License-Identifier: Apache-2.0 */

#include "api/reply.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

static int closed, cancelled;

static void close_stream(void *arg bt_unused)
{
	closed++;
}

static void cancel_hijack(void *arg bt_unused)
{
	cancelled++;
}

static const struct bt_stream_ops ops = { .close = close_stream };

static struct bt_reply full_reply(void)
{
	struct bt_reply reply = { .status = 200, .type = "text/plain", .websocket = true };

	closed = cancelled = 0;
	reply.text = strdup("text");
	reply.len = 4;
	reply.stream.ops = &ops;
	reply.hijack.cancel = cancel_hijack;
	reply.headers[0].name = "X-Registry-Auth";
	reply.headers[0].value = strdup("value");
	reply.nheaders = 1;
	return reply;
}

START_TEST(the_last_description_counts_and_the_one_before_is_released)
{
	struct bt_reply reply = full_reply();

	bt_reply_renew(&reply, 404, "application/json");
	ck_assert_uint_eq(reply.status, 404);
	ck_assert_str_eq(reply.type, "application/json");
	ck_assert_ptr_null(reply.text);
	ck_assert_uint_eq(reply.len, 0);
	ck_assert(!reply.websocket);
	ck_assert_int_eq(closed, 1);
	ck_assert_int_eq(cancelled, 1);
	bt_reply_done(&reply);
	ck_assert_int_eq(closed, 1);
	ck_assert_int_eq(cancelled, 1);
}
END_TEST

START_TEST(headers_outlive_a_new_description)
{
	struct bt_reply reply = full_reply();

	bt_reply_renew(&reply, 500, NULL);
	ck_assert_uint_eq(reply.nheaders, 1);
	ck_assert_str_eq(reply.headers[0].value, "value");
	bt_reply_done(&reply);
}
END_TEST

START_TEST(what_was_not_sent_is_released_once)
{
	struct bt_reply reply = full_reply();

	bt_reply_done(&reply);
	bt_reply_done(&reply);
	ck_assert_int_eq(closed, 1);
	ck_assert_int_eq(cancelled, 1);
	ck_assert_uint_eq(reply.nheaders, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api/reply");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(all, the_last_description_counts_and_the_one_before_is_released);
	tcase_add_test(all, headers_outlive_a_new_description);
	tcase_add_test(all, what_was_not_sent_is_released_once);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
