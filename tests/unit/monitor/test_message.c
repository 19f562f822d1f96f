/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/message.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"

/* Two ends as the daemon and a monitor hold them. */
static void open_pair(int ends[2])
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

static int parse(const char *text, struct bt_message *ret)
{
	return bt_message_parse(text, strlen(text), NULL, 0, ret);
}

START_TEST(a_packet_arrives_with_its_descriptors)
{
	bt_auto_message struct bt_message message = { 0 };
	json_auto_t *json =
		json_pack("{s:s, s:[s, s, s]}", "op", "attach", "fds", "in", "out", "in");
	int ends[2], pipes[2][2], fds[3], got[3];

	open_pair(ends);
	ck_assert_int_eq(pipe2(pipes[0], O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(pipes[1], O_CLOEXEC), 0);
	fds[0] = pipes[0][1];
	fds[1] = pipes[1][1];
	fds[2] = pipes[1][1];
	ck_assert_int_eq(bt_message_send(ends[0], json, fds, 3), 0);
	ck_assert_int_eq(bt_message_recv(ends[1], 0, &message), 1);
	ck_assert(json_equal(message.json, json));
	ck_assert_uint_eq(message.nfds, 3);
	/* Each by its role, the first that is left. */
	ck_assert_int_eq(bt_message_take_fd(&message, "err"), -EBADF);
	for (size_t i = 0; i < 3; i++) {
		got[i] = bt_message_take_fd(&message, i == 1 ? "out" : "in");
		ck_assert_int_ge(got[i], 0);
		ck_assert(fcntl(got[i], F_GETFD) & FD_CLOEXEC);
	}
	ck_assert_int_eq(bt_message_take_fd(&message, "in"), -EBADF);
	ck_assert_int_eq(write(got[0], "a", 1), 1);
	ck_assert_int_eq(write(got[2], "b", 1), 1);
	for (size_t i = 0; i < 2; i++) {
		char c = 0;

		ck_assert_int_eq(read(pipes[i][0], &c, 1), 1);
		ck_assert_int_eq(c, i == 0 ? 'a' : 'b');
	}
	for (size_t i = 0; i < 3; i++)
		close(got[i]);
	for (size_t i = 0; i < 2; i++) {
		close(ends[i]);
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
}
END_TEST

START_TEST(what_is_not_taken_is_closed)
{
	struct bt_message message = { 0 };
	json_auto_t *json = json_pack("{s:[s]}", "fds", "in");
	int ends[2], pipe_ends[2];
	char c;

	open_pair(ends);
	ck_assert_int_eq(pipe2(pipe_ends, O_CLOEXEC), 0);
	ck_assert_int_eq(bt_message_send(ends[0], json, &pipe_ends[1], 1), 0);
	close(pipe_ends[1]);
	ck_assert_int_eq(bt_message_recv(ends[1], 0, &message), 1);
	bt_message_done(&message);
	ck_assert_ptr_null(message.json);
	/* Again is fine. */
	bt_message_done(&message);
	ck_assert_int_eq(read(pipe_ends[0], &c, 1), 0);
	close(pipe_ends[0]);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(a_packet_that_is_no_object_keeps_nothing_open)
{
	static const char *const bad[] = {
		"[]", "{", "\"x\"", "{\"a\":1,\"a\":2}", "{} {}", "\xff"
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bt_message message = { 0 };
		int ends[2], pipe_ends[2];
		char c;

		open_pair(ends);
		ck_assert_int_eq(pipe2(pipe_ends, O_CLOEXEC), 0);
		ck_assert_int_eq(bt_sock_send(ends[0], bad[i], strlen(bad[i]), &pipe_ends[1], 1),
				 0);
		close(pipe_ends[1]);
		ck_assert_int_eq(bt_message_recv(ends[1], 0, &message), -EBADMSG);
		ck_assert_ptr_null(message.json);
		ck_assert_int_eq(read(pipe_ends[0], &c, 1), 0);
		close(pipe_ends[0]);
		close(ends[0]);
		close(ends[1]);
	}
}
END_TEST

START_TEST(the_end_and_silence_are_told_apart)
{
	struct bt_message message = { 0 };
	int ends[2];

	open_pair(ends);
	ck_assert_int_eq(bt_message_recv(ends[1], MSG_DONTWAIT, &message), -EAGAIN);
	close(ends[0]);
	ck_assert_int_eq(bt_message_recv(ends[1], 0, &message), 0);
	close(ends[1]);
}
END_TEST

START_TEST(more_descriptors_than_there_is_room_for_stay_the_callers)
{
	struct bt_message message = { 0 };
	int fds[BT_SOCK_FDS_MAX + 1] = { 0 };

	ck_assert_int_eq(bt_message_parse("{}", 2, fds, BT_SOCK_FDS_MAX + 1, &message), -EMSGSIZE);
	ck_assert_ptr_null(message.json);
	ck_assert_uint_eq(message.nfds, 0);
}
END_TEST

START_TEST(roles_that_name_no_descriptor_give_none)
{
	static const char *const texts[] = { "{}", "{\"fds\":7}", "{\"fds\":[7,\"in\"]}",
					     "{\"fds\":{\"in\":0}}", "{\"fds\":[\"in\",\"out\"]}" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		bt_auto_message struct bt_message message = { 0 };

		ck_assert_int_eq(parse(texts[i], &message), 0);
		ck_assert_int_eq(bt_message_take_fd(&message, "in"), -EBADF);
	}
}
END_TEST

START_TEST(an_error_comes_through_as_it_was)
{
	struct bt_err sent, got;
	json_t *json;

	(void)bt_err_set(&sent, BT_ERR_NOT_FOUND, ENOENT, "no such file: %s", "/a");
	json = bt_message_from_error(&sent);
	ck_assert_int_eq(bt_message_to_error(json, &got), -ENOENT);
	ck_assert_int_eq(got.kind, BT_ERR_NOT_FOUND);
	ck_assert_str_eq(got.msg, "no such file: /a");
	json_decref(json);

	/* What is no UTF-8 cannot be sent; the number's meaning can. */
	(void)bt_err_set(&sent, BT_ERR_INVALID, EINVAL, "no such file: %s", "\xff");
	json = bt_message_from_error(&sent);
	ck_assert_int_eq(bt_message_to_error(json, &got), -EINVAL);
	ck_assert_str_eq(got.msg, strerror(EINVAL));
	json_decref(json);
}
END_TEST

START_TEST(nonsense_is_an_error_too)
{
	static const char *const texts[] = {
		"{}",
		"{\"kind\":0,\"errnum\":2,\"msg\":\"x\"}",
		"{\"kind\":-1,\"errnum\":2,\"msg\":\"x\"}",
		"{\"kind\":1000,\"errnum\":2,\"msg\":\"x\"}",
		"{\"kind\":1,\"errnum\":0,\"msg\":\"x\"}",
		"{\"kind\":1,\"errnum\":4096,\"msg\":\"x\"}",
		"{\"kind\":1,\"errnum\":9223372036854775807,\"msg\":\"x\"}",
		"{\"kind\":\"1\",\"errnum\":\"2\"}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		bt_auto_message struct bt_message message = { 0 };
		struct bt_err err;

		ck_assert_int_eq(parse(texts[i], &message), 0);
		ck_assert_int_eq(bt_message_to_error(message.json, &err), -EPROTO);
		ck_assert_int_eq(err.kind, BT_ERR_SYSTEM);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("monitor/message");
	TCase *tc = tcase_create("message");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, a_packet_arrives_with_its_descriptors);
	tcase_add_test(tc, what_is_not_taken_is_closed);
	tcase_add_test(tc, a_packet_that_is_no_object_keeps_nothing_open);
	tcase_add_test(tc, the_end_and_silence_are_told_apart);
	tcase_add_test(tc, more_descriptors_than_there_is_room_for_stay_the_callers);
	tcase_add_test(tc, roles_that_name_no_descriptor_give_none);
	tcase_add_test(tc, an_error_comes_through_as_it_was);
	tcase_add_test(tc, nonsense_is_an_error_too);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
