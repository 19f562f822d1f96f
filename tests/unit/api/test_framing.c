/* SPDX-License-Identifier: Apache-2.0 */

#include "api/framing.h"

#include <errno.h>
#include <string.h>

#include "../suite.h"

static struct bt_err err;

/* What is said of these headers, "name:value" separated by '\n'; `size` bytes. */
static int check_as(const char *version, const char *headers, size_t size)
{
	struct bt_framing f = { .is_old = bt_framing_is_old(version) };
	const char *end = headers + size;

	err = (struct bt_err){ 0 };
	while (headers < end) {
		const char *line_end = memchr(headers, '\n', (size_t)(end - headers));
		const char *colon;

		line_end = line_end ? line_end : end;
		colon = memchr(headers, ':', (size_t)(line_end - headers));
		ck_assert_ptr_nonnull(colon);
		bt_framing_add(&f, headers, (size_t)(colon - headers), colon + 1,
			       (size_t)(line_end - colon - 1));
		headers = line_end + 1;
	}
	return bt_framing_check(&f, &err);
}

/* Of a request that says where it goes, as clients do. */
static int check_bytes(const char *headers, size_t size)
{
	char all[256] = "Host:docker\n";
	const size_t len = strlen(all);

	if (size == 0 || memmem(headers, size, "Host:", 5))
		return check_as("HTTP/1.1", size ? headers : all, size ? size : len);
	ck_assert_uint_lt(len + size, sizeof(all));
	memcpy(all + len, headers, size);
	return check_as("HTTP/1.1", all, len + size);
}

static int check(const char *headers)
{
	return check_bytes(headers, strlen(headers));
}

START_TEST(what_clients_send_is_fine)
{
	static const char *const fine[] = {
		"",
		"Host:docker",
		"Host:",
		"Content-Length:0\nHost:a",
		"Content-Length:17\nContent-Length:17",
		"Content-Length: 17\nContent-Length:17 ",
		"Transfer-Encoding:chunked",
		"transfer-encoding:\tChunked ",
		"X-Registry-Auth:eyJ9==\nUser-Agent:Docker-Client/28 (linux; \xc3\xa4)",
		"X:",
		"!#$%&'*+-.^_`|~09azAZ:a\tb",
		/* Not the names that matter. */
		"X-Content-Length:1\nX-Content-Length:2\nContent-Lengths:3\nContent-Lengt:4",
		"TE:trailers\nTE:gzip",
	};

	for (size_t i = 0; i < LENGTH(fine); i++)
		ck_assert_msg(check(fine[i]) == 0, "%s: %s", fine[i], err.msg);
}
END_TEST

START_TEST(a_doubt_about_the_end_of_the_body_is_refused)
{
	static const struct {
		const char *headers, *words;
		enum bt_err_kind kind;
	} cases[] = {
		{ "Content-Length:0\nContent-Length:44", "they differ", BT_ERR_INVALID },
		{ "Content-Length:44\ncontent-length:0", "they differ", BT_ERR_INVALID },
		{ "Content-Length:4\nContent-Length:4\nContent-Length:5", "differ",
		  BT_ERR_INVALID },
		{ "Content-Length:4\nContent-Length:04", "they differ", BT_ERR_INVALID },
		{ "Content-Length:4\nContent-Length:", "they differ", BT_ERR_INVALID },
		{ "Content-Length:5\nTransfer-Encoding:chunked", "both", BT_ERR_INVALID },
		{ "Transfer-Encoding:chunked\nContent-Length:5", "both", BT_ERR_INVALID },
		{ "Transfer-Encoding:identity\nContent-Length:5", "both", BT_ERR_INVALID },
		{ "Transfer-Encoding:chunked\nTransfer-Encoding:chunked", "unsupported",
		  BT_ERR_NOT_IMPLEMENTED },
		{ "Transfer-Encoding:identity\nTransfer-Encoding:chunked", "unsupported",
		  BT_ERR_NOT_IMPLEMENTED },
		{ "Transfer-Encoding:xchunked", "unsupported", BT_ERR_NOT_IMPLEMENTED },
		{ "Transfer-Encoding:chunked, identity", "unsupported", BT_ERR_NOT_IMPLEMENTED },
		{ "Transfer-Encoding:gzip, chunked", "unsupported", BT_ERR_NOT_IMPLEMENTED },
		{ "Transfer-Encoding:chunked,", "unsupported", BT_ERR_NOT_IMPLEMENTED },
		{ "Transfer-Encoding:", "unsupported", BT_ERR_NOT_IMPLEMENTED },
		{ "Host:a\nHost:b", "too many Host", BT_ERR_INVALID },
		{ "Host:a\nHost:a", "too many Host", BT_ERR_INVALID },
		{ "Content-Length :5", "malformed", BT_ERR_INVALID },
		{ "Content-Length\t:5", "malformed", BT_ERR_INVALID },
		{ " Content-Length:5", "malformed", BT_ERR_INVALID },
		{ ":5", "malformed", BT_ERR_INVALID },
		{ "X(y):5", "malformed", BT_ERR_INVALID },
		{ "X\xc3\xa4:5", "malformed", BT_ERR_INVALID },
		{ "X:a\rContent-Length: 5", "malformed", BT_ERR_INVALID },
		{ "X:a\x7f", "malformed", BT_ERR_INVALID },
		{ "X:a\x1b[2J", "malformed", BT_ERR_INVALID },
		{ "Transfer-Encoding:\vchunked", "malformed", BT_ERR_INVALID },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		ck_assert_msg(check(cases[i].headers) == -EBADMSG, "%s", cases[i].headers);
		ck_assert_msg(err.kind == cases[i].kind && strstr(err.msg, cases[i].words),
			      "%s: %s", cases[i].headers, err.msg);
	}
}
END_TEST

START_TEST(a_nul_hides_nothing)
{
	ck_assert_int_eq(check_bytes("X:a\0b", 5), -EBADMSG);
	ck_assert_int_eq(check_bytes("X\0Y:a", 5), -EBADMSG);
	ck_assert_int_eq(check_bytes("Content-Length:5\0", 17), -EBADMSG);
	ck_assert_int_eq(check_bytes("Transfer-Encoding:chunked\0x", 27), -EBADMSG);
}
END_TEST

static int check_text_as(const char *version, const char *headers)
{
	return check_as(version, headers, strlen(headers));
}

START_TEST(only_before_http_1_1_nobody_need_say_which_host_is_meant)
{
	ck_assert_int_eq(check_text_as("HTTP/1.0", "X:y"), 0);
	ck_assert_int_eq(check_text_as("HTTP/1.0", ""), 0);
	ck_assert_int_eq(check_text_as("HTTP/1.1", "X:y"), -EBADMSG);
	ck_assert_str_eq(err.msg, "missing required Host header");
	ck_assert_int_eq(check_text_as("HTTP/1.1", ""), -EBADMSG);
	ck_assert_int_eq(check_text_as("HTTP/1.1", "Hosts:y\nHos:t"), -EBADMSG);
	ck_assert_int_eq(check_text_as("HTTP/1.2", "X:y"), -EBADMSG);
	ck_assert_int_eq(check_text_as("HTTP/1.1", "host:"), 0);
}
END_TEST

START_TEST(http_1_0_has_no_transfer_encoding)
{
	ck_assert_int_eq(check_text_as("HTTP/1.0", "Transfer-Encoding:chunked"), -EBADMSG);
	ck_assert(err.kind == BT_ERR_INVALID && strstr(err.msg, "before HTTP/1.1"));
	ck_assert_int_eq(check_text_as("HTTP/1.0", "Transfer-Encoding:identity"), -EBADMSG);
	ck_assert_int_eq(check_text_as("HTTP/1.0", "Content-Length:5"), 0);
	ck_assert_int_eq(check_text_as("HTTP/1.1", "Host:a\nTransfer-Encoding:chunked"), 0);
}
END_TEST

START_TEST(what_names_no_version_is_old)
{
	static const char *const old[] = { "", "HTTP/1.0", "HTTP/0.9", "HTTP/1.", "HTTP/", "x" };

	for (size_t i = 0; i < LENGTH(old); i++)
		ck_assert_msg(bt_framing_is_old(old[i]), "%s", old[i]);
	ck_assert(!bt_framing_is_old("HTTP/1.1") && !bt_framing_is_old("HTTP/1.9"));
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, what_clients_send_is_fine);
	tcase_add_test(tests, a_doubt_about_the_end_of_the_body_is_refused);
	tcase_add_test(tests, a_nul_hides_nothing);
	tcase_add_test(tests, only_before_http_1_1_nobody_need_say_which_host_is_meant);
	tcase_add_test(tests, http_1_0_has_no_transfer_encoding);
	tcase_add_test(tests, what_names_no_version_is_old);
}

int main(void)
{
	return run_suite("api/framing", NULL, NULL, add_tests);
}
