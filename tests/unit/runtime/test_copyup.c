/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/copyup.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "../run_tests.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

static char top[] = "/tmp/test_copyup.XXXXXX";
static int from, to;

static int directory(const char *name)
{
	ck_assert_int_eq(mkdir(name, 0755), 0);
	return open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(top));
	ck_assert_int_eq(chdir(top), 0);
	from = directory("from");
	to = directory("to");
}

static void tear_down(void)
{
	bt_close(&from);
	bt_close(&to);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, top), 0);
	strcpy(top + strlen(top) - 6, "XXXXXX");
}

static void file(const char *name, const char *text)
{
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, name, 0644, text, strlen(text)), 0);
}

static struct stat look(const char *name)
{
	struct stat st;

	ck_assert_msg(lstat(name, &st) == 0, "%s: %s", name, strerror(errno));
	return st;
}

START_TEST(files_keep_content_owner_and_mode)
{
	bt_auto_free char *text = NULL;
	struct stat st;

	file("from/a", "content");
	ck_assert_int_eq(chown("from/a", 12, 34), 0);
	ck_assert_int_eq(chmod("from/a", 06751), 0);
	ck_assert_int_eq(bt_copyup_tree(from, to), 0);
	st = look("to/a");
	ck_assert_int_eq(st.st_mode, S_IFREG | 06751);
	ck_assert(st.st_uid == 12 && st.st_gid == 34);
	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, "to/a", 100, &text, NULL), 0);
	ck_assert_str_eq(text, "content");
}
END_TEST

START_TEST(a_directory_that_nobody_may_write_is_filled_all_the_same)
{
	struct stat st;

	ck_assert_int_eq(mkdir("from/d", 0755), 0);
	file("from/d/f", "x");
	ck_assert_int_eq(chown("from/d", 5, 6), 0);
	ck_assert_int_eq(chmod("from/d", 01555), 0);
	ck_assert_int_eq(bt_copyup_tree(from, to), 0);
	st = look("to/d");
	ck_assert_int_eq(st.st_mode, S_IFDIR | 01555);
	ck_assert(st.st_uid == 5 && st.st_gid == 6);
	ck_assert_int_eq(look("to/d/f").st_size, 1);
}
END_TEST

START_TEST(a_link_is_copied_and_not_followed)
{
	char target[32] = "";

	file("secret", "of the host");
	ck_assert_int_eq(symlink("../secret", "from/l"), 0);
	ck_assert_int_eq(symlink("/nowhere", "from/broken"), 0);
	ck_assert_int_eq(lchown("from/l", 7, 8), 0);
	ck_assert_int_eq(bt_copyup_tree(from, to), 0);
	ck_assert_int_eq(readlink("to/l", target, sizeof(target) - 1), 9);
	ck_assert_str_eq(target, "../secret");
	ck_assert(S_ISLNK(look("to/broken").st_mode) && look("to/l").st_uid == 7);
	ck_assert_uint_eq(look("secret").st_uid, geteuid());
}
END_TEST

START_TEST(nodes_and_pipes_are_made_and_sockets_are_not)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "from/s" };
	bt_auto_close int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	ck_assert_int_eq(bind(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(mkfifo("from/p", 0600), 0);
	ck_assert_int_eq(mknod("from/null", S_IFCHR | 0666, makedev(1, 3)), 0);
	ck_assert_int_eq(bt_copyup_tree(from, to), 0);
	st = look("to/null");
	ck_assert(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
	ck_assert(S_ISFIFO(look("to/p").st_mode));
	ck_assert_int_eq(lstat("to/s", &st), -1);
}
END_TEST

START_TEST(what_is_mounted_below_is_left_out)
{
	struct stat st;

	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	/* One of before is of the other namespace's mount. */
	bt_close(&from);
	from = open("from", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(mkdir("from/m", 0755), 0);
	file("from/beside", "x");
	ck_assert_int_eq(mount("t", "from/m", "tmpfs", 0, NULL), 0);
	file("from/m/inside", "x");
	ck_assert_int_eq(bt_copyup_tree(from, to), 0);
	ck_assert_int_eq(lstat("to/m", &st), -1);
	ck_assert_int_eq(look("to/beside").st_size, 1);
	ck_assert_int_eq(umount("from/m"), 0);
}
END_TEST

START_TEST(more_entries_than_one_read_returns_all_arrive)
{
	for (int i = 0; i < 500; i++) {
		bt_auto_free char *name = bt_str_format("from/a_name_of_some_length_%d", i);

		file(name, "x");
	}
	ck_assert_int_eq(bt_copyup_tree(from, to), 0);
	for (int i = 0; i < 500; i++) {
		bt_auto_free char *name = bt_str_format("to/a_name_of_some_length_%d", i);

		ck_assert_int_eq(look(name).st_size, 1);
	}
}
END_TEST

/* `depth` directories in one another below from. */
static void nest(int depth)
{
	bt_auto_str struct bt_str path = { 0 };

	bt_str_puts(&path, "from");
	for (int i = 0; i < depth; i++) {
		bt_str_puts(&path, "/d");
		ck_assert_int_eq(mkdir(bt_str_get(&path), 0755), 0);
	}
}

START_TEST(sixty_four_levels_are_copied)
{
	nest(64);
	ck_assert_int_eq(bt_copyup_tree(from, to), 0);
}
END_TEST

START_TEST(sixty_five_levels_are_refused)
{
	nest(65);
	ck_assert_int_eq(bt_copyup_tree(from, to), -ELOOP);
}
END_TEST

START_TEST(what_is_there_already_is_never_written_over)
{
	bt_auto_free char *text = NULL;

	file("from/a", "new");
	file("to/a", "old");
	ck_assert_int_eq(bt_copyup_tree(from, to), -EEXIST);
	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, "to/a", 100, &text, NULL), 0);
	ck_assert_str_eq(text, "old");
	ck_assert_int_eq(unlink("to/a"), 0);
	ck_assert_int_eq(symlink("../secret", "to/a"), 0);
	ck_assert_int_eq(bt_copyup_tree(from, to), -EEXIST);
	ck_assert_int_eq(access("secret", F_OK), -1);
}
END_TEST

START_TEST(an_empty_directory_gives_nothing)
{
	ck_assert_int_eq(bt_copyup_tree(from, to), 0);
	ck_assert_int_eq(rmdir("to"), 0);
	ck_assert_int_eq(mkdir("to", 0755), 0);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, files_keep_content_owner_and_mode);
	tcase_add_test(tests, a_directory_that_nobody_may_write_is_filled_all_the_same);
	tcase_add_test(tests, a_link_is_copied_and_not_followed);
	tcase_add_test(tests, nodes_and_pipes_are_made_and_sockets_are_not);
	tcase_add_test(tests, what_is_mounted_below_is_left_out);
	tcase_add_test(tests, more_entries_than_one_read_returns_all_arrive);
	tcase_add_test(tests, sixty_four_levels_are_copied);
	tcase_add_test(tests, sixty_five_levels_are_refused);
	tcase_add_test(tests, what_is_there_already_is_never_written_over);
	tcase_add_test(tests, an_empty_directory_gives_nothing);
	tcase_set_timeout(tests, 30);
}

int main(void)
{
	return run_tests("runtime/copyup", add);
}
