/* SPDX-License-Identifier: Apache-2.0 */

/* registry/token.c, whose manual is registry/session_private.h. */

#include "session_fixture.h"

#include "registry/credentials.h"

static char user[] = "me", password[] = "p&ss w", identity[] = "id=en&tity",
	    given[] = "given-token";

/* The challenge of a registry whose tokens come from its own "/token". */
static char *challenge_header(const char *more)
{
	return bt_str_format("WWW-Authenticate: Bearer realm=\"http://127.0.0.1:%d/token%s\","
			     "service=\"reg ist\"\r\n",
			     web.port, more);
}

/* Open the session by a registry that wants "Bearer tok" and hands out `token`. */
static int open_by_token(const char *token, const char *token_status, const char *more,
			 const struct bt_session_target *target)
{
	static char *header;
	static struct web_rule rules[4];

	free(header);
	header = challenge_header(more);
	const struct web_rule now[] = {
		{ .request = "GET /v2/",
		  .needs = "Authorization: Bearer tok\r\n",
		  .status = "200 OK",
		  .body = "{}" },
		{ .request = "GET /v2/", .status = "401 Unauthorized", .headers = header },
		{ .request = "GET /token", .status = token_status, .body = token },
		{ .request = "POST /token", .status = token_status, .body = token },
	};

	/* They are to last as long as the session. */
	memcpy(rules, now, sizeof(now));
	web_rules(rules, LENGTH(rules));
	err = (struct bt_err){ 0 };
	return open_as(*target);
}

static const struct bt_session_target anybody = { .domain = NULL };

START_TEST(a_token_is_asked_for_with_service_and_scope_and_is_used_from_then_on)
{
	struct bt_session_target target = { .push = true };
	struct bt_credentials c = { .user = user, .password = password };

	ck_well(open_by_token("{\"token\":\"tok\"}", "200 OK", "", &anybody), &err);
	ck_assert_str_eq(web_last("GET /token")->line,
			 "GET /token?service=reg%20ist&scope=repository%3Aa%2Fb%3Apull HTTP/1.1");
	web_check_header("GET /token", "Authorization", NULL);
	ck_well(bt_session_check(session, &err), &err);
	web_check_header("GET /v2/", "Authorization", "Bearer tok");
	ck_assert_uint_eq(web_count("GET /token"), 1);
	/* With an account, for pushing, and at a realm that has a query already. */
	target.credentials = &c;
	ck_well(open_by_token("{\"access_token\":\"tok\"}", "200 OK", "?a=1", &target), &err);
	ck_assert_str_eq(web_last("GET /token")->line,
			 "GET /token?a=1&account=me&service=reg%20ist&"
			 "scope=repository%3Aa%2Fb%3Apull%2Cpush HTTP/1.1");
	web_check_header("GET /token", "Authorization", "Basic bWU6cCZzcyB3");
}
END_TEST

START_TEST(for_the_registry_itself_no_scope_is_asked_for)
{
	struct bt_session_target target = { .path = "" };

	ck_well(open_by_token("{\"token\":\"tok\"}", "200 OK", "", &target), &err);
	ck_assert_str_eq(web_last("GET /token")->line, "GET /token?service=reg%20ist HTTP/1.1");
}
END_TEST

START_TEST(an_identity_token_is_exchanged_and_never_stands_in_a_url)
{
	struct bt_credentials c = { .user = user,
				    .password = password,
				    .identity_token = identity };
	struct bt_session_target target = { .credentials = &c };

	ck_well(open_by_token("{\"access_token\":\"tok\"}", "200 OK", "", &target), &err);
	ck_assert_str_eq(web_last("POST /token")->line, "POST /token HTTP/1.1");
	ck_assert_str_eq(bt_str_get(&web_last("POST /token")->body),
			 "grant_type=refresh_token&refresh_token=id%3Den%26tity&client_id=berth"
			 "&service=reg%20ist&scope=repository%3Aa%2Fb%3Apull");
	web_check_header("POST /token", "Authorization", NULL);
	ck_assert_uint_eq(web_count("GET /token"), 0);
}
END_TEST

START_TEST(a_token_that_is_given_is_used_and_nobody_is_asked_for_one)
{
	struct bt_credentials c = { .registry_token = given };
	struct bt_session_target target = { .credentials = &c };

	ck_well(open_by_token("{\"token\":\"tok\"}", "200 OK", "", &target), &err);
	ck_assert_uint_eq(web_count("GET /token"), 0);
	ck_assert_int_eq(bt_session_check(session, &err), -EACCES);
	check_err(&err, BT_ERR_UNAUTHORIZED, "401 Unauthorized");
	web_check_header("GET /v2/", "Authorization", "Bearer given-token");
}
END_TEST

START_TEST(what_is_no_token_is_refused)
{
	static const struct {
		const char *status, *body, *words;
		enum bt_err_kind kind;
	} cases[] = {
		{ "200 OK", "{}", "did not include a token", BT_ERR_UNAUTHORIZED },
		{ "200 OK", "{\"token\":\"\"}", "did not include a token", BT_ERR_UNAUTHORIZED },
		{ "200 OK", "{\"token\":7}", "did not include a token", BT_ERR_UNAUTHORIZED },
		{ "200 OK", "[\"tok\"]", "did not include a token", BT_ERR_UNAUTHORIZED },
		/* What would be a header of its own. */
		{ "200 OK", "{\"token\":\"tok\\r\\nX-Evil: 1\"}", "did not include a token",
		  BT_ERR_UNAUTHORIZED },
		{ "200 OK", "{\"token\":\"tok\\n\"}", "did not include a token",
		  BT_ERR_UNAUTHORIZED },
		{ "200 OK", "<html>", "the registry's token", BT_ERR_INVALID },
		{ "401 No", "", "incorrect username or password", BT_ERR_UNAUTHORIZED },
		{ "403 No", "", "incorrect username or password", BT_ERR_UNAUTHORIZED },
		{ "404 No", "", "received unexpected HTTP status: 404", BT_ERR_NOT_FOUND },
		{ "302 There", "", "received unexpected HTTP status: 302", BT_ERR_SYSTEM },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		ck_assert_int_lt(open_by_token(cases[i].body, cases[i].status, "", &anybody), 0);
		check_err(&err, cases[i].kind, cases[i].words);
		ck_assert_ptr_null(session);
		ck_assert_uint_eq(web_count("X-Evil"), 0);
	}
}
END_TEST

START_TEST(an_expired_token_is_replaced_once_and_a_second_refusal_is_told)
{
	bt_auto_free char *header = challenge_header("");
	struct web_rule rules[] = {
		OPEN_REGISTRY,
		{ .request = "HEAD ", .needs = "Bearer second\r\n", .status = "200 OK" },
		{ .request = "HEAD ", .status = "401 Unauthorized", .headers = header },
		{ .request = "GET /token",
		  .times = 1,
		  .status = "200 OK",
		  .body = "{\"token\":\"first\"}" },
		{ .request = "GET /token", .status = "200 OK", .body = "{\"token\":\"second\"}" },
	};

	open_session(rules, LENGTH(rules));
	ck_assert_int_eq(bt_session_has_blob(session, DIGEST, &err), -EACCES);
	check_err(&err, BT_ERR_UNAUTHORIZED, "denied");
	ck_assert_uint_eq(web_count("HEAD "), 2);
	ck_assert_int_eq(bt_session_has_blob(session, DIGEST, &err), 1);
}
END_TEST

START_TEST(basic_credentials_are_sent_once_they_are_asked_for)
{
	static const struct web_rule rules[] = {
		{ .request = "GET /v2/",
		  .needs = "Authorization: Basic bWU6cCZzcyB3\r\n",
		  .status = "200 OK" },
		{ .request = "GET /v2/",
		  .status = "401 Unauthorized",
		  .headers = "WWW-Authenticate: Basic realm=\"x\"\r\n" },
	};
	struct bt_credentials c = { .user = user, .password = password };

	web_rules(rules, LENGTH(rules));
	ck_assert_int_eq(open_as(anybody), -EACCES);
	check_err(&err, BT_ERR_UNAUTHORIZED, "no basic auth credentials");
	ck_well(open_as((struct bt_session_target){ .credentials = &c }), &err);
	ck_well(bt_session_check(session, &err), &err);
	ck_assert_uint_eq(web_count("GET /token"), 0);
}
END_TEST

/* A session with `base` that nobody has opened: no request may be made. */
static int authenticate(const char *base, bool insecure, bool mirror, const char *challenge)
{
	struct bt_session s = { .endpoint = { .insecure = insecure, .mirror = mirror },
				.path = user,
				.mutex = PTHREAD_MUTEX_INITIALIZER };
	int r;

	s.endpoint.base = strdup(base);
	s.credentials.user = strdup(user);
	s.credentials.password = strdup(password);
	err = (struct bt_err){ 0 };
	r = bt_token_authenticate(&s, challenge, &err);
	if (r == 0)
		ck_assert(s.basic);
	if (mirror)
		ck_assert_ptr_null(s.credentials.password);
	free(s.endpoint.base);
	bt_credentials_done(&s.credentials);
	return r;
}

START_TEST(credentials_are_not_sent_in_the_open)
{
	static const struct {
		const char *base;
		bool insecure;
		const char *challenge, *words; /* NULL: sent */
	} cases[] = {
		{ "http://r.test", false, "Basic realm=x", "credentials are not sent without TLS" },
		{ "httpsx://r.test", false, "Basic realm=x",
		  "credentials are not sent without TLS" },
		{ "https://r.test", false, "Basic realm=x", NULL },
		{ "http://r.test", true, "Basic realm=x", NULL },
		{ "https://r.test", false, "Bearer realm=\"http://auth.test/t\"",
		  "names an authorization server without TLS" },
		{ "https://r.test", true, "Bearer realm=\"file:///etc/passwd\"",
		  "names an authorization server without TLS" },
		{ "https://r.test", true, "Bearer realm=\"//auth.test\"",
		  "names an authorization server without TLS" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		int r = authenticate(cases[i].base, cases[i].insecure, false, cases[i].challenge);

		if (cases[i].words) {
			ck_assert_int_eq(r, -EACCES);
			check_err(&err, BT_ERR_UNAUTHORIZED, cases[i].words);
		} else {
			ck_well(r, &err);
		}
	}
}
END_TEST

START_TEST(a_mirror_is_not_given_the_registrys_credentials)
{
	ck_assert_int_eq(authenticate("https://m.test", false, true, "Basic realm=x"), -EACCES);
	check_err(&err, BT_ERR_UNAUTHORIZED, "no basic auth credentials");
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_token_is_asked_for_with_service_and_scope_and_is_used_from_then_on);
	tcase_add_test(tests, for_the_registry_itself_no_scope_is_asked_for);
	tcase_add_test(tests, an_identity_token_is_exchanged_and_never_stands_in_a_url);
	tcase_add_test(tests, a_token_that_is_given_is_used_and_nobody_is_asked_for_one);
	tcase_add_test(tests, what_is_no_token_is_refused);
	tcase_add_test(tests, an_expired_token_is_replaced_once_and_a_second_refusal_is_told);
	tcase_add_test(tests, basic_credentials_are_sent_once_they_are_asked_for);
	tcase_add_test(tests, credentials_are_not_sent_in_the_open);
	tcase_add_test(tests, a_mirror_is_not_given_the_registrys_credentials);
}

int main(void)
{
	return run_suite("token", setup_registry, teardown_registry, add_tests);
}
