/* SPDX-License-Identifier: Apache-2.0 */

/* What a connection has to do with it is in test_server.c. */

#include "api/request.h"

#include <errno.h>

#include "../suite.h"
#include "base/auto.h"

static struct bt_err err;
static struct bt_request *req;

static void teardown(void)
{
	bt_request_destroy(bt_take(req));
}

/* A request for a route with this body. */
static void begin(enum bt_route_body body)
{
	static struct bt_route route;

	route = (struct bt_route){ .methods = BT_METHOD_POST, .pattern = "/x", .body = body };
	bt_request_destroy(req);
	req = bt_request_create(NULL, "/x");
	ck_assert_ptr_nonnull(req);
	ck_assert_int_eq(req->refused.kind, BT_ERR_NONE);
	req->route = &route;
	err = (struct bt_err){ 0 };
}

/* The same, and its body is there. Returns what bt_request_end_body() does. */
static int end_with(const char *text)
{
	begin(BT_BODY_ANY_JSON);
	ck_assert_int_eq(bt_request_add_body(req, text, strlen(text)), 0);
	return bt_request_end_body(req, &err);
}

START_TEST(a_target_is_a_path_and_what_stands_behind_the_first_question_mark)
{
	static const struct {
		const char *target, *path, *x; /* the value of "x", or NULL */
	} cases[] = {
		{ "/v1.40/info", "/v1.40/info", NULL },
		{ "/info?x=1", "/info", "1" },
		{ "/info?x=1?2", "/info", "1?2" },
		{ "/info?", "/info", NULL },
		{ "/a%2Fb/%e2%82%ac", "/a/b/\xe2\x82\xac", NULL },
		/* A plus is a blank in parameters only. */
		{ "/a+b?x=a+b", "/a+b", "a b" },
		{ "/a%3fb?x=%3d", "/a?b", "=" },
		{ "?x=1", "", "1" },
		{ "", "", NULL },
		{ "*", "*", NULL },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		const char *x;

		req = bt_request_create(NULL, cases[i].target);
		ck_assert_ptr_nonnull(req);
		ck_assert_msg(req->refused.kind == BT_ERR_NONE, "%s: %s", cases[i].target,
			      req->refused.msg);
		ck_assert_str_eq(req->path, cases[i].path);
		x = bt_query_get(&req->query, "x");
		ck_assert_msg(cases[i].x ? x && strcmp(x, cases[i].x) == 0 : !x, "%s: x is %s",
			      cases[i].target, x ? x : "absent");
		bt_request_destroy(bt_take(req));
	}
}
END_TEST

START_TEST(a_target_that_cannot_be_decoded_is_refused_later_and_read_no_further)
{
	static const struct {
		const char *target, *words;
	} cases[] = {
		{ "/a%", "invalid URL escape in the path" },
		{ "/a%4", "invalid URL escape in the path" },
		{ "/a%zz", "invalid URL escape in the path" },
		/* The rest of the path would be lost to whoever takes it for a text. */
		{ "/containers/a%00b/json", "invalid URL escape in the path" },
		{ "/a?x=%", "invalid URL escape" },
		{ "/a?%00=1", "invalid URL escape" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		req = bt_request_create(NULL, cases[i].target);
		ck_assert_ptr_nonnull(req);
		check_err(&req->refused, BT_ERR_INVALID, cases[i].words);
		/* Its body is nobody's. */
		ck_assert_int_eq(bt_request_add_body(req, "{}", 2), 0);
		ck_assert_uint_eq(req->text.len, 0);
		ck_assert_uint_eq(req->dropped, 2);
		bt_request_destroy(bt_take(req));
	}
}
END_TEST

START_TEST(more_parameters_than_anybody_has_are_refused)
{
	bt_auto_str struct bt_str target = { 0 };

	bt_str_puts(&target, "/x?");
	for (int i = 0; i < BT_QUERY_PARAMS_MAX; i++)
		bt_str_puts(&target, i > 0 ? "&a=b" : "a=b");
	req = bt_request_create(NULL, bt_str_get(&target));
	ck_assert_int_eq(req->refused.kind, BT_ERR_NONE);
	ck_assert_uint_eq(req->query.n, BT_QUERY_PARAMS_MAX);
	bt_request_destroy(bt_take(req));
	bt_str_puts(&target, "&a=b");
	req = bt_request_create(NULL, bt_str_get(&target));
	ck_assert_int_eq(req->refused.kind, BT_ERR_INVALID);
}
END_TEST

/* A mebibyte at a time. */
static int add_mebibytes(unsigned n)
{
	static char mebibyte[1u << 20];
	int r = 0;

	(void)memset(mebibyte, ' ', sizeof(mebibyte));
	for (unsigned i = 0; i < n && r == 0; i++)
		r = bt_request_add_body(req, mebibyte, sizeof(mebibyte));
	return r;
}

START_TEST(a_body_of_json_is_read_up_to_its_bound)
{
	begin(BT_BODY_JSON);
	ck_assert_int_eq(add_mebibytes(BT_REQUEST_BODY_MAX >> 20), 0);
	ck_assert_int_eq(req->refused.kind, BT_ERR_NONE);
	ck_assert_uint_eq(req->text.len, BT_REQUEST_BODY_MAX);
	/* The answer waits for the rest, which is not kept. */
	ck_assert_int_eq(bt_request_add_body(req, " ", 1), 0);
	check_err(&req->refused, BT_ERR_INVALID,
		  "the request body is too large: at most 4194304 bytes are read");
	ck_assert_int_eq(add_mebibytes(1), 0);
	ck_assert_uint_eq(req->dropped, 1u << 20);
}
END_TEST

START_TEST(what_nobody_wants_is_dropped_and_at_last_not_even_read)
{
	static const enum bt_route_body bodies[] = { BT_BODY_IGNORED, BT_BODY_JSON };

	for (size_t i = 0; i < LENGTH(bodies); i++) {
		begin(bodies[i]);
		if (bodies[i] == BT_BODY_JSON)
			bt_err_set(&req->refused, BT_ERR_NOT_FOUND, ENOENT, "page not found");
		ck_assert_int_eq(add_mebibytes(BT_REQUEST_DROP_MAX >> 20), 0);
		ck_assert_int_eq(bt_request_add_body(req, " ", 1), -EMSGSIZE);
		ck_assert_uint_eq(req->text.len, 0);
	}
	/* What was refused first is the answer. */
	ck_assert_str_eq(req->refused.msg, "page not found");
}
END_TEST

START_TEST(a_body_without_a_word_or_null_is_an_object_without_members)
{
	static const struct {
		const char *text;
		bool empty;
	} cases[] = {
		{ "", true },
		{ " \r\n\t", true },
		{ "null", false },
		{ "{}", false },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		const json_t *object = NULL;

		ck_assert_msg(end_with(cases[i].text) == 0, "%s", err.msg);
		ck_assert(req->empty == cases[i].empty);
		ck_well(bt_request_object(req, &object, &err), &err);
		ck_assert(json_is_object(object));
		ck_assert_uint_eq(json_object_size(object), 0);
	}
}
END_TEST

START_TEST(what_is_json_and_no_object_is_refused_by_whoever_wants_one)
{
	static const char *const texts[] = { "[]", "[{}]", "1", "\"{}\"", "true" };

	for (size_t i = 0; i < LENGTH(texts); i++) {
		const json_t *object = NULL;

		ck_assert_msg(end_with(texts[i]) == 0, "%s", err.msg);
		ck_assert_int_lt(bt_request_object(req, &object, &err), 0);
		check_err(&err, BT_ERR_INVALID, "the request body must be an object");
		ck_assert_ptr_null(object);
	}
}
END_TEST

START_TEST(what_is_no_json_is_refused_whole)
{
	static const char *const texts[] = { "{",    "{\"a\":}", "{} {}",           "{'a':1}",
					     "\x01", "nul",      "{\"a\":\"\xff\"}" };

	for (size_t i = 0; i < LENGTH(texts); i++) {
		ck_assert_msg(end_with(texts[i]) < 0, "%s", texts[i]);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
		ck_assert_ptr_null(req->body);
		/* Nothing of it is kept. */
		ck_assert_uint_eq(req->text.len, 0);
	}
}
END_TEST

START_TEST(a_body_arrives_in_any_pieces)
{
	static const char text[] = "{\"Image\":\"bb\",\"Cmd\":[\"\\u00e4\"]}";
	const json_t *object = NULL;

	begin(BT_BODY_ANY_JSON);
	for (size_t i = 0; i < strlen(text); i++)
		ck_assert_int_eq(bt_request_add_body(req, text + i, 1), 0);
	ck_well(bt_request_end_body(req, &err), &err);
	ck_well(bt_request_object(req, &object, &err), &err);
	ck_assert_str_eq(json_string_value(json_object_get(object, "Image")), "bb");
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(object, "Cmd"), 0)),
			 "\xc3\xa4");
}
END_TEST

START_TEST(one_that_was_only_begun_is_released)
{
	begin(BT_BODY_JSON);
	ck_assert_int_eq(bt_request_add_body(req, "{", 1), 0);
	bt_request_destroy(bt_take(req));
	bt_request_destroy(NULL);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_target_is_a_path_and_what_stands_behind_the_first_question_mark);
	tcase_add_test(tests, a_target_that_cannot_be_decoded_is_refused_later_and_read_no_further);
	tcase_add_test(tests, more_parameters_than_anybody_has_are_refused);
	tcase_add_test(tests, a_body_of_json_is_read_up_to_its_bound);
	tcase_add_test(tests, what_nobody_wants_is_dropped_and_at_last_not_even_read);
	tcase_add_test(tests, a_body_without_a_word_or_null_is_an_object_without_members);
	tcase_add_test(tests, what_is_json_and_no_object_is_refused_by_whoever_wants_one);
	tcase_add_test(tests, what_is_no_json_is_refused_whole);
	tcase_add_test(tests, a_body_arrives_in_any_pieces);
	tcase_add_test(tests, one_that_was_only_begun_is_released);
}

int main(void)
{
	return run_suite("api/request", NULL, teardown, add);
}
