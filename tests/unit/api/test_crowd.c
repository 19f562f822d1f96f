/* SPDX-License-Identifier: Apache-2.0 */

#include "api/crowd.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MANY 3

static struct bt_crowd crowd;
static struct bt_crowd_member members[MANY];
static int pairs[MANY][2];

static void set_up(void)
{
	bt_crowd_init(&crowd);
	for (int i = 0; i < MANY; i++) {
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
		bt_crowd_enter(&crowd, &members[i], pairs[i][0]);
	}
}

static void tear_down(void)
{
	for (int i = 0; i < MANY; i++) {
		bt_crowd_leave(&crowd, &members[i]);
		close(pairs[i][0]);
		close(pairs[i][1]);
	}
	bt_crowd_done(&crowd);
}

/* Was the server's end shut? Its client reads the end of the stream then. */
static bool is_shut(int i)
{
	char byte;

	return recv(pairs[i][1], &byte, 1, MSG_DONTWAIT) == 0;
}

/* MANY and more than are shed at once. */
START_TEST(the_longest_silent_go_first_and_only_some_at_once)
{
	struct bt_crowd_member others[BT_CROWD_SHED];

	for (unsigned i = 0; i < BT_CROWD_SHED; i++)
		bt_crowd_enter(&crowd, &others[i], -EBADF);
	ck_assert_uint_eq(bt_crowd_shed(&crowd, 0), BT_CROWD_SHED);
	for (int i = 0; i < MANY; i++)
		ck_assert(is_shut(i));
	ck_assert_uint_eq(bt_crowd_shed(&crowd, 0), MANY);
	ck_assert_uint_eq(bt_crowd_shed(&crowd, 0), 0);
}
END_TEST

START_TEST(who_is_being_answered_stays)
{
	bt_crowd_set_silent(&crowd, &members[0], false);
	ck_assert_uint_eq(bt_crowd_shed(&crowd, 0), MANY - 1);
	ck_assert(!is_shut(0) && is_shut(1) && is_shut(2));
}
END_TEST

START_TEST(who_came_a_moment_ago_stays)
{
	ck_assert_uint_eq(bt_crowd_shed(&crowd, 600000), 0);
	members[1].since -= 600000;
	/* The second is behind one who is young: in a real crowd nobody is. */
	ck_assert_uint_eq(bt_crowd_shed(&crowd, 600000), 0);
	members[0].since -= 600000;
	ck_assert_uint_eq(bt_crowd_shed(&crowd, 600000), 2);
	ck_assert(is_shut(0) && is_shut(1) && !is_shut(2));
}
END_TEST

START_TEST(who_was_answered_is_the_youngest_again)
{
	bt_crowd_set_silent(&crowd, &members[0], false);
	for (int i = 0; i < MANY; i++)
		members[i].since -= 600000;
	bt_crowd_set_silent(&crowd, &members[0], true);
	ck_assert_uint_eq(bt_crowd_shed(&crowd, 1000), MANY - 1);
	ck_assert(!is_shut(0) && is_shut(1) && is_shut(2));
}
END_TEST

START_TEST(one_who_was_shed_may_leave_and_is_not_shed_twice)
{
	bt_crowd_set_silent(&crowd, &members[1], false);
	bt_crowd_leave(&crowd, &members[2]);
	ck_assert_uint_eq(bt_crowd_shed(&crowd, 0), 1);
	bt_crowd_leave(&crowd, &members[0]);
	ck_assert_uint_eq(bt_crowd_shed(&crowd, 0), 0);
	ck_assert(is_shut(0) && !is_shut(1) && !is_shut(2));
}
END_TEST

static void limit_files(rlim_t n)
{
	const struct rlimit files = { .rlim_cur = n, .rlim_max = n };

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
}

START_TEST(the_last_quarter_of_the_descriptors_is_scarce)
{
	limit_files(200);
	ck_assert(!bt_crowd_is_scarce(3) && !bt_crowd_is_scarce(149));
	ck_assert(bt_crowd_is_scarce(150) && bt_crowd_is_scarce(199));
	ck_assert(!bt_crowd_is_scarce(-EBADF));
}
END_TEST

START_TEST(a_sixteenth_of_the_descriptors_may_stay_and_one_that_goes_makes_room)
{
	limit_files(200);
	for (int i = 0; i < 12; i++)
		ck_assert(bt_crowd_stay(&crowd));
	ck_assert(!bt_crowd_stay(&crowd));
	bt_crowd_go(&crowd);
	ck_assert(bt_crowd_stay(&crowd) && !bt_crowd_stay(&crowd));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api/crowd");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, the_longest_silent_go_first_and_only_some_at_once);
	tcase_add_test(all, who_is_being_answered_stays);
	tcase_add_test(all, who_came_a_moment_ago_stays);
	tcase_add_test(all, who_was_answered_is_the_youngest_again);
	tcase_add_test(all, one_who_was_shed_may_leave_and_is_not_shed_twice);
	tcase_add_test(all, the_last_quarter_of_the_descriptors_is_scarce);
	tcase_add_test(all, a_sixteenth_of_the_descriptors_may_stay_and_one_that_goes_makes_room);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
