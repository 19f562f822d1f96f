/* SPDX-License-Identifier: Apache-2.0 */

#include "image/push.h"

#include <errno.h>

#include "image/pull.h"
#include "image_fixture.h"

static int push(const char *name, const char *tag)
{
	bt_auto_free char *full = registry_name(name);

	bt_str_clear(&said);
	err = (struct bt_err){ 0 };
	return bt_push(images, &(struct bt_push){ .name = full, .tag = tag, .progress = progress },
		       &err);
}

static void import_named(const char *name, size_t n, char id[BT_DIGEST_SIZE])
{
	bt_auto_free char *full = registry_name(name);

	import_image(full, n, id);
}

START_TEST(what_is_pushed_can_be_pulled_by_an_empty_daemon_and_is_the_same_image)
{
	bt_auto_free char *name = registry_name("a/b:1");
	bt_auto_image struct bt_image image = { 0 };
	char id[BT_DIGEST_SIZE], again[BT_DIGEST_SIZE];
	bt_auto_free char *by_digest = NULL;
	const struct bt_str *manifest;

	import_named("a/b:1", 3, id);
	ck_well(push("a/b", "1"), &err);
	manifest = registry_has(KEPT_MANIFEST, "a/b", "1");
	ck_assert_ptr_nonnull(manifest);
	bt_digest_of(manifest->p, manifest->len, again);
	ck_assert_ptr_nonnull(
		strstr(bt_str_get(&said), "The push refers to repository [127.0.0.1:"));
	by_digest = bt_str_format("1: digest: %s size: %zu\n", again, manifest->len);
	ck_assert_ptr_nonnull(strstr(bt_str_get(&said), by_digest));
	ck_assert_uint_eq(registry_uploads(), 0);

	close_stores();
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, root), 0);
	ck_assert_int_eq(bt_io_mkdir_p(root, 0700), 0);
	open_stores(root);
	ck_well(bt_pull(images, &(struct bt_pull){ .name = name, .progress = progress }, &err),
		&err);
	ck_well(bt_images_get(images, name, &image, &err), &err);
	ck_assert_str_eq(image.id, id);
}
END_TEST

START_TEST(a_push_gives_the_image_its_digest_as_a_name)
{
	bt_auto_image struct bt_image image = { 0 };
	bt_auto_free char *name = NULL;
	char id[BT_DIGEST_SIZE], digest[BT_DIGEST_SIZE];
	const struct bt_str *manifest;

	import_named("a:1", 1, id);
	ck_well(push("a:1", NULL), &err);
	manifest = registry_has(KEPT_MANIFEST, "a", "1");
	bt_digest_of(manifest->p, manifest->len, digest);
	name = bt_str_format("127.0.0.1:%d/a@%s", web.port, digest);
	ck_well(bt_images_get(images, name, &image, &err), &err);
	ck_assert_str_eq(image.id, id);
}
END_TEST

START_TEST(without_a_tag_all_of_the_repository_are_pushed_and_no_digest_is)
{
	char one[BT_DIGEST_SIZE], two[BT_DIGEST_SIZE], other[BT_DIGEST_SIZE];

	import_named("a:1", 1, one);
	import_named("a:2", 2, two);
	import_named("b:3", 1, other);
	ck_well(push("a", NULL), &err);
	/* By now both have digests as names as well. */
	ck_well(push("a", ""), &err);
	ck_assert_ptr_nonnull(registry_has(KEPT_MANIFEST, "a", "1"));
	ck_assert_ptr_nonnull(registry_has(KEPT_MANIFEST, "a", "2"));
	ck_assert_ptr_null(registry_has(KEPT_MANIFEST, "a", "3"));
	ck_assert_uint_eq(web_count("PUT /v2/a/manifests/"), 4);
	ck_assert_uint_eq(web_count("PUT /v2/b/"), 0);
}
END_TEST

START_TEST(an_image_that_is_not_here_is_not_looked_for_there)
{
	static const struct {
		const char *name, *tag;
	} cases[] = { { "none", NULL }, { "none", "1" }, { "a", "2" } };
	char id[BT_DIGEST_SIZE];

	import_named("a:1", 1, id);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		ck_assert_int_eq(push(cases[i].name, cases[i].tag), -ENOENT);
		check_err(&err, BT_ERR_NOT_FOUND, "An image does not exist locally with the tag: ");
	}
	ck_assert_uint_eq(web_count("PUT "), 0);
	ck_assert_int_eq(push("A", "1"), -EINVAL);
	ck_assert_int_eq(push("a@sha256:"
			      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
			      NULL),
			 -EINVAL);
	check_err(&err, BT_ERR_INVALID, "cannot push a digest reference");
}
END_TEST

START_TEST(a_registry_that_calls_the_manifest_something_else_fails_the_push)
{
	static const struct web_rule rules[] = {
		{ .request = "PUT /v2/a/manifests/1 ",
		  .status = "201 Created",
		  .headers = "Docker-Content-Digest: sha256:abc\r\n" },
	};
	char id[BT_DIGEST_SIZE];

	import_named("a:1", 1, id);
	web_rules(rules, LENGTH(rules));
	ck_assert_int_eq(push("a", "1"), -EBADMSG);
	check_err(&err, BT_ERR_SYSTEM, "the registry calls the manifest sha256:abc, it is sha256:");
	ck_assert_int_eq(count_rows("SELECT count(*) FROM image_names"), 1);
}
END_TEST

START_TEST(a_configuration_that_is_there_is_not_sent_again)
{
	char id[BT_DIGEST_SIZE];

	import_named("a:1", 0, id);
	ck_well(push("a", "1"), &err);
	ck_assert_uint_eq(web_count("POST "), 1);
	ck_well(push("a", "1"), &err);
	ck_assert_uint_eq(web_count("POST "), 1);
	ck_assert_ptr_nonnull(registry_has(KEPT_BLOB, "a", id));
}
END_TEST

START_TEST(who_has_gone_before_it_begins_sends_nothing)
{
	char id[BT_DIGEST_SIZE];

	import_named("a:1", 1, id);
	patience = 1;
	ck_assert_int_eq(push("a", "1"), -ECANCELED);
	check_err(&err, BT_ERR_UNAVAILABLE, "the client has gone");
	ck_assert_uint_eq(web.requests, 0);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests,
		       what_is_pushed_can_be_pulled_by_an_empty_daemon_and_is_the_same_image);
	tcase_add_test(tests, a_push_gives_the_image_its_digest_as_a_name);
	tcase_add_test(tests, without_a_tag_all_of_the_repository_are_pushed_and_no_digest_is);
	tcase_add_test(tests, an_image_that_is_not_here_is_not_looked_for_there);
	tcase_add_test(tests, a_registry_that_calls_the_manifest_something_else_fails_the_push);
	tcase_add_test(tests, a_configuration_that_is_there_is_not_sent_again);
	tcase_add_test(tests, who_has_gone_before_it_begins_sends_nothing);
}

int main(void)
{
	return run_suite("push", setup_registry, teardown_images, add_tests);
}
