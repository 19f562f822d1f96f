/* SPDX-License-Identifier: Apache-2.0 */

#include "client/config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

static char dir[] = "/tmp/test_config.XXXXXX";

static void make_dir(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void remove_dir(void)
{
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

static void write_file(const char *text)
{
	bt_auto_free char *path = bt_str_format("%s/config.json", dir);

	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0600, text, strlen(text)), 0);
}

START_TEST(a_file_that_is_missing_or_empty_is_an_empty_configuration)
{
	bt_auto_free char *nowhere = bt_str_format("%s/no/such", dir);
	struct bt_config config = { 0 };
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_config_load(nowhere, &config, &err), 0);
	ck_assert_uint_eq(json_object_size(config.json), 0);
	bt_config_done(&config);
	write_file("");
	ck_assert_int_eq(bt_config_load(dir, &config, &err), 0);
	ck_assert_uint_eq(json_object_size(config.json), 0);
	bt_config_done(&config);
}
END_TEST

START_TEST(a_file_that_is_no_object_is_an_error_that_names_it)
{
	static const char *const broken[] = { "{", "[]", "{\"a\":1} x", "text" };

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct bt_config config = { 0 };
		struct bt_err err = { 0 };

		write_file(broken[i]);
		ck_assert_msg(bt_config_load(dir, &config, &err) == -EINVAL, "%s", broken[i]);
		ck_assert_ptr_nonnull(strstr(err.msg, "/config.json: line"));
		ck_assert_ptr_null(config.json);
	}
}
END_TEST

START_TEST(what_is_saved_is_private_whole_and_alone)
{
	bt_auto_free char *sub = bt_str_format("%s/new", dir);
	bt_auto_free char *path = bt_str_format("%s/config.json", sub);
	struct bt_config config = { 0 }, again = { 0 };
	struct bt_err err = { 0 };
	struct stat st;

	ck_assert_int_eq(bt_config_load(sub, &config, &err), 0);
	(void)json_object_set_new(config.json, "currentContext", json_string("far"));
	(void)json_object_set_new(config.json, "unknown", json_true());
	ck_assert_int_eq(bt_config_save(&config, &err), 0);
	ck_assert_int_eq(bt_config_load(sub, &again, &err), 0);
	ck_assert(json_equal(config.json, again.json));
	ck_assert_str_eq(bt_config_string(&again, "currentContext"), "far");
	ck_assert_ptr_null(bt_config_string(&again, "unknown"));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777u, 0600);
	ck_assert_int_eq(stat(sub, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777u, 0700);
	/* Directory, "." and "..", and the file: no temporary one is left. */
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, path), 0);
	ck_assert_int_eq(remove(sub), 0);
	bt_config_done(&config);
	bt_config_done(&again);
}
END_TEST

START_TEST(a_file_that_cannot_be_replaced_leaves_no_half)
{
	bt_auto_free char *path = bt_str_format("%s/taken", dir);
	bt_auto_free char *below = bt_str_format("%s/taken/x", dir);
	struct bt_err err = { 0 };

	/* A rename onto a directory that is not empty fails, whoever we are. */
	ck_assert_int_eq(bt_io_mkdir_p(below, 0700), 0);
	ck_assert_int_lt(bt_config_replace_file(path, 0600, "text", &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, path));
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, path), 0);
	ck_assert_int_eq(remove(dir), 0);
	ck_assert_int_eq(bt_io_mkdir_p(dir, 0700), 0);
}
END_TEST

START_TEST(the_environment_says_where_it_is)
{
	struct bt_config config = { 0 };
	struct bt_err err = { 0 };

	ck_assert_int_eq(setenv("DOCKER_CONFIG", dir, 1), 0);
	ck_assert_int_eq(bt_config_load(NULL, &config, &err), 0);
	ck_assert_str_eq(config.dir, dir);
	bt_config_done(&config);
	ck_assert_int_eq(unsetenv("DOCKER_CONFIG"), 0);
	ck_assert_int_eq(setenv("HOME", dir, 1), 0);
	ck_assert_int_eq(bt_config_load(NULL, &config, &err), 0);
	ck_assert(bt_str_ends(config.dir, "/.docker") && bt_str_after(config.dir, dir));
	bt_config_done(&config);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client/config");
	TCase *tests = tcase_create("config");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tests, make_dir, remove_dir);
	tcase_add_test(tests, a_file_that_is_missing_or_empty_is_an_empty_configuration);
	tcase_add_test(tests, a_file_that_is_no_object_is_an_error_that_names_it);
	tcase_add_test(tests, what_is_saved_is_private_whole_and_alone);
	tcase_add_test(tests, a_file_that_cannot_be_replaced_leaves_no_half);
	tcase_add_test(tests, the_environment_says_where_it_is);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
