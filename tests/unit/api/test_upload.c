/* SPDX-License-Identifier: Apache-2.0 */

#include "api/upload.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"

struct reader {
	size_t want; /* bytes after which it stops reading */
	size_t got;
	int end; /* what its last read() said: 0, or a negative errno */
	int answer;
};

static int read_body(void *arg, int fd, struct bt_err *err)
{
	struct reader *reader = arg;
	char buf[4096];

	reader->end = 1;
	while (reader->got < reader->want && reader->end > 0) {
		ssize_t n = read(fd, buf, sizeof(buf));

		reader->end = n < 0 ? -errno : (int)n;
		reader->got += n > 0 ? (size_t)n : 0;
	}
	return reader->answer < 0 ? bt_err_set(err, BT_ERR_CONFLICT, EEXIST, "it is there") : 0;
}

static struct bt_upload *start(struct reader *reader)
{
	struct bt_upload *upload = NULL;
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_upload_start(read_body, reader, &upload, &err), 0);
	return upload;
}

START_TEST(every_byte_arrives_and_then_the_end)
{
	static const char block[100000];
	struct reader reader = { .want = SIZE_MAX };
	struct bt_upload *upload = start(&reader);
	struct bt_err err = { 0 };

	for (int i = 0; i < 50; i++)
		ck_assert_int_eq(bt_upload_write(upload, block, sizeof(block)), 0);
	ck_assert_int_eq(bt_upload_finish(upload, &err), 0);
	ck_assert_uint_eq(reader.got, 50 * sizeof(block));
	ck_assert_int_eq(reader.end, 0);
	bt_upload_destroy(upload);
}
END_TEST

START_TEST(a_body_that_breaks_off_is_no_end)
{
	struct reader reader = { .want = SIZE_MAX };
	struct bt_upload *upload = start(&reader);

	ck_assert_int_eq(bt_upload_write(upload, "half", 4), 0);
	bt_upload_destroy(upload);
	ck_assert_int_eq(reader.end, -ECONNRESET);
}
END_TEST

START_TEST(a_reader_that_has_enough_stops_the_writer)
{
	static const char block[100000];
	struct reader reader = { .want = 1 };
	struct bt_upload *upload = start(&reader);
	struct bt_err err = { 0 };
	int r = 0;

	for (int i = 0; i < 1000 && r == 0; i++)
		r = bt_upload_write(upload, block, sizeof(block));
	ck_assert_int_eq(r, -EPIPE);
	ck_assert_int_eq(bt_upload_finish(upload, &err), 0);
	bt_upload_destroy(upload);
}
END_TEST

START_TEST(what_the_reader_found_wrong_is_told_at_the_end)
{
	struct reader reader = { .want = SIZE_MAX, .answer = -EEXIST };
	struct bt_upload *upload = start(&reader);
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_upload_finish(upload, &err), -EEXIST);
	ck_assert_int_eq(err.kind, BT_ERR_CONFLICT);
	ck_assert_str_eq(err.msg, "it is there");
	bt_upload_destroy(upload);
}
END_TEST

START_TEST(nothing_is_released_without_complaint)
{
	bt_upload_destroy(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api/upload");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(all, every_byte_arrives_and_then_the_end);
	tcase_add_test(all, a_body_that_breaks_off_is_no_end);
	tcase_add_test(all, a_reader_that_has_enough_stops_the_writer);
	tcase_add_test(all, what_the_reader_found_wrong_is_told_at_the_end);
	tcase_add_test(all, nothing_is_released_without_complaint);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
