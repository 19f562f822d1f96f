/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/progress.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "../run_tests.h"
#include "base/auto.h"
#include "base/sock.h"
#include "base/str.h"
#include "base/thread.h"

#define HEAD "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static struct bt_err err;

/* What the peer says: the bytes of `body` in chunks of `size`. */
struct saying {
	int fd;
	const char *body;
	size_t len, size;
};

static void *say(void *arg)
{
	const struct saying *s = arg;
	int r = bt_sock_send_all(s->fd, HEAD, strlen(HEAD));

	for (size_t at = 0; r == 0 && at < s->len; at += s->size) {
		size_t n = s->len - at < s->size ? s->len - at : s->size;
		char head[32];

		(void)snprintf(head, sizeof(head), "%zx\r\n", n);
		r = bt_sock_send_all(s->fd, head, strlen(head));
		if (r == 0)
			r = bt_sock_send_all(s->fd, s->body + at, n);
		if (r == 0)
			r = bt_sock_send_all(s->fd, "\r\n", 2);
	}
	if (r == 0)
		r = bt_sock_send_all(s->fd, "0\r\n\r\n", 5);
	(void)shutdown(s->fd, SHUT_WR);
	return NULL;
}

static int show_bytes(const char *body, size_t len, size_t size, FILE *out,
		      void (*aux)(void *arg, const json_t *aux), void *arg)
{
	struct saying saying = { .body = body, .len = len, .size = size };
	struct bt_http_conn conn;
	pthread_t thread;
	int pair[2], r;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	saying.fd = pair[1];
	ck_assert_int_eq(bt_thread_start(&thread, 128u << 10, say, &saying), 0);
	ck_assert_int_eq(bt_http_attach(pair[0], &conn), 0);
	ck_assert_int_eq(bt_http_receive(&conn, false, &err), 0);
	r = bt_progress_show(&conn, out, aux, arg, &err);
	bt_http_close(&conn);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	bt_close(&pair[1]);
	return r;
}

/* What is shown where there is no terminal. */
static char *plain(const char *body, size_t size, int *ret)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	*ret = show_bytes(body, strlen(body), size, out, NULL, NULL);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

static const struct {
	const char *body, *shown;
} plains[] = {
	{ "", "" },
	{ "\n\r\n \t\n", "" },
	{ "{\"status\":\"Pulling from a\",\"id\":\"latest\"}\n", "latest: Pulling from a\n" },
	{ "{\"stream\":\"Step 1\\n\"}\r\n{\"stream\":\"a\"}", "Step 1\na" },
	/* The end of the answer ends the last line. */
	{ "{\"status\":\"x\"}", "x\n" },
	/* Without a terminal, how far it is is not shown; that it is done is. */
	{ "{\"status\":\"Downloading\",\"id\":\"l\",\"progressDetail\":{\"current\":1,\"total\":2}}\n"
	  "{\"status\":\"Pull complete\",\"id\":\"l\",\"progressDetail\":{}}\n",
	  "l: Pull complete\n" },
	{ "{\"status\":1,\"id\":[],\"progressDetail\":7}\n", "\n" },
	{ "{\"aux\":{\"ID\":\"sha256:1\"}}\n", "" },
};

START_TEST(messages_are_plain_lines_where_there_is_no_terminal)
{
	static const size_t sizes[] = { 1, 7, 4096 };

	for (size_t i = 0; i < 3; i++) {
		int r;
		bt_auto_free char *text = plain(plains[_i].body, sizes[i], &r);

		ck_assert_msg(r == 0, "%s", err.msg);
		ck_assert_str_eq(text, plains[_i].shown);
	}
}
END_TEST

static const struct {
	const char *body, *message;
	enum bt_err_kind kind;
} failures[] = {
	{ "{\"errorDetail\":{\"message\":\"why\"},\"error\":\"short\"}\n", "why", BT_ERR_SYSTEM },
	{ "{\"error\":\"short\"}\n", "short", BT_ERR_SYSTEM },
	{ "{\"errorDetail\":{\"code\":401}}\n", "authentication is required", BT_ERR_UNAUTHORIZED },
	{ "{\"status\":\"x\"}\n{\"error\":\"late\"}", "late", BT_ERR_SYSTEM },
	{ "no json\n", "invalid message from daemon: no json", BT_ERR_SYSTEM },
	{ "[1]\n", "invalid message from daemon: [1]", BT_ERR_SYSTEM },
	{ "{\"status\":\n\"x\"}\n", "invalid message from daemon: {\"status\":", BT_ERR_SYSTEM },
};

START_TEST(an_error_among_the_messages_is_the_end)
{
	int r;
	bt_auto_free char *text = plain(failures[_i].body, 4096, &r);

	ck_assert_int_lt(r, 0);
	ck_assert_str_eq(err.msg, failures[_i].message);
	ck_assert_int_eq(err.kind, failures[_i].kind);
}
END_TEST

START_TEST(a_nul_hides_nothing_that_follows_it)
{
	static const char body[] = "{\"status\":\"x\"}\n\0\n{\"error\":\"hidden\"}\n";

	ck_assert_int_lt(show_bytes(body, sizeof(body) - 1, 4096, NULL, NULL, NULL), 0);
	ck_assert_str_eq(err.msg, "hidden");
	ck_assert_int_lt(show_bytes(body, sizeof(body) - 1, 1, NULL, NULL, NULL), 0);
}
END_TEST

START_TEST(a_message_without_end_is_refused)
{
	bt_auto_free char *body = malloc(5u << 20);

	memset(body, 'x', 5u << 20);
	ck_assert_int_lt(show_bytes(body, 5u << 20, 64u << 10, NULL, NULL, NULL), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "read progress"));
}
END_TEST

static void count(void *arg, const json_t *aux)
{
	ck_assert_str_eq(json_string_value(json_object_get(aux, "ID")), "sha256:1");
	++*(int *)arg;
}

START_TEST(what_is_said_for_programs_goes_to_the_caller_also_without_output)
{
	static const char body[] = "{\"status\":\"x\"}\n{\"aux\":{\"ID\":\"sha256:1\"}}\n"
				   "{\"aux\":{\"ID\":\"sha256:1\"}}\n";
	int n = 0;

	ck_assert_int_eq(show_bytes(body, strlen(body), 4096, NULL, count, &n), 0);
	ck_assert_int_eq(n, 2);
}
END_TEST

/* What is written to a terminal of so many columns. */
static char *on_terminal(const char *body, unsigned short columns)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
	const struct winsize ws = { .ws_row = 24, .ws_col = columns };
	char *text = calloc(1, 8192);
	struct termios raw;
	FILE *out;
	ssize_t n;

	ck_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert(slave >= 0 && tcgetattr(slave, &raw) == 0);
	cfmakeraw(&raw);
	ck_assert_int_eq(tcsetattr(slave, TCSANOW, &raw), 0);
	ck_assert_int_eq(ioctl(slave, TIOCSWINSZ, &ws), 0);
	out = fdopen(slave, "w");
	ck_assert_int_eq(show_bytes(body, strlen(body), 4096, out, NULL, NULL), 0);
	/* A terminal has no end of its own. */
	(void)fputs("END", out);
	(void)fflush(out);
	for (size_t len = 0;
	     !strstr(text, "END") && (n = read(master, text + len, 8191 - len)) > 0;)
		len += (size_t)n;
	(void)fclose(out);
	bt_close(&master);
	return text;
}

START_TEST(on_a_terminal_each_layer_has_a_line_that_is_written_over)
{
	static const char body[] =
		"{\"status\":\"Downloading\",\"id\":\"a\",\"progressDetail\":{\"current\":1,\"total\":2}}\n"
		"{\"status\":\"Downloading\",\"id\":\"b\",\"progressDetail\":{\"current\":1,\"total\":2}}\n"
		"{\"status\":\"Pull complete\",\"id\":\"a\",\"progressDetail\":{}}\n";
	bt_auto_free char *narrow = on_terminal(body, 80);
	bt_auto_free char *wide = on_terminal(body, 120);
	const char *b = strstr(narrow, "b: "), *again = b ? strstr(b, "\33[2A") : NULL;

	/* Each a new line first; then up to that of "a", over that of "b", and down again. */
	ck_assert_ptr_nonnull(bt_str_after(narrow, "\n\33[1A"));
	ck_assert_ptr_nonnull(again);
	ck_assert_ptr_nonnull(strstr(again, "a: Pull complete"));
	ck_assert_ptr_nonnull(strstr(again, "\33[2B"));
	ck_assert_ptr_null(strchr(narrow, '='));
	ck_assert_ptr_nonnull(strstr(wide, "[=========================>"));
}
END_TEST

/* Says a line, and the next one when the first was shown. */
struct turns {
	int fd, shown;
	char heard[64];
};

static void *say_in_turns(void *arg)
{
	static const char first[] = HEAD "13\r\n{\"status\":\"first\"}\n\r\n";
	static const char next[] = "12\r\n{\"status\":\"next\"}\n\r\n0\r\n\r\n";
	struct turns *t = arg;

	if (bt_sock_send_all(t->fd, first, strlen(first)) == 0 &&
	    read(t->shown, t->heard, sizeof(t->heard) - 1) > 0)
		(void)!bt_sock_send_all(t->fd, next, strlen(next));
	(void)shutdown(t->fd, SHUT_WR);
	return NULL;
}

START_TEST(who_reads_by_a_pipe_sees_each_message_when_it_comes)
{
	struct turns turns = { 0 };
	struct bt_http_conn conn;
	int pair[2], pipes[2];
	char rest[64] = { 0 };
	pthread_t thread;
	FILE *out;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
	out = fdopen(pipes[1], "w");
	ck_assert_ptr_nonnull(out);
	turns.fd = pair[1];
	turns.shown = pipes[0];
	ck_assert_int_eq(bt_thread_start(&thread, 128u << 10, say_in_turns, &turns), 0);
	ck_assert_int_eq(bt_http_attach(pair[0], &conn), 0);
	ck_assert_int_eq(bt_http_receive(&conn, false, &err), 0);
	ck_assert_int_eq(bt_progress_show(&conn, out, NULL, NULL, &err), 0);
	bt_http_close(&conn);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_str_eq(turns.heard, "first\n");
	ck_assert_int_eq(read(pipes[0], rest, sizeof(rest) - 1), 5);
	ck_assert_str_eq(rest, "next\n");
	bt_close(&pipes[0]);
	bt_close(&pair[1]);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_loop_test(tests, messages_are_plain_lines_where_there_is_no_terminal, 0,
			    sizeof(plains) / sizeof(plains[0]));
	tcase_add_loop_test(tests, an_error_among_the_messages_is_the_end, 0,
			    sizeof(failures) / sizeof(failures[0]));
	tcase_add_test(tests, a_nul_hides_nothing_that_follows_it);
	tcase_add_test(tests, a_message_without_end_is_refused);
	tcase_add_test(tests, what_is_said_for_programs_goes_to_the_caller_also_without_output);
	tcase_add_test(tests, on_a_terminal_each_layer_has_a_line_that_is_written_over);
	tcase_add_test(tests, who_reads_by_a_pipe_sees_each_message_when_it_comes);
	tcase_set_timeout(tests, 30);
}

int main(void)
{
	return run_tests("cli/progress", add);
}
