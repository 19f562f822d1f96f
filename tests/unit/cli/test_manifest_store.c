/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/manifest_store.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "codec/json.h"

static char dir[] = "/tmp/test_manifest_store.XXXXXX";
static struct bt_config config = { .dir = dir };
static const char list[] = "reg.example:5000/a/b:1";

static void make_dir(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void remove_dir(void)
{
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

static void put(const char *name)
{
	json_auto_t *entry = json_pack("{ss}", "Ref", name);
	struct bt_err err = { 0 };

	ck_assert_msg(bt_manifest_store_put(&config, list, entry, &err) == 0, "%s", err.msg);
}

static void write_file(const char *name, const char *text)
{
	bt_auto_free char *path = bt_str_format("%s/manifests/%s", dir, name);

	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0600, text, strlen(text)), 0);
}

START_TEST(names_are_whole_ones)
{
	static const char digest[] =
		"sha256:"
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	bt_auto_free char *with_digest = bt_str_format("reg:5/a@%s", digest);
	const char *const cases[][2] = { { "a", "docker.io/library/a:latest" },
					 { "u/a:2", "docker.io/u/a:2" },
					 { "localhost/a", "localhost/a:latest" },
					 { with_digest, with_digest } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bt_auto_free char *name = NULL;
		struct bt_err err = { 0 };

		ck_assert_int_eq(bt_manifest_store_name(cases[i][0], &name, &err), 0);
		ck_assert_str_eq(name, cases[i][1]);
	}
}
END_TEST

START_TEST(what_is_no_name_is_refused)
{
	static const char *const wrong[] = { "", "A", "../a", "a:", "a@sha256:1", "a b" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char *name = NULL;
		struct bt_err err = { 0 };

		ck_assert_msg(bt_manifest_store_name(wrong[i], &name, &err) < 0, "%s", wrong[i]);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	}
}
END_TEST

START_TEST(the_files_are_where_docker_has_them)
{
	bt_auto_free char *path = bt_str_format(
		"%s/manifests/reg.example-5000_a_b-1/docker.io_library_x-latest", dir);

	put("docker.io/library/x:latest");
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(entries_come_by_the_names_of_their_files_and_each_by_its_own)
{
	json_auto_t *entries = NULL, *one = NULL;
	struct bt_err err = { 0 };

	put("reg.example:5000/z:1");
	put("reg.example:5000/a:1");
	ck_assert_int_eq(bt_manifest_store_list(&config, list, &entries, &err), 0);
	ck_assert_uint_eq(json_array_size(entries), 2);
	ck_assert_str_eq(bt_json_str(json_array_get(entries, 0), "Ref", ""),
			 "reg.example:5000/a:1");
	ck_assert_int_eq(bt_manifest_store_get(&config, list, "reg.example:5000/z:1", &one, &err),
			 0);
	ck_assert_str_eq(bt_json_str(one, "Ref", ""), "reg.example:5000/z:1");
}
END_TEST

START_TEST(what_is_not_there_is_not_found)
{
	json_t *found = NULL;
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_manifest_store_list(&config, list, &found, &err), -ENOENT);
	ck_assert_int_eq(err.kind, BT_ERR_NOT_FOUND);
	ck_assert_int_eq(bt_manifest_store_get(&config, list, "a:1", &found, &err), -ENOENT);
	ck_assert_int_eq(bt_manifest_store_remove(&config, list, &err), -ENOENT);
	put("docker.io/library/x:latest");
	ck_assert_int_eq(bt_manifest_store_get(&config, list, "a:1", &found, &err), -ENOENT);
	ck_assert_int_eq(bt_manifest_store_remove(&config, list, &err), 0);
	ck_assert_int_eq(bt_manifest_store_list(&config, list, &found, &err), -ENOENT);
}
END_TEST

START_TEST(a_file_that_is_no_json_is_an_error_that_names_it)
{
	json_t *found = NULL;
	struct bt_err err = { 0 };

	put("docker.io/library/x:latest");
	write_file("reg.example-5000_a_b-1/broken", "{\"Ref\":");
	ck_assert_int_lt(bt_manifest_store_list(&config, list, &found, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "broken"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/manifest_store");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tests, make_dir, remove_dir);
	tcase_add_test(tests, names_are_whole_ones);
	tcase_add_test(tests, what_is_no_name_is_refused);
	tcase_add_test(tests, the_files_are_where_docker_has_them);
	tcase_add_test(tests, entries_come_by_the_names_of_their_files_and_each_by_its_own);
	tcase_add_test(tests, what_is_not_there_is_not_found);
	tcase_add_test(tests, a_file_that_is_no_json_is_an_error_that_names_it);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
