/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/hook_bundle.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "codec/json.h"

static char dir[] = "/tmp/berth-unit-hooks-XXXXXX";
static struct bt_err err;
static json_t *spec;
static char *bundle;

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void tear_down(void)
{
	json_decref(spec);
	free(bundle);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

static void take(const char *text)
{
	ck_assert_int_eq(bt_json_parse(text, strlen(text), 0, &spec, &err), 0);
}

static void write_config_of_an_earlier_start(void)
{
	char path[96];
	char text[4096];

	memset(text, 'x', sizeof(text));
	(void)snprintf(path, sizeof(path), "%s/bundle", dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/bundle/config.json", dir);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0600, text, sizeof(text)), 0);
}

START_TEST(a_hook_finds_the_specification_and_a_place_for_the_root)
{
	bt_auto_free char *text = NULL;
	json_auto_t *config = NULL;
	char path[96];
	struct stat st;
	size_t len;

	write_config_of_an_earlier_start();
	take("{\"root\":{\"path\":\"rootfs\",\"readonly\":true},"
	     "\"hooks\":{\"poststop\":[{\"path\":\"/bin/true\"}]}}");
	ck_assert_int_eq(bt_hook_bundle_make(dir, spec, &bundle, &err), 0);
	(void)snprintf(path, sizeof(path), "%s/bundle", dir);
	ck_assert_str_eq(bundle, path);
	(void)snprintf(path, sizeof(path), "%s/bundle/config.json", dir);
	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, path, 1000, &text, &len), 0);
	ck_assert_int_eq(bt_json_parse(text, len, 0, &config, &err), 0);
	ck_assert(json_equal(config, spec));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	(void)snprintf(path, sizeof(path), "%s/bundle/rootfs", dir);
	ck_assert_str_eq(bt_json_str(bt_json_obj(spec, "root"), "path", ""), path);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert(S_ISDIR(st.st_mode));
}
END_TEST

static const char *const without[] = { "{\"root\":{\"path\":\"rootfs\"}}",
				       "{\"root\":{\"path\":\"rootfs\"},\"hooks\":{}}",
				       ("{\"root\":{\"path\":\"rootfs\"},"
					"\"hooks\":{\"poststop\":[],\"prestart\":[]}}") };

START_TEST(without_hooks_nothing_is_made_and_nothing_changed)
{
	json_auto_t *before = NULL;
	char path[96];

	take(without[_i]);
	before = json_deep_copy(spec);
	ck_assert_int_eq(bt_hook_bundle_make(dir, spec, &bundle, &err), 0);
	ck_assert_ptr_null(bundle);
	ck_assert(json_equal(before, spec));
	(void)snprintf(path, sizeof(path), "%s/bundle", dir);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(a_bundle_that_cannot_be_written_is_named)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/bundle", dir);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0600, "", 0), 0);
	take("{\"root\":{},\"hooks\":{\"poststop\":[{}]}}");
	ck_assert_int_eq(bt_hook_bundle_make(dir, spec, &bundle, &err), -ENOTDIR);
	ck_assert_ptr_null(bundle);
	ck_assert_ptr_nonnull(strstr(err.msg, "/bundle/config.json for hooks"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/hook_bundle");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, a_hook_finds_the_specification_and_a_place_for_the_root);
	tcase_add_loop_test(all, without_hooks_nothing_is_made_and_nothing_changed, 0,
			    sizeof(without) / sizeof(without[0]));
	tcase_add_test(all, a_bundle_that_cannot_be_written_is_named);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
