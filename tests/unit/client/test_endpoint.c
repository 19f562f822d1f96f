/* SPDX-License-Identifier: Apache-2.0 */

#include "client/endpoint.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void expect(const char *text, const char *host, const char *port, const char *url)
{
	struct bt_endpoint ep = { 0 };
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_endpoint_parse(text, false, &ep, &err), 0);
	ck_assert_int_eq(ep.kind, BT_ENDPOINT_TCP);
	ck_assert_str_eq(ep.host, host);
	ck_assert_str_eq(ep.port, port);
	ck_assert_str_eq(ep.url, url);
	bt_endpoint_done(&ep);
}

START_TEST(short_forms_mean_what_they_mean_for_docker)
{
	expect("tcp://1.2.3.4:99", "1.2.3.4", "99", "tcp://1.2.3.4:99");
	expect("foo", "foo", "2375", "tcp://foo:2375");
	expect(":77", "localhost", "77", "tcp://localhost:77");
	expect("tcp://", "localhost", "2375", "tcp://");
	expect("tcp://[::1]:5", "::1", "5", "tcp://[::1]:5");
}
END_TEST

START_TEST(unix_and_ssh_are_known_and_others_refused)
{
	struct bt_endpoint ep = { 0 };
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_endpoint_parse("unix:///x/y", false, &ep, &err), 0);
	ck_assert_str_eq(ep.path, "/x/y");
	bt_endpoint_done(&ep);
	ck_assert_int_eq(bt_endpoint_parse("ssh://me@there:22", false, &ep, &err), 0);
	ck_assert_str_eq(ep.host, "me@there");
	ck_assert_str_eq(ep.port, "22");
	bt_endpoint_done(&ep);
	ck_assert_int_eq(bt_endpoint_parse("ssh://-oProxyCommand=x", false, &ep, &err), -EINVAL);
	ck_assert_int_eq(bt_endpoint_parse("npipe:////x", false, &ep, &err), -EINVAL);
}
END_TEST

START_TEST(a_daemon_that_is_not_there_is_told_in_docker_words)
{
	struct bt_endpoint ep = { 0 };
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_endpoint_parse("unix:///nowhere/sock", false, &ep, &err), 0);
	ck_assert_int_lt(bt_endpoint_connect(&ep, &err), 0);
	ck_assert_str_eq(err.msg,
			 "Cannot connect to the Docker daemon at unix:///nowhere/sock. Is the "
			 "docker daemon running?");
	bt_endpoint_done(&ep);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client/endpoint");
	TCase *tests = tcase_create("endpoint");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, short_forms_mean_what_they_mean_for_docker);
	tcase_add_test(tests, unix_and_ssh_are_known_and_others_refused);
	tcase_add_test(tests, a_daemon_that_is_not_there_is_told_in_docker_words);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
