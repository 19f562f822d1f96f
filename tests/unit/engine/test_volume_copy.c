/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/volume_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../suite.h"
#include "../sys/without_call.h"
#include "base/auto.h"
#include "base/io.h"

/* <dir>/root is the container's, with /data in it; <dir>/volume the volume. */
static char dir[] = "/tmp/berth-volume-copy.XXXXXX";
static int root = -EBADF, data = -EBADF, volume = -EBADF;
static char volume_path[sizeof(dir) + 8];
static struct bt_err err;

static int make_dir(int at, const char *name)
{
	int fd;

	ck_assert_int_eq(mkdirat(at, name, 0755), 0);
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static void setup(void)
{
	bt_auto_close int top = -EBADF;

	(void)umask(022);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	root = make_dir(top, "root");
	data = make_dir(root, "data");
	volume = make_dir(top, "volume");
	(void)snprintf(volume_path, sizeof(volume_path), "%s/volume", dir);
}

static void teardown(void)
{
	bt_close(&root);
	bt_close(&data);
	bt_close(&volume);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

static int copy(const char *path)
{
	err = (struct bt_err){ 0 };
	return bt_volume_copy(root, path, volume_path, &err);
}

static void write_file(int at, const char *name, const char *text)
{
	ck_assert_int_eq(bt_io_create_file(at, name, 0640, text, strlen(text)), 0);
}

static struct stat look(int at, const char *name)
{
	struct stat st;

	ck_assert_msg(fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0, "%s: %s", name,
		      strerror(errno));
	return st;
}

static bool is_there(const char *name)
{
	struct stat st;

	return fstatat(volume, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void check_text(const char *name, const char *want)
{
	bt_auto_free char *got = NULL;

	ck_assert_int_eq(bt_io_read_file(volume, name, 1024, &got, NULL), 0);
	ck_assert_str_eq(got, want);
}

static void check_empty(void)
{
	/* An empty directory can be removed. */
	ck_assert_msg(rmdir(volume_path) == 0, "%s", strerror(errno));
	ck_assert_int_eq(mkdir(volume_path, 0755), 0);
}

START_TEST(files_keep_their_content_owner_mode_and_times)
{
	const struct timespec times[2] = { { .tv_sec = 1000, .tv_nsec = 5 },
					   { .tv_sec = 2000, .tv_nsec = 7 } };
	struct stat st;

	write_file(data, "file", "content");
	ck_assert_int_eq(fchownat(data, "file", 1234, 5678, 0), 0);
	ck_assert_int_eq(fchmodat(data, "file", 06751, 0), 0);
	ck_assert_int_eq(utimensat(data, "file", times, 0), 0);
	ck_well(copy("/data"), &err);
	check_text("file", "content");
	st = look(volume, "file");
	ck_assert_uint_eq(st.st_uid, 1234);
	ck_assert_uint_eq(st.st_gid, 5678);
	/* Set-user-ID as well, which a change of owner takes away. */
	ck_assert_uint_eq(st.st_mode, S_IFREG | 06751);
	ck_assert_int_eq(st.st_mtim.tv_sec, 2000);
	ck_assert_int_eq(st.st_mtim.tv_nsec, 7);
}
END_TEST

START_TEST(directories_keep_theirs_and_the_volume_has_those_of_the_mount_point)
{
	const struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 2000 } };
	bt_auto_close int sub = make_dir(data, "sub");
	struct stat st;

	write_file(sub, "file", "x");
	ck_assert_int_eq(fchown(sub, 11, 12), 0);
	ck_assert_int_eq(fchmod(sub, 02700), 0);
	ck_assert_int_eq(futimens(sub, times), 0);
	ck_assert_int_eq(fchown(data, 999, 998), 0);
	ck_assert_int_eq(fchmod(data, 01777), 0);
	ck_well(copy("/data"), &err);
	check_text("sub/file", "x");
	st = look(volume, "sub");
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 02700);
	ck_assert_uint_eq(st.st_uid, 11);
	/* Though something was written into it. */
	ck_assert_int_eq(st.st_mtim.tv_sec, 2000);
	st = look(volume, ".");
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 01777);
	ck_assert_uint_eq(st.st_uid, 999);
	ck_assert_uint_eq(st.st_gid, 998);
}
END_TEST

START_TEST(a_link_is_copied_as_what_it_says_and_never_followed)
{
	char target[64] = "";
	struct stat st;

	ck_assert_int_eq(symlinkat("/etc/passwd", data, "out"), 0);
	ck_assert_int_eq(symlinkat("nowhere", data, "dangling"), 0);
	ck_assert_int_eq(symlinkat("loop", data, "loop"), 0);
	ck_assert_int_eq(fchownat(data, "out", 77, 78, AT_SYMLINK_NOFOLLOW), 0);
	ck_well(copy("/data"), &err);
	st = look(volume, "out");
	ck_assert(S_ISLNK(st.st_mode));
	ck_assert_uint_eq(st.st_uid, 77);
	ck_assert_int_gt(readlinkat(volume, "out", target, sizeof(target) - 1), 0);
	ck_assert_str_eq(target, "/etc/passwd");
	ck_assert(S_ISLNK(look(volume, "dangling").st_mode));
	ck_assert(S_ISLNK(look(volume, "loop").st_mode));
	ck_assert_uint_eq(look(AT_FDCWD, "/etc/passwd").st_uid, 0);
}
END_TEST

START_TEST(devices_and_fifos_are_made_and_not_opened)
{
	struct stat st;

	ck_assert_int_eq(mknodat(data, "null", S_IFCHR | 0666, makedev(1, 3)), 0);
	ck_assert_int_eq(fchmodat(data, "null", 0606, 0), 0);
	/* Nobody writes into it: who opened it would wait for ever. */
	ck_assert_int_eq(mkfifoat(data, "fifo", 0600), 0);
	ck_well(copy("/data"), &err);
	st = look(volume, "null");
	ck_assert_uint_eq(st.st_mode, S_IFCHR | 0606);
	ck_assert(st.st_rdev == makedev(1, 3));
	ck_assert(S_ISFIFO(look(volume, "fifo").st_mode));
}
END_TEST

START_TEST(extended_attributes_come_along)
{
	char value[16] = "";

	write_file(data, "file", "x");
	{
		bt_auto_close int fd = openat(data, "file", O_RDONLY | O_CLOEXEC);

		ck_assert_int_eq(fsetxattr(fd, "trusted.berth", "abc", 3, 0), 0);
	}
	ck_well(copy("/data"), &err);
	{
		bt_auto_close int fd = openat(volume, "file", O_RDONLY | O_CLOEXEC);

		ck_assert_int_eq(fgetxattr(fd, "trusted.berth", value, sizeof(value)), 3);
		ck_assert_int_eq(memcmp(value, "abc", 3), 0);
	}
}
END_TEST

START_TEST(a_file_of_several_names_stays_one_wherever_they_are)
{
	bt_auto_close int sub = make_dir(data, "sub"), deep = make_dir(sub, "deep");
	struct stat st;

	write_file(data, "a", "x");
	ck_assert_int_eq(linkat(data, "a", data, "b", 0), 0);
	ck_assert_int_eq(linkat(data, "a", deep, "c", 0), 0);
	ck_assert_int_eq(symlinkat("a", data, "l1"), 0);
	ck_assert_int_eq(linkat(data, "l1", sub, "l2", 0), 0);
	/* Another file with the same content is another. */
	write_file(data, "d", "x");
	ck_well(copy("/data"), &err);
	st = look(volume, "a");
	ck_assert_uint_eq(st.st_nlink, 3);
	ck_assert_uint_eq(look(volume, "b").st_ino, st.st_ino);
	ck_assert_uint_eq(look(volume, "sub/deep/c").st_ino, st.st_ino);
	ck_assert_uint_ne(look(volume, "d").st_ino, st.st_ino);
	ck_assert_uint_eq(look(volume, "l1").st_ino, look(volume, "sub/l2").st_ino);
	check_text("sub/deep/c", "x");
}
END_TEST

START_TEST(a_name_outside_of_the_volume_does_not_matter)
{
	write_file(root, "outside", "x");
	ck_assert_int_eq(linkat(root, "outside", data, "inside", 0), 0);
	ck_well(copy("/data"), &err);
	check_text("inside", "x");
	ck_assert_uint_eq(look(volume, "inside").st_nlink, 1);
}
END_TEST

START_TEST(a_volume_with_something_in_it_stays_as_it_is)
{
	static const char *const there[] = { "file", ".hidden" };

	write_file(data, "new", "x");
	ck_assert_int_eq(fchmod(data, 0700), 0);
	for (size_t i = 0; i < LENGTH(there); i++) {
		write_file(volume, there[i], "old");
		ck_well(copy("/data"), &err);
		ck_assert(!is_there("new"));
		ck_assert_uint_eq(look(volume, ".").st_mode, S_IFDIR | 0755);
		ck_assert_int_eq(unlinkat(volume, there[i], 0), 0);
	}
	ck_well(copy("/data"), &err);
	ck_assert(is_there("new"));
}
END_TEST

START_TEST(where_the_image_has_no_directory_there_is_nothing_to_copy)
{
	write_file(root, "file", "x");
	ck_well(copy("/nosuch"), &err);
	ck_well(copy("/nosuch/deeper"), &err);
	ck_well(copy("/file"), &err);
	ck_well(copy("/file/in"), &err);
	check_empty();
}
END_TEST

START_TEST(a_path_through_the_images_links_ends_inside_its_root)
{
	bt_auto_close int etc = make_dir(root, "etc");

	write_file(etc, "mine", "x");
	ck_assert_int_eq(symlinkat("/etc", root, "absolute"), 0);
	ck_well(copy("/absolute"), &err);
	check_text("mine", "x");
	ck_assert(!is_there("passwd"));
	ck_assert_int_eq(unlinkat(volume, "mine", 0), 0);
	ck_assert_int_eq(symlinkat("../../../../../../etc", root, "relative"), 0);
	ck_well(copy("/relative"), &err);
	check_text("mine", "x");
	ck_assert(!is_there("passwd"));
	/* One without an end is an error. */
	ck_assert_int_eq(unlinkat(volume, "mine", 0), 0);
	ck_assert_int_eq(symlinkat("round", root, "round"), 0);
	ck_assert_int_eq(copy("/round"), -ELOOP);
	check_err(&err, BT_ERR_SYSTEM, "open /round of the container");
}
END_TEST

START_TEST(a_volume_that_is_gone_is_named)
{
	ck_assert_int_eq(rmdir(volume_path), 0);
	ck_assert_int_eq(copy("/data"), -ENOENT);
	check_err(&err, BT_ERR_SYSTEM, volume_path);
}
END_TEST

/* A tree of so many directories, each in the one before. */
static void make_deep(unsigned depth)
{
	int at = dup(data);

	for (unsigned i = 0; i < depth; i++) {
		int below = make_dir(at, "d");

		close(at);
		at = below;
	}
	write_file(at, "end", "x");
	close(at);
}

START_TEST(a_tree_is_copied_to_its_bound_and_beyond_it_refused_with_nothing_left)
{
	make_deep(128);
	ck_well(copy("/data"), &err);
	ck_assert(is_there("d/d/d"));
	ck_assert_int_eq(bt_io_remove_tree(volume, "d"), 0);
	ck_assert_int_eq(bt_io_remove_tree(data, "d"), 0);
	make_deep(129);
	ck_assert_int_eq(copy("/data"), -ELOOP);
	check_err(&err, BT_ERR_SYSTEM, "copy /data of the image into");
	check_empty();
}
END_TEST

START_TEST(a_disk_that_gets_full_on_the_way_leaves_an_empty_volume_to_fill_again)
{
	bt_auto_close int sub = make_dir(data, "sub");

	write_file(sub, "file", "x");
	ck_assert_int_eq(symlinkat("x", data, "link"), 0);
	without_call(SCMP_SYS(copy_file_range), ENOSPC);
	without_call(SCMP_SYS(sendfile), ENOSPC);
	ck_assert_int_eq(copy("/data"), -ENOSPC);
	check_empty();
}
END_TEST

START_TEST(where_the_kernel_does_not_copy_between_file_systems_the_content_is_the_same)
{
	char text[20001];

	(void)memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	write_file(data, "file", text);
	without_call(SCMP_SYS(copy_file_range), EXDEV);
	ck_well(copy("/data"), &err);
	ck_assert_int_eq(look(volume, "file").st_size, sizeof(text) - 1);
}
END_TEST

START_TEST(what_cannot_be_linked_is_copied)
{
	write_file(data, "a", "x");
	ck_assert_int_eq(linkat(data, "a", data, "b", 0), 0);
	without_call(SCMP_SYS(linkat), EMLINK);
	ck_well(copy("/data"), &err);
	check_text("a", "x");
	check_text("b", "x");
	ck_assert_uint_ne(look(volume, "a").st_ino, look(volume, "b").st_ino);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, files_keep_their_content_owner_mode_and_times);
	tcase_add_test(tests, directories_keep_theirs_and_the_volume_has_those_of_the_mount_point);
	tcase_add_test(tests, a_link_is_copied_as_what_it_says_and_never_followed);
	tcase_add_test(tests, devices_and_fifos_are_made_and_not_opened);
	tcase_add_test(tests, extended_attributes_come_along);
	tcase_add_test(tests, a_file_of_several_names_stays_one_wherever_they_are);
	tcase_add_test(tests, a_name_outside_of_the_volume_does_not_matter);
	tcase_add_test(tests, a_volume_with_something_in_it_stays_as_it_is);
	tcase_add_test(tests, where_the_image_has_no_directory_there_is_nothing_to_copy);
	tcase_add_test(tests, a_path_through_the_images_links_ends_inside_its_root);
	tcase_add_test(tests, a_volume_that_is_gone_is_named);
	tcase_add_test(tests,
		       a_tree_is_copied_to_its_bound_and_beyond_it_refused_with_nothing_left);
	tcase_add_test(tests,
		       a_disk_that_gets_full_on_the_way_leaves_an_empty_volume_to_fill_again);
	tcase_add_test(tests,
		       where_the_kernel_does_not_copy_between_file_systems_the_content_is_the_same);
	tcase_add_test(tests, what_cannot_be_linked_is_copied);
}

int main(void)
{
	return run_suite("volume_copy", setup, teardown, add_tests);
}
