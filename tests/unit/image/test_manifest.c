/* SPDX-License-Identifier: Apache-2.0 */

#include "image/manifest.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "codec/json.h"
#include "image/media.h"

#define CONFIG "\"config\":{\"mediaType\":\"" BT_MEDIA_OCI_CONFIG "\"}"

static int parse(const char *text, const char *type, json_t **ret, struct bt_err *err)
{
	*err = (struct bt_err){ 0 };
	return bt_manifest_parse(text, strlen(text), type, ret, err);
}

START_TEST(images_and_indexes_are_told_apart)
{
	json_auto_t *image = NULL, *index = NULL;
	struct bt_err err;

	ck_assert_int_eq(parse("{\"schemaVersion\":2," CONFIG ",\"layers\":[]}",
			       BT_MEDIA_OCI_MANIFEST, &image, &err),
			 0);
	ck_assert(!bt_manifest_is_index(image));
	ck_assert_int_eq(
		parse("{\"schemaVersion\":2,\"manifests\":[]}", BT_MEDIA_OCI_INDEX, &index, &err),
		0);
	ck_assert(bt_manifest_is_index(index));
}
END_TEST

START_TEST(what_contradicts_itself_or_is_no_image_is_refused)
{
	static const char *const cases[][3] = {
		{ "{\"manifests\":[]," CONFIG ",\"layers\":[]}", "", "both an index and an image" },
		{ "{\"manifests\":[],\"layers\":[]}", BT_MEDIA_OCI_INDEX, "both an index" },
		{ "{\"mediaType\":\"" BT_MEDIA_OCI_INDEX "\"," CONFIG ",\"layers\":[]}",
		  BT_MEDIA_OCI_MANIFEST, "not the one it was sent as" },
		{ "{\"manifests\":[]}", BT_MEDIA_DOCKER_V2, "not what its media type says" },
		{ "{" CONFIG ",\"layers\":[]}", BT_MEDIA_DOCKER_LIST,
		  "not what its media type says" },
		{ "{\"schemaVersion\":1}", "", "schema 1 are not supported" },
		{ "{}", BT_MEDIA_DOCKER_V1_JWS, "schema 1 are not supported" },
		{ "{\"config\":{\"mediaType\":\"application/vnd.x\"},\"layers\":[]}", "",
		  "this is an artifact" },
		{ "{\"layers\":[]}", "", "neither manifests nor a configuration" },
		{ "{" CONFIG ",\"layers\":[],\"layers\":[]}", "", "invalid manifest" },
		{ "[]", "", "no JSON object" },
		{ "", "", "invalid manifest" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *manifest = NULL;
		struct bt_err err;

		ck_assert_msg(parse(cases[i][0], cases[i][1], &manifest, &err) < 0, "%s",
			      cases[i][0]);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
		ck_assert_msg(strstr(err.msg, cases[i][2]) != NULL, "%s: %s", cases[i][0], err.msg);
	}
}
END_TEST

static const char *chosen(const json_t *index, const char *os, const char *arch,
			  const char *variant)
{
	struct bt_platform p = { .os = "" };

	(void)strcpy(p.os, os);
	(void)strcpy(p.arch, arch);
	(void)strcpy(p.variant, variant);
	return bt_json_str(bt_manifest_choose(index, &p), "digest", "none");
}

START_TEST(an_index_gives_the_best_match_and_nothing_where_there_is_none)
{
	json_auto_t *index = json_loads(
		"{\"manifests\":["
		"{\"digest\":\"win\",\"platform\":{\"os\":\"windows\",\"architecture\":\"amd64\"}},"
		"{\"digest\":\"v6\",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v6\"}},"
		"{\"digest\":\"v7\",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\"}},"
		"{\"digest\":\"amd\",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}},"
		"{\"digest\":\"nobody\"}]}",
		0, NULL);

	ck_assert_str_eq(chosen(index, "linux", "amd64", ""), "amd");
	ck_assert_str_eq(chosen(index, "linux", "arm", "v6"), "v6");
	ck_assert_str_eq(chosen(index, "linux", "arm", "v7"), "v7");
	ck_assert_str_eq(chosen(index, "linux", "s390x", ""), "none");
	ck_assert_str_eq(chosen(index, "windows", "amd64", ""), "win");
}
END_TEST

START_TEST(the_only_entry_of_an_index_need_not_say_for_what_it_is)
{
	json_auto_t *index = json_loads("{\"manifests\":[{\"digest\":\"only\"}]}", 0, NULL);

	ck_assert_str_eq(chosen(index, "linux", "s390x", ""), "only");
}
END_TEST

START_TEST(descriptors_have_a_digest_and_a_size)
{
	static const char *const wrong[] = {
		"{}", "{\"digest\":\"sha256:1\",\"size\":1}",
		"{\"digest\":\"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}",
		"{\"digest\":\"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",\"size\":-1}",
		"{\"digest\":\"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",\"size\":\"1\"}"
	};
	json_auto_t *right =
		json_pack("{ss sI}", "digest",
			  "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
			  "size", (json_int_t)7);
	const char *digest;
	struct bt_err err = { 0 };
	int64_t size;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		json_auto_t *descriptor = json_loads(wrong[i], 0, NULL);

		ck_assert_msg(bt_manifest_descriptor(descriptor, &digest, &size, &err) < 0, "%s",
			      wrong[i]);
	}
	ck_assert_int_eq(bt_manifest_descriptor(right, &digest, &size, &err), 0);
	ck_assert_int_eq(size, 7);
	ck_assert_uint_eq(strlen(digest), 71);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image/manifest");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, images_and_indexes_are_told_apart);
	tcase_add_test(tests, what_contradicts_itself_or_is_no_image_is_refused);
	tcase_add_test(tests, an_index_gives_the_best_match_and_nothing_where_there_is_none);
	tcase_add_test(tests, the_only_entry_of_an_index_need_not_say_for_what_it_is);
	tcase_add_test(tests, descriptors_have_a_digest_and_a_size);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
