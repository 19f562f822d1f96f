/* SPDX-License-Identifier: Apache-2.0 */

/* registry/upload.c, whose manual is registry/session.h. */

#include "session_fixture.h"

#define UPLOADS "POST /v2/a/b/blobs/uploads/ "

/* Begin an upload that is answered with `location`. */
static int begin(const char *location, char **ret_url)
{
	bt_auto_free char *headers = location ? bt_str_format("Location: %s\r\n", location) : NULL;
	struct web_rule rules[] = {
		OPEN_REGISTRY,
		{ .request = UPLOADS, .status = "202 Accepted", .headers = headers },
	};

	web_rules(rules, LENGTH(rules));
	if (!session)
		ck_well(open_as((struct bt_session_target){ .push = true }), &err);
	err = (struct bt_err){ 0 };
	return bt_session_begin_upload(session, DIGEST, NULL, ret_url, &err);
}

START_TEST(an_upload_goes_where_the_registry_says_on_its_own_host_or_on_another)
{
	bt_auto_free char *own = bt_str_format("http://127.0.0.1:%d/up/1?state=x", web.port);
	const struct {
		const char *location, *url;
	} cases[] = {
		{ "/up/1?state=x", own },
		{ own, own },
		{ "http://elsewhere.test/u", "http://elsewhere.test/u" },
		{ "https://elsewhere.test/u", "https://elsewhere.test/u" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		bt_auto_free char *url = NULL;

		ck_assert_msg(begin(cases[i].location, &url) == 0, "%s: %s", cases[i].location,
			      err.msg);
		ck_assert_str_eq(url, cases[i].url);
	}
}
END_TEST

START_TEST(an_upload_goes_nowhere_but_to_web_servers)
{
	static const char *const locations[] = { "file:///etc/cron.d/x",
						 "ftp://elsewhere.test/u",
						 "uploads/1",
						 "",
						 "javascript:1",
						 "httpx://a/" };

	for (size_t i = 0; i < LENGTH(locations); i++) {
		char *url = NULL;

		ck_assert_msg(begin(locations[i], &url) < 0, "%s: %s", locations[i], url);
		check_err(&err, BT_ERR_FORBIDDEN, "the registry wants an upload at ");
		ck_assert_ptr_null(url);
	}
	char *url = NULL;

	ck_assert_int_eq(begin(NULL, &url), -EBADMSG);
	check_err(&err, BT_ERR_SYSTEM, "does not say where to upload");
	ck_assert_ptr_null(url);
}
END_TEST

START_TEST(a_registry_of_tls_cannot_lead_an_upload_out_of_it)
{
	/* The real one speaks no TLS: its answers are taken for those of one that does. */
	static const struct {
		const char *location;
		bool fine;
	} cases[] = { { "https://elsewhere.test/u", true },
		      { "/u", true },
		      { "http://elsewhere.test/u", false } };
	char *url = NULL;

	ck_well(begin("/first", &url), &err);
	free(bt_take(url));
	free(session->endpoint.base);
	session->endpoint.base = strdup("https://registry.test");
	for (size_t i = 0; i < LENGTH(cases); i++) {
		int r = begin(cases[i].location, &url);

		ck_assert_msg((r == 0) == cases[i].fine, "%s: %s", cases[i].location, err.msg);
		if (!cases[i].fine)
			check_err(&err, BT_ERR_FORBIDDEN, "which is out of TLS");
		free(bt_take(url));
	}
}
END_TEST

START_TEST(a_blob_is_mounted_from_a_repository_beside_or_an_upload_begins_instead)
{
	static const struct web_rule rules[] = {
		OPEN_REGISTRY,
		{ .request = "POST /v2/a/b/blobs/uploads/?mount=" DIGEST "&from=c/d ",
		  .status = "201 Created",
		  .headers = "Location: /v2/a/b/blobs/" DIGEST "\r\n" },
		{ .request = "POST /v2/a/b/blobs/uploads/?mount=" DIGEST "&from=e ",
		  .status = "202 Accepted",
		  .headers = "Location: /up/2\r\n" },
		{ .request = "POST ", .status = "403 Forbidden" },
	};
	bt_auto_free char *url = NULL;

	open_session(rules, LENGTH(rules));
	ck_assert_int_eq(bt_session_begin_upload(session, DIGEST, "c/d", &url, &err), 1);
	ck_assert_ptr_null(url);
	ck_assert_int_eq(bt_session_begin_upload(session, DIGEST, "e", &url, &err), 0);
	ck_assert(bt_str_ends(url, "/up/2"));
	free(bt_take(url));
	ck_assert_int_eq(bt_session_begin_upload(session, DIGEST, "f", &url, &err), -EPERM);
	check_err(&err, BT_ERR_FORBIDDEN, "denied");
	ck_assert_ptr_null(url);
}
END_TEST

/* A source of two parts. */
static ssize_t draw(void *arg, void *buf, size_t len)
{
	const char **next = arg;
	size_t n = *next ? strlen(*next) : 0;

	ck_assert_uint_le(n, len);
	if (n > 0)
		memcpy(buf, *next, n);
	*next = NULL;
	return (ssize_t)n;
}

START_TEST(an_upload_is_sent_finished_and_goes_by_its_digest)
{
	static const struct web_rule rules[] = {
		OPEN_REGISTRY,
		{ .request = "PATCH /up/1 ",
		  .status = "202 Accepted",
		  .headers = "Location: /up/1?s=2\r\n" },
		{ .request = "PUT /up/1?s=2&digest=" DIGEST " ", .status = "201 Created" },
		{ .request = "PUT /up/3?digest=" DIGEST " ", .status = "201 Created" },
		{ .request = "PUT /up/4?digest=",
		  .status = "400 Bad Request",
		  .body = "{\"errors\":[{\"code\":\"DIGEST_INVALID\",\"message\":\"not that\"}]}" },
	};
	bt_auto_free char *url = bt_str_format("http://127.0.0.1:%d/up/1", web.port), *end = NULL;
	bt_auto_free char *other = bt_str_format("http://127.0.0.1:%d/up/3", web.port);
	bt_auto_free char *wrong = bt_str_format("http://127.0.0.1:%d/up/4", web.port);
	const char *text = "the content";

	open_session(rules, LENGTH(rules));
	ck_well(bt_session_upload(session, url, draw, &text, &end, &err), &err);
	ck_assert_str_eq(bt_str_get(&web_last("PATCH")->body), "the content");
	ck_well(bt_session_end_upload(session, end, DIGEST, NULL, 0, &err), &err);
	ck_well(bt_session_end_upload(session, other, DIGEST, "rest", 4, &err), &err);
	ck_assert_str_eq(bt_str_get(&web_last("PUT /up/3")->body), "rest");
	ck_assert_int_lt(bt_session_end_upload(session, wrong, DIGEST, NULL, 0, &err), 0);
	check_err(&err, BT_ERR_INVALID, "digest invalid: not that");
}
END_TEST

START_TEST(how_much_of_an_upload_is_there_is_believed_only_where_it_can_be_true)
{
	static const struct {
		const char *range;
		int64_t have;
	} cases[] = {
		{ "0-99", 100 },
		{ "0-1", 2 },
		{ "0-0", 0 },
		{ "5-9", 0 },
		{ "bytes=0-99", 0 },
		{ "0--5", 0 },
		{ "0-9223372036854775807", 0 },
		{ "0-99999999999999999999", 0 },
		{ "0-9223372036854775806", INT64_MAX },
		{ "", 0 },
		{ NULL, 0 },
	};

	open_session(&(struct web_rule)OPEN_REGISTRY, 1);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		bt_auto_free char *headers = bt_str_format(
			"Location: /up/2\r\n%s%s%s", cases[i].range ? "Range: " : "",
			cases[i].range ? cases[i].range : "", cases[i].range ? "\r\n" : "");
		bt_auto_free char *url = bt_str_format("http://127.0.0.1:%d/up/1", web.port);
		bt_auto_free char *next = NULL;
		struct web_rule rules[] = {
			{ .request = "GET /up/1 ", .status = "204 No Content", .headers = headers }
		};
		int64_t have = -1;

		web_rules(rules, LENGTH(rules));
		ck_well(bt_session_ask_upload(session, url, &next, &have, &err), &err);
		ck_assert_msg(have == cases[i].have, "%s: %lld",
			      cases[i].range ? cases[i].range : "(none)", (long long)have);
		ck_assert(bt_str_ends(next, "/up/2"));
	}
}
END_TEST

START_TEST(an_upload_that_is_not_known_any_more_cannot_be_taken_up)
{
	bt_auto_free char *url = bt_str_format("http://127.0.0.1:%d/up/1", web.port);
	char *next = NULL;
	int64_t have = 7;

	open_session(&(struct web_rule)OPEN_REGISTRY, 1);
	ck_assert_int_eq(bt_session_ask_upload(session, url, &next, &have, &err), -ENOENT);
	ck_assert_ptr_null(next);
	ck_assert_int_eq(have, 7);
	/* To drop it is no error either. */
	bt_session_drop_upload(session, url);
	ck_assert_uint_eq(web_count("DELETE /up/1"), 1);
}
END_TEST

START_TEST(what_is_uploaded_elsewhere_takes_no_credentials_along)
{
	static const struct web_rule rules[] = {
		{ .request = "GET /v2/ ",
		  .status = "401 Unauthorized",
		  .headers = "WWW-Authenticate: Basic realm=x\r\n" },
		{ .request = "PATCH ", .status = "202 Accepted", .headers = "Location: /u\r\n" },
	};
	char user[] = "me", password[] = "secret";
	struct bt_credentials c = { .user = user, .password = password };
	static const struct {
		const char *host, *path, *authorization;
	} cases[] = { { "127.0.0.1", "/ours", "Basic bWU6c2VjcmV0" },
		      { "localhost", "/theirs", NULL } };

	web_rules(rules, LENGTH(rules));
	ck_well(open_as((struct bt_session_target){ .push = true, .credentials = &c }), &err);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		bt_auto_free char *url =
			bt_str_format("http://%s:%d%s", cases[i].host, web.port, cases[i].path);
		bt_auto_free char *line = bt_str_format("PATCH %s", cases[i].path);
		bt_auto_free char *end = NULL;
		const char *text = "x";

		ck_well(bt_session_upload(session, url, draw, &text, &end, &err), &err);
		web_check_header(line, "Authorization", cases[i].authorization);
	}
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, an_upload_goes_where_the_registry_says_on_its_own_host_or_on_another);
	tcase_add_test(tests, an_upload_goes_nowhere_but_to_web_servers);
	tcase_add_test(tests, a_registry_of_tls_cannot_lead_an_upload_out_of_it);
	tcase_add_test(tests,
		       a_blob_is_mounted_from_a_repository_beside_or_an_upload_begins_instead);
	tcase_add_test(tests, an_upload_is_sent_finished_and_goes_by_its_digest);
	tcase_add_test(tests, how_much_of_an_upload_is_there_is_believed_only_where_it_can_be_true);
	tcase_add_test(tests, an_upload_that_is_not_known_any_more_cannot_be_taken_up);
	tcase_add_test(tests, what_is_uploaded_elsewhere_takes_no_credentials_along);
}

int main(void)
{
	return run_suite("upload", setup_registry, teardown_registry, add_tests);
}
