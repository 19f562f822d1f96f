/* SPDX-License-Identifier: Apache-2.0 */

#include "registry/endpoint.h"

#include <errno.h>

#include "../suite.h"

static void check_url(const char *url, bool whole, const char *base, const char *api)
{
	struct bt_endpoint e = { 0 };

	ck_assert_int_eq(bt_endpoint_set_url(&e, url, whole), 0);
	ck_assert_str_eq(e.base, base);
	ck_assert_str_eq(e.api, api);
	bt_endpoint_done(&e);
	ck_assert_ptr_null(e.base);
}

START_TEST(the_base_of_a_url_is_its_scheme_host_and_port)
{
	check_url("https://reg:5000", false, "https://reg:5000", "https://reg:5000/v2");
	check_url("http://[::1]:80/a/b", false, "http://[::1]:80", "http://[::1]:80/a/b/v2");
}
END_TEST

START_TEST(slashes_at_its_end_do_not_matter)
{
	check_url("https://reg/", false, "https://reg", "https://reg/v2");
	check_url("https://reg////", false, "https://reg", "https://reg/v2");
	check_url("https://reg/a//", false, "https://reg", "https://reg/a/v2");
	check_url("https://reg/v2/", false, "https://reg", "https://reg/v2");
}
END_TEST

START_TEST(v2_is_added_only_where_it_is_not_written)
{
	check_url("https://reg/v2", false, "https://reg", "https://reg/v2");
	check_url("https://reg/a/v2", false, "https://reg", "https://reg/a/v2");
	check_url("https://reg/av2", false, "https://reg", "https://reg/av2/v2");
	/* A host of this name is no path. */
	check_url("https://v2", false, "https://v2", "https://v2/v2");
}
END_TEST

START_TEST(a_whole_path_stays_as_it_is)
{
	check_url("https://reg/v2/proxy", true, "https://reg", "https://reg/v2/proxy");
	check_url("https://reg/v2", true, "https://reg", "https://reg/v2");
	check_url("https://reg/", true, "https://reg", "https://reg");
}
END_TEST

START_TEST(urls_that_are_none_are_refused)
{
	static const char *const urls[] = {
		"",
		"https://",
		"ftp://a",
		"a",
		"https:///a",
		"https://a b",
		"https://u@a",
		"https://a?b",
		"https://a#b",
		"https://a\nb: c",
		"HTTPS://a",
		"//a",
	};

	for (size_t i = 0; i < LENGTH(urls); i++) {
		struct bt_endpoint e = { 0 };

		ck_assert_msg(bt_endpoint_set_url(&e, urls[i], false) == -EINVAL, "%s", urls[i]);
		ck_assert_msg(!e.base && !e.api, "%s leaves something", urls[i]);
	}
}
END_TEST

START_TEST(one_that_was_never_set_can_be_released)
{
	struct bt_endpoint e = { 0 };

	bt_endpoint_done(&e);
	bt_endpoint_done(&e);
	ck_assert_ptr_null(e.api);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, the_base_of_a_url_is_its_scheme_host_and_port);
	tcase_add_test(tests, slashes_at_its_end_do_not_matter);
	tcase_add_test(tests, v2_is_added_only_where_it_is_not_written);
	tcase_add_test(tests, a_whole_path_stays_as_it_is);
	tcase_add_test(tests, urls_that_are_none_are_refused);
	tcase_add_test(tests, one_that_was_never_set_can_be_released);
}

int main(void)
{
	return run_suite("registry/endpoint", NULL, NULL, add);
}
