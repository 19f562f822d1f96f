/* SPDX-License-Identifier: Apache-2.0 */

#include "client/http.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"

/* A connection whose other end has said `text` and hung up. */
static struct bt_http_conn answered(const char *text)
{
	struct bt_http_conn conn;
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(bt_io_write_all(pair[1], text, strlen(text)), 0);
	ck_assert_int_eq(close(pair[1]), 0);
	ck_assert_int_eq(bt_http_attach(pair[0], &conn), 0);
	return conn;
}

static void expect_body(const char *text, const char *body, bool reusable)
{
	struct bt_http_conn conn = answered(text);
	struct bt_err err = { 0 };
	char *got = NULL;

	ck_assert_int_eq(bt_http_receive(&conn, false, &err), 0);
	ck_assert_msg(bt_http_read_all(&conn, 1 << 20, &got, NULL, &err) == 0, "%s", err.msg);
	ck_assert_str_eq(got, body);
	ck_assert_int_eq(bt_http_reusable(&conn), reusable);
	free(got);
	bt_http_close(&conn);
}

static void expect_failure(const char *text, int want)
{
	struct bt_http_conn conn = answered(text);
	struct bt_err err = { 0 };
	char *got = NULL;
	int r = bt_http_receive(&conn, false, &err);

	if (r == 0)
		r = bt_http_read_all(&conn, 1 << 16, &got, NULL, &err);
	ck_assert_int_eq(r, want);
	ck_assert(err.msg[0]);
	bt_http_close(&conn);
}

START_TEST(bodies_of_every_framing_are_read)
{
	expect_body("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", true);
	expect_body("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		    "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: x\r\n\r\n",
		    "hello world", true);
	expect_body("HTTP/1.1 200 OK\r\n\r\nuntil the end", "until the end", false);
	expect_body("HTTP/1.1 204 No Content\r\n\r\n", "", true);
	expect_body("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
		    "x", true);
}
END_TEST

START_TEST(a_peer_that_breaks_off_or_lies_is_an_error)
{
	expect_failure("", -ECONNRESET);
	expect_failure("HTTP/1.1 200 OK\r\n", -EPROTO);
	expect_failure("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", -EPROTO);
	expect_failure("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", -EPROTO);
	expect_failure("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", -EPROTO);
	expect_failure("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		       "ffffffffffffffffff\r\nx",
		       -EPROTO);
	expect_failure(
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
		-EPROTO);
}
END_TEST

START_TEST(a_promised_length_is_no_reason_to_take_memory)
{
	struct bt_http_conn conn =
		answered("HTTP/1.1 200 OK\r\nContent-Length: 4000000000000\r\n\r\nx");
	struct bt_err err = { 0 };
	char *got = NULL;

	ck_assert_int_eq(bt_http_receive(&conn, false, &err), 0);
	ck_assert_int_lt(bt_http_read_all(&conn, 1u << 30, &got, NULL, &err), 0);
	ck_assert_ptr_null(got);
	bt_http_close(&conn);
}
END_TEST

START_TEST(an_upgrade_makes_the_rest_a_stream)
{
	struct bt_http_conn conn =
		answered("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\n\r\nraw");
	struct bt_err err = { 0 };
	char buf[8];

	ck_assert_int_eq(bt_http_receive(&conn, false, &err), 0);
	ck_assert_int_eq(conn.head.status, 101);
	ck_assert_int_eq(bt_http_read(&conn, buf, sizeof(buf), &err), 3);
	ck_assert_int_eq(memcmp(buf, "raw", 3), 0);
	ck_assert_int_eq(bt_http_read(&conn, buf, sizeof(buf), &err), 0);
	bt_http_close(&conn);
}
END_TEST

START_TEST(requests_carry_their_body_and_chunks)
{
	struct bt_http_request req = { .method = "POST",
				       .target = "/x?a=1",
				       .host = "h",
				       .type = "text/plain",
				       .chunked = true };
	struct bt_http_conn conn;
	struct bt_err err = { 0 };
	char *sent = NULL;
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(bt_http_attach(pair[0], &conn), 0);
	ck_assert_int_eq(bt_http_send(&conn, &req, &err), 0);
	ck_assert_int_eq(bt_http_write_chunk(&conn, "hello", 5, &err), 0);
	ck_assert_int_eq(bt_http_write_chunk(&conn, "", 0, &err), 0);
	bt_http_close(&conn);
	ck_assert_int_eq(bt_io_read_fd(pair[1], 4096, &sent, NULL), 0);
	ck_assert_ptr_nonnull(strstr(sent, "POST /x?a=1 HTTP/1.1\r\nHost: h\r\n"));
	ck_assert_ptr_nonnull(strstr(sent, "\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
	ck_assert_ptr_null(strstr(sent, "Content-Length"));
	free(sent);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client/http");
	TCase *tests = tcase_create("http");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, bodies_of_every_framing_are_read);
	tcase_add_test(tests, a_peer_that_breaks_off_or_lies_is_an_error);
	tcase_add_test(tests, a_promised_length_is_no_reason_to_take_memory);
	tcase_add_test(tests, an_upgrade_makes_the_rest_a_stream);
	tcase_add_test(tests, requests_carry_their_body_and_chunks);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
