/* SPDX-License-Identifier: Apache-2.0 */

#include "registry/credentials.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

static struct bt_credentials parsed;

static void nothing(void)
{
	parsed = (struct bt_credentials){ 0 };
}

static void release(void)
{
	bt_credentials_done(&parsed);
}

START_TEST(a_header_of_either_alphabet_padded_or_not_is_read)
{
	/* {"username":"a","password":"?>~?"} */
	static const char *const headers[] = {
		"eyJ1c2VybmFtZSI6ImEiLCJwYXNzd29yZCI6Ij8-fj8ifQ==",
		"eyJ1c2VybmFtZSI6ImEiLCJwYXNzd29yZCI6Ij8+fj8ifQ==",
		"eyJ1c2VybmFtZSI6ImEiLCJwYXNzd29yZCI6Ij8-fj8ifQ",
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		bt_credentials_done(&parsed);
		ck_assert_int_eq(bt_credentials_parse(headers[i], &parsed), 0);
		ck_assert_str_eq(parsed.user, "a");
		ck_assert_str_eq(parsed.password, "?>~?");
		ck_assert_ptr_null(parsed.identity_token);
	}
}
END_TEST

START_TEST(nothing_and_garbage_are_no_credentials)
{
	static const char *const headers[] = { NULL,     "",    "!!!",      "e30",
					       "bnVsbA", "W10", "eyJ1c2Vy", "\xff" };

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		ck_assert_int_eq(bt_credentials_parse(headers[i], &parsed), 0);
		ck_assert(!parsed.user && !parsed.password && !parsed.identity_token &&
			  !parsed.registry_token);
	}
}
END_TEST

START_TEST(a_header_beyond_its_bound_is_none)
{
	bt_auto_free char *large = malloc(70000);

	memset(large, 'A', 69999);
	large[69999] = '\0';
	ck_assert_int_eq(bt_credentials_parse(large, &parsed), 0);
	ck_assert_ptr_null(parsed.user);
}
END_TEST

START_TEST(tokens_are_kept_and_empty_texts_are_none)
{
	json_auto_t *auth = json_pack("{ssssssss}", "username", "", "password", "", "identitytoken",
				      "i", "registrytoken", "r");

	ck_assert_int_eq(bt_credentials_from_json(auth, &parsed), 0);
	ck_assert_ptr_null(parsed.user);
	ck_assert_str_eq(parsed.identity_token, "i");
	ck_assert_str_eq(parsed.registry_token, "r");
}
END_TEST

START_TEST(the_old_member_is_split_at_its_first_colon)
{
	/* ann:p:q */
	json_auto_t *auth = json_pack("{ss}", "auth", "YW5uOnA6cQ==");
	json_auto_t *both = json_pack("{ssss}", "auth", "YW5uOnA6cQ==", "username", "bob");

	ck_assert_int_eq(bt_credentials_from_json(auth, &parsed), 0);
	ck_assert_str_eq(parsed.user, "ann");
	ck_assert_str_eq(parsed.password, "p:q");
	bt_credentials_done(&parsed);
	ck_assert_int_eq(bt_credentials_from_json(both, &parsed), 0);
	ck_assert_str_eq(parsed.user, "bob");
	ck_assert_ptr_null(parsed.password);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("registry/credentials");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tests, nothing, release);
	tcase_add_test(tests, a_header_of_either_alphabet_padded_or_not_is_read);
	tcase_add_test(tests, nothing_and_garbage_are_no_credentials);
	tcase_add_test(tests, a_header_beyond_its_bound_is_none);
	tcase_add_test(tests, tokens_are_kept_and_empty_texts_are_none);
	tcase_add_test(tests, the_old_member_is_split_at_its_first_colon);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
