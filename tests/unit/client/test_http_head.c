/* SPDX-License-Identifier: Apache-2.0 */

#include "client/http_head.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static int parse(const char *text, struct bt_http_head *ret)
{
	struct bt_err err = { 0 };
	int r = bt_http_head_parse(text, strlen(text), ret, &err);

	ck_assert(r == 0 || err.msg[0]);
	return r;
}

START_TEST(the_end_of_a_head_is_found_only_when_it_is_there)
{
	ck_assert_uint_eq(bt_http_head_find("HTTP/1.1 200 OK\r\nA: b\r\n", 23), 0);
	ck_assert_uint_eq(bt_http_head_find("HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody", 29), 25);
	ck_assert_uint_eq(bt_http_head_find("HTTP/1.1 200 OK\n\nbody", 21), 17);
	ck_assert_uint_eq(bt_http_head_find("", 0), 0);
}
END_TEST

START_TEST(status_fields_and_framing_are_read)
{
	struct bt_http_head head = { 0 };

	ck_assert_int_eq(
		parse("HTTP/1.1 201 Created\r\nApi-Version:  1.51 \r\nContent-Length: 12\r\n\r\n",
		      &head),
		0);
	ck_assert_int_eq(head.status, 201);
	ck_assert_str_eq(head.reason, "Created");
	ck_assert_str_eq(bt_http_head_get(&head, "api-version"), "1.51");
	ck_assert_ptr_null(bt_http_head_get(&head, "api"));
	ck_assert_int_eq(head.framing, BT_HTTP_LENGTH);
	ck_assert_uint_eq(head.length, 12);
	ck_assert(head.keeps);
	bt_http_head_done(&head);
	ck_assert_int_eq(
		parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
		      &head),
		0);
	ck_assert_int_eq(head.framing, BT_HTTP_CHUNKED);
	ck_assert(!head.keeps);
	bt_http_head_done(&head);
	ck_assert_int_eq(parse("HTTP/1.0 200 OK\r\n\r\n", &head), 0);
	ck_assert_int_eq(head.framing, BT_HTTP_UNTIL_CLOSE);
	bt_http_head_done(&head);
	ck_assert_int_eq(parse("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", &head), 0);
	ck_assert_int_eq(head.framing, BT_HTTP_EMPTY);
	bt_http_head_done(&head);
}
END_TEST

START_TEST(what_is_no_honest_response_is_refused)
{
	static const char *const texts[] = {
		"SSH-2.0-OpenSSH\r\n\r\n",
		"HTTP/2 200 OK\r\n\r\n",
		"HTTP/1.1 20 OK\r\n\r\n",
		"HTTP/1.1 2000 OK\r\n\r\n",
		"HTTP/1.1 099 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nnocolon\r\n\r\n",
		"HTTP/1.1 200 OK\r\n: empty\r\n\r\n",
		"HTTP/1.1 200 OK\r\n folded\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
	};
	struct bt_http_head head = { 0 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(parse(texts[i], &head) == -EPROTO, "%s", texts[i]);
}
END_TEST

START_TEST(too_many_fields_are_refused)
{
	bt_auto_str struct bt_str text = { 0 };
	struct bt_http_head head = { 0 };

	bt_str_puts(&text, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i <= BT_HTTP_FIELDS_MAX; i++)
		bt_str_puts(&text, "A: b\r\n");
	bt_str_puts(&text, "\r\n");
	ck_assert_int_eq(parse(bt_str_get(&text), &head), -EPROTO);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client/http_head");
	TCase *tests = tcase_create("http_head");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, the_end_of_a_head_is_found_only_when_it_is_there);
	tcase_add_test(tests, status_fields_and_framing_are_read);
	tcase_add_test(tests, what_is_no_honest_response_is_refused);
	tcase_add_test(tests, too_many_fields_are_refused);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
