/* SPDX-License-Identifier: Apache-2.0 */

#include "net/helper.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/auto.h"

#define ROLES 5

static json_t *json;
static struct bt_helper_message m;
static int fds[ROLES];

/* A message with these roles and as many descriptors. */
static void message(const char *const *roles, size_t nfds)
{
	json_t *list = json_array();

	for (size_t i = 0; roles[i]; i++)
		json_array_append_new(list, json_string(roles[i]));
	json = json_pack("{s:o}", "fds", list);
	m = (struct bt_helper_message){ .json = json, .nfds = nfds };
	for (size_t i = 0; i < nfds; i++)
		m.fds[i] = fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void done(void)
{
	for (size_t i = 0; i < m.nfds; i++)
		bt_close(&m.fds[i]);
	json_decref(json);
}

START_TEST(each_role_has_its_descriptor_in_whatever_order_they_are_taken)
{
	static const int orders[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 2, 0 }, { 2, 0, 1 } };
	static const char *const roles[] = { "0", "1", "life", NULL };

	for (size_t k = 0; k < sizeof(orders) / sizeof(orders[0]); k++) {
		message(roles, 3);
		for (size_t i = 0; i < 3; i++) {
			int fd = bt_helper_take_fd(&m, roles[orders[k][i]]);

			ck_assert_int_eq(fd, fds[orders[k][i]]);
			(void)close(fd);
		}
		done();
	}
}
END_TEST

START_TEST(what_was_taken_is_not_given_twice_and_not_closed_with_the_message)
{
	static const char *const roles[] = { "a", "b", NULL };
	bt_auto_close int fd = -EBADF;

	message(roles, 2);
	fd = bt_helper_take_fd(&m, "b");
	ck_assert_int_eq(fd, fds[1]);
	ck_assert_int_lt(bt_helper_take_fd(&m, "b"), 0);
	done();
	ck_assert_int_ge(fcntl(fd, F_GETFD), 0);
	ck_assert_int_lt(fcntl(fds[0], F_GETFD), 0);
}
END_TEST

START_TEST(a_role_that_nobody_has_is_no_descriptor)
{
	static const char *const roles[] = { "a", NULL };

	message(roles, 1);
	ck_assert_int_eq(bt_helper_take_fd(&m, "c"), -EBADF);
	ck_assert_int_eq(bt_helper_take_fd(&m, ""), -EBADF);
	ck_assert_int_eq(bt_helper_take_fd(&m, "a"), fds[0]);
	(void)close(fds[0]);
	done();
}
END_TEST

START_TEST(more_roles_than_descriptors_name_none)
{
	static const char *const roles[] = { "a", "b", "c", NULL };

	message(roles, 1);
	ck_assert_int_eq(bt_helper_take_fd(&m, "c"), -EBADF);
	ck_assert_int_eq(bt_helper_take_fd(&m, "b"), -EBADF);
	done();
}
END_TEST

START_TEST(descriptors_without_roles_and_roles_that_are_no_text_name_none)
{
	static const char *const none[] = { NULL };

	message(none, 2);
	ck_assert_int_eq(bt_helper_take_fd(&m, "a"), -EBADF);
	done();
	message(none, 2);
	json_decref(json);
	m.json = json = json_pack("{s:[i,n]}", "fds", 1);
	ck_assert_int_eq(bt_helper_take_fd(&m, "1"), -EBADF);
	done();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net/helper");
	TCase *tc = tcase_create("helper");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, each_role_has_its_descriptor_in_whatever_order_they_are_taken);
	tcase_add_test(tc, what_was_taken_is_not_given_twice_and_not_closed_with_the_message);
	tcase_add_test(tc, a_role_that_nobody_has_is_no_descriptor);
	tcase_add_test(tc, more_roles_than_descriptors_name_none);
	tcase_add_test(tc, descriptors_without_roles_and_roles_that_are_no_text_name_none);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
