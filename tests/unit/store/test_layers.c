/* SPDX-License-Identifier: Apache-2.0 */

#include "store/layers.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

#define ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static char dir[] = "/tmp/test_layers.XXXXXX";
static struct bt_db *db;
static struct bt_layers *layers;

static void open_all(void)
{
	struct bt_err err = { 0 };

	ck_assert_msg(bt_db_open(dir, &db, &err) == 0, "%s", err.msg);
	ck_assert_msg(bt_layers_open(dir, db, &layers, &err) == 0, "%s", err.msg);
}

static void close_all(void)
{
	bt_layers_close(layers);
	bt_db_close(db);
	layers = NULL;
	db = NULL;
}

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	open_all();
}

static void teardown(void)
{
	close_all();
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

/* Run a shell command in the test's directory. */
static void sh(const char *command)
{
	bt_auto_free char *line = bt_str_format("cd %s && { %s; }", dir, command);

	ck_assert_int_eq(system(line), 0);
}

/* Make an archive of what `command` leaves in an empty directory; `options` for tar. */
static int archive(const char *command, const char *options)
{
	bt_auto_free char *line =
		bt_str_format("rm -rf in && mkdir in && cd in && { %s; } && cd .. && "
			      "tar --numeric-owner --sort=name %s -cf in.tar -C in .",
			      command, options);
	char path[64];

	sh(line);
	(void)snprintf(path, sizeof(path), "%s/in.tar", dir);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int try_unpack(const char *parent, int fd, const char *diff_id, struct bt_layer_result *ret,
		      struct bt_err *err)
{
	int r = bt_layers_unpack(layers, parent, fd, diff_id, 0, ret, err);

	(void)close(fd);
	return r;
}

static struct bt_layer_result unpack(const char *parent, const char *command)
{
	struct bt_layer_result res = { 0 };
	struct bt_err err = { 0 };

	ck_assert_msg(try_unpack(parent, archive(command, ""), NULL, &res, &err) == 0, "%s",
		      err.msg);
	return res;
}

static int entries(const char *sub)
{
	bt_auto_free char *path = bt_str_format("%s/%s", dir, sub);
	DIR *d = opendir(path);
	int n = -2;

	ck_assert_ptr_nonnull(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n;
}

/* The reaper needs a moment; one that never comes is ended by the test's limit. */
static void await_entries(int n)
{
	while (entries("overlay2") > n)
		(void)usleep(1000);
	ck_assert_int_eq(entries("overlay2"), n);
}

static int64_t count(const char *sql)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_db_prepare(db, &q, &err, sql), 0);
	ck_assert_int_eq(bt_db_step(&q, &err), 1);
	return bt_db_int(&q, 0);
}

static void add_image(const char *id, const char *chain)
{
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_db_run(db, &err,
				   "INSERT INTO images (id, created, chain_id, size, config) "
				   "VALUES (?1, 0, ?2, 0, '{}')",
				   2, id, chain),
			 0);
}

static void add_container(const char *id)
{
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_db_run(db, &err,
				   "INSERT INTO containers (id, name, created, state) "
				   "VALUES (?1, ?1, 0, '{}')",
				   1, id),
			 0);
}

START_TEST(layers_stack_and_the_writable_one_is_on_top)
{
	struct bt_layer_result low = unpack(NULL, "echo low >a; echo low >b; mkdir d; echo x >d/x");
	struct bt_layer_result high =
		unpack(low.chain_id, "echo high >b; mkdir d; : >d/.wh.x; echo y >d/y");
	bt_auto_close int root = -EBADF;
	struct bt_err err = { 0 };
	char text[8] = { 0 };
	struct stat st;

	ck_assert_int_eq(bt_layers_rw_create(layers, ID, high.chain_id, &err), 0);
	root = bt_layers_rw_mount(layers, ID, NULL, &err);
	ck_assert_msg(root >= 0, "%s", err.msg);
	{
		bt_auto_close int fd = openat(root, "b", O_RDONLY | O_CLOEXEC);

		ck_assert_int_eq(read(fd, text, sizeof(text)), 5);
		ck_assert_str_eq(text, "high\n");
	}
	ck_assert_int_eq(fstatat(root, "a", &st, 0), 0);
	ck_assert_int_eq(fstatat(root, "d/y", &st, 0), 0);
	ck_assert_int_eq(fstatat(root, "d/x", &st, 0), -1);
	ck_assert_int_eq(bt_io_create_file(root, "new", 0644, "12345", 5), 0);
	{
		int64_t size = 0;

		ck_assert_int_eq(bt_layers_rw_size(layers, ID, &size, &err), 0);
		ck_assert_int_eq(size, 5);
	}
	bt_close(&root);
	ck_assert_int_eq(bt_layers_rw_remove(layers, ID, &err), 0);
	ck_assert_int_eq(bt_layers_rw_remove(layers, ID, &err), 0);
	ck_assert_int_eq(entries("image/overlay2/layerdb/mounts"), 0);
}
END_TEST

START_TEST(an_images_layers_mount_read_only)
{
	struct bt_layer_result low = unpack(NULL, "echo low >a");
	bt_auto_close int root = -EBADF;
	struct bt_err err = { 0 };

	root = bt_layers_rw_mount_ro(layers, low.chain_id, NULL, &err);
	ck_assert_msg(root >= 0, "%s", err.msg);
	ck_assert_int_eq(faccessat(root, "a", F_OK, 0), 0);
	ck_assert_int_eq(bt_io_create_file(root, "b", 0644, "", 0), -EROFS);
	ck_assert_int_eq(bt_layers_rw_mount_ro(layers, "sha256:none", NULL, &err), -ENOENT);
	ck_assert_int_eq(err.kind, BT_ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_hundred_layers_mount)
{
	struct bt_layer_result top = unpack(NULL, "echo 0 >f0");
	bt_auto_close int root = -EBADF;
	struct bt_err err = { 0 };
	char command[64];

	for (int i = 1; i < 100; i++) {
		(void)snprintf(command, sizeof(command), "echo %d >f%d", i, i);
		top = unpack(top.chain_id, command);
	}
	ck_assert_int_eq(bt_layers_rw_create(layers, ID, top.chain_id, &err), 0);
	root = bt_layers_rw_mount(layers, ID, NULL, &err);
	ck_assert_msg(root >= 0, "%s", err.msg);
	ck_assert_int_eq(faccessat(root, "f0", F_OK, 0), 0);
	ck_assert_int_eq(faccessat(root, "f99", F_OK, 0), 0);
}
END_TEST

static int append_to(void *arg, const void *data, size_t len)
{
	bt_str_add(arg, data, len);
	return 0;
}

/* An archive with all kinds of entries, packed as `form`, comes out again as it went in. */
static void round_trip(const char *form)
{
	bt_auto_str struct bt_str out = { 0 };
	bt_auto_free char *options = bt_str_format("--format=%s", form);
	bt_auto_free char *in = NULL;
	struct bt_layer_result res = { 0 };
	struct bt_err err = { 0 };
	char path[64];
	size_t len;

	(void)close(
		archive("echo a >a; mkdir d; head -c 300000 /dev/urandom >d/b; ln a c; ln -s a l; "
			": >e; truncate -s 1M sparse; echo end >>sparse; mkfifo f; "
			"echo x >$(printf 'long%.0s' $(seq 40))",
			options));
	/* The same names again, with other content and of another kind. */
	sh("rm in/a in/l; echo other >in/a; rm -r in/d; echo file >in/d; mkdir in/l; "
	   "tar --numeric-owner -rf in.tar -C in a d l");
	(void)snprintf(path, sizeof(path), "%s/in.tar", dir);
	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, path, 64 << 20, &in, &len), 0);
	ck_assert_msg(try_unpack(NULL, open(path, O_RDONLY | O_CLOEXEC), NULL, &res, &err) == 0,
		      "%s", err.msg);
	ck_assert_msg(bt_layers_write(layers, res.chain_id, append_to, &out, &err) == 0, "%s: %s",
		      form, err.msg);
	ck_assert_uint_eq(out.len, len);
	ck_assert_int_eq(memcmp(out.p, in, len), 0);
}

START_TEST(an_archive_comes_out_as_it_went_in)
{
	round_trip("gnu");
	round_trip("posix");
	round_trip("posix --sparse");
	round_trip("gnu --sparse");
}
END_TEST

START_TEST(a_layer_whose_files_were_changed_is_not_written)
{
	struct bt_layer_result res = unpack(NULL, "echo secret >a");
	bt_auto_str struct bt_str out = { 0 };
	struct bt_err err = { 0 };

	sh("for f in overlay2/*/diff/a; do echo Secret >$f; done");
	ck_assert_int_eq(bt_layers_write(layers, res.chain_id, append_to, &out, &err), -EBADMSG);
}
END_TEST

START_TEST(the_same_layer_twice_is_kept_once)
{
	struct bt_layer_result one = unpack(NULL, "touch -d @1 a .");
	struct bt_layer_result two = unpack(NULL, "touch -d @1 a .");
	struct bt_err err = { 0 };

	ck_assert_str_eq(one.chain_id, two.chain_id);
	ck_assert_int_eq(count("SELECT refs FROM layers WHERE state = 1"), 2);
	ck_assert_int_eq(bt_layers_unref(layers, one.chain_id, &err), 0);
	ck_assert_int_eq(bt_layers_unref(layers, one.chain_id, &err), 0);
	ck_assert_int_eq(bt_layers_unref(layers, one.chain_id, &err), -ENOENT);
	add_image("i", NULL);
	close_all();
	open_all();
	ck_assert_int_eq(count("SELECT count(*) FROM layers"), 0);
}
END_TEST

START_TEST(a_wrong_diff_id_leaves_nothing)
{
	struct bt_layer_result res = { 0 };
	struct bt_err err = { 0 };
	int r = try_unpack(NULL, archive("touch a", ""), "sha256:" ID, &res, &err);

	ck_assert_int_eq(r, -EBADMSG);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	close_all();
	open_all();
	ck_assert_int_eq(count("SELECT count(*) FROM layers"), 0);
	await_entries(0);
}
END_TEST

START_TEST(what_a_crash_left_is_swept_and_what_is_used_stays)
{
	struct bt_layer_result low = unpack(NULL, "echo low >a");
	struct bt_layer_result high = unpack(low.chain_id, "echo high >b");
	struct bt_layer_result lone = unpack(NULL, "echo lone >c");
	struct bt_err err = { 0 };

	(void)lone;
	add_image("sha256:1", high.chain_id);
	add_container(ID);
	ck_assert_int_eq(bt_layers_rw_create(layers, ID, high.chain_id, &err), 0);
	ck_assert_int_eq(bt_layers_rw_create(layers, "bb", high.chain_id, &err), 0);
	sh("mkdir -p overlay2/junk/diff overlay2/cc-removing/diff image/overlay2/links/x");
	ck_assert_int_eq(bt_db_run(db, &err,
				   "INSERT INTO layers (chain_id, diff_id, cache_id, size, refs, "
				   "state) VALUES ('building:j', '', 'junk', 0, 0, 0)",
				   0),
			 0);
	close_all();
	open_all();
	ck_assert_int_eq(count("SELECT count(*) FROM layers"), 2);
	ck_assert_int_eq(count("SELECT count(*) FROM rw_layers"), 1);
	ck_assert_int_eq(count("SELECT refs FROM layers WHERE parent IS NOT NULL"), 2);
	ck_assert_int_eq(count("SELECT refs FROM layers WHERE parent IS NULL"), 1);
	await_entries(3);
	ck_assert_int_eq(entries("image/overlay2/layerdb/mounts"), 1);
	ck_assert_int_eq(entries("image/overlay2/links"), 0);
}
END_TEST

/* What the two halves do, a container's creation and removal put into transactions of their own. */
START_TEST(a_writable_layer_is_there_when_its_last_file_is)
{
	struct bt_layer_result low = unpack(NULL, "echo low >a");
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_db_begin(db, &err), 0);
	ck_assert_int_eq(bt_layers_add_rw(layers, ID, low.chain_id, &err), 0);
	ck_assert_int_eq(bt_db_commit(db, &err), 0);
	ck_assert(!bt_layers_has_rw(layers, ID));
	ck_assert_int_eq(bt_layers_make_rw(layers, ID, &err), 0);
	ck_assert(bt_layers_has_rw(layers, ID));
	sh(": >image/overlay2/layerdb/mounts/" ID "/mount-id");
	ck_assert(!bt_layers_has_rw(layers, ID));
}
END_TEST

START_TEST(rows_that_are_rolled_back_leave_no_reference)
{
	struct bt_layer_result low = unpack(NULL, "echo low >a");
	struct bt_err err = { 0 };
	int64_t refs = count("SELECT refs FROM layers");

	ck_assert_int_eq(bt_db_begin(db, &err), 0);
	ck_assert_int_eq(bt_layers_add_rw(layers, ID, low.chain_id, &err), 0);
	bt_db_rollback(db);
	ck_assert_int_eq(count("SELECT refs FROM layers"), refs);
	ck_assert_int_eq(count("SELECT count(*) FROM rw_layers"), 0);
	ck_assert_int_eq(bt_db_begin(db, &err), 0);
	ck_assert_int_eq(bt_layers_add_rw(layers, "no/id", low.chain_id, &err), -EINVAL);
	bt_db_rollback(db);
}
END_TEST

START_TEST(what_is_discarded_goes_with_its_owners_files)
{
	bt_auto_free char *files = bt_str_format("%s/files", dir);
	struct bt_err err = { 0 };

	sh("mkdir -p files/deep && echo x >files/deep/y");
	ck_assert_int_eq(bt_layers_rw_create(layers, ID, NULL, &err), 0);
	ck_assert_int_eq(bt_layers_drop_rw(layers, ID, &err), 0);
	ck_assert_int_eq(bt_layers_discard_rw(layers, ID, files, &err), 0);
	ck_assert_int_eq(access(files, F_OK), -1);
	ck_assert_int_eq(entries("image/overlay2/layerdb/mounts"), 0);
	await_entries(0);
	/* Without directories of its own, the files go at once; and a second time nothing is
	 * missed. */
	sh("mkdir files");
	ck_assert_int_eq(bt_layers_discard_rw(layers, ID, files, &err), 0);
	ck_assert_int_eq(access(files, F_OK), -1);
	ck_assert_int_eq(bt_layers_discard_rw(layers, ID, files, &err), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/layers");
	TCase *tc = tcase_create("layers");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, layers_stack_and_the_writable_one_is_on_top);
	tcase_add_test(tc, an_images_layers_mount_read_only);
	tcase_add_test(tc, a_hundred_layers_mount);
	tcase_add_test(tc, an_archive_comes_out_as_it_went_in);
	tcase_add_test(tc, a_layer_whose_files_were_changed_is_not_written);
	tcase_add_test(tc, the_same_layer_twice_is_kept_once);
	tcase_add_test(tc, a_wrong_diff_id_leaves_nothing);
	tcase_add_test(tc, what_a_crash_left_is_swept_and_what_is_used_stays);
	tcase_add_test(tc, a_writable_layer_is_there_when_its_last_file_is);
	tcase_add_test(tc, rows_that_are_rolled_back_leave_no_reference);
	tcase_add_test(tc, what_is_discarded_goes_with_its_owners_files);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
