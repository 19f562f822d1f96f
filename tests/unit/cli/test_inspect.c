/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/inspect.h"

#include <check.h>
#include <stdlib.h>

static void expect(const char *json, const char *want)
{
	bt_auto_str struct bt_str s = { 0 };

	bt_inspect_indent(&s, json, 0);
	ck_assert_str_eq(bt_str_get(&s), want);
}

START_TEST(json_is_indented_as_go_does)
{
	expect("{\"a\":1,\"b\":[1,2],\"c\":{},\"d\":[ ]}",
	       "{\n    \"a\": 1,\n    \"b\": [\n        1,\n        2\n    ],\n    \"c\": {},\n    \"d\": []\n}");
	expect("{\"a\":\"{\\\",:[\"}", "{\n    \"a\": \"{\\\",:[\"\n}");
	expect("18446744073709551615", "18446744073709551615");
}
END_TEST

START_TEST(broken_json_ends_all_the_same)
{
	expect("}}]", "\n}\n}\n]");
	expect("\"open", "\"open");
	expect("\"open\\", "\"open\\");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/inspect");
	TCase *tests = tcase_create("inspect");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, json_is_indented_as_go_does);
	tcase_add_test(tests, broken_json_ends_all_the_same);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
