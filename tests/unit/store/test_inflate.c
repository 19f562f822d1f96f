/* SPDX-License-Identifier: Apache-2.0 */

#include "store/inflate.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/auto.h"
#include "base/str.h"
#include "store/deflate.h"

#define SIZE (1u << 20)

static char plain[SIZE];
static struct bt_str packed;

/* Gives `step` bytes of `packed` at a time. */
struct source {
	size_t at, step;
};

static ssize_t give(void *arg, void *buf, size_t len, struct bt_err *err)
{
	struct source *s = arg;
	size_t n = packed.len - s->at;

	(void)err;
	if (n > s->step)
		n = s->step;
	if (n > len)
		n = len;
	memcpy(buf, bt_str_get(&packed) + s->at, n);
	s->at += n;
	return (ssize_t)n;
}

static void make_text(void)
{
	for (size_t i = 0; i < SIZE; i++)
		plain[i] = (char)("abcdefgh"[(i * i >> 7) % 8] + (i % 977 == 0));
	packed = (struct bt_str){ 0 };
}

static void drop_text(void)
{
	bt_str_done(&packed);
}

static int keep(void *arg, const void *data, size_t len)
{
	(void)arg;
	bt_str_add(&packed, data, len);
	return packed.failed;
}

static void gzip(const char *data, size_t len, size_t step)
{
	struct bt_deflate *d = NULL;

	ck_assert_int_eq(bt_deflate_create(keep, NULL, &d), 0);
	for (size_t at = 0; at < len; at += step)
		ck_assert_int_eq(bt_deflate_write(d, data + at, at + step < len ? step : len - at),
				 0);
	ck_assert_int_eq(bt_deflate_finish(d), 0);
	bt_deflate_destroy(d);
}

static void zstd(const char *data, size_t len)
{
	size_t room = ZSTD_compressBound(len), n;
	char *buf = malloc(room);

	ck_assert_ptr_nonnull(buf);
	n = ZSTD_compress(buf, room, data, len, 3);
	ck_assert(!ZSTD_isError(n));
	bt_str_add(&packed, buf, n);
	free(buf);
}

/* All that comes out, up to `max` bytes, or a negative errno. */
static ssize_t inflate(size_t step, char *out, size_t max, struct bt_err *err)
{
	struct source source = { .step = step };
	struct bt_inflate *inf = NULL;
	size_t len = 0;
	ssize_t n;

	ck_assert_int_eq(bt_inflate_create(give, &source, &inf, err), 0);
	do {
		n = bt_inflate_read(inf, out + len, max - len < 4099 ? max - len : 4099, err);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0 && len < max);
	bt_inflate_destroy(inf);
	return n < 0 ? n : (ssize_t)len;
}

static void expect_plain(size_t copies, size_t step)
{
	static char out[2 * SIZE + 1];
	struct bt_err err = { 0 };
	ssize_t n = inflate(step, out, sizeof(out), &err);

	ck_assert_msg(n == (ssize_t)(copies * SIZE), "%zd: %s", n, err.msg);
	for (size_t i = 0; i < copies; i++)
		ck_assert_mem_eq(out + i * SIZE, plain, SIZE);
}

START_TEST(gzip_comes_out_whole_however_it_is_cut)
{
	gzip(plain, SIZE, SIZE);
	expect_plain(1, SIZE);
	expect_plain(1, 1);
	expect_plain(1, 4096);
}
END_TEST

START_TEST(packing_gives_the_same_bytes_however_the_text_is_cut)
{
	bt_auto_free char *first = NULL;
	size_t len;

	gzip(plain, SIZE, SIZE);
	len = packed.len;
	ck_assert_int_eq(bt_str_steal(&packed, &first), 0);
	gzip(plain, SIZE, 777);
	ck_assert_uint_eq(packed.len, len);
	ck_assert_mem_eq(bt_str_get(&packed), first, len);
}
END_TEST

START_TEST(members_in_a_row_are_one_stream)
{
	gzip(plain, SIZE, SIZE);
	gzip(plain, SIZE, SIZE);
	expect_plain(2, 1000);
	bt_str_done(&packed);
	packed = (struct bt_str){ 0 };
	zstd(plain, SIZE);
	zstd(plain, SIZE);
	expect_plain(2, 1000);
}
END_TEST

START_TEST(zstd_comes_out_whole_and_a_frame_to_be_skipped_does_not_matter)
{
	zstd(plain, SIZE);
	expect_plain(1, 1);
	bt_str_done(&packed);
	packed = (struct bt_str){ 0 };
	bt_str_add(&packed, "\x50\x2a\x4d\x18\x03\x00\x00\x00xyz", 11);
	zstd(plain, SIZE);
	expect_plain(1, 7);
}
END_TEST

START_TEST(what_is_not_packed_passes_as_it_is)
{
	bt_str_add(&packed, plain, SIZE);
	expect_plain(1, 5);
	bt_str_done(&packed);
	packed = (struct bt_str){ 0 };
	ck_assert_int_eq(inflate(1, plain, 1, &(struct bt_err){ 0 }), 0);
	bt_str_puts(&packed, "\x1f\x8b");
	ck_assert_int_eq(inflate(1, plain, 10, &(struct bt_err){ 0 }), 2);
}
END_TEST

static void expect_damaged(const char *what)
{
	static char out[2 * SIZE];
	struct bt_err err = { 0 };
	ssize_t n = inflate(999, out, sizeof(out), &err);

	ck_assert_msg(n == -EBADMSG && err.kind == BT_ERR_INVALID, "%s: %zd", what, n);
	ck_assert_msg(strstr(err.msg, "damaged") != NULL, "%s: %s", what, err.msg);
}

START_TEST(what_ends_too_early_is_damaged)
{
	gzip(plain, SIZE, SIZE);
	packed.len -= 1;
	expect_damaged("the checksum");
	packed.len /= 2;
	expect_damaged("the middle");
	packed.len = 5;
	expect_damaged("the header");
	bt_str_done(&packed);
	packed = (struct bt_str){ 0 };
	zstd(plain, SIZE);
	packed.len -= 3;
	expect_damaged("zstd");
}
END_TEST

START_TEST(a_flipped_bit_and_bytes_behind_the_end_are_damage)
{
	gzip(plain, SIZE, SIZE);
	packed.p[packed.len - 6] ^= 1;
	expect_damaged("the checksum");
	packed.p[packed.len - 6] ^= 1;
	bt_str_puts(&packed, "behind the end");
	expect_damaged("what follows");
	bt_str_done(&packed);
	packed = (struct bt_str){ 0 };
	zstd(plain, SIZE);
	bt_str_puts(&packed, "behind the end");
	expect_damaged("what follows zstd");
}
END_TEST

START_TEST(a_window_larger_than_any_encoder_takes_is_refused)
{
	/* A frame with a window descriptor of 2 GiB (RFC 8878, 3.1.1.1.2), and an empty last block.
	 */
	bt_str_add(&packed, "\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00", 9);
	expect_damaged("window");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/inflate");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tests, make_text, drop_text);
	tcase_add_test(tests, gzip_comes_out_whole_however_it_is_cut);
	tcase_add_test(tests, packing_gives_the_same_bytes_however_the_text_is_cut);
	tcase_add_test(tests, members_in_a_row_are_one_stream);
	tcase_add_test(tests, zstd_comes_out_whole_and_a_frame_to_be_skipped_does_not_matter);
	tcase_add_test(tests, what_is_not_packed_passes_as_it_is);
	tcase_add_test(tests, what_ends_too_early_is_damaged);
	tcase_add_test(tests, a_flipped_bit_and_bytes_behind_the_end_are_damage);
	tcase_add_test(tests, a_window_larger_than_any_encoder_takes_is_refused);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
