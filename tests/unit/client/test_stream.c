/* SPDX-License-Identifier: Apache-2.0 */

#include "client/stream.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"

struct world {
	struct bt_http_conn conn;
	int daemon;                /* the other end */
	int out[2], err[2], in[2]; /* pipes */
};

static struct world begin(void)
{
	struct world w;
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(pipe(w.out) | pipe(w.err) | pipe(w.in), 0);
	ck_assert_int_eq(bt_http_attach(pair[0], &w.conn), 0);
	w.conn.head.framing = BT_HTTP_UNTIL_CLOSE;
	w.daemon = pair[1];
	return w;
}

static void say(int fd, const char *data, size_t len)
{
	ck_assert_int_eq(bt_io_write_all(fd, data, len), 0);
}

static int carry(struct world *w, bool mux, bool in, struct bt_err *err)
{
	struct bt_stream s = { .conn = &w->conn,
			       .in = in ? w->in[0] : -1,
			       .out = w->out[1],
			       .err = w->err[1],
			       .mux = mux,
			       .signals = -1 };
	int r;

	if (in)
		ck_assert_int_eq(bt_stream_keys_parse("ctrl-p,ctrl-q", s.keys, &s.nkeys, err), 0);
	r = bt_stream_run(&s, err);
	(void)close(w->out[1]);
	(void)close(w->err[1]);
	bt_http_close(&w->conn);
	return r;
}

static void expect(int fd, const char *want)
{
	char *got = NULL;

	ck_assert_int_eq(bt_io_read_fd(fd, 1 << 20, &got, NULL), 0);
	ck_assert_str_eq(got, want);
	free(got);
}

START_TEST(frames_go_to_their_descriptors)
{
	static const char frames[] = "\1\0\0\0\0\0\0\3out\2\0\0\0\0\0\0\4err!\1\0\0\0\0\0\0\0"
				     "\1\0\0\0\0\0\0\1.";
	struct bt_err err = { 0 };
	struct world w = begin();

	say(w.daemon, frames, sizeof(frames) - 1);
	(void)close(w.daemon);
	ck_assert_int_eq(carry(&w, true, false, &err), BT_STREAM_CLOSED);
	expect(w.out[0], "out.");
	expect(w.err[0], "err!");
}
END_TEST

START_TEST(a_frame_of_an_unknown_kind_is_an_error)
{
	struct bt_err err = { 0 };
	struct world w = begin();

	say(w.daemon, "HTTP/1.1", 8);
	(void)close(w.daemon);
	ck_assert_int_eq(carry(&w, true, false, &err), -EPROTO);
	ck_assert(err.msg[0]);
}
END_TEST

START_TEST(a_raw_stream_passes_unchanged)
{
	struct bt_err err = { 0 };
	struct world w = begin();

	say(w.daemon, "\1raw bytes", 10);
	(void)close(w.daemon);
	ck_assert_int_eq(carry(&w, false, false, &err), BT_STREAM_CLOSED);
	expect(w.out[0], "\1raw bytes");
}
END_TEST

START_TEST(the_detach_keys_end_it_and_are_not_sent)
{
	struct bt_err err = { 0 };
	struct world w = begin();

	say(w.in[1], "a\20b\20\20\21c", 7);
	ck_assert_int_eq(carry(&w, false, true, &err), BT_STREAM_DETACHED);
	expect(w.daemon, "a\20b\20");
}
END_TEST

START_TEST(keys_are_named_as_docker_names_them)
{
	unsigned char keys[BT_STREAM_KEYS_MAX];
	struct bt_err err = { 0 };
	size_t n;

	ck_assert_int_eq(bt_stream_keys_parse("a,ctrl-[,ctrl-Z", keys, &n, &err), 0);
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(keys[1], 27);
	ck_assert_int_eq(keys[2], 26);
	ck_assert_int_eq(bt_stream_keys_parse("ctrl-", keys, &n, &err), -EINVAL);
	ck_assert_int_eq(bt_stream_keys_parse("foo", keys, &n, &err), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client/stream");
	TCase *tests = tcase_create("stream");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, frames_go_to_their_descriptors);
	tcase_add_test(tests, a_frame_of_an_unknown_kind_is_an_error);
	tcase_add_test(tests, a_raw_stream_passes_unchanged);
	tcase_add_test(tests, the_detach_keys_end_it_and_are_not_sent);
	tcase_add_test(tests, keys_are_named_as_docker_names_them);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
