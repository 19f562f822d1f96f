/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/sync.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/clone.h"

static int near, far;

static void set_up(void)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	near = pair[0];
	far = pair[1];
}

static void tear_down(void)
{
	bt_close(&near);
	bt_close(&far);
}

START_TEST(what_is_said_is_expected_and_nothing_else)
{
	ck_assert_int_eq(bt_sync_say(near, BT_SYNC_GROUP), 0);
	ck_assert_int_eq(bt_sync_say(near, BT_SYNC_START), 0);
	ck_assert_int_eq(bt_sync_expect(far, BT_SYNC_GROUP), 0);
	ck_assert_int_eq(bt_sync_expect(far, BT_SYNC_GO), -EPROTO);
	bt_close(&near);
	ck_assert_int_eq(bt_sync_expect(far, BT_SYNC_GO), -ECONNRESET);
}
END_TEST

/* Or the first setting would be written for each of them. */
START_TEST(the_number_of_a_setting_and_of_a_process_arrives)
{
	static const enum bt_sync_type types[] = { BT_SYNC_SYSCTL, BT_SYNC_BORN };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct bt_sync_message message = { .type = types[i], .pid = 7 }, got;

		ck_assert_int_eq(bt_sync_send(near, &message, -EBADF), 0);
		ck_assert_int_eq(bt_sync_receive(far, &got, NULL), 1);
		ck_assert_int_eq(got.type, types[i]);
		ck_assert_int_eq(got.pid, 7);
	}
}
END_TEST

START_TEST(an_error_arrives_also_from_who_died_without_reading_what_it_was_told)
{
	struct bt_sync_message message = { .type = BT_SYNC_ERROR }, got;

	(void)bt_err_set(&message.err, BT_ERR_INVALID, ENOENT, "no such thing");
	ck_assert_int_eq(bt_sync_say(near, BT_SYNC_GROUP), 0);
	ck_assert_int_eq(bt_sync_send(far, &message, -EBADF), 0);
	bt_close(&far);
	ck_assert_int_eq(bt_sync_receive(near, &got, NULL), 1);
	ck_assert_int_eq(got.type, BT_SYNC_ERROR);
	ck_assert_int_eq(got.err.errnum, ENOENT);
	ck_assert_str_eq(got.err.msg, "no such thing");
	ck_assert_int_eq(bt_sync_receive(near, &got, NULL), 0);
}
END_TEST

/* As somebody writes it who holds the new process and speaks in its name. */
START_TEST(a_forged_error_is_an_error_with_an_end)
{
	static const int numbers[] = { 0, -5, 1 << 20 };
	struct bt_sync_message got;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct bt_sync_message forged;

		memset(&forged, 'A', sizeof(forged));
		forged.type = BT_SYNC_ERROR;
		forged.err.kind = (enum bt_err_kind)numbers[i];
		forged.err.errnum = numbers[i];
		ck_assert_int_eq(bt_sync_send(far, &forged, -EBADF), 0);
		ck_assert_int_eq(bt_sync_receive(near, &got, NULL), 1);
		ck_assert_int_eq(got.err.kind, BT_ERR_SYSTEM);
		ck_assert_int_eq(got.err.errnum, EPROTO);
		ck_assert_uint_eq(strlen(got.err.msg), sizeof(got.err.msg) - 1);
	}
}
END_TEST

START_TEST(a_forged_warning_has_an_end)
{
	struct bt_sync_message forged, got;

	memset(&forged, 'A', sizeof(forged));
	forged.type = BT_SYNC_READY;
	ck_assert_int_eq(bt_sync_send(far, &forged, -EBADF), 0);
	ck_assert_int_eq(bt_sync_receive(near, &got, NULL), 1);
	ck_assert_uint_eq(strlen(got.warning), sizeof(got.warning) - 1);
}
END_TEST

START_TEST(a_descriptor_comes_along_or_is_closed_where_none_is_wanted)
{
	const struct bt_sync_message message = { .type = BT_SYNC_CONSOLE };
	struct bt_sync_message got;
	bt_auto_close int fd = -EBADF;
	int next;

	ck_assert_int_eq(bt_sync_send(near, &message, near), 0);
	ck_assert_int_eq(bt_sync_receive(far, &got, &fd), 1);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	next = dup(fd);
	close(next);
	ck_assert_int_eq(bt_sync_send(near, &message, near), 0);
	ck_assert_int_eq(bt_sync_receive(far, &got, NULL), 1);
	ck_assert_int_eq(dup(fd), next);
	close(next);
}
END_TEST

/* Its pidfd, and the far end in nobody's hands but its own. */
static pid_t child(void (*does)(void), int *ret_pidfd)
{
	const struct bt_clone how = { .cgroup_fd = -EBADF };
	pid_t pid = bt_clone(&how, ret_pidfd);

	if (pid == 0) {
		does();
		_exit(0);
	}
	ck_assert_int_gt(pid, 0);
	return pid;
}

static void say_and_go(void)
{
	bt_ignore(bt_sync_say(far, BT_SYNC_BORN));
}

static void go(void)
{
}

/* The end of the conversation is with whoever has inherited it. */
START_TEST(who_went_without_a_word_is_not_waited_for)
{
	bt_auto_close int pidfd = -EBADF;
	struct bt_sync_message message;
	pid_t pid = child(go, &pidfd);

	ck_assert_int_eq(bt_sync_hear(near, pidfd), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	bt_close(&pidfd);
	pid = child(say_and_go, &pidfd);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(bt_sync_hear(near, pidfd), 1);
	ck_assert_int_eq(bt_sync_receive(near, &message, NULL), 1);
	ck_assert_int_eq(message.type, BT_SYNC_BORN);
	bt_close(&far);
	ck_assert_int_eq(bt_sync_hear(near, pidfd), 1);
	ck_assert_int_eq(bt_sync_receive(near, &message, NULL), 0);
}
END_TEST

START_TEST(a_lifted_descriptor_lies_above_those_of_the_program)
{
	int old = near;

	ck_assert_int_eq(bt_sync_lift(&near, 40), 0);
	ck_assert_int_ge(near, 40);
	ck_assert_int_eq(fcntl(old, F_GETFD), -1);
	ck_assert_int_ne(fcntl(near, F_GETFD) & FD_CLOEXEC, 0);
	old = near;
	ck_assert_int_eq(bt_sync_lift(&near, 3), 0);
	ck_assert_int_eq(near, old);
}
END_TEST

static Suite *suite_of(void)
{
	Suite *suite = suite_create("runtime/sync");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, what_is_said_is_expected_and_nothing_else);
	tcase_add_test(all, the_number_of_a_setting_and_of_a_process_arrives);
	tcase_add_test(all, an_error_arrives_also_from_who_died_without_reading_what_it_was_told);
	tcase_add_test(all, a_forged_error_is_an_error_with_an_end);
	tcase_add_test(all, a_forged_warning_has_an_end);
	tcase_add_test(all, a_descriptor_comes_along_or_is_closed_where_none_is_wanted);
	tcase_add_test(all, who_went_without_a_word_is_not_waited_for);
	tcase_add_test(all, a_lifted_descriptor_lies_above_those_of_the_program);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(suite_of());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
