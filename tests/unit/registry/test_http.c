/* SPDX-License-Identifier: Apache-2.0 */

#include "registry/http.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "../keep_curl.h"
#include "../suite.h"
#include "../web_server.h"
#include "base/auto.h"

#define FAR "10.9.8.7" /* an address that is not this machine's own, as far as one can see */

static const struct bt_curl_lib *curl;
static CURL *easy;
static struct bt_err err;
static struct bt_http_answer answer;

static void setup(void)
{
	curl = keep_curl();
	easy = curl->easy_init();
	ck_assert_ptr_nonnull(easy);
	web_start(NULL, 0);
}

static void teardown(void)
{
	bt_http_answer_done(&answer);
	curl->easy_cleanup(easy);
	web_stop();
}

static char *url_at(const char *host, const char *path)
{
	char *url = bt_str_format("http://%s:%d%s", host, web.port, path);

	ck_assert_ptr_nonnull(url);
	return url;
}

/* Ask this machine's server for `path`; the answer is in `answer`. */
static int ask(const char *path, struct bt_http_request req)
{
	bt_auto_free char *url = url_at("127.0.0.1", path);

	if (!req.url)
		req.url = url;
	if (!req.method)
		req.method = "GET";
	bt_http_answer_done(&answer);
	return bt_http_perform(curl, easy, &req, &answer, &err);
}

#define ask_well(path, ...) ck_well(ask(path, (struct bt_http_request){ __VA_ARGS__ }), &err)

/* What a sink was given. */
struct sunk {
	struct bt_str text;
	size_t quiet;       /* how often it was told that nothing more is there */
	size_t enough;      /* so many bytes are; 0: never */
	int fail;           /* what it returns */
	atomic_bool *after; /* to be set once it was told so */
};

static int sink(void *arg, const void *data, size_t len)
{
	struct sunk *s = arg;

	if (len == 0) {
		s->quiet++;
		if (s->after && s->text.len > 0)
			atomic_store(s->after, true);
		return s->fail;
	}
	bt_str_add(&s->text, data, len);
	if (s->enough > 0 && s->text.len >= s->enough)
		return BT_HTTP_ENOUGH;
	return s->after ? 0 : s->fail;
}

START_TEST(headers_are_known_in_any_case_and_without_the_blanks_around_them)
{
	static const struct web_rule rules[] = {
		{ .request = "GET /a ",
		  .status = "200 OK",
		  .headers = "CONTENT-type:\t text/x; y=1  \r\n"
			     "docker-content-DIGEST: sha256:abc\r\n"
			     "LOCATION:/there\r\nrange: 0-99\r\nRetry-After: 7\r\n"
			     "Docker-Content-Digest-Of: no\r\n",
		  .body = "hello" },
		{ .request = "GET /b ", .status = "204 No Content" },
	};

	web_rules(rules, LENGTH(rules));
	ask_well("/a");
	ck_assert_int_eq(answer.status, 200);
	ck_assert_str_eq(answer.content_type, "text/x; y=1");
	ck_assert_str_eq(answer.digest, "sha256:abc");
	ck_assert_str_eq(answer.location, "/there");
	ck_assert_str_eq(answer.range, "0-99");
	ck_assert_int_eq(answer.retry_after, 7);
	ck_assert_ptr_null(answer.challenge);
	ck_assert_str_eq(bt_str_get(&answer.body), "hello");
	/* Nothing of it stays for the next answer on the same connection. */
	ask_well("/b");
	ck_assert_int_eq(answer.status, 204);
	ck_assert_ptr_null(answer.content_type);
	ck_assert_ptr_null(answer.location);
	ck_assert_int_eq(answer.retry_after, 0);
	ck_assert_uint_eq(answer.body.len, 0);
	ck_assert_uint_eq(web.connections, 1);
}
END_TEST

START_TEST(of_several_challenges_the_bearers_counts_wherever_it_stands)
{
	static const struct web_rule rules[] = {
		{ .request = "GET /1 ",
		  .status = "401 Unauthorized",
		  .headers = "WWW-Authenticate: Basic realm=\"b\"\r\n"
			     "WWW-Authenticate: Bearer realm=\"t\"\r\n" },
		{ .request = "GET /2 ",
		  .status = "401 Unauthorized",
		  .headers = "WWW-Authenticate: BEARER realm=\"t\"\r\n"
			     "WWW-Authenticate: Basic realm=\"b\"\r\n" },
		{ .request = "GET /3 ",
		  .status = "401 Unauthorized",
		  .headers = "WWW-Authenticate: Basic realm=\"b\"\r\n" },
	};

	web_rules(rules, LENGTH(rules));
	ask_well("/1");
	ck_assert_str_eq(answer.challenge, "Bearer realm=\"t\"");
	ask_well("/2");
	ck_assert_str_eq(answer.challenge, "BEARER realm=\"t\"");
	ask_well("/3");
	ck_assert_str_eq(answer.challenge, "Basic realm=\"b\"");
}
END_TEST

START_TEST(a_status_of_failure_is_an_answer_and_its_body_is_not_the_sinks)
{
	static const struct web_rule rules[] = {
		{ .request = "GET ", .status = "404 Not Found", .body = "{\"errors\":[]}" },
	};
	struct sunk s = { .text = { 0 } };

	web_rules(rules, LENGTH(rules));
	ask_well("/x", .sink = sink, .sink_arg = &s);
	ck_assert_int_eq(answer.status, 404);
	ck_assert_str_eq(bt_str_get(&answer.body), "{\"errors\":[]}");
	ck_assert_uint_eq(s.text.len, 0);
}
END_TEST

START_TEST(a_body_that_is_collected_has_eight_mebibytes_at_most)
{
	static char body[(8 << 20) + 1];
	struct web_rule rules[] = {
		{ .request = "GET /most ", .status = "200 OK", .body = body, .len = 8 << 20 },
		{ .request = "GET /more ", .status = "200 OK", .body = body, .len = sizeof(body) },
	};

	memset(body, 'x', sizeof(body));
	web_rules(rules, LENGTH(rules));
	ask_well("/most");
	ck_assert_uint_eq(answer.body.len, 8 << 20);
	ck_assert_int_lt(ask("/more", (struct bt_http_request){ 0 }), 0);
	check_err(&err, BT_ERR_UNAVAILABLE, "Argument list too long");
	ck_assert_ptr_null(answer.body.p);
}
END_TEST

START_TEST(a_header_of_more_than_four_kibibytes_ends_the_request)
{
	char line[4150], text[8192];
	struct web_rule rules[] = { { .request = "GET ", .raw = text } };

	memset(line, 'x', sizeof(line));
	(void)snprintf(text, sizeof(text),
		       "HTTP/1.1 200 OK\r\nX-Long: %.*s\r\nContent-Length: 0\r\n\r\n",
		       (int)sizeof(line), line);
	web_rules(rules, LENGTH(rules));
	ck_assert_int_lt(ask("/", (struct bt_http_request){ 0 }), 0);
	check_err(&err, BT_ERR_UNAVAILABLE, "GET \"http://127.0.0.1:");
}
END_TEST

START_TEST(what_is_no_http_or_ends_too_early_is_an_error)
{
	static const struct web_rule rules[] = {
		{ .request = "GET /nothing ", .raw = "" },
		{ .request = "GET /words ", .raw = "SSH-2.0-OpenSSH\r\n\r\n" },
		{ .request = "GET /short ",
		  .raw = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n8" },
		{ .request = "GET /chunks ",
		  .raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab" },
		{ .request = "GET /no-size ",
		  .raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n" },
	};

	web_rules(rules, LENGTH(rules));
	for (size_t i = 0; i < LENGTH(rules); i++) {
		bt_auto_free char *path =
			strndup(rules[i].request + 4, strcspn(rules[i].request + 4, " "));

		err = (struct bt_err){ 0 };
		ck_assert_msg(ask(path, (struct bt_http_request){ 0 }) < 0, "%s", path);
		ck_assert_int_eq(err.kind, BT_ERR_UNAVAILABLE);
		ck_assert_int_eq(answer.status, 0);
	}
}
END_TEST

START_TEST(nobody_at_the_port_is_said_without_the_password_that_is_in_the_url)
{
	bt_auto_free char *url = NULL;

	/* A port that was bound and is not listened at. */
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	url = bt_str_format("http://me:secret@127.0.0.1:%d/", ntohs(sa.sin_port));
	ck_assert_int_eq(
		ask("", (struct bt_http_request){ .url = url, .shown_url = "http://that/one" }),
		-ECONNREFUSED);
	check_err(&err, BT_ERR_UNAVAILABLE, "GET \"http://that/one\": ");
	ck_assert_ptr_null(strstr(err.msg, "secret"));
	close(fd);
}
END_TEST

START_TEST(other_protocols_than_http_are_not_spoken_not_even_by_a_redirect)
{
	static const char *const urls[] = { "file:///etc/passwd", "ftp://127.0.0.1/x",
					    "gopher://127.0.0.1/x", "dict://127.0.0.1/x" };

	for (size_t i = 0; i < LENGTH(urls); i++) {
		bt_auto_free char *headers = bt_str_format("Location: %s\r\n", urls[i]);
		struct web_rule rules[] = {
			{ .request = "GET ", .status = "302 Found", .headers = headers }
		};

		web_rules(rules, LENGTH(rules));
		ck_assert_msg(ask("/", (struct bt_http_request){ .follow = true }) < 0, "%s",
			      urls[i]);
		ck_assert_int_eq(err.kind, BT_ERR_UNAVAILABLE);
		ck_assert_msg(ask("", (struct bt_http_request){ .url = urls[i] }) < 0, "%s",
			      urls[i]);
	}
}
END_TEST

START_TEST(redirects_are_followed_where_that_is_wanted_and_five_times_at_most)
{
	static const struct web_rule rules[] = {
		{ .request = "GET /5 ", .status = "302 Found", .headers = "Location: /4\r\n" },
		{ .request = "GET /4 ", .status = "301 Moved", .headers = "Location: /3\r\n" },
		{ .request = "GET /3 ", .status = "307 Temporary", .headers = "Location: /2\r\n" },
		{ .request = "GET /2 ", .status = "308 Permanent", .headers = "Location: /1\r\n" },
		{ .request = "GET /1 ",
		  .status = "303 See Other",
		  .headers = "Location: /end\r\nDocker-Content-Digest: sha256:way\r\n" },
		{ .request = "GET /6 ", .status = "302 Found", .headers = "Location: /5\r\n" },
		{ .request = "GET /end ", .status = "200 OK", .body = "here" },
	};

	web_rules(rules, LENGTH(rules));
	ask_well("/5", .follow = true);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_str_eq(bt_str_get(&answer.body), "here");
	/* What the way said is not what the end says. */
	ck_assert_ptr_null(answer.digest);
	ck_assert_ptr_null(answer.location);
	ask_well("/5");
	ck_assert_int_eq(answer.status, 302);
	ck_assert_str_eq(answer.location, "/4");
	ck_assert_int_lt(ask("/6", (struct bt_http_request){ .follow = true }), 0);
	check_err(&err, BT_ERR_UNAVAILABLE, "redirects");
}
END_TEST

START_TEST(a_redirect_to_another_host_takes_no_credentials_along)
{
	bt_auto_free char *there = url_at("localhost", "/there");
	bt_auto_free char *headers = bt_str_format("Location: %s\r\n", there);
	struct web_rule rules[] = {
		{ .request = "GET /here ", .status = "307 Temporary", .headers = headers },
		{ .request = "GET /there ", .status = "200 OK", .body = "x" },
		{ .request = "GET /same ",
		  .status = "307 Temporary",
		  .headers = "Location: /there\r\n" },
	};

	web_rules(rules, LENGTH(rules));
	ask_well("/here", .follow = true, .user = "me", .password = "secret");
	web_check_header("GET /here", "Authorization", "Basic bWU6c2VjcmV0");
	web_check_header("GET /there", "Authorization", NULL);
	ask_well("/here", .follow = true, .bearer = "t0k");
	web_check_header("GET /here", "Authorization", "Bearer t0k");
	web_check_header("GET /there", "Authorization", NULL);
	/* To the same one it does. */
	ask_well("/same", .follow = true, .bearer = "t0k");
	web_check_header("GET /there", "Authorization", "Bearer t0k");
}
END_TEST

/* A namespace whose loopback has one more address, at which the server is heard from afar. */
static void setup_far(void)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	struct sockaddr_in *in = (void *)&ifr.ifr_addr;
	int fd;

	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ifr.ifr_flags = IFF_UP;
	ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &ifr), 0);
	(void)strcpy(ifr.ifr_name, "lo:1");
	in->sin_family = AF_INET;
	ck_assert_int_eq(inet_pton(AF_INET, FAR, &in->sin_addr), 1);
	ck_assert_int_eq(ioctl(fd, SIOCSIFADDR, &ifr), 0);
	close(fd);
	setup();
}

START_TEST(a_registry_elsewhere_does_not_lead_to_this_machine_or_its_link)
{
	static const char *const hosts[] = {
		"127.0.0.1",          "127.9.9.9",        "localhost",       "0.0.0.0", "0.1.2.3",
		"2130706433",         "0x7f.1",           "169.254.169.254", "[::1]",   "[::]",
		"[::ffff:127.0.0.1]", "[::ffff:" FAR "]", "[fe80::1]"
	};
	bt_auto_free char *from = url_at(FAR, "/from");

	for (size_t i = 0; i < LENGTH(hosts); i++) {
		bt_auto_free char *to = url_at(hosts[i], "/secret");
		bt_auto_free char *headers = bt_str_format("Location: %s\r\n", to);
		struct web_rule rules[] = {
			{ .request = "GET /from ", .status = "302 Found", .headers = headers },
			{ .request = "GET /secret ", .status = "200 OK", .body = "key" },
		};

		web_rules(rules, LENGTH(rules));
		err = (struct bt_err){ 0 };
		ck_assert_msg(ask("", (struct bt_http_request){ .url = from, .follow = true }) ==
				      -EACCES,
			      "%s: %s", hosts[i], err.msg);
		check_err(&err, BT_ERR_FORBIDDEN, "redirected to an address of this machine");
		ck_assert_msg(web_count("GET /secret") == 0, "%s", hosts[i]);
	}
}
END_TEST

START_TEST(a_registry_elsewhere_leads_to_itself_and_one_of_this_machine_to_this_machine)
{
	bt_auto_free char *from = url_at(FAR, "/from"), *here = url_at("localhost", "/end");
	bt_auto_free char *to_far = bt_str_format("Location: http://" FAR ":%d/end\r\n", web.port);
	bt_auto_free char *to_here = bt_str_format("Location: %s\r\n", here);
	struct web_rule rules[] = {
		{ .request = "GET /from ", .status = "302 Found", .headers = to_far },
		{ .request = "GET /here ", .status = "302 Found", .headers = to_here },
		{ .request = "GET /end ", .status = "200 OK", .body = "x" },
	};

	web_rules(rules, LENGTH(rules));
	ask_well("", .url = from, .follow = true);
	ck_assert_int_eq(answer.status, 200);
	/* And over a connection that was kept. */
	ask_well("", .url = from, .follow = true);
	ck_assert_int_eq(answer.status, 200);
	ask_well("/here", .follow = true);
	ck_assert_int_eq(answer.status, 200);
}
END_TEST

START_TEST(a_kept_connection_does_not_make_this_machine_allowed)
{
	bt_auto_free char *from = url_at(FAR, "/from"), *to = url_at("127.0.0.1", "/secret");
	bt_auto_free char *headers = bt_str_format("Location: %s\r\n", to);
	struct web_rule rules[] = {
		{ .request = "GET /plain ", .status = "200 OK" },
		{ .request = "GET /from ", .status = "302 Found", .headers = headers },
	};
	bt_auto_free char *plain = url_at(FAR, "/plain");

	web_rules(rules, LENGTH(rules));
	ask_well("", .url = plain);
	ck_assert_int_eq(ask("", (struct bt_http_request){ .url = from, .follow = true }), -EACCES);
	ck_assert_uint_eq(web.connections, 1);
	ck_assert_uint_eq(web_count("GET /secret"), 0);
}
END_TEST

START_TEST(a_part_is_asked_for_by_its_first_and_last_byte)
{
	static const struct web_rule rules[] = {
		{ .request = "GET ", .status = "200 OK", .body = "0123456789", .ranges = true },
	};
	static const struct {
		int64_t from, len;
		const char *range, *text;
	} cases[] = {
		{ 0, 4, "bytes=0-3", "0123" },  { 3, 1, "bytes=3-3", "3" },
		{ 9, 1, "bytes=9-9", "9" },     { 4, 0, "bytes=4-", "456789" },
		{ 8, 99, "bytes=8-106", "89" },
	};

	web_rules(rules, LENGTH(rules));
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct sunk s = { .text = { 0 } };
		bool partial = false;

		ask_well("/x", .range_from = cases[i].from, .range_len = cases[i].len,
			 .ret_partial = &partial, .sink = sink, .sink_arg = &s);
		ck_assert_int_eq(answer.status, 206);
		ck_assert(partial);
		ck_assert_str_eq(bt_str_get(&s.text), cases[i].text);
		web_check_header("GET", "Range", cases[i].range);
		bt_str_done(&s.text);
	}
	ask_well("/x");
	web_check_header("GET", "Range", NULL);
}
END_TEST

START_TEST(of_a_server_without_parts_the_bytes_before_are_left_out)
{
	static const struct web_rule rules[] = {
		{ .request = "GET ", .status = "200 OK", .body = "0123456789" },
	};
	static const struct {
		int64_t from;
		const char *text;
	} cases[] = { { 1, "123456789" }, { 9, "9" }, { 10, "" }, { 99, "" } };

	web_rules(rules, LENGTH(rules));
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct sunk s = { .text = { 0 } };
		bool partial = true;

		ask_well("/x", .range_from = cases[i].from, .range_len = 1, .ret_partial = &partial,
			 .sink = sink, .sink_arg = &s);
		ck_assert_int_eq(answer.status, 200);
		ck_assert(!partial);
		ck_assert_str_eq(bt_str_get(&s.text), cases[i].text);
		bt_str_done(&s.text);
	}
}
END_TEST

START_TEST(another_part_than_the_one_asked_for_is_refused)
{
	static const char *const parts[] = { "bytes 0-3/10",  "bytes 5-8/10", "bytes */10",
					     "bytes -4-8/10", "4-8/10",       "" };

	for (size_t i = 0; i < LENGTH(parts); i++) {
		bt_auto_free char *headers = bt_str_format("Content-Range: %s\r\n", parts[i]);
		struct web_rule rules[] = { { .request = "GET ",
					      .status = "206 Partial Content",
					      .headers = headers,
					      .body = "wxyz" } };
		struct sunk s = { .text = { 0 } };

		web_rules(rules, LENGTH(rules));
		err = (struct bt_err){ 0 };
		ck_assert_msg(ask("/x", (struct bt_http_request){ .range_from = 4,
								  .range_len = 4,
								  .sink = sink,
								  .sink_arg = &s }) == -EBADMSG,
			      "\"%s\": %s", parts[i], err.msg);
		check_err(&err, BT_ERR_INVALID, "sends another part than the one asked for");
		ck_assert_uint_eq(s.text.len, 0);
	}
}
END_TEST

START_TEST(a_sink_ends_a_request_well_when_it_has_enough_and_badly_when_it_fails)
{
	static char body[1 << 20];
	struct web_rule rules[] = {
		{ .request = "GET ", .status = "200 OK", .body = body, .len = sizeof(body) },
	};
	struct sunk enough = { .enough = 1 }, fails = { .fail = -ENOSPC };

	memset(body, 'x', sizeof(body));
	web_rules(rules, LENGTH(rules));
	ask_well("/x", .sink = sink, .sink_arg = &enough);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_uint_gt(enough.text.len, 0);
	ck_assert_uint_lt(enough.text.len, sizeof(body));
	ck_assert_int_eq(ask("/x", (struct bt_http_request){ .sink = sink, .sink_arg = &fails }),
			 -ECANCELED);
	check_err(&err, BT_ERR_UNAVAILABLE, "stopped: No space left on device");
	bt_str_done(&enough.text);
	bt_str_done(&fails.text);
}
END_TEST

START_TEST(how_much_comes_is_known_before_it_comes)
{
	static const struct web_rule rules[] = {
		{ .request = "GET /said ", .status = "200 OK", .body = "0123456789" },
		{ .request = "GET /unsaid ",
		  .raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n" },
	};
	_Atomic(int64_t) length = 77;
	struct sunk s = { .text = { 0 } };

	web_rules(rules, LENGTH(rules));
	ask_well("/said", .sink = sink, .sink_arg = &s, .ret_length = &length);
	ck_assert_int_eq(length, 10);
	ask_well("/unsaid", .sink = sink, .sink_arg = &s, .ret_length = &length);
	ck_assert_int_eq(length, -1);
	ck_assert_str_eq(bt_str_get(&s.text), "0123456789ab");
	bt_str_done(&s.text);
}
END_TEST

START_TEST(a_request_that_waits_tells_its_sink_so_and_can_be_cancelled)
{
	static const struct web_rule rules[] = {
		{ .request = "GET ",
		  .status = "200 OK",
		  .body = "0123456789",
		  .cut = 4,
		  .hold = true },
	};
	atomic_bool cancelled = false;
	struct sunk s = { .after = &cancelled };

	web_rules(rules, LENGTH(rules));
	ck_assert_int_eq(ask("/x", (struct bt_http_request){ .sink = sink,
							     .sink_arg = &s,
							     .cancelled = &cancelled }),
			 -ECANCELED);
	check_err(&err, BT_ERR_UNAVAILABLE, "cancelled");
	ck_assert_str_eq(bt_str_get(&s.text), "0123");
	ck_assert_uint_ge(s.quiet, 1);
	bt_str_done(&s.text);
}
END_TEST

START_TEST(who_has_lost_interest_is_heard_before_the_server_has_said_a_word)
{
	static const struct web_rule rules[] = {
		{ .request = "GET ", .status = "200 OK", .body = "0123456789", .hold = true },
	};
	atomic_bool never = false;
	struct sunk s = { .fail = -EPIPE };

	web_rules(rules, LENGTH(rules));
	ck_assert_int_eq(
		ask("/x",
		    (struct bt_http_request){ .sink = sink, .sink_arg = &s, .cancelled = &never }),
		-ECANCELED);
	check_err(&err, BT_ERR_UNAVAILABLE, "stopped: Broken pipe");
	ck_assert_uint_eq(s.text.len, 0);
}
END_TEST

START_TEST(a_sink_may_fail_when_it_is_told_that_nothing_more_is_there)
{
	static const struct web_rule rules[] = {
		{ .request = "GET ",
		  .status = "200 OK",
		  .body = "0123456789",
		  .cut = 4,
		  .hold = true },
	};
	atomic_bool never = false, told = false;
	struct sunk s = { .after = &told, .fail = -EDQUOT };

	web_rules(rules, LENGTH(rules));
	ck_assert_int_eq(
		ask("/x",
		    (struct bt_http_request){ .sink = sink, .sink_arg = &s, .cancelled = &never }),
		-ECANCELED);
	check_err(&err, BT_ERR_UNAVAILABLE, "stopped: Disk quota exceeded");
	bt_str_done(&s.text);
}
END_TEST

/* A source of `left` bytes, which fails after them where `fail` says so. */
struct well {
	size_t left;
	int fail;
};

static ssize_t draw(void *arg, void *buf, size_t len)
{
	struct well *w = arg;
	size_t n = w->left < len ? w->left : len;

	if (n > 1000)
		n = 1000;
	memset(buf, 'w', n);
	w->left -= n;
	return n > 0 ? (ssize_t)n : w->fail;
}

START_TEST(a_stream_is_sent_whole_in_chunks_or_with_its_length)
{
	static const struct web_rule rules[] = { { .request = "PATCH ",
						   .status = "202 Accepted" } };
	struct well first = { .left = 300001 }, second = { .left = 70000 };

	web_rules(rules, LENGTH(rules));
	ask_well("/1", .method = "PATCH", .source = draw, .source_arg = &first,
		 .content_type = "application/octet-stream");
	ck_assert_uint_eq(web_last("PATCH /1")->body.len, 300001);
	web_check_header("PATCH /1", "Transfer-Encoding", "chunked");
	web_check_header("PATCH /1", "Content-Type", "application/octet-stream");
	/* Waiting for "100 Continue" would cost a second with servers that know none. */
	web_check_header("PATCH /1", "Expect", NULL);
	ask_well("/2", .method = "PATCH", .source = draw, .source_arg = &second, .body_len = 70000);
	ck_assert_uint_eq(web_last("PATCH /2")->body.len, 70000);
	web_check_header("PATCH /2", "Content-Length", "70000");
}
END_TEST

START_TEST(a_source_that_fails_ends_the_request_and_says_why)
{
	static const struct web_rule rules[] = { { .request = "PATCH ",
						   .status = "202 Accepted" } };
	struct well w = { .left = 5000, .fail = -EIO };

	web_rules(rules, LENGTH(rules));
	ck_assert_int_eq(ask("/1", (struct bt_http_request){ .method = "PATCH",
							     .source = draw,
							     .source_arg = &w }),
			 -ECANCELED);
	check_err(&err, BT_ERR_UNAVAILABLE, "PATCH \"http://127.0.0.1:");
	check_err(&err, BT_ERR_UNAVAILABLE, "stopped: Input/output error");
	ck_assert_uint_eq(web_count("PATCH"), 0);
}
END_TEST

START_TEST(methods_are_sent_as_given_with_the_body_that_belongs_to_them)
{
	static const struct web_rule rules[] = {
		{ .request = "HEAD ", .status = "200 OK", .body = "twelve bytes" },
		{ .request = "", .status = "201 Created" },
	};
	static const struct {
		const char *method, *body, *length;
	} cases[] = {
		{ "POST", NULL, "0" },    { "PUT", NULL, "0" },   { "PUT", "{}", "2" },
		{ "DELETE", NULL, NULL }, { "POST", "a=b", "3" },
	};

	web_rules(rules, LENGTH(rules));
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const char *body = cases[i].body;

		ask_well("/m", .method = cases[i].method, .body = body,
			 .body_len = body ? strlen(body) : 0);
		web_check_header(cases[i].method, "Content-Length", cases[i].length);
		ck_assert_str_eq(bt_str_get(&web_last(cases[i].method)->body), body ? body : "");
	}
	/* An answer to HEAD has a length and no body. */
	ask_well("/m", .method = "HEAD");
	ck_assert_int_eq(answer.status, 200);
	ck_assert_uint_eq(answer.body.len, 0);
}
END_TEST

START_TEST(nothing_of_a_request_is_left_on_the_handle)
{
	static const struct web_rule rules[] = { { .request = "", .status = "200 OK" } };
	json_auto_t *headers = json_pack("[ss]", "X-Own: 1", "X-Other: 2");
	struct well w = { .left = 10 };

	web_rules(rules, LENGTH(rules));
	ask_well("/1", .user = "me", .password = "secret", .accept = "a/b", .headers = headers,
		 .range_from = 5);
	web_check_header("GET /1", "X-Own", "1");
	web_check_header("GET /1", "X-Other", "2");
	web_check_header("GET /1", "Accept", "a/b");
	ask_well("/2", .method = "PATCH", .source = draw, .source_arg = &w, .bearer = "t");
	ask_well("/3");
	for (size_t i = 0; i < 5; i++) {
		static const char *const names[] = { "Authorization", "X-Own", "Range",
						     "Transfer-Encoding", "X-Other" };

		web_check_header("GET /3", names[i], NULL);
	}
}
END_TEST

START_TEST(a_proxy_is_what_is_given_and_never_the_environments)
{
	static const struct web_rule rules[] = {
		{ .request = "GET http://registry.test/v2/ ",
		  .status = "200 OK",
		  .body = "proxied" },
		{ .request = "GET /v2/ ", .status = "200 OK", .body = "direct" },
	};
	bt_auto_free char *here = url_at("127.0.0.1", "");
	struct bt_http_proxy proxy = { .http = here, .none = "localhost,127.0.0.0/8" };

	web_rules(rules, LENGTH(rules));
	ck_assert_int_eq(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
	ck_assert_int_eq(setenv("ALL_PROXY", "http://127.0.0.1:1", 1), 0);
	ask_well("/v2/");
	ck_assert_str_eq(bt_str_get(&answer.body), "direct");
	ask_well("", .url = "http://registry.test/v2/", .proxy = &proxy);
	ck_assert_str_eq(bt_str_get(&answer.body), "proxied");
	ask_well("/v2/", .proxy = &proxy);
	ck_assert_str_eq(bt_str_get(&answer.body), "direct");
}
END_TEST

START_TEST(behind_a_proxy_of_this_machine_no_redirect_leads_to_another_port_of_it)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);
	bt_auto_free char *here = url_at("127.0.0.1", ""), *headers = NULL;
	struct bt_http_proxy proxy = { .http = here, .none = "127.0.0.0/8" };

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, len), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	headers = bt_str_format("Location: http://127.0.0.1:%d/x\r\n", ntohs(sa.sin_port));
	struct web_rule rules[] = {
		{ .request = "GET http://registry.test/ ",
		  .status = "302 Found",
		  .headers = headers },
	};

	web_rules(rules, LENGTH(rules));
	ck_assert_int_eq(ask("", (struct bt_http_request){ .url = "http://registry.test/",
							   .proxy = &proxy,
							   .follow = true }),
			 -EACCES);
	close(fd);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, headers_are_known_in_any_case_and_without_the_blanks_around_them);
	tcase_add_test(tests, of_several_challenges_the_bearers_counts_wherever_it_stands);
	tcase_add_test(tests, a_status_of_failure_is_an_answer_and_its_body_is_not_the_sinks);
	tcase_add_test(tests, a_body_that_is_collected_has_eight_mebibytes_at_most);
	tcase_add_test(tests, a_header_of_more_than_four_kibibytes_ends_the_request);
	tcase_add_test(tests, what_is_no_http_or_ends_too_early_is_an_error);
	tcase_add_test(tests, nobody_at_the_port_is_said_without_the_password_that_is_in_the_url);
	tcase_add_test(tests, other_protocols_than_http_are_not_spoken_not_even_by_a_redirect);
	tcase_add_test(tests, redirects_are_followed_where_that_is_wanted_and_five_times_at_most);
	tcase_add_test(tests, a_redirect_to_another_host_takes_no_credentials_along);
	tcase_add_test(tests, a_part_is_asked_for_by_its_first_and_last_byte);
	tcase_add_test(tests, of_a_server_without_parts_the_bytes_before_are_left_out);
	tcase_add_test(tests, another_part_than_the_one_asked_for_is_refused);
	tcase_add_test(tests,
		       a_sink_ends_a_request_well_when_it_has_enough_and_badly_when_it_fails);
	tcase_add_test(tests, how_much_comes_is_known_before_it_comes);
	tcase_add_test(tests, a_request_that_waits_tells_its_sink_so_and_can_be_cancelled);
	tcase_add_test(tests, who_has_lost_interest_is_heard_before_the_server_has_said_a_word);
	tcase_add_test(tests, a_sink_may_fail_when_it_is_told_that_nothing_more_is_there);
	tcase_add_test(tests, a_stream_is_sent_whole_in_chunks_or_with_its_length);
	tcase_add_test(tests, a_source_that_fails_ends_the_request_and_says_why);
	tcase_add_test(tests, methods_are_sent_as_given_with_the_body_that_belongs_to_them);
	tcase_add_test(tests, nothing_of_a_request_is_left_on_the_handle);
	tcase_add_test(tests, a_proxy_is_what_is_given_and_never_the_environments);
	tcase_add_test(tests,
		       behind_a_proxy_of_this_machine_no_redirect_leads_to_another_port_of_it);
}

static void add_far_tests(TCase *tests)
{
	tcase_add_test(tests, a_registry_elsewhere_does_not_lead_to_this_machine_or_its_link);
	tcase_add_test(
		tests,
		a_registry_elsewhere_leads_to_itself_and_one_of_this_machine_to_this_machine);
	tcase_add_test(tests, a_kept_connection_does_not_make_this_machine_allowed);
}

int main(void)
{
	int near = run_suite("http", setup, teardown, add_tests);
	int far = run_suite("http, of another machine", setup_far, teardown, add_far_tests);

	return near || far ? EXIT_FAILURE : EXIT_SUCCESS;
}
