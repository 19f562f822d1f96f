/* SPDX-License-Identifier: Apache-2.0 */

#include "handler_fixture.h"

static const char *header(const char *name)
{
	for (unsigned i = 0; i < req->answer.nheaders; i++)
		if (strcmp(req->answer.headers[i].name, name) == 0)
			return req->answer.headers[i].value;
	return "";
}

START_TEST(a_ping_is_ok_and_says_which_builder_there_is)
{
	check_answers(200, NULL, "GET", "/_ping", NULL);
	ck_assert_str_eq(req->answer.text, "OK");
	ck_assert_str_eq(req->answer.type, BT_ANSWER_TEXT);
	ck_assert_str_eq(header("Builder-Version"), "1");
	ck_assert_str_eq(header("Swarm"), "inactive");
	ck_assert_str_eq(header("Cache-Control"), "no-cache, no-store, must-revalidate");
	check_answers(200, NULL, "HEAD", "/v1.24/_ping", NULL);
	ck_assert_ptr_null(req->answer.text);
	ck_assert_str_eq(header("Pragma"), "no-cache");
}
END_TEST

START_TEST(a_version_is_one_that_is_spoken)
{
	check_answers(200, NULL, "GET", "/v1.12/_ping", NULL);
	ck_assert_uint_eq(req->version, 12);
	check_answers(200, NULL, "GET", "/v1.51/_ping", NULL);
	check_answers(400, "client version 1.11 is too old", "GET", "/v1.11/_ping", NULL);
	check_answers(400, "client version 1.52 is too new", "GET", "/v1.52/_ping", NULL);
}
END_TEST

START_TEST(what_needs_a_swarm_says_so_as_docker_does)
{
	static const char *const paths[] = { "/swarm",           "/nodes",   "/services",
					     "/services/x/logs", "/tasks/x", "/secrets/x",
					     "/configs" };

	for (size_t i = 0; i < LENGTH(paths); i++)
		check_answers(503, "This node is not a swarm manager.", "GET", paths[i], NULL);
	check_answers(503, "This node is not part of a swarm", "POST", "/swarm/leave", NULL);
	check_answers(503, "only valid for cluster volumes", "PUT", "/volumes/x", NULL);
	check_answers(501, "berth does not offer /swarm/init", "POST", "/swarm/init", NULL);
}
END_TEST

START_TEST(what_is_not_offered_is_named)
{
	check_answers(501, "berth does not offer /build", "POST", "/build", NULL);
	check_answers(501, "berth does not offer /session", "POST", "/session", NULL);
	check_answers(501, "berth does not offer /plugins/pull", "POST", "/plugins/pull", NULL);
	check_answers(404, "plugin \"x\" not found", "GET", "/plugins/x/json", NULL);
	check_answers(200, NULL, "GET", "/plugins", NULL);
	check_json("[]");
	check_answers(200, NULL, "POST", "/build/prune", NULL);
	check_json("{'CachesDeleted':null,'SpaceReclaimed':0}");
}
END_TEST

START_TEST(a_use_of_the_disk_is_of_the_kinds_that_were_asked_for)
{
	check_answers(200, NULL, "GET", "/system/df?type=volume", NULL);
	ck_assert_ptr_nonnull(strstr(req->answer.text, "\"Volumes\":"));
	ck_assert_ptr_null(strstr(req->answer.text, "\"Images\":["));
	check_answers(200, NULL, "GET", "/system/df?type=image&type=container", NULL);
	ck_assert_ptr_nonnull(strstr(req->answer.text, "\"Images\":"));
	check_answers(400, "unknown object type: network", "GET",
		      "/system/df?type=volume&type=network", NULL);
	check_answers(400, "unknown object type: ", "GET", "/system/df?type=", NULL);
}
END_TEST

START_TEST(any_path_may_be_asked_for_its_options)
{
	check_answers(200, NULL, "OPTIONS", "/containers/json", NULL);
	ck_assert_ptr_null(req->answer.text);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_ping_is_ok_and_says_which_builder_there_is);
	tcase_add_test(tests, a_version_is_one_that_is_spoken);
	tcase_add_test(tests, what_needs_a_swarm_says_so_as_docker_does);
	tcase_add_test(tests, what_is_not_offered_is_named);
	tcase_add_test(tests, a_use_of_the_disk_is_of_the_kinds_that_were_asked_for);
	tcase_add_test(tests, any_path_may_be_asked_for_its_options);
}

int main(void)
{
	return run_handlers("api/system", add);
}
