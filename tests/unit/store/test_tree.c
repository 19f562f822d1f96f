/* SPDX-License-Identifier: Apache-2.0 */

#include "store/tree.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"

static char scratch[] = "/tmp/test_tree.XXXXXX";
static struct bt_tree tree;

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(scratch));
	tree.root = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(tree.root, 0);
}

static void teardown(void)
{
	bt_tree_done(&tree);
	bt_close(&tree.root);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, scratch), 0);
}

static const struct {
	const char *path, *clean;
} paths[] = {
	{ "", "" },           { "/", "" },
	{ "./", "" },         { "a", "a" },
	{ "//a//b/", "a/b" }, { "./a/./b", "a/b" },
	{ "a/../b", "b" },    { "a/b/../../c", "c" },
	{ "a/..", "" },       { "..a/...", "..a/..." },
	{ "a/.b", "a/.b" },   { "..", NULL },
	{ "/../a", NULL },    { "a/../../b", NULL },
};

START_TEST(clean_folds_dots_and_never_leads_above_the_root)
{
	bt_auto_free char *clean = NULL;
	int r = bt_tree_clean(paths[_i].path, &clean);

	if (!paths[_i].clean) {
		ck_assert_int_eq(r, -EXDEV);
		ck_assert_ptr_null(clean);
		return;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_str_eq(clean, paths[_i].clean);
}
END_TEST

START_TEST(clean_refuses_what_no_path_can_be)
{
	char path[PATH_MAX + 1];
	char *clean = NULL;

	memset(path, 'a', PATH_MAX);
	path[PATH_MAX] = '\0';
	ck_assert_int_eq(bt_tree_clean(path, &clean), -ENAMETOOLONG);
	ck_assert_ptr_null(clean);
}
END_TEST

START_TEST(parent_makes_what_is_missing_only_when_asked)
{
	const char *base = NULL;
	struct stat st;

	ck_assert_int_eq(bt_tree_parent(&tree, "a/b/file", false, &base), -ENOENT);
	ck_assert_ptr_null(base);
	ck_assert_int_eq(faccessat(tree.root, "a", F_OK, 0), -1);
	ck_assert_int_ge(bt_tree_parent(&tree, "a/b/file", true, &base), 0);
	ck_assert_str_eq(base, "file");
	ck_assert_int_eq(fstatat(tree.root, "a/b", &st, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert(S_ISDIR(st.st_mode));
	ck_assert_int_eq(bt_tree_parent(&tree, "file", false, &base), tree.root);
}
END_TEST

START_TEST(symlinks_are_followed_as_in_a_chroot)
{
	bt_auto_close int fd = -EBADF;
	struct stat inside, found;

	ck_assert_int_eq(mkdirat(tree.root, "etc", 0755), 0);
	ck_assert_int_eq(symlinkat("../../../etc", tree.root, "out"), 0);
	ck_assert_int_eq(fstatat(tree.root, "etc", &inside, 0), 0);
	fd = bt_tree_open(&tree, "out", O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &found), 0);
	ck_assert_uint_eq(found.st_ino, inside.st_ino);
	ck_assert_uint_eq(found.st_dev, inside.st_dev);
}
END_TEST

START_TEST(a_file_in_the_way_is_no_directory)
{
	bt_auto_close int fd = openat(tree.root, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	const char *base = NULL;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bt_tree_parent(&tree, "f/below", true, &base), -ENOTDIR);
	ck_assert_ptr_null(base);
}
END_TEST

START_TEST(forget_finds_the_directory_that_took_the_place)
{
	const char *base;
	struct stat before, after;
	int fd = bt_tree_parent(&tree, "d/file", true, &base);

	ck_assert_int_eq(fstat(fd, &before), 0);
	ck_assert_int_eq(renameat(tree.root, "d", tree.root, "moved"), 0);
	bt_tree_forget(&tree);
	fd = bt_tree_parent(&tree, "d/file", true, &base);
	ck_assert_int_eq(fstat(fd, &after), 0);
	ck_assert_uint_ne(before.st_ino, after.st_ino);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/tree");
	TCase *clean = tcase_create("clean");
	TCase *walk = tcase_create("walk");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(clean, clean_folds_dots_and_never_leads_above_the_root, 0,
			    (int)(sizeof(paths) / sizeof(paths[0])));
	tcase_add_test(clean, clean_refuses_what_no_path_can_be);
	tcase_add_checked_fixture(walk, setup, teardown);
	tcase_add_test(walk, parent_makes_what_is_missing_only_when_asked);
	tcase_add_test(walk, symlinks_are_followed_as_in_a_chroot);
	tcase_add_test(walk, a_file_in_the_way_is_no_directory);
	tcase_add_test(walk, forget_finds_the_directory_that_took_the_place);
	suite_add_tcase(suite, clean);
	suite_add_tcase(suite, walk);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
