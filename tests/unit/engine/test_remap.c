/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/remap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/io.h"
#include "common.h"

#define UIDS "/tmp/test_remap.uid"
#define GIDS "/tmp/test_remap.gid"

static struct bt_remap *remap;
static struct bt_err err;

static int open_with(const char *option, const char *uids, const char *gids)
{
	int r;

	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, UIDS, 0600, uids, strlen(uids)), 0);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, GIDS, 0600, gids, strlen(gids)), 0);
	remap = NULL;
	r = bt_remap_open(option, UIDS, GIDS, &remap, &err);
	ck_assert_int_eq(unlink(UIDS) | unlink(GIDS), 0);
	return r;
}

START_TEST(a_user_has_the_group_of_his_name)
{
	ck_assert_msg(open_with("nobody", "nobody:100000:65536\n", "nobody:200000:65536\n") == 0,
		      "%s", err.msg);
	ck_assert_uint_eq(remap->view.uid, 100000);
	ck_assert_uint_eq(remap->view.gid, 200000);
	ck_assert_ptr_eq(remap->owner.map, &remap->map);
	bt_remap_close(remap);
}
END_TEST

START_TEST(a_group_may_be_another)
{
	ck_assert_int_eq(open_with("somebody:others", "somebody:100000:9\n", "others:300000:9\n"),
			 0);
	ck_assert_uint_eq(remap->view.gid, 300000);
	bt_remap_close(remap);
}
END_TEST

START_TEST(numbers_find_lines_with_names_and_the_reverse)
{
	ck_assert_int_eq(open_with("65534:0", "nobody:100000:9\n", "root:300000:9\n"), 0);
	bt_remap_close(remap);
	ck_assert_int_eq(open_with("nobody:root", "65534:100000:9\n", "0:300000:9\n"), 0);
	bt_remap_close(remap);
}
END_TEST

START_TEST(default_is_dockers_user)
{
	ck_assert_int_eq(open_with("default", "dockremap:100000:9\n", "dockremap:300000:9\n"), 0);
	bt_remap_close(remap);
	ck_assert_int_eq(open_with("default", "", ""), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.msg, "\"dockremap:100000:65536\""));
}
END_TEST

START_TEST(root_is_not_remapped)
{
	ck_assert_int_eq(open_with("root", "root:100000:9\n", "root:300000:9\n"), 0);
	ck_assert_ptr_null(remap);
	ck_assert_int_eq(open_with("0", "", ""), 0);
	ck_assert_ptr_null(remap);
}
END_TEST

START_TEST(what_is_no_user_is_refused)
{
	static const char *const bad[] = { "", ":", "a:", ":a", "a:b:c" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(open_with(bad[i], "a:5:5\n", "b:5:5\n") == -EINVAL, "%s", bad[i]);
}
END_TEST

START_TEST(a_missing_file_says_what_is_to_stand_in_it)
{
	ck_assert_int_eq(bt_remap_open("me", "/nonexistent", "/nonexistent", &remap, &err),
			 -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.msg, "me has no subordinate ids in /nonexistent"));
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_user_has_the_group_of_his_name);
	tcase_add_test(tests, a_group_may_be_another);
	tcase_add_test(tests, numbers_find_lines_with_names_and_the_reverse);
	tcase_add_test(tests, default_is_dockers_user);
	tcase_add_test(tests, root_is_not_remapped);
	tcase_add_test(tests, what_is_no_user_is_refused);
	tcase_add_test(tests, a_missing_file_says_what_is_to_stand_in_it);
}

int main(void)
{
	return run_tests("engine/remap", add);
}
