/* SPDX-License-Identifier: Apache-2.0 */

#include "api/route.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static int handler(struct bt_request *req, struct bt_err *err)
{
	(void)req;
	(void)err;
	return 0;
}

static const struct bt_route routes[] = {
	{ BT_METHOD_GET, "/images/json", BT_BODY_IGNORED, handler },
	{ BT_METHOD_GET, "/images/*/json", BT_BODY_IGNORED, handler },
	{ BT_METHOD_DELETE, "/images/*", BT_BODY_IGNORED, handler },
	{ BT_METHOD_GET | BT_METHOD_HEAD, "/_ping", BT_BODY_IGNORED, handler },
};

/* The index of the route that is found, or -1; `name` must be what '*' matched. */
static int find(const char *method, const char *path, const char *name)
{
	const struct bt_route *route;
	const char *got;
	size_t len;

	route = bt_route_find(routes, sizeof(routes) / sizeof(routes[0]), bt_route_method(method),
			      path, &got, &len);
	if (!route)
		return -1;
	ck_assert_uint_eq(len, name ? strlen(name) : 0);
	if (name)
		ck_assert_int_eq(strncmp(got, name, len), 0);
	else
		ck_assert_ptr_null(got);
	return (int)(route - routes);
}

START_TEST(exact_paths_win_over_patterns_before_them)
{
	ck_assert_int_eq(find("GET", "/images/json", NULL), 0);
	ck_assert_int_eq(find("GET", "/images/json/json", "json"), 1);
}
END_TEST

START_TEST(names_may_hold_slashes_and_colons_but_not_be_empty)
{
	ck_assert_int_eq(find("GET", "/images/127.0.0.1:5000/web:v1/json", "127.0.0.1:5000/web:v1"),
			 1);
	ck_assert_int_eq(find("GET", "/images//json", NULL), -1);
	ck_assert_int_eq(find("DELETE", "/images/", NULL), -1);
	ck_assert_int_eq(find("DELETE", "/images/a", "a"), 2);
}
END_TEST

START_TEST(the_method_counts)
{
	ck_assert_int_eq(find("HEAD", "/_ping", NULL), 3);
	ck_assert_int_eq(find("POST", "/_ping", NULL), -1);
	ck_assert_int_eq(find("BREW", "/_ping", NULL), -1);
}
END_TEST

START_TEST(a_version_is_split_off_only_where_it_is_one)
{
	const char *version;
	size_t len;

	ck_assert_str_eq(bt_route_split_version("/v1.40/info", &version, &len), "/info");
	ck_assert_uint_eq(len, 4);
	ck_assert_str_eq(bt_route_split_version("/volumes/x", &version, &len), "/volumes/x");
	ck_assert_ptr_null(version);
	ck_assert_str_eq(bt_route_split_version("/v1.40", &version, &len), "/v1.40");
	ck_assert_str_eq(bt_route_split_version("/v1x/info", &version, &len), "/v1x/info");
}
END_TEST

static unsigned check(const char *text, const char *message)
{
	struct bt_err err = { 0 };
	unsigned minor = 0;
	int r = bt_route_check_version(text, strlen(text), &minor, &err);

	if (!message) {
		ck_assert_int_eq(r, 0);
		return minor;
	}
	ck_assert_int_lt(r, 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.msg, message));
	return 0;
}

START_TEST(versions_from_1_12_to_1_51_are_spoken)
{
	ck_assert_uint_eq(check("1.12", NULL), 12);
	ck_assert_uint_eq(check("1.51", NULL), 51);
	check("1.11",
	      "client version 1.11 is too old. Minimum supported API version is 1.12, please upgrade");
	check("1.52", "client version 1.52 is too new. Maximum supported API version is 1.51");
	check("2.0", "too new");
	check("0.9", "too old");
	check("1", "too old");
	check("99999999999999999999", "too new");
	check("...", "too old");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api/route");
	TCase *find_case = tcase_create("find"), *version = tcase_create("version");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(find_case, exact_paths_win_over_patterns_before_them);
	tcase_add_test(find_case, names_may_hold_slashes_and_colons_but_not_be_empty);
	tcase_add_test(find_case, the_method_counts);
	tcase_add_test(version, a_version_is_split_off_only_where_it_is_one);
	tcase_add_test(version, versions_from_1_12_to_1_51_are_spoken);
	suite_add_tcase(suite, find_case);
	suite_add_tcase(suite, version);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
