/* SPDX-License-Identifier: Apache-2.0 */

/* How an answer goes over a connection is in test_server.c. */

#include "api/answer.h"

#include <errno.h>

#include "../suite.h"
#include "api/request.h"
#include "base/auto.h"

static struct bt_request req;
static struct bt_err err;

static void teardown(void)
{
	bt_reply_done(&req.answer);
}

static void check_text(unsigned status, const char *type, const char *text)
{
	ck_assert_uint_eq(req.answer.status, status);
	ck_assert_str_eq(req.answer.type, type);
	ck_assert_uint_eq(req.answer.len, strlen(text));
	ck_assert_str_eq(req.answer.text, text);
}

START_TEST(json_ends_with_a_line_as_gos_encoder_has_it)
{
	ck_well(bt_answer_json(&req, 201, json_pack("{ss}", "Id", "a\"<"), &err), &err);
	check_text(201, BT_ANSWER_JSON, "{\"Id\":\"a\\\"<\"}\n");
	ck_well(bt_answer_json(&req, 200, json_array(), &err), &err);
	check_text(200, BT_ANSWER_JSON, "[]\n");
}
END_TEST

START_TEST(json_that_could_not_be_made_is_an_error_and_leaves_what_was_described)
{
	ck_assert_int_eq(bt_answer_empty(&req, 204), 0);
	ck_assert_int_eq(bt_answer_json(&req, 200, NULL, &err), -ENOMEM);
	ck_assert_uint_eq(req.answer.status, 204);
	ck_assert_ptr_null(req.answer.text);
}
END_TEST

START_TEST(a_text_that_is_json_already_is_given_away_whole)
{
	bt_auto_str struct bt_str text = { 0 };

	bt_str_puts(&text, "[1,2]");
	ck_well(bt_answer_json_text(&req, 200, &text, &err), &err);
	check_text(200, BT_ANSWER_JSON, "[1,2]\n");
	ck_assert_uint_eq(text.len, 0);
}
END_TEST

/* One that did not fit is no answer, and not half of one. */
START_TEST(a_text_that_could_not_be_put_together_is_an_error)
{
	bt_auto_str struct bt_str text = { .max = 4 };

	bt_str_puts(&text, "[1,2,3,4]");
	ck_assert_int_lt(bt_answer_json_text(&req, 200, &text, &err), 0);
	ck_assert_uint_eq(req.answer.status, 0);
	ck_assert_ptr_null(req.answer.text);
}
END_TEST

START_TEST(an_error_has_the_status_of_its_kind_and_its_message)
{
	static const struct {
		enum bt_err_kind kind;
		unsigned status;
	} kinds[] = {
		{ BT_ERR_INVALID, 400 },     { BT_ERR_NOT_FOUND, 404 }, { BT_ERR_CONFLICT, 409 },
		{ BT_ERR_UNAVAILABLE, 503 }, { BT_ERR_SYSTEM, 500 },
	};

	for (size_t i = 0; i < LENGTH(kinds); i++) {
		bt_err_set(&err, kinds[i].kind, EIO, "it is so");
		bt_answer_error(&req, &err);
		check_text(kinds[i].status, BT_ANSWER_JSON, "{\"message\":\"it is so\"}\n");
	}
}
END_TEST

/* A client's own words are in it, whatever they are. */
START_TEST(the_message_of_an_error_is_json_whatever_stands_in_it)
{
	static const char *const messages[] = { "\xff\xfe", "a\nb\t\x01\"\\",
						"\xe2\x82", "\xed\xa0\x80",
						"",         "</script>" };

	for (size_t i = 0; i < LENGTH(messages); i++) {
		json_auto_t *json = NULL;

		bt_err_set(&err, BT_ERR_INVALID, EINVAL, "%s", messages[i]);
		bt_answer_error(&req, &err);
		json = json_loadb(req.answer.text, req.answer.len, 0, NULL);
		ck_assert_msg(json != NULL, "%s", req.answer.text);
		ck_assert_uint_eq(json_object_size(json), 1);
		ck_assert(json_is_string(json_object_get(json, "message")));
	}
	ck_assert_str_eq(req.answer.text, "{\"message\":\"</script>\"}\n");
}
END_TEST

START_TEST(headers_are_copied_and_no_more_than_there_is_room_for)
{
	char value[] = "0";

	for (int i = 0; i < BT_REPLY_HEADERS_MAX; i++) {
		value[0] = (char)('0' + i);
		ck_well(bt_answer_header(&req, "X-Number", value, &err), &err);
	}
	ck_assert_int_lt(bt_answer_header(&req, "X-Last", "one too many", &err), 0);
	ck_assert_msg(strstr(err.msg, "X-Last") != NULL, "%s", err.msg);
	ck_assert_uint_eq(req.answer.nheaders, BT_REPLY_HEADERS_MAX);
	/* They are there still when the answer is described. */
	ck_assert_int_eq(bt_answer_empty(&req, 204), 0);
	ck_assert_uint_eq(req.answer.nheaders, BT_REPLY_HEADERS_MAX);
	ck_assert_str_eq(req.answer.headers[3].value, "3");
}
END_TEST

START_TEST(an_answer_without_a_body_has_no_type)
{
	ck_well(bt_answer_json(&req, 200, json_object(), &err), &err);
	ck_assert_int_eq(bt_answer_empty(&req, 304), 0);
	ck_assert_uint_eq(req.answer.status, 304);
	ck_assert_ptr_null(req.answer.type);
	ck_assert_ptr_null(req.answer.text);
	ck_assert_uint_eq(req.answer.len, 0);
}
END_TEST

static int cancelled;

static int run(void *arg, int sock, const void *early, size_t len, struct bt_err *e)
{
	(void)arg;
	(void)sock;
	(void)early;
	(void)len;
	return bt_err_set(e, BT_ERR_SYSTEM, EIO, "nobody runs it");
}

static void cancel(void *arg)
{
	(void)arg;
	cancelled++;
}

/* Clients tell by the type whether there are frames: since 1.42 it says so. */
START_TEST(a_raw_stream_is_called_by_what_is_in_it_and_switches_where_that_was_asked)
{
	static const struct {
		bool tty, upgrade;
		unsigned version, status;
		const char *type;
	} cases[] = {
		{ true, true, 51, 101, BT_ANSWER_RAW },
		{ false, true, 51, 101, BT_ANSWER_MUXED },
		{ false, true, 42, 101, BT_ANSWER_MUXED },
		{ false, true, 41, 101, BT_ANSWER_RAW },
		{ true, true, 41, 101, BT_ANSWER_RAW },
		{ false, false, 51, 200, BT_ANSWER_MUXED },
		{ true, false, 51, 200, BT_ANSWER_RAW },
		{ false, false, 24, 200, BT_ANSWER_RAW },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		req.version = cases[i].version;
		req.upgrade = cases[i].upgrade;
		ck_assert_int_eq(bt_answer_hijack(&req, cases[i].tty,
						  (struct bt_hijack){ run, cancel, NULL }),
				 0);
		ck_assert_uint_eq(req.answer.status, cases[i].status);
		ck_assert_str_eq(req.answer.type, cases[i].type);
		/* The one before never ran. */
		ck_assert_int_eq(cancelled, (int)i);
	}
	ck_assert_int_eq(bt_answer_empty(&req, 500), 0);
	ck_assert_int_eq(cancelled, LENGTH(cases));
	ck_assert(req.answer.hijack.run == NULL);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, json_ends_with_a_line_as_gos_encoder_has_it);
	tcase_add_test(tests,
		       json_that_could_not_be_made_is_an_error_and_leaves_what_was_described);
	tcase_add_test(tests, a_text_that_is_json_already_is_given_away_whole);
	tcase_add_test(tests, a_text_that_could_not_be_put_together_is_an_error);
	tcase_add_test(tests, an_error_has_the_status_of_its_kind_and_its_message);
	tcase_add_test(tests, the_message_of_an_error_is_json_whatever_stands_in_it);
	tcase_add_test(tests, headers_are_copied_and_no_more_than_there_is_room_for);
	tcase_add_test(tests, an_answer_without_a_body_has_no_type);
	tcase_add_test(tests,
		       a_raw_stream_is_called_by_what_is_in_it_and_switches_where_that_was_asked);
}

int main(void)
{
	return run_suite("api/answer", NULL, teardown, add);
}
