/* SPDX-License-Identifier: Apache-2.0 */

#include "image/spool.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char dir[] = "/tmp/test_spool.XXXXXX";
static struct bt_spool *spool;
static struct bt_err err;

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void teardown(void)
{
	bt_spool_destroy(spool);
	spool = NULL;
	ck_assert_int_eq(rmdir(dir), 0);
}

/* What an earlier daemon left in file `chunk`. */
static void leave(const char *chunk, size_t len)
{
	bt_auto_free char *sub = bt_str_format("%s/%s", dir, &DIGEST[7]);
	bt_auto_free char *path = bt_str_format("%s/%s", sub, chunk);
	bt_auto_free char *data = calloc(1, len + 1);

	ck_assert_int_eq(bt_io_mkdir_p(sub, 0700), 0);
	memset(data, 'o', len);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0600, data, len), 0);
}

static void open_spool(int64_t size)
{
	ck_assert_msg(bt_spool_open(dir, DIGEST, size, &spool, &err) == 0, "%s", err.msg);
}

START_TEST(what_is_written_is_read_in_order)
{
	struct bt_spool_piece piece;
	char buf[64];

	open_spool(10);
	ck_assert_int_eq(bt_spool_claim(spool, &piece), 1);
	ck_assert_int_eq(piece.from, 0);
	ck_assert_int_eq(piece.len, 10);
	ck_assert_int_eq(bt_spool_claim(spool, &piece), 0);
	ck_assert_int_eq(bt_spool_write(spool, 0, "hello", 5), 0);
	ck_assert_int_eq(bt_spool_have(spool), 5);
	ck_assert_int_eq(bt_spool_read(spool, 0, buf, sizeof(buf)), 5);
	ck_assert_int_eq(bt_spool_write(spool, 5, "world", 5), 0);
	bt_spool_finish(spool, 0);
	ck_assert_int_eq(bt_spool_read(spool, 5, buf, 3), 3);
	ck_assert_mem_eq(buf, "wor", 3);
	ck_assert_int_eq(bt_spool_read(spool, 8, buf, sizeof(buf)), 2);
	ck_assert_int_eq(bt_spool_read(spool, 10, buf, sizeof(buf)), 0);
}
END_TEST

START_TEST(a_blob_of_nothing_is_read_at_once)
{
	struct bt_spool_piece piece;
	char buf[8];

	open_spool(0);
	ck_assert_int_eq(bt_spool_claim(spool, &piece), 0);
	ck_assert_int_eq(bt_spool_read(spool, 0, buf, sizeof(buf)), 0);
}
END_TEST

START_TEST(a_later_one_goes_on_where_an_earlier_one_was)
{
	struct bt_spool_piece piece;
	char buf[8];

	leave("0", 7);
	open_spool(10);
	ck_assert_int_eq(bt_spool_found(spool), 7);
	ck_assert_int_eq(bt_spool_claim(spool, &piece), 1);
	ck_assert_int_eq(piece.from, 7);
	ck_assert_int_eq(piece.len, 3);
	ck_assert_int_eq(bt_spool_read(spool, 0, buf, sizeof(buf)), 7);
	ck_assert_mem_eq(buf, "ooooooo", 7);
}
END_TEST

START_TEST(what_is_longer_than_promised_is_thrown_away)
{
	struct bt_spool_piece piece;

	leave("0", 11);
	open_spool(10);
	ck_assert_int_eq(bt_spool_found(spool), 0);
	ck_assert_int_eq(bt_spool_claim(spool, &piece), 1);
	ck_assert_int_eq(piece.from, 0);
}
END_TEST

START_TEST(a_large_one_has_several_pieces)
{
	struct bt_spool_piece piece;
	char buf[8];

	leave("1", 5);
	open_spool(2 * BT_SPOOL_CHUNK + 1);
	ck_assert_int_eq(bt_spool_claim(spool, &piece), 1);
	ck_assert_int_eq(piece.len, BT_SPOOL_CHUNK);
	ck_assert_int_eq(bt_spool_claim(spool, &piece), 1);
	ck_assert_int_eq(piece.from, BT_SPOOL_CHUNK + 5);
	ck_assert_int_eq(piece.len, BT_SPOOL_CHUNK - 5);
	ck_assert_int_eq(bt_spool_claim(spool, &piece), 1);
	ck_assert_int_eq(piece.from, 2 * BT_SPOOL_CHUNK);
	ck_assert_int_eq(piece.len, 1);
	ck_assert_int_eq(bt_spool_claim(spool, &piece), 0);
	ck_assert_int_eq(bt_spool_write(spool, piece.from, "z", 1), 0);
	ck_assert_int_eq(bt_spool_read(spool, 2 * BT_SPOOL_CHUNK, buf, sizeof(buf)), 1);
	ck_assert_int_eq(buf[0], 'z');
}
END_TEST

static void *write_late(void *arg)
{
	(void)arg;
	(void)usleep(20000);
	ck_assert_int_eq(bt_spool_write(spool, 0, "late", 4), 0);
	bt_spool_finish(spool, -EIO);
	return NULL;
}

START_TEST(a_reader_waits_and_hears_of_the_end)
{
	struct bt_spool_piece piece;
	pthread_t thread;
	char buf[8];

	open_spool(10);
	ck_assert_int_eq(bt_spool_claim(spool, &piece), 1);
	ck_assert_int_eq(pthread_create(&thread, NULL, write_late, NULL), 0);
	/* Either the bytes or, as what failed need not be unpacked to its end, the failure. */
	ssize_t n = bt_spool_read(spool, 0, buf, sizeof(buf));
	ck_assert(n == 4 || n == -EIO);
	ck_assert_int_eq(bt_spool_read(spool, 4, buf, sizeof(buf)), -EIO);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

START_TEST(sizes_beyond_reason_are_refused)
{
	ck_assert_int_lt(bt_spool_open(dir, DIGEST, BT_SPOOL_MAX + 1, &spool, &err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_int_lt(bt_spool_open(dir, DIGEST, -1, &spool, &err), 0);
	ck_assert_ptr_null(spool);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image/spool");
	TCase *tests = tcase_create("spool");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, what_is_written_is_read_in_order);
	tcase_add_test(tests, a_blob_of_nothing_is_read_at_once);
	tcase_add_test(tests, a_later_one_goes_on_where_an_earlier_one_was);
	tcase_add_test(tests, what_is_longer_than_promised_is_thrown_away);
	tcase_add_test(tests, a_large_one_has_several_pieces);
	tcase_add_test(tests, a_reader_waits_and_hears_of_the_end);
	tcase_add_test(tests, sizes_beyond_reason_are_refused);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
