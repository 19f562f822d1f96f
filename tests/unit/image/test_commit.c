/* SPDX-License-Identifier: Apache-2.0 */

#include "image/commit.h"

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
#include "codec/json.h"

#define ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static char dir[] = "/tmp/test_commit.XXXXXX";
static struct bt_db *db;
static struct bt_layers *layers;
static struct bt_images *images;
static char base[72]; /* the image's id */
static int root;      /* of the container */

static void sh(const char *command)
{
	ck_assert_msg(system(command) == 0, "%s", command);
}

static void setup(void)
{
	bt_auto_image struct bt_image image = { 0 };
	bt_auto_close int fd = -EBADF;
	struct bt_err err = { 0 };

	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_msg(bt_db_open(dir, &db, &err) == 0, "%s", err.msg);
	ck_assert_msg(bt_layers_open(dir, db, &layers, &err) == 0, "%s", err.msg);
	ck_assert_msg(bt_images_open(dir, db, layers, &images, &err) == 0, "%s", err.msg);
	sh("mkdir in && cd in && mkdir d e && echo a >a && echo b >b && echo x >d/x && echo y >e/y && "
	   "tar -cf ../in.tar .");
	fd = open("in.tar", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(bt_images_import(images, fd,
					  &(struct bt_import){ .ref = "base:1",
							       .message = NULL,
							       .platform = NULL,
							       .changes = NULL },
					  base, &err),
			 0);
	ck_assert_int_eq(bt_images_get(images, base, &image, &err), 0);
	ck_assert_int_eq(bt_layers_rw_create(layers, ID, image.chain_id, &err), 0);
	root = bt_layers_rw_mount(layers, ID, NULL, &err);
	ck_assert_msg(root >= 0, "%s", err.msg);
}

static void teardown(void)
{
	bt_close(&root);
	bt_images_close(images);
	bt_layers_close(layers);
	bt_db_close(db);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

/* What the container did: one file changed, one gone, a directory made anew, a link, a socket. */
static void change(void)
{
	ck_assert_int_eq(bt_io_create_file(root, "a", 0640, "other", 5), 0);
	ck_assert_int_eq(unlinkat(root, "b", 0), 0);
	ck_assert_int_eq(bt_io_remove_tree(root, "d"), 0);
	ck_assert_int_eq(mkdirat(root, "d", 0755), 0);
	ck_assert_int_eq(bt_io_create_file(root, "d/new", 0644, "new", 3), 0);
	ck_assert_int_eq(linkat(root, "d/new", root, "link", 0), 0);
	ck_assert_int_eq(symlinkat("/absent", root, "sym"), 0);
}

static struct bt_commit commit_of(const json_t *config)
{
	return (struct bt_commit){ .container_id = ID,
				   .image_id = base,
				   .config = config,
				   .author = "me",
				   .comment = "done",
				   .created_by = "sh",
				   .ref = "new:1" };
}

START_TEST(a_committed_image_is_what_the_container_was)
{
	const char *const changes[] = { "ENV B=2", NULL };
	json_auto_t *config = json_pack("{s[s]s[s]ss}", "Cmd", "sh", "Env", "A=1", "Hostname", "x");
	bt_auto_image struct bt_image image = { 0 };
	struct bt_commit commit = commit_of(config);
	bt_auto_close int got = -EBADF;
	bt_auto_free char *text = NULL;
	struct bt_err err = { 0 };
	struct stat st;
	char id[72];

	change();
	commit.changes = changes;
	ck_assert_msg(bt_commit(images, &commit, id, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(bt_images_get(images, "new:1", &image, &err), 0);
	ck_assert_str_eq(image.id, id);
	got = bt_layers_rw_mount_ro(layers, image.chain_id, NULL, &err);
	ck_assert_msg(got >= 0, "%s", err.msg);
	ck_assert_int_eq(bt_io_read_file(got, "a", 10, &text, NULL), 0);
	ck_assert_str_eq(text, "other");
	ck_assert_int_eq(fstatat(got, "b", &st, 0), -1);
	ck_assert_int_eq(fstatat(got, "d/x", &st, 0), -1);
	ck_assert_int_eq(fstatat(got, "d/new", &st, 0), 0);
	ck_assert_int_eq((int)st.st_nlink, 2);
	ck_assert_int_eq(fstatat(got, "e/y", &st, 0), 0);
	ck_assert_int_eq(fstatat(got, "sym", &st, AT_SYMLINK_NOFOLLOW), 0);
	{
		const json_t *made = bt_json_obj(image.config, "config");
		json_auto_t *want = json_pack("{s[s]s[ss]}", "Cmd", "sh", "Env", "A=1", "B=2");

		ck_assert(json_equal(made, want));
		ck_assert_int_eq((int)json_array_size(bt_json_arr(image.config, "history")), 2);
		ck_assert_str_eq(bt_json_str(image.config, "author", ""), "me");
	}
	{
		json_auto_t *records = NULL;

		ck_assert_int_eq(bt_images_remove(images, "base:1", true, false, &records, &err),
				 0);
		ck_assert_int_eq(bt_images_count(images), 2);
	}
}
END_TEST

START_TEST(a_commit_of_nothing_adds_no_layer)
{
	json_auto_t *config = json_object();
	bt_auto_image struct bt_image image = { 0 }, before = { 0 };
	struct bt_commit commit = commit_of(config);
	struct bt_err err = { 0 };
	char id[72];

	ck_assert_msg(bt_commit(images, &commit, id, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(bt_images_get(images, id, &image, &err), 0);
	ck_assert_int_eq(bt_images_get(images, base, &before, &err), 0);
	ck_assert_str_eq(image.chain_id, before.chain_id);
}
END_TEST

START_TEST(diff_tells_changed_added_and_deleted)
{
	json_auto_t *out = NULL, *want = NULL;
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_commit_diff(images, ID, &out, &err), 0);
	ck_assert_int_eq((int)json_array_size(out), 0);
	change();
	json_decref(out);
	ck_assert_int_eq(bt_commit_diff(images, ID, &out, &err), 0);
	want = json_pack("[{sssi}{sssi}{sssi}{sssi}{sssi}{sssi}]", "Path", "/a", "Kind", 0, "Path",
			 "/b", "Kind", 2, "Path", "/d", "Kind", 0, "Path", "/d/new", "Kind", 1,
			 "Path", "/link", "Kind", 1, "Path", "/sym", "Kind", 1);
	ck_assert_msg(json_equal(out, want), "%s", json_dumps(out, 0));
}
END_TEST

static int write_fd(void *arg, const void *data, size_t len)
{
	return bt_io_write_all(*(int *)arg, data, len);
}

START_TEST(an_export_is_the_tree)
{
	bt_auto_close int fd = open("out.tar", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct bt_err err = { 0 };

	change();
	ck_assert_msg(bt_commit_export(root, NULL, write_fd, &fd, &err) == 0, "%s", err.msg);
	sh("mkdir x && tar -xpf out.tar -C x && test $(cat x/a) = other && test ! -e x/b && "
	   "test $(stat -c %h x/link) = 2 && test $(readlink x/sym) = /absent && test ! -e x/d/x && "
	   "test $(stat -c %a x/a) = 644 && test $(cat x/e/y) = y");
}
END_TEST

static int stop_early(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return -EPIPE;
}

START_TEST(an_export_whose_reader_leaves_ends)
{
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_commit_export(root, NULL, stop_early, NULL, &err), -EPIPE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image/commit");
	TCase *tc = tcase_create("commit");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_committed_image_is_what_the_container_was);
	tcase_add_test(tc, a_commit_of_nothing_adds_no_layer);
	tcase_add_test(tc, diff_tells_changed_added_and_deleted);
	tcase_add_test(tc, an_export_is_the_tree);
	tcase_add_test(tc, an_export_whose_reader_leaves_ends);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
