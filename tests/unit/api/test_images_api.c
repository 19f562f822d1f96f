/* SPDX-License-Identifier: Apache-2.0 */

#include "handler_fixture.h"

#define LINUX_ARM "{\"os\":\"linux\",\"architecture\":\"arm\"}"

/* An image of no layers for linux/amd64. */
static void add_image(const char *name)
{
	static const char config[] = "{\"architecture\":\"amd64\",\"os\":\"linux\"}";
	char id[72];

	ck_well(bt_images_add(engine.images, config, strlen(config), NULL, NULL, name, id, &err),
		&err);
}

START_TEST(a_list_is_narrowed_by_filters_or_in_the_way_of_old_clients)
{
	add_image("x");
	check_answers(200, NULL, "GET", "/images/json", NULL);
	ck_assert_ptr_nonnull(strstr(req->answer.text, "x:latest"));
	check_answers(200, NULL, "GET", "/images/json?filters={\"reference\":[\"y\"]}", NULL);
	check_json("[]");
	check_answers(200, NULL, "GET", "/v1.40/images/json?filter=y", NULL);
	check_json("[]");
	/* Later versions do not know it. */
	check_answers(200, NULL, "GET", "/v1.41/images/json?filter=y", NULL);
	ck_assert_ptr_nonnull(strstr(req->answer.text, "x:latest"));
	check_answers(400, "filter and filters cannot be given at once", "GET",
		      "/v1.40/images/json?filter=y&filters={}", NULL);
	check_answers(400, "", "GET", "/images/json?filters=x", NULL);
	check_answers(400, "", "GET", "/images/json?filters={\"color\":[\"red\"]}", NULL);
}
END_TEST

START_TEST(a_virtual_size_is_for_versions_that_had_it)
{
	add_image("x");
	check_answers(200, NULL, "GET", "/v1.43/images/json", NULL);
	ck_assert_ptr_nonnull(strstr(req->answer.text, "\"VirtualSize\""));
	check_answers(200, NULL, "GET", "/v1.44/images/json", NULL);
	ck_assert_ptr_null(strstr(req->answer.text, "\"VirtualSize\""));
}
END_TEST

START_TEST(an_image_is_looked_at_by_its_name_and_for_its_platform_alone)
{
	add_image("a/b/x");
	check_answers(200, NULL, "GET", "/images/a/b/x/json", NULL);
	check_answers(200, NULL, "GET", "/images/a/b/x:latest/history", NULL);
	check_answers(404, "No such image: a/b/y:latest", "GET", "/images/a/b/y/json", NULL);
	check_answers(404, "does not match the specified platform (linux/arm", "GET",
		      "/images/a/b/x/json?platform=" LINUX_ARM, NULL);
	check_answers(404, "does not match the specified platform", "GET",
		      "/images/a/b/x/history?platform=" LINUX_ARM, NULL);
	check_answers(400, "", "GET", "/images/a/b/x/json?platform=linux", NULL);
	check_answers(400, "manifests and platform options cannot both be set", "GET",
		      "/images/a/b/x/json?manifests=1&platform=" LINUX_ARM, NULL);
}
END_TEST

START_TEST(a_tag_needs_a_repository)
{
	add_image("x");
	check_answers(400, "the parameter repo is missing", "POST", "/images/x/tag", NULL);
	check_answers(400, "the parameter repo is missing", "POST", "/images/x/tag?repo=", NULL);
	check_answers(400, "invalid reference format", "POST", "/images/x/tag?repo=Y", NULL);
	check_answers(400, "invalid tag format", "POST", "/images/x/tag?repo=y&tag=a/b", NULL);
	check_answers(201, NULL, "POST", "/images/x/tag?repo=y&tag=1", NULL);
	check_answers(200, NULL, "GET", "/images/y:1/json", NULL);
	check_answers(404, "No such image", "POST", "/images/z/tag?repo=y", NULL);
}
END_TEST

START_TEST(what_is_removed_is_listed_and_nothing_of_another_platform_is)
{
	add_image("x");
	check_answers(404, "does not match the specified platform", "DELETE",
		      "/images/x?platforms=" LINUX_ARM, NULL);
	check_answers(400, "", "DELETE", "/images/x?platforms=arm", NULL);
	check_answers(200, NULL, "DELETE", "/images/x", NULL);
	ck_assert_ptr_nonnull(strstr(req->answer.text, "{\"Untagged\":\"x:latest\"}"));
	ck_assert_ptr_nonnull(strstr(req->answer.text, "{\"Deleted\":\"sha256:"));
	check_answers(404, "No such image: x:latest", "DELETE", "/images/x?force=1", NULL);
}
END_TEST

START_TEST(a_prune_takes_what_has_no_name_and_refuses_what_it_does_not_know)
{
	add_image("x");
	check_answers(200, NULL, "POST", "/images/prune", NULL);
	check_json("{'ImagesDeleted':null,'SpaceReclaimed':0}");
	check_answers(400, "", "POST", "/images/prune?filters={\"color\":[\"red\"]}", NULL);
	check_answers(400, "", "POST", "/images/prune?filters={\"dangling\":[\"maybe\"]}", NULL);
	check_answers(200, NULL, "GET", "/images/x/json", NULL);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_list_is_narrowed_by_filters_or_in_the_way_of_old_clients);
	tcase_add_test(tests, a_virtual_size_is_for_versions_that_had_it);
	tcase_add_test(tests, an_image_is_looked_at_by_its_name_and_for_its_platform_alone);
	tcase_add_test(tests, a_tag_needs_a_repository);
	tcase_add_test(tests, what_is_removed_is_listed_and_nothing_of_another_platform_is);
	tcase_add_test(tests, a_prune_takes_what_has_no_name_and_refuses_what_it_does_not_know);
}

int main(void)
{
	return run_handlers("api/images_api", add);
}
