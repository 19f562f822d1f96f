/* SPDX-License-Identifier: Apache-2.0 */

/* What is refused before any registry is asked. */

#include "handler_fixture.h"

START_TEST(a_pull_needs_a_name_that_is_one)
{
	check_answers(400, "neither fromImage nor fromSrc says what to create", "POST",
		      "/images/create", NULL);
	check_answers(400, "neither fromImage nor fromSrc", "POST",
		      "/images/create?fromImage=", NULL);
	check_answers(400, "invalid reference format", "POST", "/images/create?fromImage=UPPER",
		      NULL);
	check_answers(400, "invalid reference format", "POST", "/images/create?fromImage=:", NULL);
	check_answers(400, "", "POST", "/images/create?fromImage=x&tag=a/b", NULL);
	check_answers(400, "", "POST", "/images/create?fromImage=x&tag=1&platform=///", NULL);
}
END_TEST

START_TEST(a_search_needs_a_term_and_a_limit_that_is_a_number)
{
	check_answers(400, "a term to search for is missing", "GET", "/images/search", NULL);
	check_answers(400, "a term to search for is missing", "GET", "/images/search?term=", NULL);
	check_answers(400, "", "GET", "/images/search?term=x&limit=many", NULL);
	check_answers(400, "limit 101 is outside the range of [1, 100]", "GET",
		      "/images/search?term=x&limit=101", NULL);
	check_answers(400, "", "GET", "/images/search?term=x&filters={", NULL);
}
END_TEST

START_TEST(whoever_logs_in_says_something)
{
	check_answers(400, "EOF", "POST", "/auth", NULL);
	check_answers(400, "the request body must be an object", "POST", "/auth", "[]");
}
END_TEST

START_TEST(a_push_is_of_an_image_that_is_here_and_for_its_platform)
{
	static const char config[] = "{\"architecture\":\"amd64\",\"os\":\"linux\"}";
	char id[72];

	ck_well(bt_images_add(engine.images, config, strlen(config), NULL, NULL, "x:1", id, &err),
		&err);
	check_answers(404, "does not match the specified platform", "POST",
		      "/images/x/push?tag=1&platform={\"os\":\"linux\",\"architecture\":\"arm\"}",
		      NULL);
	check_answers(404, "No such image: x:2", "POST",
		      "/images/x/push?tag=2&platform={\"os\":\"linux\",\"architecture\":\"amd64\"}",
		      NULL);
	check_answers(400, "", "POST", "/images/x/push?platform=arm", NULL);
	check_answers(400, "the request body must be an object", "POST", "/distribution/x/manifest",
		      "[]");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_pull_needs_a_name_that_is_one);
	tcase_add_test(tests, a_search_needs_a_term_and_a_limit_that_is_a_number);
	tcase_add_test(tests, whoever_logs_in_says_something);
	tcase_add_test(tests, a_push_is_of_an_image_that_is_here_and_for_its_platform);
}

int main(void)
{
	return run_handlers("api/images_registry", add);
}
