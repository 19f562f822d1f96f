/* SPDX-License-Identifier: Apache-2.0 */

#include "api/runtime_path.h"

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
#include "base/str.h"

static char dir[64];

static void make_file(const char *path, mode_t mode)
{
	bt_auto_close int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fchmod(fd, mode), 0);
}

static char *below(const char *name)
{
	return bt_str_format("%s/%s", dir, name);
}

static void set_up(void)
{
	static const char *const dirs[] = { "sbin", "bin", "path" };

	snprintf(dir, sizeof(dir), "/tmp/test_api_runtime_path.%d", (int)getpid());
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	for (size_t i = 0; i < 3; i++) {
		bt_auto_free char *path = below(dirs[i]);

		ck_assert_int_eq(mkdir(path, 0700), 0);
	}
}

static void tear_down(void)
{
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

/* This very program, copied to sbin and run there, prints what it finds: see main(). */
static char *found_from_sbin(const char *path)
{
	bt_auto_free char *command =
		bt_str_format("cp /proc/%d/exe %s/sbin/self && PATH=%s exec %s/sbin/self find",
			      (int)getpid(), dir, path, dir);
	char line[256] = "";
	FILE *out = popen(command, "r");

	ck_assert_ptr_nonnull(out);
	if (!fgets(line, sizeof(line), out))
		line[0] = '\0';
	pclose(out);
	return strdup(line);
}

static void assert_found_in(const char *where, const char *path)
{
	bt_auto_free char *want = where ? below(where) : strdup("");
	bt_auto_free char *got = found_from_sbin(path);

	ck_assert_str_eq(got, want);
}

START_TEST(a_helper_is_taken_beside_us_before_bin_and_path)
{
	static const char *const places[] = { "sbin/helper", "bin/helper", "path/helper" };
	bt_auto_free char *on_path = below("path");
	bt_auto_free char *search = bt_str_format("%s:/bin", on_path);

	for (size_t i = 0; i < 3; i++) {
		bt_auto_free char *path = below(places[i]);

		make_file(path, 0755);
	}
	for (size_t i = 0; i < 3; i++) {
		bt_auto_free char *path = below(places[i]);

		assert_found_in(places[i], search);
		ck_assert_int_eq(unlink(path), 0);
	}
	assert_found_in(NULL, search);
}
END_TEST

START_TEST(what_cannot_be_executed_is_passed_over)
{
	bt_auto_free char *beside = below("sbin/helper"), *bin = below("bin/helper");

	make_file(beside, 0644);
	make_file(bin, 0755);
	assert_found_in("bin/helper", "/bin");
}
END_TEST

START_TEST(a_relative_directory_on_path_is_never_searched)
{
	bt_auto_free char *here = below("helper");

	make_file(here, 0755);
	ck_assert_int_eq(chdir(dir), 0);
	assert_found_in(NULL, ".::/bin");
}
END_TEST

START_TEST(a_named_one_is_taken_as_it_is)
{
	bt_auto_free char *path = below("bin/mine"), *got = NULL;
	struct bt_err err = { 0 };

	make_file(path, 0755);
	ck_assert_int_eq(bt_runtime_path_find("berth-none", "option", path, &got, &err), 0);
	ck_assert_str_eq(got, path);
}
END_TEST

START_TEST(a_named_one_that_cannot_be_run_says_which_option_and_why)
{
	bt_auto_free char *path = below("none"), *plain = below("plain"), *got = NULL;
	bt_auto_free char *want = bt_str_format("--init-path %s: No such file or directory", path);
	bt_auto_free char *denied = bt_str_format("--init-path %s: Permission denied", plain);
	struct bt_err err = { 0 };

	make_file(plain, 0644);
	ck_assert_int_lt(bt_runtime_path_find("berth-init", "init-path", path, &got, &err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_NOT_FOUND);
	ck_assert_str_eq(err.msg, want);
	ck_assert_int_lt(bt_runtime_path_find("berth-init", "init-path", plain, &got, &err), 0);
	ck_assert_str_eq(err.msg, denied);
	ck_assert_ptr_null(got);
}
END_TEST

START_TEST(one_that_is_nowhere_says_where_it_was_looked_for)
{
	bt_auto_free char *got = NULL;
	struct bt_err err = { 0 };

	ck_assert_int_lt(bt_runtime_path_find("berth-none", "init-path", NULL, &got, &err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_NOT_FOUND);
	ck_assert_str_eq(err.msg, "berth-none not found: it belongs beside berthd, in ../bin from "
				  "there, or on PATH; or name it with --init-path");
}
END_TEST

int main(int argc, char **argv)
{
	Suite *suite;
	TCase *tc;
	SRunner *runner;
	int failed;

	if (argc == 2 && strcmp(argv[1], "find") == 0) {
		bt_auto_free char *found = NULL;

		if (bt_runtime_path_find("helper", "helper", NULL, &found, BT_ERR_IGNORED) == 0)
			printf("%s", found);
		return 0;
	}
	suite = suite_create("api/runtime_path");
	tc = tcase_create("all");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_helper_is_taken_beside_us_before_bin_and_path);
	tcase_add_test(tc, what_cannot_be_executed_is_passed_over);
	tcase_add_test(tc, a_relative_directory_on_path_is_never_searched);
	tcase_add_test(tc, a_named_one_is_taken_as_it_is);
	tcase_add_test(tc, a_named_one_that_cannot_be_run_says_which_option_and_why);
	tcase_add_test(tc, one_that_is_nowhere_says_where_it_was_looked_for);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
