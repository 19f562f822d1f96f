/* SPDX-License-Identifier: Apache-2.0 */

#include "registry/fetch.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void check_url(const char *text, const char *url)
{
	struct bt_err err = { 0 };
	char *got = NULL;

	ck_assert_int_eq(bt_fetch_url(text, &got, &err), 0);
	ck_assert_str_eq(got, url);
	free(got);
}

static void check_refused(const char *text, const char *words)
{
	struct bt_err err = { 0 };
	char *got = NULL;

	ck_assert_int_eq(bt_fetch_url(text, &got, &err), -EINVAL);
	ck_assert_int_eq((int)err.kind, (int)BT_ERR_INVALID);
	ck_assert_msg(strstr(err.msg, words) != NULL, "%s", err.msg);
	ck_assert_ptr_null(got);
}

START_TEST(a_name_without_a_scheme_is_an_http_servers)
{
	check_url("http://a/x.tar", "http://a/x.tar");
	check_url("https://a:1/x.tar?y=z", "https://a:1/x.tar?y=z");
	check_url("a.example/x.tar", "http://a.example/x.tar");
}
END_TEST

START_TEST(other_schemes_and_odd_bytes_are_refused)
{
	check_refused("file:///etc/shadow", "unsupported protocol scheme \"file\"");
	check_refused("ftp://a/x", "unsupported protocol scheme \"ftp\"");
	check_refused("HTTP+unix://a/x", "unsupported protocol scheme");
	check_refused("http://a/x\r\nHost: b", "invalid character");
	check_refused("http://a/x y", "invalid character");
	check_refused("", "names no host");
	check_refused("://a", "unsupported protocol scheme \"\"");
}
END_TEST

static void check_public(const char *url, const char *shown)
{
	char *got = bt_fetch_public_url(url);

	ck_assert_str_eq(got, shown);
	free(got);
}

START_TEST(what_is_shown_has_no_password)
{
	check_public("http://u:p@a/x", "http://a/x");
	check_public("https://u:p@q@a:1/x@y", "https://a:1/x@y");
	check_public("http://a/u:p@x", "http://a/u:p@x");
	check_public("http://a?u@x", "http://a?u@x");
	check_public("http://a", "http://a");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fetch");
	TCase *tc = tcase_create("fetch");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, a_name_without_a_scheme_is_an_http_servers);
	tcase_add_test(tc, other_schemes_and_odd_bytes_are_refused);
	tcase_add_test(tc, what_is_shown_has_no_password);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
