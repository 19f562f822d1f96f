/* SPDX-License-Identifier: Apache-2.0 */

#include "handler_fixture.h"

/* How many containers the answer lists. */
static size_t listed(const char *target)
{
	json_auto_t *list = NULL;

	check_answers(200, NULL, "GET", target, NULL);
	list = json_loads(req->answer.text, 0, NULL);
	ck_assert_msg(json_is_array(list), "%s", req->answer.text);
	return json_array_size(list);
}

START_TEST(those_that_run_are_listed_unless_all_or_some_are_wanted)
{
	struct bt_container *one = add_recorded("one", "{}", "{}", "[]");

	add_recorded("two", "{}", "{}", "[]");
	add_recorded("three", "{}", "{}", "[]");
	one->state.status = BT_CONTAINER_RUNNING;
	ck_assert_uint_eq(listed("/containers/json"), 1);
	ck_assert_uint_eq(listed("/containers/json?all=1"), 3);
	ck_assert_uint_eq(listed("/containers/json?all=0"), 1);
	ck_assert_uint_eq(listed("/containers/json?limit=2"), 2);
	ck_assert_uint_eq(listed("/containers/json?limit=0&all=true"), 3);
	ck_assert_uint_eq(listed("/containers/json?limit=-1"), 1);
	ck_assert_uint_eq(listed("/containers/json?filters={\"name\":[\"two\"]}&all=1"), 1);
	ck_assert_uint_eq(listed("/containers/json?filters={\"status\":[\"created\"]}"), 2);
}
END_TEST

START_TEST(the_newest_comes_first)
{
	add_recorded("old", "{}", "{}", "[]");
	add_recorded("new", "{}", "{}", "[]");
	check_answers(200, NULL, "GET", "/containers/json?all=1", NULL);
	ck_assert_ptr_nonnull(strstr(req->answer.text, "/new"));
	ck_assert(strstr(req->answer.text, "/new") < strstr(req->answer.text, "/old"));
}
END_TEST

START_TEST(parameters_that_are_none_are_refused)
{
	check_answers(400, "", "GET", "/containers/json?limit=many", NULL);
	check_answers(400, "", "GET", "/containers/json?limit=99999999999999999999", NULL);
	check_answers(400, "", "GET", "/containers/json?filters={", NULL);
	check_answers(400, "", "GET", "/containers/json?filters={\"color\":[\"red\"]}", NULL);
	check_answers(400, "", "GET", "/containers/json?filters={\"status\":[\"red\"]}", NULL);
	/* None given is none. */
	ck_assert_uint_eq(listed("/containers/json?limit=&filters="), 0);
}
END_TEST

START_TEST(a_container_is_meant_by_name_id_and_its_beginning)
{
	struct bt_container *one = add_recorded("one", "{}", "{}", "[]");
	bt_auto_free char *by_id = bt_str_format("/containers/%s/top", one->id);

	check_answers(409, "is not running", "GET", "/containers/one/top", NULL);
	check_answers(409, "is not running", "GET", by_id, NULL);
	check_answers(409, "is not running", "GET", "/containers/0000000/top", NULL);
	check_answers(404, "No such container: two", "GET", "/containers/two/json", NULL);
	add_recorded("two", "{}", "{}", "[]");
	check_answers(400, "multiple IDs found with provided prefix: 0000000", "GET",
		      "/containers/0000000/json", NULL);
}
END_TEST

START_TEST(what_does_not_run_has_no_processes)
{
	add_recorded("one", "{}", "{}", "[]");
	check_answers(409, "is not running", "GET", "/containers/one/top", NULL);
	check_answers(404, "No such container: two", "GET", "/containers/two/top", NULL);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, those_that_run_are_listed_unless_all_or_some_are_wanted);
	tcase_add_test(tests, the_newest_comes_first);
	tcase_add_test(tests, parameters_that_are_none_are_refused);
	tcase_add_test(tests, a_container_is_meant_by_name_id_and_its_beginning);
	tcase_add_test(tests, what_does_not_run_has_no_processes);
}

int main(void)
{
	return run_handlers("api/containers_list", add);
}
