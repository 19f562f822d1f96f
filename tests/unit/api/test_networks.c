/* SPDX-License-Identifier: Apache-2.0 */

/* What is refused before any network is looked for. */

#include "handler_fixture.h"

START_TEST(a_body_has_its_shape)
{
	check_answers(400, "the request body must be an object", "POST", "/networks/create", "[]");
	check_answers(400, "", "POST", "/networks/create", "{'Name':7}");
	check_answers(400, "", "POST", "/networks/create", "{'Name':'x','IPAM':'all'}");
	check_answers(400, "", "POST", "/networks/create", "{'Name':'x','Labels':['a']}");
	check_answers(400, "the request body must be an object", "POST", "/networks/x/connect",
		      "'x'");
	check_answers(400, "", "POST", "/networks/x/connect", "{'Container':{}}");
	check_answers(400, "", "POST", "/networks/x/disconnect", "{'Force':'yes'}");
}
END_TEST

START_TEST(a_truth_is_one_that_go_reads)
{
	check_answers(400,
		      "invalid value for verbose: maybe: strconv.ParseBool: parsing \"maybe\": "
		      "invalid syntax",
		      "GET", "/networks/x?verbose=maybe", NULL);
	check_answers(400, "strconv.ParseBool", "GET", "/networks/x?verbose=yes", NULL);
}
END_TEST

START_TEST(all_networks_are_of_this_machine)
{
	check_answers(404, "network x not found", "GET", "/networks/x?scope=swarm", NULL);
	check_answers(404, "network x not found", "GET", "/networks/x?scope=global&verbose=true",
		      NULL);
}
END_TEST

START_TEST(filters_are_read_before_anything_is_listed_or_removed)
{
	check_answers(400, "", "GET", "/networks?filters={", NULL);
	check_answers(400, "", "GET", "/networks/?filters=[7]", NULL);
	check_answers(400, "", "POST", "/networks/prune?filters=x", NULL);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_body_has_its_shape);
	tcase_add_test(tests, a_truth_is_one_that_go_reads);
	tcase_add_test(tests, all_networks_are_of_this_machine);
	tcase_add_test(tests, filters_are_read_before_anything_is_listed_or_removed);
}

int main(void)
{
	return run_handlers("api/networks", add);
}
