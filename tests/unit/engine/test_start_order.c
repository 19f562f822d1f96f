/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/start_order.h"

#include "common.h"

static void assert_needs(const char *host_config, const char *want)
{
	json_t *json = parse(host_config), *got = bt_start_order_needs(json);

	if (want)
		assert_json(got, want);
	else
		ck_assert_ptr_null(got);
	json_decref(got);
	json_decref(json);
}

START_TEST(who_joins_nobody_needs_nobody)
{
	assert_needs("{}", NULL);
	assert_needs("{'NetworkMode':'bridge','PidMode':'host','IpcMode':'private','Links':null}",
		     NULL);
	assert_needs("{'NetworkMode':'container:','Links':['']}", NULL);
}
END_TEST

START_TEST(namespaces_of_others_are_needs)
{
	assert_needs(
		"{'NetworkMode':'container:web','PidMode':'container:abc','IpcMode':'container:x'}",
		"['web','abc','x']");
}
END_TEST

START_TEST(links_are_needs_in_both_forms)
{
	assert_needs("{'Links':['db:database','/queue:/web/q','plain']}", "['db','queue','plain']");
}
END_TEST

START_TEST(what_is_no_text_is_no_need)
{
	assert_needs("{'NetworkMode':7,'Links':[null,5,'db:x']}", "['db']");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, who_joins_nobody_needs_nobody);
	tcase_add_test(tests, namespaces_of_others_are_needs);
	tcase_add_test(tests, links_are_needs_in_both_forms);
	tcase_add_test(tests, what_is_no_text_is_no_need);
}

int main(void)
{
	return run_tests("engine/start_order", add);
}
