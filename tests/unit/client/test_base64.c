/* SPDX-License-Identifier: Apache-2.0 */

#include "client/base64.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

START_TEST(what_was_encoded_decodes)
{
	static const char *const pairs[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "user:pass", "dXNlcjpwYXNz" },
		{ "\xff\xfe?", "__4_" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		bt_auto_str struct bt_str to = { 0 };
		bt_auto_str struct bt_str back = { 0 };

		bt_base64_encode(&to, pairs[i][0], strlen(pairs[i][0]), true);
		ck_assert_str_eq(bt_str_get(&to), pairs[i][1]);
		ck_assert_int_eq(bt_base64_decode(&back, bt_str_get(&to)), 0);
		ck_assert_str_eq(bt_str_get(&back), pairs[i][0]);
	}
}
END_TEST

START_TEST(other_letters_are_refused)
{
	bt_auto_str struct bt_str s = { 0 };

	ck_assert_int_eq(bt_base64_decode(&s, "a!b"), -EINVAL);
	ck_assert_int_eq(bt_base64_decode(&s, "Zg==x"), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client/base64");
	TCase *tests = tcase_create("base64");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, what_was_encoded_decodes);
	tcase_add_test(tests, other_letters_are_refused);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
