/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/manifest_index.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "client/sha256.h"
#include "codec/json.h"

#define V2  "application/vnd.docker.distribution.manifest.v2+json"
#define OCI "application/vnd.oci.image.manifest.v1+json"

static const char text[] = "{ \"schemaVersion\": 2, \"layers\": [] }";

/* What the daemon answers for a manifest with this text. */
static json_t *fetched(const char *type, const char *manifest)
{
	char digest[72] = "sha256:";

	bt_sha256_hex(manifest, strlen(manifest), digest + 7);
	return json_pack("{s{ss ss sI s{ss ss}} ss}", "Descriptor", "mediaType", type, "digest",
			 digest, "size", (json_int_t)strlen(manifest), "platform", "architecture",
			 "arm64", "os", "linux", "Text", manifest);
}

static json_t *entry_of(const char *type, const char *manifest)
{
	json_auto_t *answer = fetched(type, manifest);
	struct bt_err err = { 0 };
	json_t *entry = NULL;

	ck_assert_msg(bt_manifest_index_entry("r/a:1", answer, &entry, &err) == 0, "%s", err.msg);
	return entry;
}

START_TEST(an_entry_keeps_the_text_as_it_was)
{
	json_auto_t *entry = entry_of(V2, text);
	bt_auto_str struct bt_str raw = { 0 };
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_manifest_index_raw(entry, &raw, &err), 0);
	ck_assert_str_eq(bt_str_get(&raw), text);
	ck_assert_ptr_nonnull(bt_json_obj(entry, "SchemaV2Manifest"));
	ck_assert_ptr_null(bt_json_obj(entry, "OCIManifest"));
}
END_TEST

START_TEST(without_its_text_it_is_written_again_where_that_gives_the_digest)
{
	static const char *const forms[] = { "{\"schemaVersion\":2,\"layers\":[]}",
					     "{\n   \"schemaVersion\": 2,\n   \"layers\": []\n}" };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		json_auto_t *entry = entry_of(OCI, forms[i]);
		bt_auto_str struct bt_str raw = { 0 };
		struct bt_err err = { 0 };

		ck_assert_int_eq(json_object_del(entry, "Raw"), 0);
		ck_assert_msg(bt_manifest_index_raw(entry, &raw, &err) == 0, "%s", forms[i]);
		ck_assert_str_eq(bt_str_get(&raw), forms[i]);
	}
}
END_TEST

START_TEST(a_text_that_is_not_the_digests_is_refused)
{
	json_auto_t *entry = entry_of(V2, text), *parsed = entry_of(V2, text);
	bt_auto_str struct bt_str raw = { 0 };
	struct bt_err err = { 0 };

	ck_assert_int_eq(json_object_set_new(entry, "Raw", json_string("e30=")), 0);
	ck_assert_int_eq(bt_manifest_index_raw(entry, &raw, &err), -EBADMSG);
	ck_assert_int_eq(json_object_del(parsed, "Raw"), 0);
	ck_assert_int_eq(bt_manifest_index_raw(parsed, &raw, &err), -EBADMSG);
}
END_TEST

START_TEST(an_index_is_no_entry)
{
	json_auto_t *answer = fetched(V2, "{\"schemaVersion\":2,\"manifests\":[]}");
	struct bt_err err = { 0 };
	json_t *entry = NULL;

	ck_assert_int_eq(bt_manifest_index_entry("r/a:1", answer, &entry, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "r/a:1 is a manifest list");
}
END_TEST

START_TEST(an_index_is_of_the_first_entrys_family_and_has_only_what_is_known)
{
	static const char *const types[][2] = {
		{ V2, "application/vnd.docker.distribution.manifest.list.v2+json" },
		{ OCI, "application/vnd.oci.image.index.v1+json" }
	};

	for (size_t i = 0; i < 2; i++) {
		json_auto_t *entry = entry_of(types[i][0], text);
		json_auto_t *entries = json_pack("[O]", entry), *index = NULL;
		json_t *platform = bt_json_obj(bt_json_obj(entry, "Descriptor"), "platform");
		bt_auto_free char *written = NULL;
		const char *type = NULL;
		struct bt_err err = { 0 };

		(void)json_object_set_new(platform, "variant", json_string(""));
		(void)json_object_set_new(platform, "os.version", json_string("5"));
		ck_assert_int_eq(bt_manifest_index_text(entries, &written, &type, &err), 0);
		ck_assert_str_eq(type, types[i][1]);
		index = json_loads(written, 0, NULL);
		ck_assert_str_eq(bt_json_str(index, "mediaType", ""), type);
		platform =
			bt_json_obj(json_array_get(bt_json_arr(index, "manifests"), 0), "platform");
		ck_assert_uint_eq(json_object_size(platform), 3);
		ck_assert_str_eq(bt_json_str(platform, "os.version", ""), "5");
	}
}
END_TEST

START_TEST(an_image_for_nobody_knows_what_is_not_pushed)
{
	json_auto_t *entry = entry_of(V2, text), *entries = json_pack("[O]", entry);
	char *written = NULL;
	const char *type = NULL;
	struct bt_err err = { 0 };

	(void)json_object_del(bt_json_obj(entry, "Descriptor"), "platform");
	ck_assert_int_eq(bt_manifest_index_text(entries, &written, &type, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "r/a:1 must have an OS and Architecture"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/manifest_index");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, an_entry_keeps_the_text_as_it_was);
	tcase_add_test(tests, without_its_text_it_is_written_again_where_that_gives_the_digest);
	tcase_add_test(tests, a_text_that_is_not_the_digests_is_refused);
	tcase_add_test(tests, an_index_is_no_entry);
	tcase_add_test(tests, an_index_is_of_the_first_entrys_family_and_has_only_what_is_known);
	tcase_add_test(tests, an_image_for_nobody_knows_what_is_not_pushed);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
