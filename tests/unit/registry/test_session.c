/* SPDX-License-Identifier: Apache-2.0 */

#include "registry/session.h"

#include "session_fixture.h"

START_TEST(a_registry_of_this_machine_is_spoken_to_without_tls_where_it_has_none)
{
	static const struct web_rule rules[] = { OPEN_REGISTRY };

	open_session(rules, LENGTH(rules));
	ck_assert_str_eq(bt_str_after(session->endpoint.base, "http://127.0.0.1:") ? "plain" : "",
			 "plain");
	ck_assert(!bt_session_is_mirror(session));
	/* TLS was tried before. */
	ck_assert_uint_ge(web.connections, 2);
}
END_TEST

START_TEST(a_registry_that_knows_no_base_is_one_and_one_that_is_broken_is_none)
{
	static const struct {
		const char *status;
		bool fine;
	} cases[] = {
		{ "200 OK", true },        { "404 Not Found", true },
		{ "403 Forbidden", true }, { "401 Unauthorized", true }, /* without a challenge */
		{ "500 Oh no", false },    { "503 Service Unavailable", false },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct web_rule rules[] = { { .request = "GET /v2/ ", .status = cases[i].status } };
		int r;

		web_rules(rules, LENGTH(rules));
		r = open_as((struct bt_session_target){ .domain = NULL });
		ck_assert_msg((r == 0) == cases[i].fine, "%s: %s", cases[i].status, err.msg);
		ck_assert((session != NULL) == cases[i].fine);
	}
}
END_TEST

START_TEST(a_mirror_is_asked_first_and_the_registry_where_the_mirror_is_none)
{
	static const struct web_rule mirror[] = { OPEN_REGISTRY };
	bt_auto_free char *here = bt_str_format("http://localhost:%d", web.port);
	bt_auto_free char *domain = registry_domain();
	json_auto_t *mirrors = json_pack("{s[ss]}", domain, "http://localhost:1", here);
	struct bt_settings settings = { .mirrors = mirrors };
	struct bt_session_target target = { .settings = &settings };
	struct web_rule broken[] = {
		{ .request = "GET /v2/ ", .status = "500 No", .needs = "Host: localhost" },
		OPEN_REGISTRY,
	};

	web_rules(mirror, LENGTH(mirror));
	ck_well(open_as(target), &err);
	ck_assert(bt_session_is_mirror(session));
	/* Nothing is pushed to a mirror. */
	target.push = true;
	ck_well(open_as(target), &err);
	ck_assert(!bt_session_is_mirror(session));
	target.push = false;
	target.no_mirrors = true;
	ck_well(open_as(target), &err);
	ck_assert(!bt_session_is_mirror(session));
	target.no_mirrors = false;
	web_rules(broken, LENGTH(broken));
	ck_well(open_as(target), &err);
	ck_assert(!bt_session_is_mirror(session));
}
END_TEST

START_TEST(a_refusal_has_the_registrys_words_and_the_kind_of_its_status)
{
	static const struct {
		const char *status, *body, *words;
		enum bt_err_kind kind;
		int errnum;
	} cases[] = {
		{ "404 Not Found",
		  "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"no\"}]}",
		  "manifest unknown: no", BT_ERR_NOT_FOUND, ENOENT },
		{ "400 Bad", "{\"errors\":[{\"code\":\"NAME_INVALID\"}]}",
		  "name invalid: ", BT_ERR_INVALID, EINVAL },
		{ "401 No", "{\"errors\":[]}", "denied: requested access to the resource is denied",
		  BT_ERR_UNAUTHORIZED, EACCES },
		{ "403 No", "<html>", "denied: requested access to the resource is denied",
		  BT_ERR_FORBIDDEN, EPERM },
		{ "403 No", "{\"errors\":[{\"message\":\"plan expired\"}]}", ": plan expired",
		  BT_ERR_FORBIDDEN, EPERM },
		{ "404 Not Found", "", "received unexpected HTTP status: 404", BT_ERR_NOT_FOUND,
		  ENOENT },
		{ "418 Teapot", "[1]", "received unexpected HTTP status: 418", BT_ERR_SYSTEM, EIO },
		{ "405 No", "{\"errors\":{\"code\":\"X\"}}", "received unexpected HTTP status: 405",
		  BT_ERR_SYSTEM, EIO },
		{ "405 No", "{\"errors\":[\"x\"]}", "received unexpected HTTP status: 405",
		  BT_ERR_SYSTEM, EIO },
		{ "405 No", "{\"errors\":[{\"code\":5,\"message\":{}}]}",
		  "received unexpected HTTP status: 405", BT_ERR_SYSTEM, EIO },
	};

	open_session(&(struct web_rule)OPEN_REGISTRY, 1);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct web_rule rules[] = {
			{ .request = "GET ", .status = cases[i].status, .body = cases[i].body }
		};
		struct bt_session_manifest m = { 0 };

		web_rules(rules, LENGTH(rules));
		err = (struct bt_err){ 0 };
		ck_assert_int_eq(bt_session_get_manifest(session, "1", &m, &err), -cases[i].errnum);
		check_err(&err, cases[i].kind, cases[i].words);
		ck_assert_ptr_null(m.text);
	}
}
END_TEST

START_TEST(a_refusal_of_any_length_makes_a_message_of_bounded_length)
{
	bt_auto_str struct bt_str body = { 0 };
	struct bt_session_manifest m = { 0 };

	bt_str_puts(&body, "{\"errors\":[{\"code\":\"");
	bt_str_fill(&body, 'A', 100000);
	bt_str_puts(&body, "\",\"message\":\"");
	bt_str_fill(&body, 'b', 100000);
	bt_str_puts(&body, "\"}]}");
	struct web_rule rules[] = {
		OPEN_REGISTRY, { .request = "GET ", .status = "404 No", .body = bt_str_get(&body) }
	};
	open_session(rules, LENGTH(rules));
	ck_assert_int_eq(bt_session_get_manifest(session, "1", &m, &err), -ENOENT);
	ck_assert_uint_eq(strlen(err.msg), 100 + 2 + 300);
}
END_TEST

START_TEST(a_manifest_has_its_bytes_and_its_media_type_without_parameters)
{
	static const struct web_rule rules[] = {
		OPEN_REGISTRY,
		{ .request = "GET /v2/a/b/manifests/1 ",
		  .needs = "application/vnd.oci.image.index.v1+json",
		  .status = "200 OK",
		  .headers = "Content-Type: application/x+json; charset=utf-8\r\n",
		  .body = "{\"a\":\0 1}",
		  .len = 8 },
		{ .request = "GET /v2/a/b/manifests/untyped ", .status = "200 OK", .body = "" },
	};
	bt_auto(bt_session_manifest_done) struct bt_session_manifest m = { 0 }, n = { 0 };

	open_session(rules, LENGTH(rules));
	ck_well(bt_session_get_manifest(session, "1", &m, &err), &err);
	ck_assert_uint_eq(m.len, 8);
	ck_assert_mem_eq(m.text, "{\"a\":\0 1", 8);
	ck_assert_str_eq(m.media_type, "application/x+json");
	ck_well(bt_session_get_manifest(session, "untyped", &n, &err), &err);
	ck_assert_str_eq(n.text, "");
	ck_assert_str_eq(n.media_type, "");
}
END_TEST

START_TEST(a_list_of_tags_has_nothing_in_it_that_is_no_tag)
{
	static const char
		most[] = "{\"tags\":[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			 "aaaaaaaaaa\"]}",
		more[] = "{\"tags\":[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			 "aaaaaaaaaaa\"]}";
	static const struct {
		const char *body;
		int n; /* -1: refused */
	} cases[] = {
		{ "{\"name\":\"a/b\",\"tags\":[\"1\",\"v1.2-rc_3\",\"_x\"]}", 3 },
		{ "{\"tags\":[]}", 0 },
		{ "{\"tags\":null}", 0 },
		{ "{}", 0 },
		{ most, 1 },
		{ more, -1 },
		{ "{\"tags\":[\"1\",\"../../x\"]}", -1 },
		{ "{\"tags\":[\".a\"]}", -1 },
		{ "{\"tags\":[\"-a\"]}", -1 },
		{ "{\"tags\":[\"\"]}", -1 },
		{ "{\"tags\":[\"a b\"]}", -1 },
		{ "{\"tags\":[7]}", -1 },
		{ "{\"tags\":[\"1\",\"2\",\"3\",\"4\"]}", -1 }, /* more than were wanted */
		{ "{\"tags\":", -1 },
	};

	open_session(&(struct web_rule)OPEN_REGISTRY, 1);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct web_rule rules[] = { { .request = "GET /v2/a/b/tags/list ",
					      .status = "200 OK",
					      .body = cases[i].body } };
		json_auto_t *tags = NULL;
		int r;

		web_rules(rules, LENGTH(rules));
		err = (struct bt_err){ 0 };
		r = bt_session_list_tags(session, 3, &tags, &err);
		ck_assert_msg((r == 0) == (cases[i].n >= 0), "%s: %s", cases[i].body, err.msg);
		if (r < 0) {
			ck_assert_int_eq(err.kind, BT_ERR_INVALID);
			ck_assert_ptr_null(tags);
		} else {
			ck_assert_msg((int)json_array_size(tags) == cases[i].n, "%s",
				      cases[i].body);
		}
	}
}
END_TEST

START_TEST(what_is_searched_for_is_escaped_and_the_limit_is_said_where_there_is_one)
{
	static const struct web_rule rules[] = {
		OPEN_REGISTRY,
		{ .request = "GET /v1/search?q=a%2Fb%26n%3D9%20%C3%A4 ",
		  .status = "200 OK",
		  .body = "{\"results\":[]}" },
		{ .request = "GET /v1/search?q=x&n=25 ", .status = "200 OK", .body = "{}" },
		{ .request = "GET /v1/search?q=broken ", .status = "200 OK", .body = "<html>" },
		{ .request = "GET /v1/search?q=none ", .status = "404 Not Found" },
	};
	json_auto_t *one = NULL, *two = NULL;
	json_t *none = NULL;

	open_session(rules, LENGTH(rules));
	ck_well(bt_session_search(session, "a/b&n=9 ä", 0, &one, &err), &err);
	ck_assert(json_is_object(one));
	ck_well(bt_session_search(session, "x", 25, &two, &err), &err);
	ck_assert_int_lt(bt_session_search(session, "broken", 0, &none, &err), 0);
	check_err(&err, BT_ERR_INVALID, "the registry's answer");
	ck_assert_int_eq(bt_session_search(session, "none", 0, &none, &err), -ENOENT);
	ck_assert_ptr_null(none);
}
END_TEST

START_TEST(a_blob_is_there_is_not_or_nobody_knows)
{
	static const struct web_rule rules[] = {
		OPEN_REGISTRY,
		{ .request = "HEAD /v2/a/b/blobs/yes ", .status = "200 OK", .body = "12345" },
		{ .request = "HEAD /v2/a/b/blobs/no ", .status = "404 Not Found" },
		{ .request = "HEAD /v2/a/b/blobs/secret ", .status = "403 Forbidden" },
		{ .request = "HEAD /v2/a/b/blobs/moved ",
		  .status = "307 There",
		  .headers = "Location: /elsewhere\r\n" },
		{ .request = "HEAD /elsewhere ", .status = "200 OK" },
	};

	open_session(rules, LENGTH(rules));
	ck_assert_int_eq(bt_session_has_blob(session, "yes", &err), 1);
	ck_assert_int_eq(bt_session_has_blob(session, "no", &err), 0);
	ck_assert_int_eq(bt_session_has_blob(session, "moved", &err), 1);
	ck_assert_int_eq(bt_session_has_blob(session, "secret", &err), -EPERM);
}
END_TEST

START_TEST(a_manifest_is_put_as_it_is_and_the_registrys_name_for_it_is_told)
{
	static const struct web_rule rules[] = {
		OPEN_REGISTRY,
		{ .request = "PUT /v2/a/b/manifests/1 ",
		  .status = "201 Created",
		  .headers = "Docker-Content-Digest: " DIGEST "\r\n" },
		{ .request = "PUT /v2/a/b/manifests/2 ", .status = "200 OK" },
		{ .request = "PUT /v2/a/b/manifests/3 ", .status = "202 Accepted" },
	};
	bt_auto_free char *first = NULL, *second = NULL;

	open_session(rules, LENGTH(rules));
	ck_well(bt_session_put_manifest(session, "1", "a/json", "{ }", 3, &first, &err), &err);
	ck_assert_str_eq(first, DIGEST);
	web_check_header("PUT /v2/a/b/manifests/1", "Content-Type", "a/json");
	ck_assert_str_eq(bt_str_get(&web_last("PUT")->body), "{ }");
	ck_well(bt_session_put_manifest(session, "2", "a/json", "{}", 2, &second, &err), &err);
	ck_assert_ptr_null(second);
	ck_well(bt_session_put_manifest(session, "1", "a/json", "{}", 2, NULL, &err), &err);
	ck_assert_int_eq(bt_session_put_manifest(session, "3", "a/json", "{}", 2, &second, &err),
			 -EIO);
	ck_assert_ptr_null(second);
}
END_TEST

START_TEST(a_registry_that_is_busy_is_asked_again_and_three_times_at_most)
{
	static const struct web_rule rules[] = {
		OPEN_REGISTRY,
		{ .request = "GET /v2/a/b/manifests/1 ",
		  .times = 1,
		  .status = "429 Too Many",
		  .headers = "Retry-After: 1\r\n" },
		{ .request = "GET /v2/a/b/manifests/1 ", .status = "200 OK", .body = "{}" },
		{ .request = "GET /v2/a/b/manifests/2 ",
		  .status = "503 Busy",
		  .headers = "Retry-After: 1\r\n" },
		{ .request = "GET /v2/a/b/manifests/3 ", .status = "501 Never" },
	};
	bt_auto(bt_session_manifest_done) struct bt_session_manifest m = { 0 }, n = { 0 };

	open_session(rules, LENGTH(rules));
	ck_well(bt_session_get_manifest(session, "1", &m, &err), &err);
	ck_assert_uint_eq(web_count("GET /v2/a/b/manifests/1"), 2);
	ck_assert_int_eq(bt_session_get_manifest(session, "2", &n, &err), -EAGAIN);
	check_err(&err, BT_ERR_UNAVAILABLE, "503");
	ck_assert_uint_eq(web_count("GET /v2/a/b/manifests/2"), 3);
	ck_assert_int_eq(bt_session_get_manifest(session, "3", &n, &err), -EIO);
	ck_assert_uint_eq(web_count("GET /v2/a/b/manifests/3"), 1);
}
END_TEST

START_TEST(nobody_waits_for_a_busy_registry_on_behalf_of_who_has_gone)
{
	static const struct web_rule rules[] = {
		OPEN_REGISTRY,
		{ .request = "GET ", .status = "503 Busy", .headers = "Retry-After: 100000\r\n" },
	};
	atomic_bool gone = true;
	bt_auto_str struct bt_str text = { 0 };

	ck_assert_int_eq(bt_session_pause_(&gone, 20, 0), -ECANCELED);
	open_session(rules, LENGTH(rules));
	ck_assert_int_eq(bt_session_get_part(session,
					     &(struct bt_session_part){ .digest = DIGEST,
									.len = 1,
									.size = 1,
									.sink = append,
									.arg = &text,
									.cancelled = &gone },
					     &err),
			 -ECANCELED);
}
END_TEST

START_TEST(a_session_lives_as_long_as_its_last_reference)
{
	static const struct web_rule rules[] = { OPEN_REGISTRY,
						 { .request = "HEAD ", .status = "200 OK" } };

	open_session(rules, LENGTH(rules));
	ck_assert_ptr_eq(bt_session_ref(session), session);
	bt_session_destroy(session);
	ck_assert_int_eq(bt_session_has_blob(session, DIGEST, &err), 1);
	bt_session_destroy(NULL);
}
END_TEST

static void *has_blob(void *arg)
{
	struct bt_err own = { 0 };
	int *ret = arg;

	*ret = bt_session_has_blob(session, DIGEST, &own);
	return NULL;
}

START_TEST(more_transfers_at_once_than_connections_are_kept_are_served_all)
{
	static const struct web_rule rules[] = { OPEN_REGISTRY,
						 { .request = "HEAD ", .status = "200 OK" } };
	pthread_t threads[2 * BT_SESSION_IDLE_MAX];
	int results[LENGTH(threads)];

	open_session(rules, LENGTH(rules));
	for (size_t i = 0; i < LENGTH(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, has_blob, &results[i]), 0);
	for (size_t i = 0; i < LENGTH(threads); i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert_int_eq(results[i], 1);
	}
	ck_assert_uint_le(session->idle_len, BT_SESSION_IDLE_MAX);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests,
		       a_registry_of_this_machine_is_spoken_to_without_tls_where_it_has_none);
	tcase_add_test(tests, a_registry_that_knows_no_base_is_one_and_one_that_is_broken_is_none);
	tcase_add_test(tests, a_mirror_is_asked_first_and_the_registry_where_the_mirror_is_none);
	tcase_add_test(tests, a_refusal_has_the_registrys_words_and_the_kind_of_its_status);
	tcase_add_test(tests, a_refusal_of_any_length_makes_a_message_of_bounded_length);
	tcase_add_test(tests, a_manifest_has_its_bytes_and_its_media_type_without_parameters);
	tcase_add_test(tests, a_list_of_tags_has_nothing_in_it_that_is_no_tag);
	tcase_add_test(tests,
		       what_is_searched_for_is_escaped_and_the_limit_is_said_where_there_is_one);
	tcase_add_test(tests, a_blob_is_there_is_not_or_nobody_knows);
	tcase_add_test(tests, a_manifest_is_put_as_it_is_and_the_registrys_name_for_it_is_told);
	tcase_add_test(tests, a_registry_that_is_busy_is_asked_again_and_three_times_at_most);
	tcase_add_test(tests, nobody_waits_for_a_busy_registry_on_behalf_of_who_has_gone);
	tcase_add_test(tests, a_session_lives_as_long_as_its_last_reference);
	tcase_add_test(tests, more_transfers_at_once_than_connections_are_kept_are_served_all);
}

int main(void)
{
	return run_suite("session", setup_registry, teardown_registry, add_tests);
}
