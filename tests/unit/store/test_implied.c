/* SPDX-License-Identifier: Apache-2.0 */

#include "store/implied.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/io.h"

/* A layer and two below it, the upper one first. */
static char dir[] = "/tmp/test_implied.XXXXXX";
static char layer_path[64], upper[64], lower[64];
static char *lowers[] = { upper, lower };
static int layer;
static struct bt_implied implied;

static void make_dir(const char *root, const char *path, mode_t mode, unsigned id)
{
	char name[128];

	(void)snprintf(name, sizeof(name), "%s/%s", root, path);
	ck_assert(mkdir(name, 0700) == 0 || errno == EEXIST);
	ck_assert_int_eq(chown(name, id, id ? id + 1 : 0), 0);
	ck_assert_int_eq(chmod(name, mode), 0);
}

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(layer_path, sizeof(layer_path), "%s/layer", dir);
	(void)snprintf(upper, sizeof(upper), "%s/upper", dir);
	(void)snprintf(lower, sizeof(lower), "%s/lower", dir);
	make_dir(layer_path, "", 0755, 0);
	make_dir(upper, "", 0755, 0);
	make_dir(lower, "", 0755, 0);
	layer = open(layer_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(layer, 0);
}

static void tear_down(void)
{
	bt_implied_done(&implied);
	close(layer);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
}

/* Make `path` in the layer, as one that the archive only implies. Returns it open. */
static int imply(const char *path)
{
	int fd;

	make_dir(layer_path, path, 0755, 0);
	fd = openat(layer, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bt_implied_add(&implied, fd, path), 0);
	return fd;
}

static void inherit(void)
{
	struct bt_err err;

	ck_assert_int_eq(bt_implied_inherit(&implied, layer, lowers, 2, &err), 0);
}

/* Is the layer's `path` of this mode and these owners, and without the mark? */
static void must_be(const char *path, mode_t mode, unsigned id)
{
	int fd = openat(layer, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, mode);
	ck_assert_uint_eq(st.st_uid, id);
	ck_assert_uint_eq(st.st_gid, id ? id + 1 : 0);
	ck_assert_int_eq(fgetxattr(fd, "trusted.berth.implied", NULL, 0), -1);
	close(fd);
}

START_TEST(everything_comes_from_the_uppermost_below)
{
	static const struct timespec times[2] = { { 1000000001, 2 }, { 1000000003, 4 } };
	char value[8] = "", name[128];
	struct stat st;
	int below;

	close(imply("d"));
	make_dir(lower, "d", 0711, 5);
	make_dir(upper, "d", 02775, 7);
	(void)snprintf(name, sizeof(name), "%s/d", upper);
	below = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(fsetxattr(below, "trusted.mine", "yes", 3, 0), 0);
	ck_assert_int_eq(fsetxattr(below, "trusted.overlay.origin", "no", 2, 0), 0);
	ck_assert_int_eq(futimens(below, times), 0);
	close(below);
	inherit();
	must_be("d", 02775, 7);
	ck_assert_int_eq(fstatat(layer, "d", &st, 0), 0);
	ck_assert_int_eq(st.st_mtim.tv_sec, 1000000003);
	ck_assert_int_eq(st.st_mtim.tv_nsec, 4);
	(void)snprintf(name, sizeof(name), "%s/d", layer_path);
	ck_assert_int_eq(getxattr(name, "trusted.mine", value, sizeof(value)), 3);
	ck_assert_str_eq(value, "yes");
	ck_assert_int_eq(getxattr(name, "trusted.overlay.origin", value, sizeof(value)), -1);
}
END_TEST

START_TEST(layers_that_have_it_not_are_looked_through)
{
	close(imply("a"));
	close(imply("a/b"));
	make_dir(upper, "a", 0750, 3);
	make_dir(lower, "a", 0700, 8);
	make_dir(lower, "a/b", 01777, 9);
	inherit();
	must_be("a", 0750, 3);
	must_be("a/b", 01777, 9);
}
END_TEST

START_TEST(what_nobody_has_below_stays)
{
	close(imply("new"));
	inherit();
	must_be("new", 0755, 0);
}
END_TEST

START_TEST(an_entry_of_its_own_is_kept)
{
	int fd = imply("d");

	make_dir(lower, "d", 0700, 5);
	ck_assert_int_eq(bt_implied_told(&implied, fd), 0);
	/* Twice is fine. */
	ck_assert_int_eq(bt_implied_told(&implied, fd), 0);
	close(fd);
	inherit();
	must_be("d", 0755, 0);
}
END_TEST

START_TEST(nothing_is_taken_from_what_is_hidden)
{
	char name[128];

	/* Removed above the directory, replaced by a file, by a link, or emptied. */
	close(imply("gone"));
	make_dir(lower, "gone", 0700, 5);
	(void)snprintf(name, sizeof(name), "%s/gone", upper);
	ck_assert_int_eq(mknod(name, S_IFCHR, makedev(0, 0)), 0);
	close(imply("file"));
	make_dir(lower, "file", 0700, 5);
	(void)snprintf(name, sizeof(name), "%s/file", upper);
	ck_assert_int_eq(mknod(name, S_IFREG | 0600, 0), 0);
	close(imply("link"));
	make_dir(lower, "link", 0700, 5);
	(void)snprintf(name, sizeof(name), "%s/link", upper);
	ck_assert_int_eq(symlink("/etc", name), 0);
	close(imply("full"));
	close(imply("full/sub"));
	make_dir(lower, "full", 0700, 5);
	make_dir(lower, "full/sub", 0700, 5);
	make_dir(upper, "full", 0750, 6);
	(void)snprintf(name, sizeof(name), "%s/full", upper);
	ck_assert_int_eq(setxattr(name, "trusted.overlay.opaque", "y", 1, 0), 0);
	inherit();
	must_be("gone", 0755, 0);
	must_be("file", 0755, 0);
	must_be("link", 0755, 0);
	must_be("full", 0750, 6);
	must_be("full/sub", 0755, 0);
}
END_TEST

START_TEST(what_the_layer_itself_empties_covers_nothing)
{
	int fd = imply("o");

	close(imply("o/sub"));
	make_dir(lower, "o", 0700, 5);
	make_dir(lower, "o/sub", 0700, 5);
	ck_assert_int_eq(fsetxattr(fd, "trusted.overlay.opaque", "y", 1, 0), 0);
	close(fd);
	inherit();
	must_be("o", 0700, 5);
	must_be("o/sub", 0755, 0);
}
END_TEST

START_TEST(one_that_a_later_entry_replaced_is_passed_over)
{
	close(imply("d"));
	close(imply("e"));
	make_dir(lower, "d", 0700, 5);
	make_dir(lower, "e", 0700, 5);
	ck_assert_int_eq(unlinkat(layer, "d", AT_REMOVEDIR), 0);
	ck_assert_int_eq(symlinkat("/etc", layer, "d"), 0);
	ck_assert_int_eq(unlinkat(layer, "e", AT_REMOVEDIR), 0);
	inherit();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/implied");
	TCase *tc = tcase_create("implied");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, everything_comes_from_the_uppermost_below);
	tcase_add_test(tc, layers_that_have_it_not_are_looked_through);
	tcase_add_test(tc, what_nobody_has_below_stays);
	tcase_add_test(tc, an_entry_of_its_own_is_kept);
	tcase_add_test(tc, nothing_is_taken_from_what_is_hidden);
	tcase_add_test(tc, what_the_layer_itself_empties_covers_nothing);
	tcase_add_test(tc, one_that_a_later_entry_replaced_is_passed_over);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
