/* SPDX-License-Identifier: Apache-2.0 */

#include "store/digest.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define EMPTY "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC   "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

START_TEST(digests_are_those_of_the_standards_examples)
{
	char got[BT_DIGEST_SIZE];

	bt_digest_of("", 0, got);
	ck_assert_str_eq(got, EMPTY);
	bt_digest_of("abc", 3, got);
	ck_assert_str_eq(got, ABC);
}
END_TEST

START_TEST(pieces_give_what_the_whole_gives_and_the_text_starts_anew)
{
	char got[BT_DIGEST_SIZE];
	struct bt_digest d;

	bt_digest_init(&d);
	bt_digest_update(&d, "a", 1);
	bt_digest_update(&d, "", 0);
	bt_digest_update(&d, "bc", 2);
	bt_digest_text(&d, got);
	ck_assert_str_eq(got, ABC);
	bt_digest_text(&d, got);
	ck_assert_str_eq(got, EMPTY);
}
END_TEST

START_TEST(only_sixty_four_lower_case_digits_of_sha256_are_valid)
{
	static const char *const wrong[] = {
		"",
		"sha256:",
		"sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"sha256:E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85",
		"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8555",
		"sha256:../../../../../../../../../../../../../../../../../../../etc/passwd",
		" " EMPTY,
		EMPTY " "
	};

	ck_assert(bt_digest_is_valid(EMPTY));
	ck_assert(!bt_digest_is_valid(NULL));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(!bt_digest_is_valid(wrong[i]), "%s", wrong[i]);
}
END_TEST

START_TEST(the_chain_of_one_layer_is_its_diff_id_and_of_more_the_digest_of_both)
{
	char got[BT_DIGEST_SIZE], want[BT_DIGEST_SIZE];

	bt_digest_chain(NULL, ABC, got);
	ck_assert_str_eq(got, ABC);
	bt_digest_of(ABC " " EMPTY, strlen(ABC " " EMPTY), want);
	bt_digest_chain(got, EMPTY, got);
	ck_assert_str_eq(got, want);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/digest");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, digests_are_those_of_the_standards_examples);
	tcase_add_test(tests, pieces_give_what_the_whole_gives_and_the_text_starts_anew);
	tcase_add_test(tests, only_sixty_four_lower_case_digits_of_sha256_are_valid);
	tcase_add_test(tests, the_chain_of_one_layer_is_its_diff_id_and_of_more_the_digest_of_both);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
