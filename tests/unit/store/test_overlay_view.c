/* SPDX-License-Identifier: Apache-2.0 */

#include "store/overlay_view.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

#define ROOT 100000

static const struct bt_id_map map = {
	.uids = { { 0, ROOT, 65536 } }, .gids = { { 0, ROOT, 65536 } }, .nuids = 1, .ngids = 1
};
static char dir[64], paths[5][96];
static const char *const names[] = { "low", "lower", "up", "work", "scratch" };
static struct bt_userns_view view = { .userns = -EBADF, .uid = ROOT, .gid = ROOT };

static void put(const char *path, uid_t uid)
{
	bt_auto_close int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	ck_assert_int_eq(fchown(fd, uid, uid), 0);
}

static void set_up(void)
{
	char path[128];

	strcpy(dir, "/tmp/test_view.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	for (size_t i = 0; i < 5; i++) {
		(void)snprintf(paths[i], sizeof(paths[i]), "%s/%s", dir, names[i]);
		ck_assert_int_eq(mkdir(paths[i], 0755), 0);
	}
	(void)snprintf(path, sizeof(path), "%s/roots", paths[0]);
	put(path, 0);
	(void)snprintf(path, sizeof(path), "%s/users", paths[1]);
	put(path, 1000);
	ck_assert_int_eq(bt_userns_make(&map, &view.userns, NULL), 0);
}

static void tear_down(void)
{
	bt_close(&view.userns);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

static int mount_it(bool writable, bool attached, bool one_text)
{
	const char *const lowers[] = { paths[0], paths[1] };
	const struct bt_overlay o = { .lowers = lowers,
				      .lowers_len = 2,
				      .upper = writable ? paths[2] : NULL,
				      .work = paths[3],
				      .as_one_text = one_text,
				      .scratch = paths[4] };

	return bt_overlay_view_mount(&(struct bt_overlay_view){
		.overlay = &o, .view = &view, .base = dir, .attached = attached });
}

static uid_t owner(int at, const char *name)
{
	struct stat st;

	ck_assert_msg(fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0, "%s: %m", name);
	ck_assert_uint_eq(st.st_uid, st.st_gid);
	return st.st_uid;
}

/* As root of the user namespace; the work's result is the exit code. */
static void inside(int fd, int (*work)(int fd))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (setns(view.userns, CLONE_NEWUSER) < 0 || setresgid(0, 0, 0) < 0 ||
		    setresuid(0, 0, 0) < 0 || fchdir(fd) < 0)
			_exit(100);
		_exit(work(fd));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

static int change_things(int fd)
{
	struct stat st;
	int made;

	(void)fd;
	(void)umask(0);
	if (stat("roots", &st) < 0 || st.st_uid != 0 || stat("users", &st) < 0 || st.st_uid != 1000)
		return 1;
	made = open("made", O_CREAT | O_WRONLY | O_CLOEXEC, 04755);
	if (made < 0)
		return 2;
	/* What lies below is copied up, and what is removed leaves a whiteout. */
	if (chown("users", 5, 5) < 0 || unlink("roots") < 0 || mkdir("dir", 0700) < 0)
		return 3;
	return chown("made", 70000, 0) == 0 ? 4 : 0;
}

static void check_views(bool attached, bool one_text)
{
	bt_auto_close int fd = mount_it(true, attached, one_text);
	bt_auto_close int up = open(paths[2], O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	ck_assert_msg(fd >= 0, "%s", strerror(-fd));
	ck_assert_uint_eq(owner(fd, "roots"), ROOT);
	ck_assert_uint_eq(owner(fd, "users"), ROOT + 1000);
	inside(fd, change_things);
	ck_assert_uint_eq(owner(fd, "made"), ROOT);
	ck_assert_uint_eq(owner(up, "made"), 0);
	ck_assert_uint_eq(owner(up, "dir"), 0);
	ck_assert_uint_eq(owner(up, "users"), 5);
	ck_assert_int_eq(fstatat(up, "roots", &st, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert(S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0));
}

START_TEST(what_root_inside_makes_is_roots_on_disk)
{
	check_views(false, false);
}
END_TEST

START_TEST(attached_layers_do_the_same_on_older_kernels)
{
	check_views(true, false);
}
END_TEST

START_TEST(all_layers_in_one_text_do_the_same_on_older_kernels)
{
	check_views(true, true);
}
END_TEST

START_TEST(nothing_is_left_in_the_scratch_directory_nor_mounted)
{
	bt_auto_free char *mounts = NULL;
	bt_auto_close int fd = mount_it(true, true, true);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(rmdir(paths[4]), 0);
	ck_assert_int_eq(mkdir(paths[4], 0700), 0);
	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, "/proc/self/mountinfo", 1 << 20, &mounts, NULL),
			 0);
	ck_assert_ptr_null(strstr(mounts, dir));
}
END_TEST

START_TEST(layers_alone_are_read_only)
{
	bt_auto_close int fd = mount_it(false, false, false);

	ck_assert_int_ge(fd, 0);
	ck_assert_uint_eq(owner(fd, "users"), ROOT + 1000);
	ck_assert_int_lt(mkdirat(fd, "x", 0700), 0);
	ck_assert_int_eq(errno, EROFS);
}
END_TEST

START_TEST(the_callers_own_ids_stay)
{
	bt_auto_close int fd = mount_it(true, false, false);
	char path[128];

	ck_assert_int_ge(fd, 0);
	(void)snprintf(path, sizeof(path), "%s/ours", dir);
	put(path, 0);
	ck_assert_uint_eq(owner(AT_FDCWD, path), 0);
}
END_TEST

START_TEST(a_file_system_that_cannot_is_an_error)
{
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount("ramfs", dir, "ramfs", 0, NULL), 0);
	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(mkdir(paths[i], 0755), 0);
	ck_assert_int_eq(mount_it(true, false, false), -EINVAL);
	ck_assert_int_eq(umount2(dir, MNT_DETACH), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/overlay_view");
	TCase *views = tcase_create("views");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(views, set_up, tear_down);
	tcase_add_test(views, what_root_inside_makes_is_roots_on_disk);
	tcase_add_test(views, attached_layers_do_the_same_on_older_kernels);
	tcase_add_test(views, all_layers_in_one_text_do_the_same_on_older_kernels);
	tcase_add_test(views, nothing_is_left_in_the_scratch_directory_nor_mounted);
	tcase_add_test(views, layers_alone_are_read_only);
	tcase_add_test(views, the_callers_own_ids_stay);
	tcase_add_test(views, a_file_system_that_cannot_is_an_error);
	suite_add_tcase(suite, views);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
