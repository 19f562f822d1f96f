/* SPDX-License-Identifier: Apache-2.0 */

#include "image/name.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

START_TEST(names_become_whole_and_familiar_again)
{
	static const char *const cases[][3] = {
		{ "alpine", "docker.io/library/alpine", "alpine" },
		{ "library/alpine", "docker.io/library/alpine", "alpine" },
		{ "docker.io/alpine", "docker.io/library/alpine", "alpine" },
		{ "index.docker.io/a/b", "docker.io/a/b", "a/b" },
		{ "user/a", "docker.io/user/a", "user/a" },
		{ "localhost/a", "localhost/a", "localhost/a" },
		{ "reg:5000/a/b/c", "reg:5000/a/b/c", "reg:5000/a/b/c" },
		{ "[::1]:5000/a", "[::1]:5000/a", "[::1]:5000/a" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bt_auto_image_ref struct bt_image_ref ref = { 0 };
		bt_auto_free char *repo = NULL;
		struct bt_err err = { 0 };

		ck_assert_msg(bt_name_parse(cases[i][0], &ref, &err) == 0, "%s: %s", cases[i][0],
			      err.msg);
		repo = bt_name_repo(&ref);
		ck_assert_str_eq(repo, cases[i][1]);
		ck_assert_str_eq(bt_name_familiar(repo), cases[i][2]);
	}
}
END_TEST

START_TEST(only_one_component_of_library_is_left_out)
{
	ck_assert_str_eq(bt_name_familiar("docker.io/library/a/b"), "library/a/b");
	ck_assert_str_eq(bt_name_familiar("quay.io/library/a"), "quay.io/library/a");
}
END_TEST

START_TEST(a_tag_follows_a_colon_and_a_digest_an_at_sign)
{
	bt_auto_free char *tag = bt_name_text("docker.io/library/a", "1");
	bt_auto_free char *digest = bt_name_text("r:1/a", "sha256:" HEX);

	ck_assert_str_eq(tag, "a:1");
	ck_assert_str_eq(digest, "r:1/a@sha256:" HEX);
	ck_assert(!bt_name_is_digest("latest"));
	ck_assert(bt_name_is_digest("sha256:" HEX));
}
END_TEST

START_TEST(what_is_wrong_is_told_in_the_words_that_clients_look_for)
{
	static const char *const cases[][2] = {
		{ HEX, "cannot specify 64-byte hexadecimal strings" },
		{ "Alpine", "repository name (library/Alpine) must be lowercase" },
		{ "reg.io/a/B", "repository name (a/B) must be lowercase" },
		{ "a//b", "invalid reference format" },
		{ "", "invalid reference format" },
		{ "a:", "invalid reference format" },
		{ "-reg.io/a", "invalid reference format" },
		{ "reg..io/a", "invalid reference format" },
		{ "reg.io:/a", "invalid reference format" },
		{ "[::1/a", "invalid reference format" },
		{ "a@sha256:12", "invalid reference format" },
		{ "a b", "invalid reference format" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bt_image_ref ref = { 0 };
		struct bt_err err = { 0 };

		ck_assert_msg(bt_name_parse(cases[i][0], &ref, &err) == -EINVAL, "%s", cases[i][0]);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
		ck_assert_msg(strstr(err.msg, cases[i][1]) != NULL, "%s: %s", cases[i][0], err.msg);
	}
}
END_TEST

START_TEST(a_name_too_long_is_told_as_such)
{
	char name[301] = "";
	struct bt_image_ref ref = { 0 };
	struct bt_err err = { 0 };

	memset(name, 'a', 300);
	ck_assert_int_eq(bt_name_parse(name, &ref, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "more than 255 characters"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image/name");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, names_become_whole_and_familiar_again);
	tcase_add_test(tests, only_one_component_of_library_is_left_out);
	tcase_add_test(tests, a_tag_follows_a_colon_and_a_digest_an_at_sign);
	tcase_add_test(tests, what_is_wrong_is_told_in_the_words_that_clients_look_for);
	tcase_add_test(tests, a_name_too_long_is_told_as_such);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
