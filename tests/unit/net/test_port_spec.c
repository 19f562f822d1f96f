/* SPDX-License-Identifier: Apache-2.0 */

#include "net/port_spec.h"

#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

START_TEST(ports_of_containers_have_a_protocol)
{
	uint16_t port = 0;
	int proto = 0;

	ck_assert_int_eq(bt_port_spec_container("80/tcp", &port, &proto), 0);
	ck_assert_int_eq(proto, IPPROTO_TCP);
	ck_assert_int_eq(bt_port_spec_container("53/UDP", &port, &proto), 0);
	ck_assert_uint_eq(port, 53);
	ck_assert_int_eq(proto, IPPROTO_UDP);
	ck_assert_int_eq(bt_port_spec_container("65535", &port, &proto), 0);
	ck_assert_int_eq(proto, IPPROTO_TCP);
}
END_TEST

START_TEST(ranges_of_the_host_do_not_descend)
{
	uint16_t first = 0, last = 0;

	ck_assert_int_eq(bt_port_spec_range("8000-8010", &first, &last), 0);
	ck_assert_uint_eq(first, 8000);
	ck_assert_uint_eq(last, 8010);
	ck_assert_int_eq(bt_port_spec_range("0", &first, &last), 0);
	ck_assert_int_eq(bt_port_spec_range("8010-8000", &first, &last), -EINVAL);
}
END_TEST

START_TEST(what_is_no_port_is_refused)
{
	static const char *const bad[] = { "",     "/tcp", "0/tcp",   "65536", "80/",
					   "80/x", "-80",  "80/tcp/", " 80",   "8 0",
					   "+1",   "0x50", "000080" };
	static const char *const bad_ranges[] = { "", "-", "1-", "-1", "1-2-3", "0-5", "1-65536" };
	uint16_t a, b;
	int proto;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(bt_port_spec_container(bad[i], &a, &proto) == -EINVAL, "%s", bad[i]);
	for (size_t i = 0; i < sizeof(bad_ranges) / sizeof(bad_ranges[0]); i++)
		ck_assert_msg(bt_port_spec_range(bad_ranges[i], &a, &b) == -EINVAL, "%s",
			      bad_ranges[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net/port_spec");
	TCase *tc = tcase_create("port_spec");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, ports_of_containers_have_a_protocol);
	tcase_add_test(tc, ranges_of_the_host_do_not_descend);
	tcase_add_test(tc, what_is_no_port_is_refused);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
