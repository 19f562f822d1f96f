/* SPDX-License-Identifier: Apache-2.0 */

#include "image/search.h"

#include <errno.h>

#include "codec/filters.h"
#include "codec/json.h"
#include "little_registry.h"

START_TEST(a_term_says_where_to_ask_and_for_what)
{
	static const struct {
		const char *term, *domain, *name;
	} cases[] = {
		{ "a", "index.docker.io", "a" },
		{ "library/a", "index.docker.io", "a" },
		{ "me/a", "index.docker.io", "me/a" },
		{ "docker.io/a", "index.docker.io", "a" },
		{ "docker.io/library/a", "index.docker.io", "a" },
		{ "index.docker.io/library/a/b", "index.docker.io", "a/b" },
		{ "localhost/a", "localhost", "a" },
		{ "localhost:5000/a/b", "localhost:5000", "a/b" },
		{ "r.example/library/a", "r.example", "library/a" },
		{ "r.example/", "r.example", "" },
		{ "localhost", "index.docker.io", "localhost" },
		{ "a.b", "index.docker.io", "a.b" },
		{ "", "index.docker.io", "" },
		{ "/", "index.docker.io", "/" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		bt_auto_free char *domain = NULL, *name = NULL;

		ck_assert_int_eq(bt_search_split(cases[i].term, &domain, &name), 0);
		ck_assert_msg(strcmp(domain, cases[i].domain) == 0 &&
				      strcmp(name, cases[i].name) == 0,
			      "\"%s\": \"%s\" at \"%s\"", cases[i].term, name, domain);
	}
}
END_TEST

static int search(const char *term, int64_t limit, const char *filters_text, json_t **ret)
{
	struct bt_filters *filters = NULL;
	bt_auto_free char *name = registry_name(term);
	int r;

	err = (struct bt_err){ 0 };
	ck_well(bt_filters_parse(filters_text, &filters, &err), &err);
	r = bt_search(images, name, limit, NULL, filters, ret, &err);
	bt_filters_destroy(filters);
	return r;
}

/* What a search with `filters` finds, by name. */
static void check_found(const char *filters, const char *names)
{
	json_auto_t *found = NULL;
	bt_auto_str struct bt_str got = { 0 };
	json_t *item;
	size_t i;

	ck_well(search("x", 0, filters, &found), &err);
	json_array_foreach (found, i, item)
		bt_str_printf(&got, "%s%s", i > 0 ? " " : "", bt_json_str(item, "name", "?"));
	ck_assert_msg(strcmp(bt_str_get(&got), names) == 0, "%s: %s", filters, bt_str_get(&got));
}

static void serve(const char *body)
{
	static struct web_rule rule;

	rule = (struct web_rule){ .request = "GET /v1/search?q=x",
				  .status = "200 OK",
				  .body = body };
	web_rules(&rule, 1);
}

START_TEST(filters_choose_among_the_results)
{
	serve("{\"results\":[{\"name\":\"a\",\"star_count\":10,\"is_official\":true},"
	      "{\"name\":\"b\",\"star_count\":9,\"is_automated\":true},"
	      "{\"name\":\"c\",\"is_official\":false},{\"name\":\"d\",\"star_count\":100}]}");
	check_found("", "a b c d");
	check_found("{\"stars\":[\"10\"]}", "a d");
	check_found("{\"stars\":[\"3\",\"100\"]}", "d");
	check_found("{\"stars\":[\"-5\"]}", "a b c d");
	check_found("{\"is-official\":[\"true\"]}", "a");
	check_found("{\"is-official\":[\"false\"],\"stars\":[\"1\"]}", "b d");
	check_found("{\"is-automated\":[\"1\"]}", "b");
}
END_TEST

START_TEST(what_cannot_be_asked_is_refused_before_anybody_is_asked)
{
	static const struct {
		int64_t limit;
		const char *filters, *words;
	} cases[] = {
		{ -1, "", "limit -1 is outside the range of [1, 100]" },
		{ 101, "", "limit 101 is outside the range of [1, 100]" },
		{ 0, "{\"stars\":[\"many\"]}", "stars=many" },
		{ 0, "{\"stars\":[\"99999999999999999999\"]}", "stars=99999999999999999999" },
		{ 0, "{\"is-official\":[\"maybe\"]}", "is-official" },
		{ 0, "{\"is-automated\":[\"maybe\"]}", "is-automated" },
		{ 0, "{\"colour\":[\"red\"]}", "colour" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		json_t *found = NULL;

		ck_assert_int_lt(search("x", cases[i].limit, cases[i].filters, &found), 0);
		check_err(&err, BT_ERR_INVALID, cases[i].words);
		ck_assert_ptr_null(found);
	}
	ck_assert_uint_eq(web.requests, 0);
}
END_TEST

START_TEST(an_answer_is_taken_apart_and_only_what_docker_answers_is_passed_on)
{
	json_auto_t *found = NULL, *want = json_array();

	serve("{\"results\":[{\"name\":5,\"star_count\":\"x\",\"description\":null,"
	      "\"is_official\":\"yes\",\"secret\":1},7,null,\"x\"],\"more\":1}");
	ck_well(search("x", 100, "", &found), &err);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(json_array_append_new(want, json_pack("{sisbsssbss}", "star_count",
								       0, "is_official", 0, "name",
								       "", "is_automated", 0,
								       "description", "")),
				 0);
	ck_assert(json_equal(found, want));
	ck_assert_ptr_nonnull(strstr(web_last("GET /v1/search")->line, "&n=100 "));
}
END_TEST

START_TEST(an_answer_without_results_finds_nothing)
{
	static const char *const bodies[] = { "{}", "{\"results\":null}", "{\"results\":{}}",
					      "{\"results\":[]}" };

	for (size_t i = 0; i < LENGTH(bodies); i++) {
		serve(bodies[i]);
		check_found("", "");
	}
}
END_TEST

START_TEST(a_registry_that_does_not_search_says_so)
{
	json_t *found = NULL;

	ck_assert_int_eq(search("x", 0, "", &found), -ENOENT);
	check_err(&err, BT_ERR_NOT_FOUND, "404");
	ck_assert_ptr_null(found);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_term_says_where_to_ask_and_for_what);
	tcase_add_test(tests, filters_choose_among_the_results);
	tcase_add_test(tests, what_cannot_be_asked_is_refused_before_anybody_is_asked);
	tcase_add_test(tests, an_answer_is_taken_apart_and_only_what_docker_answers_is_passed_on);
	tcase_add_test(tests, an_answer_without_results_finds_nothing);
	tcase_add_test(tests, a_registry_that_does_not_search_says_so);
}

int main(void)
{
	return run_suite("search", setup_registry, teardown_registry, add_tests);
}
