/* SPDX-License-Identifier: Apache-2.0 */

/* What a container left in its layer, which may be anything. */

#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "codec/json.h"
#include "image/commit.h"
#include "root_fixture.h"

#define ONE  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define TWO  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define DEEP 200

static const char *id;     /* of the container */
static int upper = -EBADF; /* the directory of its layer */

/* A container of an image that has the files `file` and `dir/file`, or of none. */
static void make_container(const char *name, bool has_image)
{
	struct bt_tar_writer w = { .fn = add_to_str };
	struct bt_layer_result layer = { .chain_id = "" };
	bt_auto(bt_layers_rw_paths_done) struct bt_layer_paths paths = { 0 };
	bt_auto_str struct bt_str tar = { 0 };
	bt_auto_close int fd = -EBADF;

	id = name;
	w.arg = &tar;
	ck_assert_int_eq(bt_tar_writer_file(&w, "file", "x", 1), 0);
	ck_assert_int_eq(bt_tar_writer_file(&w, "dir/file", "x", 1), 0);
	ck_assert_int_eq(bt_tar_writer_finish(&w), 0);
	fd = bt_io_memfd("tar", tar.p, tar.len);
	if (has_image)
		ck_well(bt_layers_unpack(layers, NULL, fd, NULL, 0, &layer, &err), &err);
	ck_well(bt_layers_rw_create(layers, id, has_image ? layer.chain_id : NULL, &err), &err);
	ck_well(bt_layers_rw_paths(layers, id, &paths, &err), &err);
	upper = open(paths.upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(upper, 0);
}

static void setup(void)
{
	setup_root();
	make_container(ONE, true);
}

static void teardown(void)
{
	bt_close(&upper);
	teardown_root();
}

static void put(const char *path)
{
	ck_assert_int_eq(bt_io_create_file(upper, path, 0600, "x", 1), 0);
}

static void put_dir(const char *path)
{
	ck_assert_int_eq(mkdirat(upper, path, 0700), 0);
}

/* As overlayfs marks what is gone. */
static void put_whiteout(const char *path)
{
	ck_assert_int_eq(mknodat(upper, path, S_IFCHR, makedev(0, 0)), 0);
}

/* "C/a A/b " and so on, until the next call. */
static const char *changes(void)
{
	static char text[65536];
	json_auto_t *list = NULL;
	const json_t *change;
	size_t i;

	ck_well(bt_commit_diff(images, id, &list, &err), &err);
	text[0] = '\0';
	json_array_foreach (list, i, change)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%c%s ",
			       "CAD"[bt_json_i64(change, "Kind", 0)],
			       bt_json_str(change, "Path", "?"));
	return text;
}

START_TEST(what_was_there_has_changed_and_what_was_not_is_new)
{
	put("file");
	put("new");
	put_dir("dir");
	put_whiteout("dir/file");
	put("dir/new");
	ck_assert_str_eq(changes(), "C/dir D/dir/file A/dir/new C/file A/new ");
}
END_TEST

START_TEST(everything_is_new_where_there_is_no_image)
{
	bt_close(&upper);
	make_container(TWO, false);
	put("file");
	put_dir("dir");
	ck_assert_str_eq(changes(), "A/dir A/file ");
}
END_TEST

/* A directory that has become a link leads nowhere: neither what is behind it nor the host's. */
START_TEST(links_are_changes_and_not_followed)
{
	ck_assert_int_eq(symlinkat("/etc", upper, "dir"), 0);
	ck_assert_int_eq(symlinkat("/", upper, "root"), 0);
	ck_assert_int_eq(symlinkat("self", upper, "self"), 0);
	ck_assert_str_eq(changes(), "C/dir A/root A/self ");
}
END_TEST

START_TEST(devices_sockets_and_pipes_are_changes)
{
	ck_assert_int_eq(mknodat(upper, "null", S_IFCHR, makedev(1, 3)), 0);
	ck_assert_int_eq(mkfifoat(upper, "pipe", 0600), 0);
	ck_assert_int_eq(mknodat(upper, "sock", S_IFSOCK, 0), 0);
	/* Another device of the number 0 is no mark. */
	ck_assert_int_eq(mknodat(upper, "zero", S_IFBLK, makedev(0, 0)), 0);
	ck_assert_str_eq(changes(), "A/null A/pipe A/sock A/zero ");
}
END_TEST

START_TEST(names_of_any_bytes_are_told_as_text)
{
	json_auto_t *list = NULL;
	const json_t *change;
	size_t i;

	put("a\xff");
	put("b\nc\"\\");
	put("\xe2\x82\xac");
	ck_well(bt_commit_diff(images, id, &list, &err), &err);
	ck_assert_uint_eq(json_array_size(list), 3);
	json_array_foreach (list, i, change)
		ck_assert(json_is_string(json_object_get(change, "Path")));
	ck_assert_str_eq(bt_json_str(json_array_get(list, 1), "Path", ""), "/b\nc\"\\");
	ck_assert_str_eq(bt_json_str(json_array_get(list, 2), "Path", ""), "/\xe2\x82\xac");
}
END_TEST

/* A container can nest deeper than we have descriptors. */
START_TEST(what_is_nested_without_end_is_told_as_far_as_it_goes)
{
	int at = fcntl(upper, F_DUPFD_CLOEXEC, 3), told = 0;

	for (int i = 0; i < DEEP; i++) {
		int next;

		ck_assert_int_eq(mkdirat(at, "d", 0700), 0);
		next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(next, 0);
		bt_close(&at);
		at = next;
	}
	bt_close(&at);
	for (const char *p = changes(); (p = strchr(p, ' ')); p++)
		told++;
	ck_assert_int_gt(told, 100);
	ck_assert_int_lt(told, DEEP);
}
END_TEST

START_TEST(a_container_without_a_layer_is_an_error)
{
	json_t *list = NULL;

	ck_assert_int_lt(bt_commit_diff(images, TWO, &list, &err), 0);
	ck_assert_ptr_null(list);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, what_was_there_has_changed_and_what_was_not_is_new);
	tcase_add_test(tests, everything_is_new_where_there_is_no_image);
	tcase_add_test(tests, links_are_changes_and_not_followed);
	tcase_add_test(tests, devices_sockets_and_pipes_are_changes);
	tcase_add_test(tests, names_of_any_bytes_are_told_as_text);
	tcase_add_test(tests, what_is_nested_without_end_is_told_as_far_as_it_goes);
	tcase_add_test(tests, a_container_without_a_layer_is_an_error);
}

int main(void)
{
	return run_suite("image/commit_diff", setup, teardown, add);
}
