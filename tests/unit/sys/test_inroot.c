/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/inroot.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"

static char dir[64];
static int root = -EBADF;

static void set_up(void)
{
	char path[96];

	strcpy(dir, "/tmp/test_inroot.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/root", dir);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root, 0);
}

static void tear_down(void)
{
	bt_close(&root);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

static void assert_type(const char *path, mode_t type)
{
	struct stat st;

	ck_assert_msg(fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) == 0, "%s is missing", path);
	ck_assert_uint_eq(st.st_mode & S_IFMT, type);
}

START_TEST(missing_directories_and_the_end_are_made)
{
	bt_auto_close int file = -EBADF, directory = -EBADF;

	ck_assert_int_eq(bt_inroot_make(root, "/a//b/./file", S_IFREG, &file), 0);
	assert_type("a/b", S_IFDIR);
	assert_type("a/b/file", S_IFREG);
	ck_assert_int_eq(bt_inroot_make(root, "a/c/d/", S_IFDIR, &directory), 0);
	assert_type("a/c/d", S_IFDIR);
}
END_TEST

START_TEST(what_is_there_is_opened_whatever_it_is)
{
	bt_auto_close int fd = -EBADF;
	struct stat st;

	ck_assert_int_eq(mkdirat(root, "a", 0700), 0);
	ck_assert_int_eq(bt_inroot_make(root, "a", S_IFREG, &fd), 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert(S_ISDIR(st.st_mode));
}
END_TEST

START_TEST(links_that_lead_nowhere_are_followed_inside)
{
	bt_auto_close int fd = -EBADF, other = -EBADF;

	ck_assert_int_eq(symlinkat("/../../b/../c/", root, "a"), 0);
	ck_assert_int_eq(mkdirat(root, "b", 0755), 0);
	ck_assert_int_eq(bt_inroot_make(root, "a/d", S_IFREG, &fd), 0);
	assert_type("c/d", S_IFREG);
	ck_assert_int_eq(symlinkat("../e/f", root, "b/link"), 0);
	ck_assert_int_eq(bt_inroot_make(root, "b/link", S_IFDIR, &other), 0);
	assert_type("e/f", S_IFDIR);
}
END_TEST

START_TEST(nothing_is_reached_or_made_above_the_root)
{
	bt_auto_close int fd = -EBADF;
	char path[96];

	ck_assert_int_eq(bt_inroot_make(root, "../../../outside", S_IFREG, &fd), 0);
	assert_type("outside", S_IFREG);
	(void)snprintf(path, sizeof(path), "%s/outside", dir);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(links_in_a_circle_end)
{
	int fd = -EBADF;

	ck_assert_int_eq(symlinkat("b", root, "a"), 0);
	ck_assert_int_eq(symlinkat("a", root, "b"), 0);
	ck_assert_int_eq(bt_inroot_make(root, "a/c", S_IFDIR, &fd), -ELOOP);
	ck_assert_int_eq(symlinkat("d/e", root, "d"), 0);
	ck_assert_int_eq(bt_inroot_make(root, "d", S_IFDIR, &fd), -ELOOP);
}
END_TEST

START_TEST(paths_that_are_too_long_are_refused)
{
	static char path[8192];
	int fd = -EBADF;

	memset(path, 'a', 300);
	ck_assert_int_eq(bt_inroot_make(root, path, S_IFDIR, &fd), -ENAMETOOLONG);
	for (size_t i = 0; i < 4095; i++)
		path[2 * i] = 'a', path[2 * i + 1] = '/';
	ck_assert_int_eq(bt_inroot_make(root, path, S_IFDIR, &fd), -ENAMETOOLONG);
}
END_TEST

START_TEST(file_on_the_way_is_an_error)
{
	int fd = -EBADF;

	fd = openat(root, "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	bt_close(&fd);
	ck_assert_int_eq(bt_inroot_make(root, "file/a", S_IFDIR, &fd), -ENOTDIR);
}
END_TEST

START_TEST(parent_is_made_and_the_name_given_back)
{
	bt_auto_close int fd = -EBADF;
	const char *name = NULL;
	int none = -EBADF;

	ck_assert_int_eq(bt_inroot_parent(root, "/dev/net/tun", &fd, &name), 0);
	ck_assert_str_eq(name, "tun");
	assert_type("dev/net", S_IFDIR);
	ck_assert_int_eq(bt_inroot_parent(root, "dev/..", &none, &name), -EINVAL);
	ck_assert_int_eq(bt_inroot_parent(root, "dev/", &none, &name), -EINVAL);
}
END_TEST

START_TEST(magic_links_are_no_way_out)
{
	bt_auto_close int proc_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = -EBADF;

	ck_assert_int_eq(bt_inroot_open(proc_root, "proc/self/root/etc", O_PATH, 0, &fd), -ELOOP);
	ck_assert_int_eq(symlinkat("/etc", root, "link"), 0);
	ck_assert_int_eq(bt_inroot_open(root, "link", O_PATH, RESOLVE_NO_SYMLINKS, &fd), -ELOOP);
	ck_assert_int_eq(bt_inroot_open(root, "link/passwd", O_PATH, 0, &fd), -ENOENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sys/inroot");
	TCase *paths = tcase_create("paths");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(paths, set_up, tear_down);
	tcase_add_test(paths, missing_directories_and_the_end_are_made);
	tcase_add_test(paths, what_is_there_is_opened_whatever_it_is);
	tcase_add_test(paths, links_that_lead_nowhere_are_followed_inside);
	tcase_add_test(paths, nothing_is_reached_or_made_above_the_root);
	tcase_add_test(paths, links_in_a_circle_end);
	tcase_add_test(paths, paths_that_are_too_long_are_refused);
	tcase_add_test(paths, file_on_the_way_is_an_error);
	tcase_add_test(paths, parent_is_made_and_the_name_given_back);
	tcase_add_test(paths, magic_links_are_no_way_out);
	suite_add_tcase(suite, paths);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
