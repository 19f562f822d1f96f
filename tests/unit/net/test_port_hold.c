/* SPDX-License-Identifier: Apache-2.0 */

#include "net/port_hold.h"

#include <netinet/in.h>

#include "base/auto.h"
#include "private_net.h"

static struct bt_prefix address(const char *text)
{
	struct bt_prefix p = { 0 };

	ck_assert_int_eq(bt_prefix_parse_address(text, &p), 0);
	return p;
}

START_TEST(a_number_that_is_held_is_in_use_for_others_and_free_afterwards)
{
	const struct bt_prefix any = address("0.0.0.0");
	int fd;

	private_net();
	fd = bt_port_hold(IPPROTO_TCP, &any, 8080, false);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bt_port_hold(IPPROTO_TCP, &any, 8080, false), -EADDRINUSE);
	(void)close(fd);
	fd = bt_port_hold(IPPROTO_TCP, &any, 8080, false);
	ck_assert_int_ge(fd, 0);
	(void)close(fd);
}
END_TEST

START_TEST(families_and_protocols_do_not_disturb_each_other)
{
	const struct bt_prefix four = address("0.0.0.0"), six = address("::");
	bt_auto_close int a = -EBADF, b = -EBADF, c = -EBADF, d = -EBADF;

	private_net();
	a = bt_port_hold(IPPROTO_TCP, &four, 8080, false);
	b = bt_port_hold(IPPROTO_TCP, &six, 8080, false);
	c = bt_port_hold(IPPROTO_UDP, &four, 8080, false);
	d = bt_port_hold(IPPROTO_UDP, &six, 8080, false);
	ck_assert(a >= 0 && b >= 0 && c >= 0 && d >= 0);
}
END_TEST

START_TEST(who_listens_is_not_overlooked_even_leniently)
{
	const struct bt_prefix any = address("0.0.0.0");
	bt_auto_close bt_unused int home = -EBADF, l = -EBADF;

	private_net();
	home = home_fd();
	l = listen_in(home, 8080);
	ck_assert_int_eq(bt_port_hold(IPPROTO_TCP, &any, 8080, false), -EADDRINUSE);
	ck_assert_int_eq(bt_port_hold(IPPROTO_TCP, &any, 8080, true), -EADDRINUSE);
}
END_TEST

START_TEST(nobody_who_connects_is_answered)
{
	const struct bt_prefix any = address("0.0.0.0");
	bt_auto_close int home = -EBADF, fd = -EBADF;

	private_net();
	home = home_fd();
	fd = bt_port_hold(IPPROTO_TCP, &any, 8080, false);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(reach_from(home, "127.0.0.1", 8080), -ECONNREFUSED);
}
END_TEST

START_TEST(of_several_the_first_that_is_free_is_held)
{
	const struct bt_prefix any = address("0.0.0.0");
	bt_auto_close bt_unused int home = -EBADF, l = -EBADF, fd = -EBADF;

	private_net();
	home = home_fd();
	l = listen_in(home, 8080);
	fd = bt_port_hold_one_of(IPPROTO_TCP, &any, 8080, 8082);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bt_port_hold_number(fd), 8081);
	ck_assert_int_eq(bt_port_hold_one_of(IPPROTO_TCP, &any, 8080, 8080), -EADDRINUSE);
}
END_TEST

START_TEST(without_a_number_the_kernel_chooses_one_that_is_told)
{
	const struct bt_prefix six = address("::1");
	bt_auto_close int fd = -EBADF;

	private_net();
	fd = bt_port_hold(IPPROTO_TCP, &six, 0, false);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_gt(bt_port_hold_number(fd), 0);
	ck_assert_int_eq(bt_port_hold_number(-1), -EBADF);
}
END_TEST

START_TEST(an_address_that_the_host_has_not_cannot_be_held)
{
	const struct bt_prefix other = address("192.0.2.1");

	private_net();
	ck_assert_int_eq(bt_port_hold(IPPROTO_TCP, &other, 8080, false), -EADDRNOTAVAIL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net/port_hold");
	TCase *tc = tcase_create("port_hold");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, a_number_that_is_held_is_in_use_for_others_and_free_afterwards);
	tcase_add_test(tc, families_and_protocols_do_not_disturb_each_other);
	tcase_add_test(tc, who_listens_is_not_overlooked_even_leniently);
	tcase_add_test(tc, nobody_who_connects_is_answered);
	tcase_add_test(tc, of_several_the_first_that_is_free_is_held);
	tcase_add_test(tc, without_a_number_the_kernel_chooses_one_that_is_told);
	tcase_add_test(tc, an_address_that_the_host_has_not_cannot_be_held);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
