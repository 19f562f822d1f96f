/* SPDX-License-Identifier: Apache-2.0 */

#include "image/blobs.h"

#include "root_fixture.h"

#define DIFF_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DIFF_B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void note(const char *diff_id, char digit, const char *repo, int64_t size)
{
	struct bt_blob blob = { .media_type = "a/gzip", .size = size };

	(void)snprintf(blob.digest, sizeof(blob.digest), "sha256:%064d", digit);
	(void)snprintf(blob.repo, sizeof(blob.repo), "%s", repo);
	ck_well(bt_blobs_note(images, diff_id, &blob, &err), &err);
}

START_TEST(a_layer_is_known_under_each_digest_and_those_of_the_repository_come_first)
{
	static const char *const order[] = { "r/m", "r/a", "r/z" };
	struct bt_blob found[4];

	note(DIFF_A, 1, "r/z", 10);
	note(DIFF_A, 2, "r/a", 20);
	note(DIFF_A, 3, "r/m", INT64_MAX);
	note(DIFF_B, 4, "r/m", 40);
	ck_assert_int_eq(bt_blobs_find(images, DIFF_A, "r/m", found, 4, &err), 3);
	for (size_t i = 0; i < LENGTH(order); i++)
		ck_assert_str_eq(found[i].repo, order[i]);
	ck_assert_int_eq(found[0].size, INT64_MAX);
	ck_assert_str_eq(found[0].media_type, "a/gzip");
	ck_assert_uint_eq(strlen(found[0].digest), BT_DIGEST_SIZE - 1);
	ck_assert_int_eq(bt_blobs_find(images, DIFF_B, "r/x", found, 4, &err), 1);
}
END_TEST

START_TEST(no_more_are_found_than_there_is_room_for)
{
	struct bt_blob found[3] = { { .size = -1 }, { .size = -1 }, { .size = -1 } };

	for (char i = 0; i < 10; i++)
		note(DIFF_A, i, i == 7 ? "here" : "there", i);
	ck_assert_int_eq(bt_blobs_find(images, DIFF_A, "here", found, 2, &err), 2);
	ck_assert_int_eq(found[0].size, 7);
	ck_assert_int_eq(found[2].size, -1);
	ck_assert_int_eq(bt_blobs_find(images, DIFF_A, "here", found, 0, &err), 0);
	ck_assert_int_eq(bt_blobs_find(images, DIFF_B, "here", found, 3, &err), 0);
}
END_TEST

START_TEST(what_is_noted_twice_is_known_once_and_forgotten_with_its_layer)
{
	struct bt_layer_result layer;
	bt_auto_str struct bt_str tar = { 0 };
	bt_auto_close int fd = -EBADF;
	struct bt_blob found[2];
	char id[BT_DIGEST_SIZE];

	make_tar(&tar, "file", "text");
	fd = bt_io_memfd("tar", tar.p, tar.len);
	ck_well(bt_layers_unpack(layers, NULL, fd, NULL, 0, &layer, &err), &err);
	note(layer.diff_id, 1, "r/a", 10);
	note(layer.diff_id, 1, "r/a", 10);
	note(DIFF_A, 2, "r/a", 20); /* no such layer is here */
	ck_assert_int_eq(bt_blobs_find(images, layer.diff_id, "r/a", found, 2, &err), 1);
	ck_assert_int_eq(bt_blobs_find(images, DIFF_A, "r/a", found, 2, &err), 1);
	/* The next daemon keeps an image's, and nothing else. */
	ck_well(bt_images_add(images, "{\"rootfs\":{}}", 13, layer.chain_id, NULL, NULL, id, &err),
		&err);
	close_stores();
	open_stores(root);
	ck_assert_int_eq(bt_blobs_find(images, DIFF_A, "r/a", found, 2, &err), 0);
	ck_assert_int_eq(count_rows("SELECT count(*) FROM blobs"), 1);
}
END_TEST

START_TEST(names_that_look_like_sql_are_names)
{
	struct bt_blob found[2];

	note(DIFF_A, 1, "r'; DROP TABLE blobs; --", 10);
	ck_assert_int_eq(bt_blobs_find(images, DIFF_A, "' OR 1=1 --", found, 2, &err), 1);
	ck_assert_str_eq(found[0].repo, "r'; DROP TABLE blobs; --");
	ck_assert_int_eq(bt_blobs_find(images, "' OR '1'='1", "r", found, 2, &err), 0);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests,
		       a_layer_is_known_under_each_digest_and_those_of_the_repository_come_first);
	tcase_add_test(tests, no_more_are_found_than_there_is_room_for);
	tcase_add_test(tests, what_is_noted_twice_is_known_once_and_forgotten_with_its_layer);
	tcase_add_test(tests, names_that_look_like_sql_are_names);
}

int main(void)
{
	return run_suite("blobs", setup_root, teardown_root, add_tests);
}
