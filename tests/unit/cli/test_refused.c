/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/refused.h"

#include <check.h>
#include <stdlib.h>

START_TEST(a_refused_command_is_known_alone_and_with_what_follows)
{
	ck_assert_str_eq(bt_refused_why("swarm"), "there is no swarm mode");
	ck_assert_str_eq(bt_refused_why("swarm init"), "there is no swarm mode");
	ck_assert_str_eq(bt_refused_why("volume update"), "there is no swarm mode");
	ck_assert_ptr_nonnull(bt_refused_why("image build"));
	ck_assert_ptr_nonnull(bt_refused_why("trust key generate"));
}
END_TEST

START_TEST(what_only_begins_like_one_is_not_refused)
{
	ck_assert_ptr_null(bt_refused_why(""));
	ck_assert_ptr_null(bt_refused_why("swarms"));
	ck_assert_ptr_null(bt_refused_why("volume"));
	ck_assert_ptr_null(bt_refused_why("volume updates"));
	ck_assert_ptr_null(bt_refused_why("image builder"));
	ck_assert_ptr_null(bt_refused_why("no swarm"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/refused");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, a_refused_command_is_known_alone_and_with_what_follows);
	tcase_add_test(tc, what_only_begins_like_one_is_not_refused);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
