/* SPDX-License-Identifier: Apache-2.0 */

#include "image/index_push.h"

#include <errno.h>

#include "image_fixture.h"

/* The index of one image, as JSON text. */
static char *make_index(const struct made_image *image)
{
	return bt_str_format("{\"schemaVersion\":2,\"mediaType\":\"" BT_MEDIA_DOCKER_LIST
			     "\",\"manifests\":[{\"mediaType\":\"" BT_MEDIA_DOCKER_V2
			     "\",\"size\":%zu,\"digest\":\"%s\",\"platform\":{\"os\":\"linux\","
			     "\"architecture\":\"amd64\"}}]}",
			     strlen(image->manifest), image->digest);
}

/* What a client sends: the index, and the manifest of the repository `from`. */
static json_t *make_body(const char *index, const char *from, const char *manifest)
{
	bt_auto_free char *repo = strchr(from, '.') ? strdup(from) : registry_name(from);

	return json_pack("{sssss[{ssssss}]}", "MediaType", BT_MEDIA_DOCKER_LIST, "Text", index,
			 "Manifests", "Repository", repo, "MediaType", BT_MEDIA_DOCKER_V2, "Text",
			 manifest);
}

static int push(const char *name, const json_t *body, char digest[BT_DIGEST_SIZE])
{
	bt_auto_free char *full = registry_name(name);

	err = (struct bt_err){ 0 };
	return bt_index_push(images, &(struct bt_index_push){ .name = full, .body = body }, digest,
			     &err);
}

START_TEST(an_index_is_put_byte_for_byte_under_its_tag_or_latest)
{
	bt_auto(made_image_done) struct made_image image = make_image("a", "1", 2, NULL);
	bt_auto_free char *index = make_index(&image);
	json_auto_t *body = make_body(index, "a", image.manifest);
	static const char *const cases[][2] = { { "a:all", "all" }, { "a", "latest" } };

	for (size_t i = 0; i < LENGTH(cases); i++) {
		char digest[BT_DIGEST_SIZE], want[BT_DIGEST_SIZE];

		ck_well(push(cases[i][0], body, digest), &err);
		bt_digest_of(index, strlen(index), want);
		ck_assert_str_eq(digest, want);
		ck_assert_str_eq(bt_str_get(registry_has(KEPT_MANIFEST, "a", cases[i][1])), index);
	}
	web_check_header("PUT /v2/a/manifests/latest", "Content-Type", BT_MEDIA_DOCKER_LIST);
	/* Its image was there: nothing else was sent. */
	ck_assert_uint_eq(web_count("PUT "), 2);
	ck_assert_uint_eq(web_count("POST "), 0);
}
END_TEST

START_TEST(an_image_of_a_repository_beside_is_mounted_with_all_its_blobs)
{
	bt_auto(made_image_done) struct made_image image = make_image("b", "1", 3, NULL);
	bt_auto_free char *index = make_index(&image);
	json_auto_t *body = make_body(index, "b", image.manifest);
	char digest[BT_DIGEST_SIZE];

	ck_well(push("a:all", body, digest), &err);
	ck_assert_ptr_nonnull(registry_has(KEPT_BLOB, "a", image.id));
	for (size_t i = 0; i < image.n; i++)
		ck_assert_ptr_nonnull(registry_has(KEPT_BLOB, "a", image.layers[i].digest));
	ck_assert_str_eq(bt_str_get(registry_has(KEPT_MANIFEST, "a", image.digest)),
			 image.manifest);
	ck_assert_ptr_nonnull(registry_has(KEPT_MANIFEST, "a", "all"));
	ck_assert_uint_eq(registry_uploads(), 0);
}
END_TEST

START_TEST(where_nothing_is_mounted_no_index_and_no_upload_is_left)
{
	bt_auto(made_image_done) struct made_image image = make_image("b", "1", 1, NULL);
	bt_auto_free char *index = make_index(&image);
	json_auto_t *body = make_body(index, "b", image.manifest);
	char digest[BT_DIGEST_SIZE];

	registry.mounts = false;
	ck_assert_int_lt(push("a:all", body, digest), 0);
	check_err(&err, BT_ERR_INVALID, "failed to mount blob ");
	ck_assert_ptr_null(registry_has(KEPT_MANIFEST, "a", "all"));
	ck_assert_uint_eq(registry_uploads(), 0);
	ck_assert_uint_eq(web_count("PUT "), 0);
}
END_TEST

START_TEST(an_image_of_another_registry_is_refused)
{
	bt_auto(made_image_done) struct made_image image = make_image("b", "1", 1, NULL);
	bt_auto_free char *index = make_index(&image),
			  *longer = bt_str_format("127.0.0.1:%d0/b", web.port);
	const char *const others[] = { "docker.io/library/b", "127.0.0.1/b", longer };

	for (size_t i = 0; i < LENGTH(others); i++) {
		json_auto_t *body = make_body(index, others[i], image.manifest);
		char digest[BT_DIGEST_SIZE];

		ck_assert_int_lt(push("a:all", body, digest), 0);
		check_err(&err, BT_ERR_INVALID, "a different registry than the target image");
	}
	ck_assert_uint_eq(web_count("PUT "), 0);
}
END_TEST

START_TEST(what_is_no_index_or_names_no_image_is_refused_before_anything_is_sent)
{
	bt_auto(made_image_done) struct made_image image = make_image("b", "1", 1, NULL);
	bt_auto_free char *index = make_index(&image);
	const struct {
		const char *name, *index, *manifest, *words;
	} cases[] = {
		{ "a", image.manifest, image.manifest,
		  "its media type is not the one it was sent as" },
		{ "a", "{}", image.manifest, "" },
		{ "a", "", image.manifest, "" },
		{ "a", "{\"schemaVersion\":2,\"schemaVersion\":2}", image.manifest, "" },
		{ "a", index, index, "" },
		{ "a", index, "[]", "" },
		{ "a", index,
		  "{\"schemaVersion\":2,\"config\":{\"digest\":\"x\",\"size\":1},\"layers\":[]}",
		  "" },
		{ "A", index, image.manifest, "lowercase" },
		{ "a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		  index, image.manifest, "cannot push a digest reference" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		json_auto_t *body = make_body(cases[i].index, "b", cases[i].manifest);
		char digest[BT_DIGEST_SIZE];

		ck_assert_msg(push(cases[i].name, body, digest) < 0, "%zu", i);
		check_err(&err, BT_ERR_INVALID, cases[i].words);
	}
	ck_assert_uint_eq(web_count("PUT "), 0);
	ck_assert_uint_eq(web_count("POST "), 0);
}
END_TEST

START_TEST(a_body_of_any_shape_is_an_answer_and_no_crash)
{
	static const char *const bodies[] = { "{}", "[]", "7", "{\"Text\":7,\"Manifests\":7}",
					      "{\"Manifests\":[7,null]}" };

	for (size_t i = 0; i < LENGTH(bodies); i++) {
		json_auto_t *body = json_loads(bodies[i], JSON_DECODE_ANY, NULL);
		char digest[BT_DIGEST_SIZE];

		ck_assert_int_lt(push("a", body, digest), 0);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	}
}
END_TEST

START_TEST(a_registry_that_calls_the_index_something_else_fails_the_push)
{
	static const struct web_rule rules[] = {
		{ .request = "PUT /v2/a/manifests/",
		  .status = "201 Created",
		  .headers = "Docker-Content-Digest: sha256:abc\r\n" },
	};
	bt_auto(made_image_done) struct made_image image = make_image("a", "1", 1, NULL);
	bt_auto_free char *index = make_index(&image);
	json_auto_t *body = make_body(index, "a", image.manifest);
	char digest[BT_DIGEST_SIZE];

	web_rules(rules, LENGTH(rules));
	ck_assert_int_eq(push("a", body, digest), -EBADMSG);
	check_err(&err, BT_ERR_SYSTEM, "the registry calls the manifest sha256:abc");
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, an_index_is_put_byte_for_byte_under_its_tag_or_latest);
	tcase_add_test(tests, an_image_of_a_repository_beside_is_mounted_with_all_its_blobs);
	tcase_add_test(tests, where_nothing_is_mounted_no_index_and_no_upload_is_left);
	tcase_add_test(tests, an_image_of_another_registry_is_refused);
	tcase_add_test(tests,
		       what_is_no_index_or_names_no_image_is_refused_before_anything_is_sent);
	tcase_add_test(tests, a_body_of_any_shape_is_an_answer_and_no_crash);
	tcase_add_test(tests, a_registry_that_calls_the_index_something_else_fails_the_push);
}

int main(void)
{
	return run_suite("index_push", setup_registry, teardown_images, add_tests);
}
