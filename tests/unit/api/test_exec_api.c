/* SPDX-License-Identifier: Apache-2.0 */

#include "handler_fixture.h"

START_TEST(an_exec_needs_a_container_that_runs)
{
	add_recorded("web", "{}", "{}", "[]");
	check_answers(404, "No such container: nobody", "POST", "/containers/nobody/exec",
		      "{'Cmd':['x']}");
	check_answers(409, "is not running", "POST", "/containers/web/exec", "{'Cmd':['x']}");
	check_answers(400, "the request body must be an object", "POST", "/containers/web/exec",
		      "['x']");
}
END_TEST

START_TEST(an_exec_that_is_not_there_is_not_found_whatever_is_asked_of_it)
{
	check_answers(404, "No such exec instance: x", "GET", "/exec/x/json", NULL);
	check_answers(404, "No such exec instance: x", "POST", "/exec/x/resize?h=1&w=1", NULL);
	check_answers(404, "No such exec instance: x", "POST", "/exec/x/start", "{}");
	check_answers(404, "No such exec instance: x", "POST", "/exec/x/start", NULL);
}
END_TEST

START_TEST(what_a_start_says_has_its_shape_before_anybody_is_looked_for)
{
	static const char *const bodies[] = {
		"{'Detach':'yes'}",           "{'Tty':1}",
		"{'ConsoleSize':'x'}",        "{'ConsoleSize':{}}",
		"{'ConsoleSize':[-1,1]}",     "{'ConsoleSize':[1,65536]}",
		"{'ConsoleSize':[1,'wide']}",
	};

	for (size_t i = 0; i < LENGTH(bodies); i++)
		check_answers(400, "", "POST", "/exec/x/start", bodies[i]);
	check_answers(404, "No such exec instance", "POST", "/exec/x/start",
		      "{'Detach':null,'ConsoleSize':[65535,1]}");
}
END_TEST

START_TEST(a_size_has_two_sides)
{
	check_answers(400, "", "POST", "/exec/x/resize", NULL);
	check_answers(400, "", "POST", "/exec/x/resize?h=1", NULL);
	check_answers(400, "", "POST", "/exec/x/resize?h=1&w=wide", NULL);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, an_exec_needs_a_container_that_runs);
	tcase_add_test(tests, an_exec_that_is_not_there_is_not_found_whatever_is_asked_of_it);
	tcase_add_test(tests, what_a_start_says_has_its_shape_before_anybody_is_looked_for);
	tcase_add_test(tests, a_size_has_two_sides);
}

int main(void)
{
	return run_handlers("api/exec_api", add);
}
