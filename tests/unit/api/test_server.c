/* SPDX-License-Identifier: Apache-2.0 */

#include "api/answer.h"
#include "api/server.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "api/job.h"
#include "api/request.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/sock.h"
#include "base/str.h"

#define SOCKET "/tmp/test_api_server.%d.sock"

/* The server under test, on a socket of its own. */
static struct bt_server *server;
static char path[64];
static int listener;

/* What the routes below do with the world outside. */
static int waited_for = -EBADF; /* eventfd: the stream's source */
static int closed_streams;
static int hijacked = -EBADF;

/* The monotonic clock stands still, far ahead: no grace that the server gives ever ends. */
static atomic_bool no_time_passes;

/* In the place of the library's, for this program. */
int clock_gettime(clockid_t clock, struct timespec *ret)
{
	static const struct timespec later = { .tv_sec = 1000000000 };

	if (clock == CLOCK_MONOTONIC && atomic_load(&no_time_passes)) {
		*ret = later;
		return 0;
	}
	return (int)syscall(SYS_clock_gettime, clock, ret);
}

static int echo(struct bt_request *req, struct bt_err *err)
{
	json_t *json = json_pack("{ss* ss? si sO*}", "name", req->name, "x",
				 bt_query_get(&req->query, "x"), "version", (int)req->version,
				 "body", req->body);

	return bt_answer_json(req, 200, json, err);
}

static int refuse(struct bt_request *req, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_CONFLICT, EBUSY, "%s is busy", req->name);
}

static int count(struct bt_request *req, struct bt_err *err)
{
	char buf[4096];
	ssize_t n;
	size_t total = 0;

	while ((n = read(req->body_fd, buf, sizeof(buf))) > 0)
		total += (size_t)n;
	if (n < 0)
		return bt_err_sys(err, -errno, "read the upload");
	return bt_answer_json(req, 200, json_pack("{sI}", "count", (json_int_t)total), err);
}

static int refuse_upload(struct bt_request *req, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "no such thing: %s", req->name);
}

static int slow_began;

static int slow(struct bt_request *req, struct bt_err *err)
{
	struct pollfd source = { .fd = waited_for, .events = POLLIN };

	__atomic_store_n(&slow_began, 1, __ATOMIC_SEQ_CST);
	(void)poll(&source, 1, -1);
	return bt_answer_json(req, 200, json_pack("{sb}", "done", 1), err);
}

static ssize_t source_read(void *arg, char *buf, size_t size)
{
	uint64_t value;

	(void)arg;
	if (eventfd_read(waited_for, &value) < 0)
		return -EAGAIN;
	return value == 100 ? 0 : snprintf(buf, size, "%d;", (int)value);
}

static int source_fd(void *arg)
{
	(void)arg;
	return waited_for;
}

static void source_close(void *arg)
{
	(void)arg;
	__atomic_add_fetch(&closed_streams, 1, __ATOMIC_SEQ_CST);
}

static int stream(struct bt_request *req, struct bt_err *err)
{
	static const struct bt_stream_ops ops = { source_read, source_fd, source_close };

	(void)err;
	return bt_answer_stream(req, BT_ANSWER_JSON, (struct bt_stream){ .ops = &ops });
}

static int hijack_run(void *arg, int sock, const void *early, size_t len, struct bt_err *err)
{
	(void)arg;
	(void)err;
	ck_assert_int_eq(bt_io_write_all(sock, "hello ", 6), 0);
	if (len > 0)
		ck_assert_int_eq(bt_io_write_all(sock, early, len), 0);
	__atomic_store_n(&hijacked, sock, __ATOMIC_SEQ_CST);
	return 0;
}

static void hijack_cancel(void *arg)
{
	(void)arg;
}

static int hijack(struct bt_request *req, struct bt_err *err)
{
	(void)err;
	return bt_answer_hijack(req, false, (struct bt_hijack){ hijack_run, hijack_cancel, NULL });
}

/* A job that says something and fails, or fails at once, or goes on until its client left. */
static int job_fn(struct bt_job *job, void *arg, struct bt_err *err)
{
	const char *name = arg;
	json_auto_t *message = json_pack("{ss}", "status", name);

	if (strcmp(name, "early") != 0)
		ck_assert_int_eq(bt_job_message(job, message), 0);
	while (strcmp(name, "endless") == 0 && bt_job_message(job, message) == 0)
		usleep(1000);
	return strcmp(name, "fine") == 0 ? 0
					 : bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "no %s", name);
}

static void job_release(void *arg)
{
	free(arg);
	source_close(NULL);
}

static int job(struct bt_request *req, struct bt_err *err)
{
	const char *type =
		bt_query_bool(&req->query, "raw", false) ? BT_ANSWER_RAW : BT_ANSWER_JSON;

	return bt_job_answer(req, type, job_fn, job_release, strdup(req->name), err);
}

static const struct bt_route routes[] = {
	{ BT_METHOD_GET, "/job/*", BT_BODY_IGNORED, job },
	{ BT_METHOD_GET, "/echo/*", BT_BODY_IGNORED, echo },
	{ BT_METHOD_POST, "/echo/*", BT_BODY_JSON, echo },
	{ BT_METHOD_POST, "/any/*", BT_BODY_ANY_JSON, echo },
	{ BT_METHOD_GET, "/fail/*", BT_BODY_IGNORED, refuse },
	{ BT_METHOD_POST, "/count", BT_BODY_STREAM, count },
	{ BT_METHOD_POST, "/refuse/*", BT_BODY_STREAM, refuse_upload },
	{ BT_METHOD_GET, "/slow", BT_BODY_IGNORED, slow },
	{ BT_METHOD_GET, "/stream", BT_BODY_IGNORED, stream },
	{ BT_METHOD_POST, "/hijack", BT_BODY_IGNORED, hijack },
};

static void set_up(void)
{
	struct bt_server_config cfg = { .routes = routes,
					.nroutes = sizeof(routes) / sizeof(routes[0]) };
	struct bt_listener l = { 0 };
	struct bt_err err = { 0 };

	signal(SIGPIPE, SIG_IGN);
	snprintf(path, sizeof(path), SOCKET, getpid());
	listener = bt_sock_listen(path, SOCK_STREAM | SOCK_NONBLOCK, 0600);
	ck_assert_int_ge(listener, 0);
	l.fd = listener;
	cfg.listeners = &l;
	cfg.nlisteners = 1;
	waited_for = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ck_assert_int_eq(bt_server_start(&cfg, &server, &err), 0);
}

static void tear_down(void)
{
	bt_server_stop(server);
	unlink(path);
}

static int dial(void)
{
	int sock = bt_sock_connect(path, SOCK_STREAM);

	ck_assert_int_ge(sock, 0);
	return sock;
}

static void say(int sock, const char *text)
{
	ck_assert_int_eq(bt_io_write_all(sock, text, strlen(text)), 0);
}

/* What arrives until `until` was seen, or the connection ends (borrowed until the next call). */
static const char *hear(int sock, const char *until)
{
	static char buf[65536];
	size_t len = 0;
	ssize_t n = 1;

	buf[0] = '\0';
	while (n > 0 && len + 1 < sizeof(buf) && !(until && strstr(buf, until))) {
		n = read(sock, buf + len, sizeof(buf) - 1 - len);
		len += n > 0 ? (size_t)n : 0;
		buf[len] = '\0';
	}
	return buf;
}

/* One request on a connection of its own; the whole answer. */
static const char *ask(const char *request)
{
	bt_auto_close int sock = dial();

	say(sock, request);
	shutdown(sock, SHUT_WR);
	return hear(sock, NULL);
}

/* A further request on a connection that stays. */
static const char *ask_again(int sock)
{
	say(sock, "GET /echo/a HTTP/1.1\r\nHost: x\r\n\r\n");
	return hear(sock, "}");
}

/* The text is looked at once: it may come from a connection. */
static void ck_assert_has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "'%s' lacks '%s'", text, part);
}

START_TEST(every_answer_has_dockers_headers)
{
	const char *got = ask("GET /v1.40/echo/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

	ck_assert_has(got, "HTTP/1.1 200 OK\r\n");
	ck_assert_has(got, "Api-Version: 1.51\r\n");
	ck_assert_has(got, "Docker-Experimental: false\r\n");
	ck_assert_has(got, "Ostype: linux\r\n");
	ck_assert_has(got, "Server: berth/");
	ck_assert_has(got, "Content-Type: application/json\r\n");
	ck_assert_has(got, "{\"name\":\"a\",\"x\":null,\"version\":40}\n");
}
END_TEST

START_TEST(http_1_0_without_host_raw_json_and_empty_parameters_are_read)
{
	const char *got =
		ask("GET /echo/127.0.0.1:5000/web:v1?&x={\"since\":[\"<id>\"]}& HTTP/1.0\r\n\r\n");

	ck_assert_has(got, " 200 OK");
	ck_assert_has(got, "\"name\":\"127.0.0.1:5000/web:v1\"");
	ck_assert_has(got, "\"x\":\"{\\\"since\\\":[\\\"<id>\\\"]}\"");
}
END_TEST

START_TEST(a_post_without_length_or_type_has_no_body)
{
	ck_assert_has(ask("POST /echo/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
		      "\"name\":\"a\"");
}
END_TEST

START_TEST(errors_are_json_with_the_status_of_their_kind)
{
	ck_assert_has(ask("GET /fail/me HTTP/1.0\r\n\r\n"), " 409 Conflict");
	ck_assert_has(ask("GET /fail/me HTTP/1.0\r\n\r\n"), "{\"message\":\"me is busy\"}\n");
	ck_assert_has(ask("GET /nowhere HTTP/1.0\r\n\r\n"), " 404 Not Found");
	ck_assert_has(ask("GET /nowhere HTTP/1.0\r\n\r\n"), "{\"message\":\"page not found\"}\n");
	ck_assert_has(ask("PUT /fail/me HTTP/1.0\r\n\r\n"), "{\"message\":\"page not found\"}\n");
	ck_assert_has(ask("GET /v1.11/fail/me HTTP/1.0\r\n\r\n"),
		      "client version 1.11 is too old.");
	ck_assert_has(ask("GET /v1.99/fail/me HTTP/1.0\r\n\r\n"),
		      "client version 1.99 is too new.");
	ck_assert_has(ask("GET /fail/%zz HTTP/1.0\r\n\r\n"), " 400 Bad Request");
}
END_TEST

#define JSON "Content-Type: application/json\r\n"

START_TEST(a_body_must_call_itself_json_unless_the_route_says_otherwise)
{
	static const char *const types[] = { "", "Content-Type: text/plain\r\n",
					     "Content-Type:\r\n", "Content-Type: ;\r\n",
					     "Content-Type: application/jsonx\r\n" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		bt_auto_free char *typed = bt_str_format(
			"POST /echo/a HTTP/1.0\r\n%sContent-Length: 2\r\n\r\n{}", types[i]);
		bt_auto_free char *any = bt_str_format(
			"POST /any/a HTTP/1.0\r\n%sContent-Length: 2\r\n\r\n{}", types[i]);

		ck_assert_has(ask(typed), " 400 Bad Request");
		ck_assert_has(ask(typed), "Content-Type header");
		ck_assert_has(ask(any), " 200 OK");
	}
	ck_assert_has(ask("POST /echo/a HTTP/1.0\r\nContent-Type: APPLICATION/json ; charset=x\r\n"
			  "Content-Length: 2\r\n\r\n{}"),
		      " 200 OK");
	/* Nothing is of no type. */
	ck_assert_has(ask("POST /echo/a HTTP/1.0\r\nContent-Length: 0\r\n\r\n"), " 200 OK");
}
END_TEST

START_TEST(broken_deep_and_large_json_is_refused_with_words)
{
	bt_auto_str struct bt_str deep = { 0 };

	ck_assert_has(ask("POST /echo/a HTTP/1.0\r\n" JSON "Content-Length: 5\r\n\r\n{\"a\":"),
		      "invalid JSON: ");
	bt_str_puts(&deep, "POST /echo/a HTTP/1.0\r\n" JSON "Content-Length: 100000\r\n\r\n");
	for (int i = 0; i < 100000; i++)
		bt_str_putc(&deep, '[');
	ck_assert_has(ask(bt_str_get(&deep)), "nested deeper than 64");
	ck_assert_has(ask("POST /echo/a HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n{"),
		      "999999999 bytes is too large");
}
END_TEST

START_TEST(a_body_that_never_ends_is_cut_with_an_answer)
{
	bt_auto_close int sock = dial();
	char chunk[65536 + 16];
	const char *got;
	int sent = 0;

	say(sock, "POST /echo/a HTTP/1.1\r\nHost: x\r\n" JSON "Transfer-Encoding: chunked\r\n\r\n");
	memcpy(chunk, "10000\r\n", 7);
	memset(chunk + 7, ' ', 65536);
	memcpy(chunk + 7 + 65536, "\r\n", 2);
	while (sent < 1000 && send(sock, chunk, 65536 + 9, MSG_NOSIGNAL) > 0)
		sent++;
	ck_assert_int_lt(sent, 1000);
	got = hear(sock, NULL);
	ck_assert_has(got, "HTTP/1.1 400 Bad Request\r\n");
	ck_assert_has(got, "at most 4194304 bytes are read");
}
END_TEST

START_TEST(an_upload_reaches_its_handler_whole)
{
	bt_auto_close int sock = dial();
	bt_auto_free char *data = calloc(1, 3 << 20);

	say(sock, "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 3145728\r\n\r\n");
	ck_assert_int_eq(bt_io_write_all(sock, data, 3 << 20), 0);
	ck_assert_has(hear(sock, "}"), "{\"count\":3145728}");
}
END_TEST

START_TEST(an_upload_that_its_handler_refuses_is_answered)
{
	bt_auto_close int sock = dial();
	bt_auto_free char *data = calloc(1, 3 << 20);

	say(sock, "POST /refuse/x HTTP/1.1\r\nHost: x\r\nContent-Length: 3145728\r\n\r\n");
	ck_assert_int_eq(bt_io_write_all(sock, data, 3 << 20), 0);
	ck_assert_has(hear(sock, "}"), "{\"message\":\"no such thing: x\"}");
}
END_TEST

START_TEST(a_stream_sends_its_headers_before_it_has_anything_to_say)
{
	bt_auto_close int sock = dial();

	say(sock, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert_has(hear(sock, "\r\n\r\n"), "Transfer-Encoding: chunked");
	ck_assert_int_eq(eventfd_write(waited_for, 7), 0);
	ck_assert_has(hear(sock, "7;"), "7;");
	ck_assert_int_eq(eventfd_write(waited_for, 100), 0);
	ck_assert_has(hear(sock, "0\r\n\r\n"), "0\r\n\r\n");
}
END_TEST

START_TEST(a_stream_ends_when_its_client_leaves)
{
	bt_auto_close int sock = dial();

	say(sock, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(sock, "\r\n\r\n");
	bt_close(&sock);
	while (__atomic_load_n(&closed_streams, __ATOMIC_SEQ_CST) == 0)
		usleep(1000);
	ck_assert_int_eq(__atomic_load_n(&closed_streams, __ATOMIC_SEQ_CST), 1);
}
END_TEST

/* Said is before it is noted. */
static int await_hijacked(void)
{
	int sock;

	while ((sock = __atomic_load_n(&hijacked, __ATOMIC_SEQ_CST)) < 0)
		usleep(1000);
	return sock;
}

START_TEST(a_hijacked_socket_is_ours_and_stays_open_both_ways)
{
	bt_auto_close int sock = dial(), ours = -EBADF;
	const char *got;
	char buf[8] = { 0 };

	say(sock,
	    "POST /hijack HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nearly");
	got = hear(sock, "early");
	ck_assert_has(got, "HTTP/1.1 101 ");
	ck_assert_has(got, "Upgrade: tcp\r\n");
	ck_assert_has(got, "Connection: Upgrade\r\n");
	ck_assert_has(got, "Content-Type: application/vnd.docker.multiplexed-stream\r\n");
	ck_assert_has(got, "\r\n\r\nhello early");
	ours = await_hijacked();
	/* Time for the HTTP library to let go of its end. */
	usleep(100000);
	say(ours, "out");
	ck_assert_int_eq(read(sock, buf, 3), 3);
	say(sock, "in");
	shutdown(sock, SHUT_WR);
	usleep(10000);
	ck_assert_int_eq(read(ours, buf, sizeof(buf)), 2);
	ck_assert_int_eq(read(ours, buf, sizeof(buf)), 0);
	say(ours, "late");
	ck_assert_has(hear(sock, "late"), "late");
}
END_TEST

START_TEST(nothing_follows_the_head_before_it_is_read)
{
	bt_auto_close int sock = dial();
	const struct timespec pause = { .tv_nsec = 50000000 };
	char buf[1024];
	ssize_t n;

	say(sock,
	    "POST /hijack HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
	/* It would have come by now. */
	nanosleep(&pause, NULL);
	n = recv(sock, buf, sizeof(buf), 0);
	ck_assert_int_gt(n, 4);
	ck_assert_mem_eq(buf + n - 4, "\r\n\r\n", 4);
	ck_assert_int_eq(recv(sock, buf, sizeof(buf), 0), 6);
	ck_assert_mem_eq(buf, "hello ", 6);
}
END_TEST

START_TEST(a_hijack_without_upgrade_is_a_raw_stream_both_ways)
{
	bt_auto_close int sock = dial(), ours = -EBADF;
	char buf[8] = { 0 };
	const char *got;

	say(sock, "POST /v1.43/hijack HTTP/1.1\r\nHost: x\r\n\r\n");
	got = hear(sock, "hello ");
	ck_assert_has(got, "HTTP/1.1 200 OK\r\n");
	ck_assert_has(got, "Content-Type: application/vnd.docker.raw-stream\r\n");
	ck_assert_ptr_null(strstr(got, "chunked"));
	ck_assert_has(got, "\r\n\r\nhello ");
	ours = await_hijacked();
	/* Time for the HTTP library to let go of its end. */
	usleep(100000);
	say(ours, "more");
	ck_assert_has(hear(sock, "more"), "more");
	say(sock, "in");
	shutdown(sock, SHUT_WR);
	ck_assert_int_eq(read(ours, buf, sizeof(buf)), 2);
	ck_assert_int_eq(read(ours, buf, sizeof(buf)), 0);
}
END_TEST

START_TEST(http_2_by_prior_knowledge_is_closed_and_a_slow_post_is_not)
{
	bt_auto_close int h2 = dial(), slow = dial();

	say(h2, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	ck_assert_str_eq(hear(h2, NULL), "");
	say(slow, "P");
	usleep(20000);
	say(slow, "OST /echo/a HTTP/1.0\r\n\r\n");
	ck_assert_has(hear(slow, "}"), "\"name\":\"a\"");
}
END_TEST

START_TEST(a_connection_is_kept_for_the_next_request)
{
	bt_auto_close int sock = dial();

	for (int i = 0; i < 3; i++) {
		say(sock, "GET /echo/a HTTP/1.1\r\nHost: x\r\n\r\n");
		ck_assert_has(hear(sock, "}"), "\"name\":\"a\"");
	}
}
END_TEST

/* As ask(), but the client stays: one that shuts its side down counts as gone. */
static const char *ask_and_stay(const char *request)
{
	bt_auto_close int sock = dial();

	say(sock, request);
	return hear(sock, NULL);
}

START_TEST(a_job_that_fails_at_once_is_an_error_and_later_a_message)
{
	ck_assert_has(ask_and_stay("GET /job/early HTTP/1.0\r\n\r\n"), " 404 Not Found");
	ck_assert_has(ask_and_stay("GET /job/early HTTP/1.0\r\n\r\n"),
		      "{\"message\":\"no early\"}");
	ck_assert_has(ask_and_stay("GET /job/fine HTTP/1.0\r\n\r\n"), "{\"status\":\"fine\"}\r\n");
	ck_assert_has(ask_and_stay("GET /job/late HTTP/1.0\r\n\r\n"),
		      "{\"status\":\"late\"}\r\n{\"errorDetail\":{\"message\":\"no late\"},"
		      "\"error\":\"no late\"}\r\n");
}
END_TEST

START_TEST(a_job_of_raw_bytes_that_fails_breaks_the_answer_off)
{
	bt_auto_close int fine = dial(), late = dial();
	const char *got;

	say(fine, "GET /job/fine?raw=1 HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert_has(hear(fine, "\r\n0\r\n\r\n"), "\r\n0\r\n\r\n");
	say(late, "GET /job/late?raw=1 HTTP/1.1\r\nHost: x\r\n\r\n");
	got = hear(late, NULL);
	ck_assert_has(got, "{\"status\":\"late\"}");
	ck_assert_ptr_null(strstr(got, "\r\n0\r\n\r\n"));
}
END_TEST

START_TEST(a_job_ends_when_its_client_leaves)
{
	bt_auto_close int sock = dial();

	say(sock, "GET /job/endless HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(sock, "endless");
	bt_close(&sock);
	while (__atomic_load_n(&closed_streams, __ATOMIC_SEQ_CST) == 0)
		usleep(1000);
	ck_assert_int_eq(__atomic_load_n(&closed_streams, __ATOMIC_SEQ_CST), 1);
}
END_TEST

static void *stop(void *arg)
{
	bt_server_stop(arg);
	return NULL;
}

/* The orderly end begins beside the test, which joins the thread. */
static pthread_t begin_to_stop(void)
{
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, stop, server), 0);
	server = NULL;
	return thread;
}

START_TEST(who_was_accepted_before_the_end_gets_an_answer)
{
	bt_auto_close int silent = -EBADF, half = -EBADF;
	pthread_t thread;

	atomic_store(&no_time_passes, true);
	silent = dial();
	half = dial();
	say(half, "GET /echo/b HTTP/1.1\r\n");
	/* Both were accepted once a later one was served. */
	ck_assert_has(ask("GET /echo/c HTTP/1.0\r\n\r\n"), "\"name\":\"c\"");
	thread = begin_to_stop();
	usleep(50000);
	say(silent, "GET /echo/a HTTP/1.1\r\nHost: x\r\n\r\n");
	say(half, "Host: x\r\n\r\n");
	ck_assert_has(hear(silent, NULL), "\"name\":\"a\"");
	ck_assert_has(hear(half, NULL), "\"name\":\"b\"");
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	/* How long the test took is measured, too. */
	atomic_store(&no_time_passes, false);
}
END_TEST

START_TEST(a_handler_at_work_gives_its_answer_and_closes)
{
	bt_auto_close int sock = dial(), kept = dial();
	const char *got;
	pthread_t thread;

	say(sock, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
	while (!__atomic_load_n(&slow_began, __ATOMIC_SEQ_CST))
		usleep(1000);
	(void)ask_again(kept);
	thread = begin_to_stop();
	/* Others' answers tell when the end has begun. */
	while (!strstr(ask_again(kept), "Connection: close\r\n"))
		continue;
	ck_assert_int_eq(eventfd_write(waited_for, 1), 0);
	got = hear(sock, NULL);
	ck_assert_has(got, "\"done\":true");
	ck_assert_has(got, "Connection: close\r\n");
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

START_TEST(what_streams_and_who_says_nothing_does_not_hold_up_the_end)
{
	bt_auto_close int streaming = dial(), kept = dial(), half = dial(), silent = dial();
	pthread_t thread;

	say(streaming, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert_has(hear(streaming, "\r\n\r\n"), " 200 OK");
	say(kept, "GET /echo/a HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert_has(hear(kept, "}"), "\"name\":\"a\"");
	say(half, "GET /ec");
	thread = begin_to_stop();
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_str_eq(hear(kept, NULL), "");
	ck_assert_str_eq(hear(half, NULL), "");
	ck_assert_str_eq(hear(silent, NULL), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api/server");
	TCase *serve = tcase_create("serve");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(serve, set_up, tear_down);
	tcase_set_timeout(serve, 20);
	tcase_add_test(serve, who_was_accepted_before_the_end_gets_an_answer);
	tcase_add_test(serve, a_handler_at_work_gives_its_answer_and_closes);
	tcase_add_test(serve, what_streams_and_who_says_nothing_does_not_hold_up_the_end);
	tcase_add_test(serve, every_answer_has_dockers_headers);
	tcase_add_test(serve, http_1_0_without_host_raw_json_and_empty_parameters_are_read);
	tcase_add_test(serve, a_post_without_length_or_type_has_no_body);
	tcase_add_test(serve, errors_are_json_with_the_status_of_their_kind);
	tcase_add_test(serve, a_body_must_call_itself_json_unless_the_route_says_otherwise);
	tcase_add_test(serve, broken_deep_and_large_json_is_refused_with_words);
	tcase_add_test(serve, a_body_that_never_ends_is_cut_with_an_answer);
	tcase_add_test(serve, an_upload_reaches_its_handler_whole);
	tcase_add_test(serve, an_upload_that_its_handler_refuses_is_answered);
	tcase_add_test(serve, a_stream_sends_its_headers_before_it_has_anything_to_say);
	tcase_add_test(serve, a_stream_ends_when_its_client_leaves);
	tcase_add_test(serve, a_hijacked_socket_is_ours_and_stays_open_both_ways);
	tcase_add_test(serve, nothing_follows_the_head_before_it_is_read);
	tcase_add_test(serve, a_hijack_without_upgrade_is_a_raw_stream_both_ways);
	tcase_add_test(serve, http_2_by_prior_knowledge_is_closed_and_a_slow_post_is_not);
	tcase_add_test(serve, a_connection_is_kept_for_the_next_request);
	tcase_add_test(serve, a_job_that_fails_at_once_is_an_error_and_later_a_message);
	tcase_add_test(serve, a_job_of_raw_bytes_that_fails_breaks_the_answer_off);
	tcase_add_test(serve, a_job_ends_when_its_client_leaves);
	suite_add_tcase(suite, serve);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
