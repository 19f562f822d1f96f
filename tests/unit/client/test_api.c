/* SPDX-License-Identifier: Apache-2.0 */

/* Against a peer on a real socket that answers byte for byte what a test tells it. */

#include "client/api.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../run_tests.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/sock.h"
#include "base/str.h"
#include "base/thread.h"

#define TURNS_MAX 6
#define OK_JSON   "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}"

/* An answer, and whether the connection ends behind it: the next one is then for the next. */
struct turn {
	const char *answer;
	bool ends;
};

static char top[] = "/tmp/test_api.XXXXXX";
static char path[64];
static int listener;
static const struct turn *turns;
static unsigned connections;
static unsigned ended;              /* of them, by the peer */
static char asked[TURNS_MAX][4096]; /* the requests as they came */
static pthread_t peer;
static struct bt_api api;
static struct bt_err err;

/* One request with its body. False where the client has left. */
static bool hear(int fd, char *buf, size_t size)
{
	size_t len = 0, whole = SIZE_MAX;

	while (len < whole && len + 1 < size) {
		ssize_t n = read(fd, buf + len, size - 1 - len);
		const char *end, *length;

		if (n <= 0)
			return false;
		len += (size_t)n;
		buf[len] = '\0';
		end = strstr(buf, "\r\n\r\n");
		length = end ? strcasestr(buf, "\r\nContent-Length: ") : NULL;
		if (end)
			whole = (size_t)(end + 4 - buf) +
				(length ? strtoul(length + 18, NULL, 10) : 0);
	}
	return true;
}

static void *serve(void *arg)
{
	bt_auto_close int fd = -EBADF;

	(void)arg;
	for (size_t i = 0; i < TURNS_MAX && turns[i].answer; i++) {
		if (fd < 0) {
			fd = accept(listener, NULL, NULL);
			connections++;
		}
		if (!hear(fd, asked[i], sizeof(asked[i])))
			break;
		if (bt_sock_send_all(fd, turns[i].answer, strlen(turns[i].answer)) < 0)
			break;
		if (turns[i].ends) {
			bt_close(&fd);
			__atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
		}
	}
	return NULL;
}

static void begin(const struct turn *script)
{
	turns = script;
	ck_assert_int_eq(bt_thread_start(&peer, 256u << 10, serve, NULL), 0);
}

/* The client lets go first: the peer may be waiting for what does not come. */
static void end(void)
{
	bt_api_done(&api);
	ck_assert_int_eq(pthread_join(peer, NULL), 0);
}

static void set_up(void)
{
	bt_auto_free char *url = NULL;
	struct bt_endpoint ep;

	ck_assert_ptr_nonnull(mkdtemp(top));
	(void)snprintf(path, sizeof(path), "%s/sock", top);
	listener = bt_sock_listen(path, SOCK_STREAM, 0600);
	ck_assert_int_ge(listener, 0);
	url = bt_str_format("unix://%s", path);
	ck_assert_int_eq(bt_endpoint_parse(url, false, &ep, &err), 0);
	ck_assert_int_eq(unsetenv("DOCKER_API_VERSION"), 0);
	bt_api_init(&api, &ep);
}

static void tear_down(void)
{
	bt_close(&listener);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, top), 0);
}

START_TEST(a_call_gives_the_status_and_the_json)
{
	static const struct turn script[] = { { OK_JSON, false }, { 0 } };
	json_auto_t *got = NULL;

	begin(script);
	ck_assert_int_eq(bt_api_call(&api, "GET", "/x?y=1", NULL, &got, &err), 200);
	ck_assert_int_eq(json_integer_value(json_object_get(got, "a")), 1);
	ck_assert_ptr_nonnull(bt_str_after(asked[0], "GET /x?y=1 HTTP/1.1\r\n"));
	end();
}
END_TEST

START_TEST(a_body_is_sent_as_json_with_its_length)
{
	static const struct turn script[] = { { "HTTP/1.1 204 No Content\r\n\r\n", false }, { 0 } };
	json_auto_t *body = json_pack("{ss}", "k", "v"), *got = NULL;

	begin(script);
	ck_assert_int_eq(bt_api_call(&api, "POST", "/x", body, &got, &err), 204);
	ck_assert(json_is_null(got));
	ck_assert_ptr_nonnull(strcasestr(asked[0], "\r\nContent-Type: application/json\r\n"));
	ck_assert_ptr_nonnull(strcasestr(asked[0], "\r\nContent-Length: 9\r\n"));
	ck_assert(bt_str_ends(asked[0], "\r\n\r\n{\"k\":\"v\"}"));
	end();
}
END_TEST

START_TEST(one_connection_serves_many_calls)
{
	static const struct turn script[] = {
		{ OK_JSON, false }, { OK_JSON, false }, { OK_JSON, false }, { 0 }
	};

	begin(script);
	for (int i = 0; i < 3; i++) {
		json_auto_t *got = NULL;

		ck_assert_int_eq(bt_api_call(&api, "GET", "/x", NULL, &got, &err), 200);
	}
	end();
	ck_assert_uint_eq(connections, 1);
}
END_TEST

START_TEST(a_connection_that_the_daemon_gave_up_is_replaced)
{
	static const struct turn script[] = { { OK_JSON, true }, { OK_JSON, false }, { 0 } };

	begin(script);
	ck_assert_int_eq(bt_api_call(&api, "POST", "/x", NULL, NULL, &err), 200);
	while (__atomic_load_n(&ended, __ATOMIC_SEQ_CST) == 0)
		(void)usleep(1000);
	ck_assert_int_eq(bt_api_call(&api, "POST", "/x", NULL, NULL, &err), 200);
	end();
	ck_assert_uint_eq(connections, 2);
}
END_TEST

START_TEST(what_changes_something_is_not_asked_twice)
{
	/* The second request is heard, and the peer dies over it. */
	static const struct turn script[] = {
		{ OK_JSON, false }, { "", true }, { OK_JSON, false }, { 0 }
	};
	json_auto_t *got = NULL;

	begin(script);
	ck_assert_int_eq(bt_api_call(&api, "POST", "/x", NULL, &got, &err), 200);
	ck_assert_int_lt(bt_api_call(&api, "POST", "/x", NULL, NULL, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "POST /x"));
	ck_assert_uint_eq(connections, 1);
	/* The peer waits for a third. */
	ck_assert_int_eq(bt_api_call(&api, "GET", "/x", NULL, NULL, &err), 200);
	end();
}
END_TEST

START_TEST(what_only_looks_is_asked_once_more_on_a_new_connection)
{
	static const struct turn script[] = {
		{ OK_JSON, false }, { "", true }, { OK_JSON, false }, { 0 }
	};

	begin(script);
	for (int i = 0; i < 2; i++) {
		json_auto_t *got = NULL;

		ck_assert_msg(bt_api_call(&api, "GET", "/x", NULL, &got, &err) == 200, "%s",
			      err.msg);
	}
	end();
	ck_assert_uint_eq(connections, 2);
}
END_TEST

static const struct {
	const char *answer, *message;
	enum bt_err_kind kind;
	int errnum;
} refusals[] = {
	{ "HTTP/1.1 404 Not Found\r\nContent-Length: 15\r\n\r\n{\"message\":\"m\"}",
	  "Error response from daemon: m", BT_ERR_NOT_FOUND, ENOENT },
	{ "HTTP/1.1 409 Conflict\r\nContent-Length: 15\r\n\r\n{\"message\":\"m\"}",
	  "Error response from daemon: m", BT_ERR_CONFLICT, EIO },
	{ "HTTP/1.1 400 Bad Request\r\nContent-Length: 15\r\n\r\n{\"message\":\"m\"}",
	  "Error response from daemon: m", BT_ERR_INVALID, EIO },
	{ "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 15\r\n\r\n{\"message\":\"m\"}",
	  "Error response from daemon: m", BT_ERR_SYSTEM, EIO },
	{ "HTTP/1.1 418 Teapot\r\nContent-Length: 15\r\n\r\n{\"message\":\"m\"}",
	  "Error response from daemon: m", BT_ERR_SYSTEM, EIO },
	/* Of who is no daemon: the first line of a text; else the status alone. */
	{ "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 9\r\n\r\nsorry\r\nme",
	  "Error response from daemon: sorry", BT_ERR_UNAVAILABLE, EIO },
	{ "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
	  "request returned 502 Bad Gateway for API route and version /x, check if the server "
	  "supports the requested API version",
	  BT_ERR_SYSTEM, EIO },
	{ "HTTP/1.1 500 Oops\r\nContent-Length: 13\r\n\r\n{\"message\":1}",
	  "request returned 500 Oops for API route and version /x, check if the server supports "
	  "the requested API version",
	  BT_ERR_SYSTEM, EIO },
};

START_TEST(a_refusal_has_the_daemons_words_and_the_kind_of_its_status)
{
	const struct turn script[] = { { refusals[_i].answer, false }, { 0 } };
	json_t *got = NULL;

	begin(script);
	ck_assert_int_eq(bt_api_call(&api, "GET", "/x", NULL, &got, &err), -refusals[_i].errnum);
	ck_assert_str_eq(err.msg, refusals[_i].message);
	ck_assert_int_eq(err.kind, refusals[_i].kind);
	ck_assert_ptr_null(got);
	end();
}
END_TEST

static const char *const broken[] = {
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{\"a\":",
	"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"a\":1} x",
	"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":1}",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	"HTTP/1.1 200 O",
	"garbage\r\n\r\n",
};

START_TEST(an_answer_that_is_broken_is_an_error_and_gives_nothing)
{
	const struct turn script[] = { { broken[_i], true }, { 0 } };
	json_t *got = NULL;

	begin(script);
	ck_assert_int_lt(bt_api_call(&api, "POST", "/x", NULL, &got, &err), 0);
	ck_assert(err.msg[0] && !got);
	end();
}
END_TEST

START_TEST(headers_of_the_configuration_go_along_unless_they_could_forge_others)
{
	static const struct turn script[] = { { OK_JSON, false }, { 0 } };
	json_auto_t *headers =
		json_pack("{ss, ss, ss, si}", "X-Good", "yes", "X-Value", "a\r\nX-Forged: 1",
			  "X-Name\r\nX-Forged", "1", "X-Number", 1);

	api.headers = headers;
	begin(script);
	ck_assert_int_eq(bt_api_call(&api, "GET", "/x", NULL, NULL, &err), 200);
	ck_assert_ptr_nonnull(strstr(asked[0], "\r\nX-Good: yes\r\n"));
	ck_assert_ptr_null(strstr(asked[0], "X-Forged"));
	ck_assert_ptr_null(strstr(asked[0], "X-Number"));
	end();
}
END_TEST

START_TEST(a_version_of_the_environment_stands_before_every_target)
{
	static const struct turn script[] = { { OK_JSON, false }, { 0 } };
	static const char *const versions[] = { "1.41", "v1.41" };
	bt_auto_free char *url = bt_str_format("unix://%s", path);
	struct bt_endpoint ep;

	ck_assert_int_eq(setenv("DOCKER_API_VERSION", versions[_i], 1), 0);
	bt_api_done(&api);
	ck_assert_int_eq(bt_endpoint_parse(url, false, &ep, &err), 0);
	bt_api_init(&api, &ep);
	begin(script);
	ck_assert_int_eq(bt_api_call(&api, "GET", "/x", NULL, NULL, &err), 200);
	ck_assert_ptr_nonnull(bt_str_after(asked[0], "GET /v1.41/x HTTP/1.1\r\n"));
	end();
}
END_TEST

START_TEST(a_ping_reads_the_version_or_takes_the_oldest)
{
	static const struct turn script[] = {
		{ "HTTP/1.1 200 OK\r\nApi-Version: 1.51\r\nServer: berth/1 (linux)\r\n"
		  "Content-Length: 2\r\n\r\n",
		  false },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", false },
		{ 0 }
	};
	char version[16];

	begin(script);
	ck_assert_int_eq(bt_api_ping(&api, version, &err), 0);
	ck_assert_str_eq(version, "1.51");
	ck_assert(api.berth);
	/* A HEAD has no body, whatever its length says: the connection is still good. */
	ck_assert_int_eq(bt_api_ping(&api, version, &err), 0);
	ck_assert_str_eq(version, "1.24");
	end();
	ck_assert_uint_eq(connections, 1);
}
END_TEST

START_TEST(a_text_is_given_as_it_came)
{
	static const struct turn script[] = {
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n0\r\n\r\n",
		  false },
		{ 0 }
	};
	bt_auto_free char *text = NULL;

	begin(script);
	ck_assert_int_eq(bt_api_get(&api, "/x", &text, &err), 200);
	ck_assert_str_eq(text, "{\"a");
	end();
}
END_TEST

START_TEST(where_nobody_is_the_message_says_where_he_was_looked_for)
{
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_lt(bt_api_call(&api, "GET", "/x", NULL, NULL, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, path));
	bt_api_done(&api);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_call_gives_the_status_and_the_json);
	tcase_add_test(tests, a_body_is_sent_as_json_with_its_length);
	tcase_add_test(tests, one_connection_serves_many_calls);
	tcase_add_test(tests, a_connection_that_the_daemon_gave_up_is_replaced);
	tcase_add_test(tests, what_changes_something_is_not_asked_twice);
	tcase_add_test(tests, what_only_looks_is_asked_once_more_on_a_new_connection);
	tcase_add_loop_test(tests, a_refusal_has_the_daemons_words_and_the_kind_of_its_status, 0,
			    sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_loop_test(tests, an_answer_that_is_broken_is_an_error_and_gives_nothing, 0,
			    sizeof(broken) / sizeof(broken[0]));
	tcase_add_test(tests, headers_of_the_configuration_go_along_unless_they_could_forge_others);
	tcase_add_loop_test(tests, a_version_of_the_environment_stands_before_every_target, 0, 2);
	tcase_add_test(tests, a_ping_reads_the_version_or_takes_the_oldest);
	tcase_add_test(tests, a_text_is_given_as_it_came);
	tcase_add_test(tests, where_nobody_is_the_message_says_where_he_was_looked_for);
	tcase_set_timeout(tests, 30);
}

int main(void)
{
	return run_tests("client/api", add);
}
