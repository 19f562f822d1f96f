/* SPDX-License-Identifier: Apache-2.0 */

#include "store/deflate.h"

#include <errno.h>

#include "../suite.h"
#include "base/auto.h"
#include "base/str.h"
#include "store/inflate.h"

static struct bt_str packed;
static struct bt_err err;

static void teardown(void)
{
	bt_str_done(&packed);
}

static int keep(void *arg, const void *data, size_t len)
{
	bt_str_add(arg, data, len);
	return 0;
}

/* Pack `len` bytes, given in pieces of `piece`. */
static void pack(const char *data, size_t len, size_t piece)
{
	struct bt_deflate *d = NULL;

	bt_str_clear(&packed);
	ck_assert_int_eq(bt_deflate_create(keep, &packed, &d), 0);
	for (size_t at = 0; at < len; at += piece)
		ck_assert_int_eq(
			bt_deflate_write(d, data + at, len - at < piece ? len - at : piece), 0);
	ck_assert_int_eq(bt_deflate_finish(d), 0);
	bt_deflate_destroy(d);
}

static size_t fed;

static ssize_t feed(void *arg, void *buf, size_t len, struct bt_err *ret_err)
{
	size_t n = packed.len - fed < len ? packed.len - fed : len;

	(void)arg;
	(void)ret_err;
	(void)memcpy(buf, packed.p + fed, n);
	fed += n;
	return (ssize_t)n;
}

static void check_unpacks_to(const char *data, size_t len)
{
	bt_auto_free char *got = malloc(len + 1);
	struct bt_inflate *inf = NULL;
	size_t have = 0;
	ssize_t n;

	fed = 0;
	ck_well(bt_inflate_create(feed, NULL, &inf, &err), &err);
	while (have <= len && (n = bt_inflate_read(inf, got + have, len + 1 - have, &err)) != 0) {
		ck_assert_msg(n > 0, "%s", err.msg);
		have += (size_t)n;
	}
	bt_inflate_destroy(inf);
	ck_assert_uint_eq(have, len);
	ck_assert(memcmp(got, data, len) == 0);
}

/* Bytes that cannot be packed well (`noise`), or that can. */
static char *make_data(size_t len, bool noise)
{
	char *data = malloc(len + 1);
	uint32_t x = 1;

	ck_assert_ptr_nonnull(data);
	for (size_t i = 0; i < len; i++) {
		x = x * 1664525u + 1013904223u;
		data[i] = noise ? (char)(x >> 24) : (char)('a' + i / 1000 % 20);
	}
	return data;
}

/* Around the size of a block of the encoder. */
static const size_t sizes[] = { 0, 1, 262143, 262144, 262145, 524288, 700001 };

START_TEST(what_is_packed_unpacks_to_the_same_whatever_its_size)
{
	for (size_t i = 0; i < 2 * LENGTH(sizes); i++) {
		size_t len = sizes[i / 2];
		bt_auto_free char *data = make_data(len, i % 2);

		pack(data, len, 65536);
		check_unpacks_to(data, len);
		if (i % 2 == 0 && len > 100000)
			ck_assert_uint_lt(packed.len, len / 10);
	}
}
END_TEST

START_TEST(the_same_bytes_are_packed_the_same_however_they_are_cut)
{
	static const size_t pieces[] = { 1000, 4096, 262144, 700001 };
	bt_auto_free char *data = make_data(700001, true);
	bt_auto_free char *first = NULL;
	size_t len;

	pack(data, 700001, 777);
	len = packed.len;
	ck_assert_int_eq(bt_str_steal(&packed, &first), 0);
	for (size_t i = 0; i < LENGTH(pieces); i++) {
		pack(data, 700001, pieces[i]);
		ck_assert_uint_eq(packed.len, len);
		ck_assert(memcmp(packed.p, first, len) == 0);
	}
}
END_TEST

START_TEST(nothing_in_it_tells_when_it_was_packed)
{
	/* RFC 1952, 2.3: MTIME is zero, and no name follows. */
	pack("x", 1, 1);
	ck_assert_uint_gt(packed.len, 18);
	ck_assert_mem_eq(packed.p, "\x1f\x8b\x08\0\0\0\0\0", 8);
}
END_TEST

static int full;

static int refuse_after(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return --full < 0 ? -ENOSPC : 0;
}

START_TEST(where_the_packed_bytes_cannot_be_put_ends_the_work)
{
	bt_auto_free char *data = make_data(700001, true);

	for (int room = 0; room < 4; room++) {
		struct bt_deflate *d = NULL;
		int r;

		full = room;
		ck_assert_int_eq(bt_deflate_create(refuse_after, NULL, &d), 0);
		r = bt_deflate_write(d, data, 700001);
		if (r == 0)
			r = bt_deflate_finish(d);
		ck_assert_int_eq(r, -ENOSPC);
		bt_deflate_destroy(d);
	}
	bt_deflate_destroy(NULL);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, what_is_packed_unpacks_to_the_same_whatever_its_size);
	tcase_add_test(tests, the_same_bytes_are_packed_the_same_however_they_are_cut);
	tcase_add_test(tests, nothing_in_it_tells_when_it_was_packed);
	tcase_add_test(tests, where_the_packed_bytes_cannot_be_put_ends_the_work);
}

int main(void)
{
	return run_suite("deflate", NULL, teardown, add_tests);
}
