/* SPDX-License-Identifier: Apache-2.0 */

#include "handler_fixture.h"

#define NONE "No such container: nobody"

START_TEST(nothing_can_be_asked_of_a_container_that_is_not_there)
{
	static const char *const posts[] = { "start", "stop",    "restart",       "kill",
					     "pause", "unpause", "rename?name=xx" };

	for (size_t i = 0; i < LENGTH(posts); i++) {
		bt_auto_free char *target = bt_str_format("/containers/nobody/%s", posts[i]);

		check_answers(404, NONE, "POST", target, NULL);
	}
	check_answers(404, NONE, "POST", "/containers/nobody/update", "{'Memory':0}");
	check_answers(404, NONE, "DELETE", "/containers/nobody", NULL);
}
END_TEST

START_TEST(a_creation_needs_a_body_that_is_an_object)
{
	check_answers(400, "invalid JSON: got EOF while reading request body", "POST",
		      "/containers/create", NULL);
	check_answers(400, "the request body must be an object", "POST", "/containers/create",
		      "[]");
	check_answers(400, "the request body must be an object", "POST", "/containers/create",
		      "'x'");
	/* One that says nothing has forgotten the image. */
	check_answers(400, "", "POST", "/containers/create", "{}");
	check_answers(404, "No such image: nothing:latest", "POST", "/containers/create",
		      "{'Image':'nothing'}");
	check_answers(200, NULL, "GET", "/containers/json?all=1", NULL);
	check_json("[]");
}
END_TEST

START_TEST(a_start_takes_no_configuration_in_any_version)
{
	add_container("web", "{}");
	check_answers(400, "non-empty request body was deprecated since API v1.22", "POST",
		      "/containers/web/start", "{'Binds':['/:/host']}");
	check_answers(400, "removed in v1.24", "POST", "/v1.20/containers/web/start",
		      "{'Privileged':true}");
}
END_TEST

START_TEST(what_does_not_run_need_not_be_stopped_and_cannot_be_killed)
{
	add_recorded("web", "{}", "{}", "[]");
	check_answers(304, NULL, "POST", "/containers/web/stop", NULL);
	check_answers(304, NULL, "POST", "/containers/web/stop?t=99999999999", NULL);
	check_answers(304, NULL, "POST", "/containers/web/stop?t=-5", NULL);
	check_answers(409, "is not running", "POST", "/containers/web/kill", NULL);
	check_answers(409, "is not running", "POST", "/containers/web/pause", NULL);
}
END_TEST

START_TEST(parameters_that_are_none_are_refused)
{
	add_container("web", "{}");
	check_answers(400, "", "POST", "/containers/web/stop?t=soon", NULL);
	check_answers(400, "", "POST", "/containers/web/restart?t=1.5", NULL);
	check_answers(400, "", "POST", "/containers/web/stop?t=99999999999999999999", NULL);
	check_answers(400, "signal", "POST", "/containers/web/kill?signal=SIGNOTHING", NULL);
	check_answers(400, "signal", "POST", "/containers/web/stop?signal=-1", NULL);
	check_answers(400, "Neither old nor new names may be empty", "POST",
		      "/containers/web/rename", NULL);
	check_answers(400, "Neither old nor new names may be empty", "POST",
		      "/containers/web/rename?name=", NULL);
	check_answers(400, "", "POST", "/containers/prune?filters={", NULL);
	check_answers(400, "the request body must be an object", "POST", "/containers/web/update",
		      "[7]");
}
END_TEST

START_TEST(a_prune_of_nothing_says_so)
{
	check_answers(200, NULL, "POST", "/containers/prune", NULL);
	check_json("{'ContainersDeleted':null,'SpaceReclaimed':0}");
	check_answers(400, "", "POST", "/containers/prune?filters={\"color\":[\"red\"]}", NULL);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, nothing_can_be_asked_of_a_container_that_is_not_there);
	tcase_add_test(tests, a_creation_needs_a_body_that_is_an_object);
	tcase_add_test(tests, a_start_takes_no_configuration_in_any_version);
	tcase_add_test(tests, what_does_not_run_need_not_be_stopped_and_cannot_be_killed);
	tcase_add_test(tests, parameters_that_are_none_are_refused);
	tcase_add_test(tests, a_prune_of_nothing_says_so);
}

int main(void)
{
	return run_handlers("api/containers_life", add);
}
