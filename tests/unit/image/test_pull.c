/* SPDX-License-Identifier: Apache-2.0 */

#include "image/pull.h"

#include <errno.h>

#include "image_fixture.h"

static int pull(const char *name, struct bt_pull opt)
{
	bt_auto_free char *full = registry_name(name);

	opt.name = full;
	opt.progress = progress;
	bt_str_clear(&said);
	err = (struct bt_err){ 0 };
	return bt_pull(images, &opt, &err);
}

#define pull_well(name, ...) ck_well(pull(name, (struct bt_pull){ __VA_ARGS__ }), &err)
#define pull_plain(name)     pull(name, (struct bt_pull){ .tag = NULL })

static void check_image(const char *name, const char *id)
{
	bt_auto_free char *full = registry_name(name);
	bt_auto_image struct bt_image image = { 0 };

	ck_well(bt_images_get(images, full, &image, &err), &err);
	ck_assert_str_eq(image.id, id);
}

START_TEST(an_image_is_pulled_once_and_is_up_to_date_from_then_on)
{
	bt_auto(made_image_done) struct made_image made = make_image("a/b", "latest", 3, NULL);
	size_t asked;

	pull_well("a/b");
	check_image("a/b", made.id);
	check_image("a/b:latest", made.id);
	ck_assert_ptr_nonnull(strstr(bt_str_get(&said), "latest Pulling from a/b\n"));
	ck_assert_int_eq(count_said("Pull complete"), 3);
	ck_assert_ptr_nonnull(strstr(bt_str_get(&said), made.digest));
	ck_assert_ptr_nonnull(strstr(bt_str_get(&said), "Status: Downloaded newer image for"));
	asked = web_count("GET /v2/a/b/blobs/");
	pull_well("a/b:latest");
	ck_assert_ptr_nonnull(strstr(bt_str_get(&said), "Status: Image is up to date for"));
	ck_assert_int_eq(count_said("Already exists"), 3);
	ck_assert_uint_eq(web_count("GET /v2/a/b/blobs/"), asked + 1); /* the configuration */
	ck_assert_int_eq(count_rows("SELECT count(*) FROM layers"), 3);
	ck_assert_int_eq(count_rows("SELECT count(*) FROM blobs"), 3);
}
END_TEST

START_TEST(a_digest_names_an_image_and_what_has_another_is_refused)
{
	bt_auto(made_image_done) struct made_image made = make_image("a", NULL, 1, NULL);
	bt_auto_free char *by_digest = bt_str_format("a@%s", made.digest);
	char other[BT_DIGEST_SIZE];

	pull_well(by_digest);
	check_image(by_digest, made.id);
	pull_well("a", .tag = made.digest);
	bt_digest_of("other", 5, other);
	keep_data(KEPT_MANIFEST, "a", other, BT_MEDIA_DOCKER_V2, made.manifest,
		  strlen(made.manifest));
	ck_assert_int_eq(pull("a", (struct bt_pull){ .tag = other }), -EBADMSG);
	check_err(&err, BT_ERR_INVALID, "manifest verification failed for digest");
}
END_TEST

START_TEST(an_index_leads_to_the_image_of_the_platform_that_is_wanted)
{
	bt_auto(made_image_done) struct made_image amd = make_image("a", NULL, 1, "amd64");
	bt_auto(made_image_done) struct made_image arm = make_image("a", NULL, 1, "arm64");
	bt_auto_free char *index = bt_str_format(
		"{\"schemaVersion\":2,\"mediaType\":\"" BT_MEDIA_OCI_INDEX "\",\"manifests\":["
		"{\"mediaType\":\"" BT_MEDIA_DOCKER_V2 "\",\"size\":%zu,\"digest\":\"%s\","
		"\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}},"
		"{\"mediaType\":\"" BT_MEDIA_DOCKER_V2 "\",\"size\":%zu,\"digest\":\"%s\","
		"\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}}]}",
		strlen(amd.manifest), amd.digest, strlen(arm.manifest), arm.digest);

	keep_data(KEPT_MANIFEST, "a", "1", BT_MEDIA_OCI_INDEX, index, strlen(index));
	pull_well("a:1", .platform = "linux/arm64");
	check_image("a:1", arm.id);
	pull_well("a:1", .platform = "linux/amd64");
	check_image("a:1", amd.id);
	ck_assert_int_eq(pull("a:1", (struct bt_pull){ .platform = "linux/s390x" }), -ENOENT);
	check_err(&err, BT_ERR_NOT_FOUND, "no matching manifest for linux/s390x");
	ck_assert_int_eq(pull("a:1", (struct bt_pull){ .platform = "what/is/that/please" }),
			 -EINVAL);
	/* The image of before keeps its name. */
	check_image("a:1", amd.id);
}
END_TEST

START_TEST(an_index_inside_of_an_index_is_refused)
{
	static const char inner[] =
		"{\"schemaVersion\":2,\"mediaType\":\"" BT_MEDIA_OCI_INDEX "\",\"manifests\":[]}";
	char digest[BT_DIGEST_SIZE];
	bt_auto_free char *outer = NULL;

	bt_digest_of(inner, strlen(inner), digest);
	outer = bt_str_format("{\"schemaVersion\":2,\"mediaType\":\"" BT_MEDIA_OCI_INDEX
			      "\",\"manifests\":[{\"mediaType\":\"" BT_MEDIA_OCI_INDEX
			      "\",\"size\":%zu,\"digest\":\"%s\",\"platform\":{\"os\":\"linux\","
			      "\"architecture\":\"amd64\"}}]}",
			      strlen(inner), digest);
	keep_data(KEPT_MANIFEST, "a", digest, BT_MEDIA_OCI_INDEX, inner, strlen(inner));
	keep_data(KEPT_MANIFEST, "a", "1", BT_MEDIA_OCI_INDEX, outer, strlen(outer));
	ck_assert_int_lt(pull("a:1", (struct bt_pull){ .platform = "linux/amd64" }), 0);
	check_err(&err, BT_ERR_INVALID, "an index inside of an index");
	check_stores_empty();
}
END_TEST

START_TEST(a_configuration_is_what_its_digest_says_and_fits_the_manifest)
{
	bt_auto(made_image_done) struct made_image made = make_image("a", "1", 2, NULL);
	bt_auto_free char *fewer = make_config(made.layers, 1, NULL);
	static const char *const broken[] = { "{",
					      "[]",
					      "{}",
					      "{\"rootfs\":{\"diff_ids\":[1,2]}}",
					      "{\"os\":\"windows\",\"rootfs\":{\"diff_ids\":[]}}",
					      "{\"os\":\"linux\",\"os\":\"linux\"}" };

	/* Another text under the same digest. */
	keep_data(KEPT_BLOB, "a", made.id, "x/y", fewer, strlen(made.config) - 1);
	ck_assert_int_lt(pull_plain("a:1"), 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	for (size_t i = 0; i <= LENGTH(broken); i++) {
		const char *config = i < LENGTH(broken) ? broken[i] : fewer;
		struct made_image image = { .config = strdup(config),
					    .manifest = make_manifest(config, made.layers, 2) };

		keep_image("a", "1", &image);
		ck_assert_msg(pull_plain("a:1") < 0, "%s", config);
		ck_assert_msg(err.kind == BT_ERR_INVALID, "%s: %s", config, err.msg);
		made_image_done(&image);
	}
	ck_assert_uint_le(web_count("GET /v2/a/blobs/"), 2 + LENGTH(broken));
	check_stores_empty();
}
END_TEST

START_TEST(an_image_for_another_platform_than_the_one_named_is_refused)
{
	bt_auto(made_image_done) struct made_image made = make_image("a", "1", 1, "riscv64");

	ck_assert_int_eq(pull("a:1", (struct bt_pull){ .platform = "linux/amd64" }), -ENOENT);
	check_err(&err, BT_ERR_NOT_FOUND, "its platform (linux/riscv64) does not match");
	check_stores_empty();
	/* Who names none gets what there is. */
	pull_well("a:1");
	check_image("a:1", made.id);
}
END_TEST

START_TEST(a_layer_that_lies_fails_the_pull_and_nothing_is_left)
{
	bt_auto(made_image_done) struct made_image made = make_image("a", "1", 3, NULL);
	const struct bt_str *first = registry_has(KEPT_BLOB, "a", made.layers[0].digest);
	bt_auto_free char *other = NULL;

	/* The last one's bytes are the first's. */
	other = malloc(first->len);
	ck_assert_ptr_nonnull(other);
	(void)memcpy(other, first->p, first->len);
	keep_data(KEPT_BLOB, "a", made.layers[2].digest, "x/y", other, first->len);
	ck_assert_int_lt(pull_plain("a:1"), 0);
	check_err(&err, BT_ERR_INVALID, made.layers[2].diff_id);
	check_stores_empty();
}
END_TEST

START_TEST(who_is_gone_cancels_the_pull_at_whatever_it_is_told)
{
	bt_auto(made_image_done) struct made_image made = make_image("a", "1", 2, NULL);
	int messages;

	pull_well("a:1");
	messages = count_said("");
	ck_assert_int_gt(messages, 8);
	for (int i = 1; i < 8; i += 3) {
		close_stores();
		ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, root), 0);
		ck_assert_int_eq(bt_io_mkdir_p(root, 0700), 0);
		open_stores(root);
		patience = i;
		ck_assert_msg(pull_plain("a:1") == -ECANCELED, "%d: %s", i, err.msg);
		check_err(&err, BT_ERR_UNAVAILABLE, "the client has gone");
		check_stores_empty();
	}
	patience = 0;
}
END_TEST

START_TEST(a_refusal_is_told_in_dockers_words)
{
	static const struct {
		const char *status, *body, *words;
	} cases[] = {
		{ "404 Not Found",
		  "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"x\"}]}",
		  "manifest for 127.0.0.1:" },
		{ "404 Not Found", "{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"x\"}]}",
		  "repository 127.0.0.1:" },
		{ "403 Forbidden", "", "pull access denied for 127.0.0.1:" },
		{ "401 Unauthorized", "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"x\"}]}",
		  "repository does not exist or may require 'docker login'" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct web_rule rules[] = { { .request = "GET /v2/a/manifests/1 ",
					      .status = cases[i].status,
					      .body = cases[i].body } };

		web_rules(rules, LENGTH(rules));
		ck_assert_int_eq(pull_plain("a:1"), -ENOENT);
		check_err(&err, BT_ERR_NOT_FOUND, cases[i].words);
	}
}
END_TEST

START_TEST(all_tags_are_pulled_of_a_name_that_has_none)
{
	static const struct web_rule rules[] = {
		{ .request = "GET /v2/a/tags/list ",
		  .status = "200 OK",
		  .body = "{\"tags\":[\"1\",\"2\"]}" },
	};
	bt_auto(made_image_done) struct made_image one = make_image("a", "1", 1, NULL);
	bt_auto(made_image_done) struct made_image two = make_image("a", "2", 2, NULL);

	web_rules(rules, LENGTH(rules));
	pull_well("a:2", .all_tags = true);
	ck_assert_int_eq(bt_images_count(images), 1);
	pull_well("a", .all_tags = true);
	check_image("a:1", one.id);
	check_image("a:2", two.id);
	/* What both have is here once. */
	ck_assert_int_eq(count_rows("SELECT count(*) FROM layers"), 2);
}
END_TEST

START_TEST(what_a_registry_says_of_an_image_is_told_without_pulling_it)
{
	bt_auto(made_image_done) struct made_image made = make_image("a", "1", 1, "arm64");
	bt_auto_free char *name = registry_name("a:1"), *none = registry_name("a:2");
	json_auto_t *inspected = NULL, *manifest = NULL;
	json_t *missing = NULL;
	const json_t *descriptor;

	ck_well(bt_pull_inspect(images, name, NULL, &inspected, &err), &err);
	descriptor = bt_json_obj(inspected, "Descriptor");
	ck_assert_str_eq(bt_json_str(descriptor, "digest", ""), made.digest);
	ck_assert_str_eq(bt_json_str(descriptor, "mediaType", ""), BT_MEDIA_DOCKER_V2);
	ck_assert_int_eq(bt_json_i64(descriptor, "size", 0), (int64_t)strlen(made.manifest));
	ck_assert_str_eq(bt_json_str(json_array_get(bt_json_arr(inspected, "Platforms"), 0),
				     "architecture", ""),
			 "arm64");
	ck_well(bt_pull_manifest(images, name, NULL, false, &manifest, &err), &err);
	ck_assert_str_eq(bt_json_str(manifest, "Text", ""), made.manifest);
	ck_assert_int_lt(bt_pull_inspect(images, none, NULL, &missing, &err), 0);
	ck_assert_int_lt(bt_pull_manifest(images, none, NULL, false, &missing, &err), 0);
	ck_assert_ptr_null(missing);
	check_stores_empty();
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, an_image_is_pulled_once_and_is_up_to_date_from_then_on);
	tcase_add_test(tests, a_digest_names_an_image_and_what_has_another_is_refused);
	tcase_add_test(tests, an_index_leads_to_the_image_of_the_platform_that_is_wanted);
	tcase_add_test(tests, an_index_inside_of_an_index_is_refused);
	tcase_add_test(tests, a_configuration_is_what_its_digest_says_and_fits_the_manifest);
	tcase_add_test(tests, an_image_for_another_platform_than_the_one_named_is_refused);
	tcase_add_test(tests, a_layer_that_lies_fails_the_pull_and_nothing_is_left);
	tcase_add_test(tests, who_is_gone_cancels_the_pull_at_whatever_it_is_told);
	tcase_add_test(tests, a_refusal_is_told_in_dockers_words);
	tcase_add_test(tests, all_tags_are_pulled_of_a_name_that_has_none);
	tcase_add_test(tests, what_a_registry_says_of_an_image_is_told_without_pulling_it);
}

int main(void)
{
	return run_suite("pull", setup_registry, teardown_images, add_tests);
}
