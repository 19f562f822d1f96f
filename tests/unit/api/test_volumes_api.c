/* SPDX-License-Identifier: Apache-2.0 */

#include "handler_fixture.h"

START_TEST(a_volume_is_made_looked_at_renamed_and_removed)
{
	check_answers(201, NULL, "POST", "/volumes/create", "{'Name':'v1','Labels':{'a':'b'}}");
	check_answers(200, NULL, "GET", "/volumes/v1", NULL);
	ck_assert_ptr_nonnull(strstr(req->answer.text, "\"Labels\":{\"a\":\"b\"}"));
	check_answers(204, NULL, "POST", "/volumes/v1/rename?name=v2", NULL);
	check_answers(404, "no such volume", "GET", "/volumes/v1", NULL);
	check_answers(204, NULL, "DELETE", "/volumes/v2", NULL);
	check_answers(404, "no such volume", "DELETE", "/volumes/v2", NULL);
	check_answers(204, NULL, "DELETE", "/volumes/v2?force=1", NULL);
}
END_TEST

START_TEST(a_body_that_says_nothing_makes_one_without_a_name)
{
	check_answers(201, NULL, "POST", "/volumes/create", "{}");
	ck_assert_ptr_nonnull(strstr(req->answer.text, "com.docker.volume.anonymous"));
	check_answers(400, "the request body must be an object", "POST", "/volumes/create", "[]");
	check_answers(400, "includes invalid characters", "POST", "/volumes/create",
		      "{'Name':'../x'}");
}
END_TEST

START_TEST(a_rename_needs_a_name)
{
	check_answers(201, NULL, "POST", "/volumes/create", "{'Name':'v1'}");
	check_answers(400, "the new name is empty", "POST", "/volumes/v1/rename", NULL);
	check_answers(400, "the new name is empty", "POST", "/volumes/v1/rename?name=", NULL);
	check_answers(400, "includes invalid characters", "POST", "/volumes/v1/rename?name=a/b",
		      NULL);
	check_answers(200, NULL, "GET", "/volumes/v1", NULL);
}
END_TEST

START_TEST(a_list_is_narrowed_by_filters_that_are_known)
{
	check_answers(200, NULL, "GET", "/volumes", NULL);
	check_json("{'Volumes':[],'Warnings':null}");
	check_answers(400, "", "GET", "/volumes?filters={\"color\":[\"red\"]}", NULL);
	check_answers(400, "", "GET", "/volumes?filters=[", NULL);
}
END_TEST

START_TEST(a_prune_of_old_clients_takes_those_with_a_name_too)
{
	check_answers(201, NULL, "POST", "/volumes/create", "{'Name':'v1'}");
	check_answers(200, NULL, "POST", "/v1.42/volumes/prune", NULL);
	check_json("{'VolumesDeleted':[],'SpaceReclaimed':0}");
	check_answers(200, NULL, "POST", "/v1.41/volumes/prune", NULL);
	check_json("{'VolumesDeleted':['v1'],'SpaceReclaimed':0}");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_volume_is_made_looked_at_renamed_and_removed);
	tcase_add_test(tests, a_body_that_says_nothing_makes_one_without_a_name);
	tcase_add_test(tests, a_rename_needs_a_name);
	tcase_add_test(tests, a_list_is_narrowed_by_filters_that_are_known);
	tcase_add_test(tests, a_prune_of_old_clients_takes_those_with_a_name_too);
}

int main(void)
{
	return run_handlers("api/volumes_api", add);
}
