/* SPDX-License-Identifier: Apache-2.0 */

#include "api/websocket.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A connection in memory, which gives and takes `step` bytes at a time. */
struct wire {
	const unsigned char *in;
	size_t in_len, step;
	unsigned char out[512];
	size_t out_len;
};

static ssize_t wire_recv(void *arg, void *buf, size_t len)
{
	struct wire *w = arg;
	size_t n = w->in_len < len ? w->in_len : len;

	if (w->in_len == 0)
		return -EAGAIN;
	n = n < w->step ? n : w->step;
	memcpy(buf, w->in, n);
	w->in += n;
	w->in_len -= n;
	return (ssize_t)n;
}

static ssize_t wire_send(void *arg, const void *data, size_t len)
{
	struct wire *w = arg;
	size_t n = len < w->step ? len : w->step;

	memcpy(w->out + w->out_len, data, n);
	w->out_len += n;
	return (ssize_t)n;
}

static bool wire_pending(void *arg)
{
	return ((struct wire *)arg)->in_len > 0;
}

/* All that is received until there is no more; *ret_last is the last result. */
static size_t drain(struct wire *w, char *buf, size_t size, ssize_t *ret_last)
{
	struct bt_websocket ws = { .inner = { .fd = -1,
					      .recv = wire_recv,
					      .send = wire_send,
					      .pending = wire_pending,
					      .arg = w } };
	struct bt_relay_client client = bt_websocket_client(&ws);
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0) {
		n = client.recv(client.arg, buf + len, size - len);
		len += n > 0 ? (size_t)n : 0;
	}
	*ret_last = n;
	return len;
}

START_TEST(the_answer_to_a_key_is_the_standards)
{
	char accept[BT_WEBSOCKET_ACCEPT_LEN];

	bt_websocket_accept("dGhlIHNhbXBsZSBub25jZQ==", accept);
	ck_assert_str_eq(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}
END_TEST

/* "Hello" masked (section 5.7), a ping, an empty frame, "!" in a frame with a long length. */
static const unsigned char frames[] = {
	0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58, 0x89, 0x80, 0, 0,
	0,    0,    0x82, 0x80, 1,    2,    3,    4,    0x82, 0xfe, 0,    1,    0,    0, 0,
	0,    '!',  0x88, 0x80, 0,    0,    0,    0,    0x82, 0x81, 0,    0,    0,    0, 'x',
};

START_TEST(frames_become_a_stream_in_any_pieces)
{
	for (size_t step = 1; step <= sizeof(frames); step++) {
		struct wire w = { .in = frames, .in_len = sizeof(frames), .step = step };
		char buf[64] = "";
		ssize_t last;

		ck_assert_uint_eq(drain(&w, buf, sizeof(buf), &last), 6);
		ck_assert_str_eq(buf, "Hello!");
		/* A close frame ends it, whatever follows; the ping was answered. */
		ck_assert_int_eq(last, 0);
		ck_assert_uint_eq(w.out[0], 0x8a);
	}
}
END_TEST

START_TEST(what_is_no_clients_frame_is_an_error)
{
	static const unsigned char bad[][6] = {
		{ 0x82, 0x01, 'x' },              /* not masked */
		{ 0xc2, 0x81, 0, 0, 0, 0 },       /* an extension's bit */
		{ 0x09, 0x80, 0, 0, 0, 0 },       /* a ping in pieces */
		{ 0x88, 0xfe, 0x01, 0x00, 0, 0 }, /* a close of 256 bytes */
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		unsigned char bytes[16] = { 0 };
		struct wire w = { .in = bytes, .in_len = sizeof(bytes), .step = 16 };
		char buf[64];
		ssize_t last;

		memcpy(bytes, bad[i], 6);
		ck_assert_uint_eq(drain(&w, buf, sizeof(buf), &last), 0);
		ck_assert_int_eq(last, -EPROTO);
	}
}
END_TEST

START_TEST(output_is_framed_once_however_it_goes_out)
{
	char text[200];

	memset(text, 'a', sizeof(text));
	for (size_t step = 1; step < 210; step += 13) {
		struct wire w = { .step = step };
		struct bt_websocket ws = { .inner = { .fd = -1, .send = wire_send, .arg = &w } };
		struct bt_relay_client client = bt_websocket_client(&ws);
		size_t sent = 0;

		while (sent < sizeof(text)) {
			ssize_t n = client.send(client.arg, text + sent, sizeof(text) - sent);

			ck_assert_int_gt(n, 0);
			sent += (size_t)n;
		}
		ck_assert_uint_eq(w.out_len, sizeof(text) + 4);
		ck_assert_mem_eq(w.out, "\x82\x7e\x00\xc8", 4);
		ck_assert_mem_eq(w.out + 4, text, sizeof(text));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api/websocket");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, the_answer_to_a_key_is_the_standards);
	tcase_add_test(tests, frames_become_a_stream_in_any_pieces);
	tcase_add_test(tests, what_is_no_clients_frame_is_an_error);
	tcase_add_test(tests, output_is_framed_once_however_it_goes_out);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
