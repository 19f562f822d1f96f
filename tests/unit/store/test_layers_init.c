/* SPDX-License-Identifier: Apache-2.0 */

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
#include "store/layers.h"

#define ID  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID2 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static char dir[] = "/tmp/test_layers_init.XXXXXX";
static struct bt_db *db;
static struct bt_layers *layers;

static void setup(void)
{
	struct bt_err err = { 0 };

	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_msg(bt_db_open(dir, &db, &err) == 0, "%s", err.msg);
	ck_assert_msg(bt_layers_open(dir, db, &layers, &err) == 0, "%s", err.msg);
}

static void teardown(void)
{
	bt_layers_close(layers);
	bt_db_close(db);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

/* Does the shell command, run in the test's directory, succeed? */
static bool holds(const char *command)
{
	bt_auto_free char *line = bt_str_format("cd %s && { %s; }", dir, command);

	return system(line) == 0;
}

/* An image of one layer, of what `command` leaves in an empty directory, and a container of it. */
static void make(const char *command, const char *parent, const char *id,
		 struct bt_layer_result *ret)
{
	bt_auto_free char *line =
		bt_str_format("rm -rf in && mkdir in && cd in && { %s; } && cd .. && "
			      "tar --numeric-owner --xattrs -cf in.tar -C in .",
			      command);
	bt_auto_free char *path = bt_str_format("%s/in.tar", dir);
	bt_auto_close int fd = -EBADF;
	struct bt_err err = { 0 };

	ck_assert(holds(line));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_msg(bt_layers_unpack(layers, parent, fd, NULL, 0, ret, &err) == 0, "%s", err.msg);
	if (id)
		ck_assert_msg(bt_layers_rw_create(layers, id, ret->chain_id, &err) == 0, "%s",
			      err.msg);
}

static int mount_root(const char *id)
{
	struct bt_err err = { 0 };
	int fd = bt_layers_rw_mount(layers, id, NULL, &err);

	ck_assert_msg(fd >= 0, "%s", err.msg);
	return fd;
}

static mode_t mode_of(int root, const char *path)
{
	struct stat st;

	return fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_mode : 0;
}

START_TEST(an_image_without_places_gets_them_and_the_container_owns_none)
{
	struct bt_layer_result image;

	make("echo x >a", NULL, ID, &image);
	bt_auto_close int root = mount_root(ID);

	ck_assert_uint_eq(mode_of(root, "proc"), S_IFDIR | 0755);
	ck_assert_uint_eq(mode_of(root, "sys"), S_IFDIR | 0755);
	ck_assert_uint_eq(mode_of(root, "dev"), S_IFDIR | 0755);
	ck_assert_uint_eq(mode_of(root, "etc/hosts"), S_IFREG | 0644);
	ck_assert_uint_eq(mode_of(root, "etc/hostname"), S_IFREG | 0644);
	ck_assert_uint_eq(mode_of(root, "etc/resolv.conf"), S_IFREG | 0644);
	ck_assert(holds("test -z \"$(ls -A overlay2/" ID "/diff)\""));
}
END_TEST

START_TEST(the_places_are_made_once_for_all_containers_of_an_image)
{
	struct bt_layer_result image;
	struct bt_err err = { 0 };

	make("true", NULL, ID, &image);
	ck_assert_int_eq(bt_layers_rw_create(layers, ID2, image.chain_id, &err), 0);
	bt_auto_close int one = mount_root(ID);
	ck_assert(holds("ls -id overlay2/*/init/diff/proc >first"));
	bt_auto_close int two = mount_root(ID2);

	ck_assert_uint_eq(mode_of(two, "proc"), S_IFDIR | 0755);
	ck_assert(holds("ls -id overlay2/*/init/diff/proc | cmp - first"));
}
END_TEST

START_TEST(what_a_container_changes_of_them_is_its_own)
{
	struct bt_layer_result image;
	struct bt_err err = { 0 };

	make("true", NULL, ID, &image);
	ck_assert_int_eq(bt_layers_rw_create(layers, ID2, image.chain_id, &err), 0);
	bt_auto_close int one = mount_root(ID);
	bt_auto_close int two = mount_root(ID2);
	bt_auto_close int fd = openat(one, "etc/hosts", O_WRONLY | O_CLOEXEC);

	ck_assert_int_eq(write(fd, "mine", 4), 4);
	ck_assert_int_eq(unlinkat(one, "etc/hostname", 0), 0);
	ck_assert_uint_eq(mode_of(one, "etc/hostname"), 0);
	ck_assert(holds("test \"$(cat overlay2/" ID "/diff/etc/hosts)\" = mine"));
	ck_assert(holds("test ! -s overlay2/*/init/diff/etc/hosts"));
	ck_assert_uint_eq(mode_of(two, "etc/hostname"), S_IFREG | 0644);
}
END_TEST

START_TEST(an_image_that_has_all_places_gets_no_further_layer)
{
	bt_auto(bt_layers_rw_paths_done) struct bt_layer_paths paths = { 0 };
	struct bt_layer_result image;
	struct bt_err err = { 0 };

	make("mkdir proc sys dev etc && touch etc/hosts etc/hostname etc/resolv.conf", NULL, ID,
	     &image);
	bt_auto_close int root = mount_root(ID);

	ck_assert(holds("test -d overlay2/*/init && test ! -e overlay2/*/init/diff"));
	ck_assert_int_eq(bt_layers_rw_paths(layers, ID, &paths, &err), 0);
	ck_assert_ptr_null(strstr(paths.lower, "/init/"));
}
END_TEST

START_TEST(the_paths_name_the_further_layer_above_the_image)
{
	bt_auto(bt_layers_rw_paths_done) struct bt_layer_paths before = { 0 }, paths = { 0 };
	struct bt_layer_result image;
	struct bt_err err = { 0 };

	make("true", NULL, ID, &image);
	ck_assert_int_eq(bt_layers_rw_paths(layers, ID, &before, &err), 0);
	bt_auto_close int root = mount_root(ID);
	ck_assert_int_eq(bt_layers_rw_paths(layers, ID, &paths, &err), 0);
	bt_auto_free char *want =
		bt_str_format("%.*s/init/diff:%s", (int)(strlen(before.lower) - strlen("/diff")),
			      before.lower, before.lower);

	ck_assert_str_eq(paths.lower, want);
}
END_TEST

START_TEST(a_directory_keeps_the_owner_and_mode_that_the_image_gave_it)
{
	struct bt_layer_result image;
	struct stat st;

	make("mkdir -m 0711 etc && chown 12:34 etc && echo host >etc/hosts", NULL, ID, &image);
	bt_auto_close int root = mount_root(ID);

	ck_assert_int_eq(fstatat(root, "etc", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 0711);
	ck_assert_uint_eq(st.st_uid, 12);
	ck_assert_uint_eq(st.st_gid, 34);
	ck_assert_int_eq(fstatat(root, "etc/hosts", &st, 0), 0);
	ck_assert_int_eq(st.st_size, 5);
	ck_assert_uint_eq(mode_of(root, "etc/hostname"), S_IFREG | 0644);
}
END_TEST

START_TEST(places_that_are_something_else_stay_what_they_are)
{
	struct bt_layer_result image;

	make("ln -s /elsewhere proc && echo file >dev && echo no >etc && ln -s loop sys && ln -s sys loop",
	     NULL, ID, &image);
	bt_auto_close int root = mount_root(ID);

	ck_assert(S_ISLNK(mode_of(root, "proc")));
	ck_assert_uint_eq(mode_of(root, "elsewhere"), 0);
	ck_assert(S_ISREG(mode_of(root, "dev")));
	ck_assert(S_ISREG(mode_of(root, "etc")));
	ck_assert(S_ISLNK(mode_of(root, "sys")));
	ck_assert(holds("test ! -e overlay2/*/init/diff"));
}
END_TEST

/* A way out of the image must not be followed while its places are made, outside of any container.
 */
START_TEST(a_symlink_of_the_image_leads_nowhere_outside_of_it)
{
	bt_auto_free char *command = bt_str_format("ln -s %s/out etc", dir);
	bt_auto_free char *inside = bt_str_format("%s/out/hosts", dir + 1);
	struct bt_layer_result image;

	make(command, NULL, ID, &image);
	ck_assert(holds("mkdir out"));
	bt_auto_close int root = mount_root(ID);

	ck_assert(holds("test -z \"$(ls -A out)\""));
	ck_assert_uint_eq(mode_of(root, inside), S_IFREG | 0644);
}
END_TEST

START_TEST(what_a_crash_left_half_made_is_made_anew)
{
	struct bt_layer_result image;

	make("true", NULL, ID, &image);
	ck_assert(holds("for d in overlay2/*/; do "
			"case $d in *" ID "*) ;; *) mkdir -p ${d}init-new/diff/junk;; esac; done"));
	bt_auto_close int root = mount_root(ID);

	ck_assert_uint_eq(mode_of(root, "junk"), 0);
	ck_assert_uint_eq(mode_of(root, "proc"), S_IFDIR | 0755);
	ck_assert(holds("test ! -e overlay2/*/init-new"));
}
END_TEST

START_TEST(where_they_cannot_be_made_the_root_is_mounted_without)
{
	struct bt_layer_result image;

	make("true", NULL, ID, &image);
	ck_assert(holds("for d in overlay2/*/; do case $d in *" ID
			"*) ;; *) touch ${d}init;; esac; done"));
	bt_auto_close int root = mount_root(ID);

	ck_assert_uint_eq(mode_of(root, "proc"), 0);
}
END_TEST

START_TEST(they_lie_above_all_layers_of_the_image)
{
	struct bt_layer_result low, high;

	make("mkdir etc && echo low >etc/hosts", NULL, NULL, &low);
	make("mkdir etc && touch etc/.wh.hosts", low.chain_id, ID, &high);
	bt_auto_close int root = mount_root(ID);
	struct stat st;

	ck_assert_int_eq(fstatat(root, "etc/hosts", &st, 0), 0);
	ck_assert_int_eq(st.st_size, 0);
}
END_TEST

START_TEST(a_container_without_an_image_gets_none)
{
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_layers_rw_create(layers, ID, NULL, &err), 0);
	bt_auto_close int root = mount_root(ID);

	ck_assert_uint_eq(mode_of(root, "proc"), 0);
}
END_TEST

START_TEST(they_go_with_the_image)
{
	struct bt_layer_result image;
	struct bt_err err = { 0 };

	make("true", NULL, ID, &image);
	{
		bt_auto_close int root = mount_root(ID);
	}
	ck_assert_int_eq(bt_layers_rw_remove(layers, ID, &err), 0);
	ck_assert_int_eq(bt_layers_unref(layers, image.chain_id, &err), 0);
	while (!holds("test -z \"$(ls -A overlay2)\""))
		(void)usleep(10000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/layers_init");
	TCase *tc = tcase_create("layers_init");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, an_image_without_places_gets_them_and_the_container_owns_none);
	tcase_add_test(tc, the_places_are_made_once_for_all_containers_of_an_image);
	tcase_add_test(tc, what_a_container_changes_of_them_is_its_own);
	tcase_add_test(tc, an_image_that_has_all_places_gets_no_further_layer);
	tcase_add_test(tc, the_paths_name_the_further_layer_above_the_image);
	tcase_add_test(tc, a_directory_keeps_the_owner_and_mode_that_the_image_gave_it);
	tcase_add_test(tc, places_that_are_something_else_stay_what_they_are);
	tcase_add_test(tc, a_symlink_of_the_image_leads_nowhere_outside_of_it);
	tcase_add_test(tc, what_a_crash_left_half_made_is_made_anew);
	tcase_add_test(tc, where_they_cannot_be_made_the_root_is_mounted_without);
	tcase_add_test(tc, they_lie_above_all_layers_of_the_image);
	tcase_add_test(tc, a_container_without_an_image_gets_none);
	tcase_add_test(tc, they_go_with_the_image);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
