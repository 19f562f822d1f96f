/* SPDX-License-Identifier: Apache-2.0 */

#include "api/routes.h"

#include "../suite.h"
#include "base/auto.h"
#include "base/str.h"

static const struct bt_route *find(enum bt_method method, const char *path)
{
	const char *name;
	size_t len;

	return bt_route_find(bt_routes, bt_routes_count, method, path, &name, &len);
}

/* A path that the pattern is for; owned. */
static char *example(const struct bt_route *route)
{
	const char *star = strchr(route->pattern, '*');

	return star ? bt_str_format("%.*sx%s", (int)(star - route->pattern), route->pattern,
				    star + 1)
		    : strdup(route->pattern);
}

START_TEST(no_route_is_hidden_by_one_before_it)
{
	static const enum bt_method methods[] = {
		BT_METHOD_GET, BT_METHOD_HEAD,   BT_METHOD_POST,
		BT_METHOD_PUT, BT_METHOD_DELETE, BT_METHOD_OPTIONS
	};

	for (size_t i = 0; i < bt_routes_count; i++) {
		bt_auto_free char *path = example(&bt_routes[i]);
		bool reached = false;

		for (size_t m = 0; m < LENGTH(methods); m++)
			reached = reached || ((bt_routes[i].methods & methods[m]) &&
					      find(methods[m], path) == &bt_routes[i]);
		ck_assert_msg(reached, "nobody gets to %s", bt_routes[i].pattern);
	}
}
END_TEST

START_TEST(each_route_has_a_handler_a_method_and_a_path)
{
	for (size_t i = 0; i < bt_routes_count; i++) {
		const struct bt_route *route = &bt_routes[i];

		ck_assert(route->handle != NULL);
		ck_assert_uint_ne(route->methods & ~BT_ROUTE_STAYS, 0);
		ck_assert_int_eq(route->pattern[0], '/');
		/* One star at most. */
		ck_assert(!strchr(route->pattern, '*') ||
			  strchr(route->pattern, '*') == strrchr(route->pattern, '*'));
	}
}
END_TEST

/* What a GET brings does not change anything. */
START_TEST(only_methods_that_change_something_have_a_body)
{
	for (size_t i = 0; i < bt_routes_count; i++)
		ck_assert_msg(bt_routes[i].body == BT_BODY_IGNORED ||
				      (bt_routes[i].methods &
				       (BT_METHOD_GET | BT_METHOD_HEAD | BT_METHOD_DELETE)) == 0,
			      "%s", bt_routes[i].pattern);
}
END_TEST

START_TEST(paths_lead_to_where_docker_has_them)
{
	static const struct {
		enum bt_method method;
		const char *path, *pattern; /* NULL: nowhere */
	} cases[] = {
		{ BT_METHOD_GET, "/containers/json", "/containers/json" },
		{ BT_METHOD_GET, "/containers/json/json", "/containers/*/json" },
		{ BT_METHOD_DELETE, "/containers/json", "/containers/*" },
		{ BT_METHOD_GET, "/containers/a/attach/ws", "/containers/*/attach/ws" },
		{ BT_METHOD_POST, "/containers/a/attach", "/containers/*/attach" },
		/* Names of images have slashes. */
		{ BT_METHOD_GET, "/images/a/b/c/json", "/images/*/json" },
		{ BT_METHOD_POST, "/images/localhost:5000/x/push", "/images/*/push" },
		{ BT_METHOD_GET, "/images/search", "/images/search" },
		{ BT_METHOD_GET, "/images/get", "/images/get" },
		{ BT_METHOD_GET, "/networks", "/networks" },
		{ BT_METHOD_GET, "/networks/", "/networks/" },
		{ BT_METHOD_POST, "/volumes/prune", "/volumes/prune" },
		{ BT_METHOD_POST, "/volumes/prune/rename", "/volumes/*/rename" },
		{ BT_METHOD_OPTIONS, "/anything/at/all", "/*" },
		{ BT_METHOD_HEAD, "/_ping", "/_ping" },
		{ BT_METHOD_HEAD, "/info", NULL },
		{ BT_METHOD_POST, "/info", NULL },
		{ BT_METHOD_GET, "/containers", NULL },
		{ BT_METHOD_DELETE, "/containers/", NULL },
		{ BT_METHOD_GET, "/", NULL },
		{ BT_METHOD_GET, "", NULL },
		{ BT_METHOD_NONE, "/info", NULL },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct bt_route *route = find(cases[i].method, cases[i].path);

		ck_assert_msg(cases[i].pattern
				      ? route && strcmp(route->pattern, cases[i].pattern) == 0
				      : !route,
			      "%s leads to %s", cases[i].path, route ? route->pattern : "nothing");
	}
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, no_route_is_hidden_by_one_before_it);
	tcase_add_test(tests, each_route_has_a_handler_a_method_and_a_path);
	tcase_add_test(tests, only_methods_that_change_something_have_a_body);
	tcase_add_test(tests, paths_lead_to_where_docker_has_them);
}

int main(void)
{
	return run_suite("api/routes", NULL, NULL, add);
}
