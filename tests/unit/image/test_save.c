/* SPDX-License-Identifier: Apache-2.0 */

#include "image/save.h"

#include <errno.h>

#include "image_fixture.h"

static struct bt_str archive;
/* After so many bytes the client is gone; 0: never. */
static size_t bytes_taken;

static int take(void *arg, const void *data, size_t len)
{
	(void)arg;
	bt_str_add(&archive, data, len);
	return bytes_taken && archive.len > bytes_taken ? -EPIPE : archive.failed;
}

static void setup(void)
{
	setup_root();
	bytes_taken = 0;
}

static void teardown(void)
{
	bt_str_done(&archive);
	teardown_root();
}

static int save(const char *const *names)
{
	bt_str_clear(&archive);
	err = (struct bt_err){ 0 };
	return bt_save(images, names, take, NULL, &err);
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* What the archive has: name → how often; its texts go to `ret_texts`. */
static json_t *entries(json_t **ret_texts)
{
	json_t *counts = json_object();
	const char *p = archive.p;

	*ret_texts = json_object();
	while (p < archive.p + archive.len && *p) {
		const size_t size = (size_t)strtoull(p + 124, NULL, 8);
		char name[101];

		(void)snprintf(name, sizeof(name), "%.100s", p);
		json_object_set_new(
			counts, name,
			json_integer(json_integer_value(json_object_get(counts, name)) + 1));
		json_object_set_new(*ret_texts, name, json_stringn(p + 512, size));
		p += 512 + (size + 511) / 512 * 512;
	}
	return counts;
}

/* One of its files as JSON (owned), NULL where it is not there. */
static json_t *file(const char *name)
{
	json_auto_t *texts = NULL, *counts = entries(&texts);
	const char *text = json_string_value(json_object_get(texts, name));

	(void)counts;
	return text ? json_loads(text, 0, NULL) : NULL;
}

/* RepoTags of all images, in order, between blanks; "null" for one without. */
static const char *tags(void)
{
	static char text[256];
	json_auto_t *manifest = file("manifest.json");
	const json_t *image, *tag;
	size_t i, k;

	text[0] = '\0';
	json_array_foreach (manifest, i, image) {
		const json_t *list = json_object_get(image, "RepoTags");

		if (json_is_null(list))
			(void)strcat(text, text[0] ? " null" : "null");
		json_array_foreach (list, k, tag)
			(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
				       text[0] ? " " : "", json_string_value(tag));
	}
	return text;
}

static size_t indexed(void)
{
	json_auto_t *index = file("index.json");

	return json_array_size(json_object_get(index, "manifests"));
}

START_TEST(an_archive_has_each_file_once_and_blobs_are_called_by_their_content)
{
	char id[BT_DIGEST_SIZE], digest[BT_DIGEST_SIZE], name[128];
	json_auto_t *texts = NULL, *counts = NULL, *layout = NULL;
	const char *key;
	json_t *value;

	import_image("a:1", 2, id);
	ck_well(save(NAMES("a:1")), &err);
	counts = entries(&texts);
	json_object_foreach (counts, key, value)
		ck_assert_msg(json_integer_value(value) == 1, "%s", key);
	json_object_foreach (texts, key, value) {
		if (!bt_str_after(key, "blobs/sha256/") || key[strlen("blobs/sha256/")] == '\0')
			continue;
		bt_digest_of(json_string_value(value), json_string_length(value), digest);
		(void)snprintf(name, sizeof(name), "blobs/sha256/%s", bt_digest_hex(digest));
		ck_assert_str_eq(key, name);
	}
	/* Configuration, manifest, and two layers. */
	(void)snprintf(name, sizeof(name), "blobs/sha256/%s", bt_digest_hex(id));
	ck_assert_ptr_nonnull(json_object_get(counts, name));
	ck_assert_uint_eq(json_object_size(counts), 4 + 2 + 4);
	layout = file("oci-layout");
	ck_assert_str_eq(bt_json_str(layout, "imageLayoutVersion", ""), "1.0.0");
}
END_TEST

START_TEST(a_name_said_twice_is_saved_once)
{
	char id[BT_DIGEST_SIZE];

	import_image("a:1", 1, id);
	ck_well(bt_images_add_tag(images, "a:1", "a", "2", &err), &err);
	ck_well(save(NAMES("a:1", "a:1")), &err);
	ck_assert_str_eq(tags(), "a:1");
	ck_assert_uint_eq(indexed(), 1);
	ck_well(save(NAMES("a:1", "docker.io/library/a:1", "a")), &err);
	ck_assert_str_eq(tags(), "a:1 a:2");
	ck_assert_uint_eq(indexed(), 2);
}
END_TEST

START_TEST(a_repository_means_all_its_tags_or_latest_where_it_is_none)
{
	char one[BT_DIGEST_SIZE], two[BT_DIGEST_SIZE];
	json_auto_t *repositories = NULL;

	import_image("a:1", 1, one);
	import_image("a:latest", 1, two);
	import_image("b:1", 1, two);
	ck_well(save(NAMES("a")), &err);
	ck_assert_str_eq(tags(), "a:1 a:latest");
	repositories = file("repositories");
	ck_assert_uint_eq(json_object_size(json_object_get(repositories, "a")), 2);
	ck_assert_int_lt(save(NAMES("nosuch")), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "nosuch:latest");
}
END_TEST

START_TEST(an_id_is_no_name)
{
	char id[BT_DIGEST_SIZE], begin[13];

	import_image("a:1", 1, id);
	ck_well(save(NAMES(id)), &err);
	ck_assert_str_eq(tags(), "null");
	ck_assert_uint_eq(indexed(), 1);
	ck_assert_ptr_null(file("repositories"));
	(void)snprintf(begin, sizeof(begin), "%.12s", bt_digest_hex(id));
	ck_well(save(NAMES(begin)), &err);
	ck_assert_str_eq(tags(), "null");
	/* By both it is one image, with its name. */
	ck_well(save(NAMES(id, "a:1")), &err);
	ck_assert_str_eq(tags(), "a:1");
	ck_assert_uint_eq(indexed(), 1);
}
END_TEST

START_TEST(an_image_without_layers_is_saved_too)
{
	char id[BT_DIGEST_SIZE];
	json_auto_t *manifest = NULL;

	import_image("empty:1", 0, id);
	ck_well(save(NAMES("empty:1")), &err);
	manifest = file("manifest.json");
	ck_assert_uint_eq(json_array_size(json_object_get(json_array_get(manifest, 0), "Layers")),
			  0);
	ck_assert_str_eq(tags(), "empty:1");
}
END_TEST

START_TEST(an_image_that_is_not_here_is_named_before_anything_is_written)
{
	char id[BT_DIGEST_SIZE];

	import_image("a:1", 1, id);
	ck_assert_int_eq(save(NAMES("a:1", "nosuch:1")), -ENOENT);
	check_err(&err, BT_ERR_NOT_FOUND, "nosuch:1");
	ck_assert_uint_eq(archive.len, 0);
	ck_assert_int_eq(bt_save_check(images, NAMES("a:1", "nosuch:1"), &err), -ENOENT);
	ck_well(bt_save_check(images, NAMES("a:1"), &err), &err);
}
END_TEST

START_TEST(a_client_that_is_gone_ends_it_wherever_it_is)
{
	char id[BT_DIGEST_SIZE];
	size_t len;

	import_image("a:1", 2, id);
	ck_well(save(NAMES("a:1")), &err);
	len = archive.len;
	for (bytes_taken = 1; bytes_taken < len; bytes_taken += 997)
		ck_assert_msg(save(NAMES("a:1")) == -EPIPE, "after %zu bytes", bytes_taken);
	bytes_taken = 0;
	ck_well(save(NAMES("a:1")), &err);
	ck_assert_uint_eq(archive.len, len);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, an_archive_has_each_file_once_and_blobs_are_called_by_their_content);
	tcase_add_test(tests, a_name_said_twice_is_saved_once);
	tcase_add_test(tests, a_repository_means_all_its_tags_or_latest_where_it_is_none);
	tcase_add_test(tests, an_id_is_no_name);
	tcase_add_test(tests, an_image_without_layers_is_saved_too);
	tcase_add_test(tests, an_image_that_is_not_here_is_named_before_anything_is_written);
	tcase_add_test(tests, a_client_that_is_gone_ends_it_wherever_it_is);
}

int main(void)
{
	return run_suite("save", setup, teardown, add_tests);
}
