/* SPDX-License-Identifier: Apache-2.0 */

#include "api/stream.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

START_TEST(a_descriptor_gives_what_it_has_and_then_its_end)
{
	struct bt_stream stream;
	char buf[16];
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	stream = bt_stream_of_fd(ends[0]);
	ck_assert_int_eq(stream.ops->fd(stream.arg), ends[0]);
	ck_assert_int_eq(stream.ops->read(stream.arg, buf, sizeof(buf)), -EAGAIN);
	ck_assert_int_eq(write(ends[1], "bytes", 5), 5);
	ck_assert_int_eq(stream.ops->read(stream.arg, buf, sizeof(buf)), 5);
	ck_assert_mem_eq(buf, "bytes", 5);
	close(ends[1]);
	ck_assert_int_eq(stream.ops->read(stream.arg, buf, sizeof(buf)), 0);
	bt_stream_close(&stream);
}
END_TEST

START_TEST(closing_gives_the_descriptor_back_once)
{
	struct bt_stream stream;
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	stream = bt_stream_of_fd(ends[0]);
	bt_stream_close(&stream);
	ck_assert_int_eq(fcntl(ends[0], F_GETFD), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_ptr_null(stream.ops);
	bt_stream_close(&stream);
	close(ends[1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api/stream");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(all, a_descriptor_gives_what_it_has_and_then_its_end);
	tcase_add_test(all, closing_gives_the_descriptor_back_once);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
