/* SPDX-License-Identifier: Apache-2.0 */

#include "handler_fixture.h"

START_TEST(a_commit_is_of_a_container_that_is_named_and_there)
{
	check_answers(400, "invalid name or ID supplied: \"\"", "POST", "/commit", NULL);
	check_answers(400, "invalid name or ID supplied: \"\"", "POST",
		      "/commit?container=", "{'Cmd':['x']}");
	check_answers(404, "No such container: nobody", "POST",
		      "/commit?container=nobody&repo=x&tag=1", NULL);
	ck_assert_int_eq(bt_images_count(engine.images), 0);
}
END_TEST

START_TEST(changes_and_an_export_are_of_a_container_that_is_there)
{
	check_answers(404, "No such container: nobody", "GET", "/containers/nobody/changes", NULL);
	check_answers(404, "No such container: nobody", "GET", "/containers/nobody/export", NULL);
	ck_assert_ptr_null(req->answer.stream.ops);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_commit_is_of_a_container_that_is_named_and_there);
	tcase_add_test(tests, changes_and_an_export_are_of_a_container_that_is_there);
}

int main(void)
{
	return run_handlers("api/containers_image", add);
}
