/* SPDX-License-Identifier: Apache-2.0 */

/* In a mount namespace of its own, where a directory plays the container's root. */

#include "runtime/procfs.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"

static char top[] = "/tmp/test_procfs.XXXXXX";
static char place[64];
static int root;

static void set_up(void)
{
	strcpy(top + strlen(top) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	(void)snprintf(place, sizeof(place), "%s/proc", top);
	ck_assert_int_eq(unshare(CLONE_NEWNS | CLONE_NEWUTS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mkdir(place, 0755), 0);
	root = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root, 0);
}

static void tear_down(void)
{
	bt_close(&root);
	(void)umount2(place, MNT_DETACH);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, top), 0);
}

static bool is_procfs(int fd)
{
	struct statfs st;

	return fstatfs(fd, &st) == 0 && st.f_type == PROC_SUPER_MAGIC;
}

/* Is what was opened what is mounted at /proc of the root? */
static bool is_the_roots(int fd)
{
	struct statx own, there;

	ck_assert_int_eq(statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &own), 0);
	ck_assert_int_eq(statx(AT_FDCWD, place, 0, STATX_MNT_ID, &there), 0);
	return own.stx_mnt_id == there.stx_mnt_id;
}

static void assert_bare_is_the_roots(bool wanted)
{
	bt_auto_close int fd = -EBADF;

	ck_assert_int_eq(bt_procfs_open_bare(root, &fd), 0);
	ck_assert(is_procfs(fd));
	ck_assert_int_eq(is_the_roots(fd), wanted);
}

START_TEST(a_procfs_at_its_place_is_used)
{
	ck_assert_int_eq(mount("proc", place, "proc", 0, NULL), 0);
	assert_bare_is_the_roots(true);
}
END_TEST

START_TEST(an_empty_place_is_not_used)
{
	assert_bare_is_the_roots(false);
}
END_TEST

START_TEST(a_part_of_a_procfs_is_not_used)
{
	ck_assert_int_eq(mount("/proc/self", place, NULL, MS_BIND, NULL), 0);
	assert_bare_is_the_roots(false);
}
END_TEST

START_TEST(a_read_only_procfs_is_not_used)
{
	ck_assert_int_eq(mount("proc", place, "proc", 0, NULL), 0);
	ck_assert_int_eq(mount(NULL, place, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_bare_is_the_roots(false);
}
END_TEST

START_TEST(a_symlink_to_a_procfs_is_not_followed)
{
	char other[64];

	ck_assert_int_eq(rmdir(place), 0);
	ck_assert_int_eq(symlink("other", place), 0);
	(void)snprintf(other, sizeof(other), "%s/other", top);
	ck_assert_int_eq(mkdir(other, 0755), 0);
	ck_assert_int_eq(mount("proc", other, "proc", 0, NULL), 0);
	assert_bare_is_the_roots(false);
	ck_assert_int_eq(umount2(other, MNT_DETACH), 0);
}
END_TEST

START_TEST(a_sysctl_is_written_with_dots_and_with_slashes)
{
	struct bt_oci_pair pairs[] = { { "kernel.hostname", "with-dots" },
				       { "kernel/domainname", "with.slashes" } };
	const struct bt_oci_pairs sysctl = { pairs, 2 };
	bt_auto_close int fd = -EBADF;
	struct bt_err err;
	char name[64];

	ck_assert_int_eq(bt_procfs_open(root, &fd), 0);
	ck_assert_int_eq(bt_procfs_sysctl(fd, &sysctl, &err), 0);
	ck_assert_int_eq(gethostname(name, sizeof(name)), 0);
	ck_assert_str_eq(name, "with-dots");
	ck_assert_int_eq(getdomainname(name, sizeof(name)), 0);
	ck_assert_str_eq(name, "with.slashes");
}
END_TEST

START_TEST(a_sysctl_that_is_covered_or_missing_is_an_error_that_names_it)
{
	struct bt_oci_pair pairs[] = { { "kernel.no_such_thing", "1" } };
	const struct bt_oci_pairs sysctl = { pairs, 1 };
	bt_auto_close int fd = -EBADF;
	struct bt_err err;
	char covered[96];

	ck_assert_int_eq(mount("proc", place, "proc", 0, NULL), 0);
	ck_assert_int_eq(bt_procfs_open_bare(root, &fd), 0);
	ck_assert_int_eq(bt_procfs_sysctl(fd, &sysctl, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.msg, "no_such_thing"));
	(void)snprintf(covered, sizeof(covered), "%s/sys", place);
	ck_assert_int_eq(mount("tmpfs", covered, "tmpfs", 0, NULL), 0);
	pairs[0].key = "kernel.hostname";
	ck_assert_int_eq(bt_procfs_sysctl(fd, &sysctl, &err), -EXDEV);
}
END_TEST

static Suite *suite_of(void)
{
	Suite *suite = suite_create("runtime/procfs");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, a_procfs_at_its_place_is_used);
	tcase_add_test(all, an_empty_place_is_not_used);
	tcase_add_test(all, a_part_of_a_procfs_is_not_used);
	tcase_add_test(all, a_read_only_procfs_is_not_used);
	tcase_add_test(all, a_symlink_to_a_procfs_is_not_followed);
	tcase_add_test(all, a_sysctl_is_written_with_dots_and_with_slashes);
	tcase_add_test(all, a_sysctl_that_is_covered_or_missing_is_an_error_that_names_it);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(suite_of());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
