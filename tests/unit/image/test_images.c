/* SPDX-License-Identifier: Apache-2.0 */

#include "image/images.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "codec/filters.h"
#include "codec/json.h"

static char dir[] = "/tmp/test_images.XXXXXX";
static struct bt_db *db;
static struct bt_layers *layers;
static struct bt_images *images;

static void setup(void)
{
	struct bt_err err = { 0 };

	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_msg(bt_db_open(dir, &db, &err) == 0, "%s", err.msg);
	ck_assert_msg(bt_layers_open(dir, db, &layers, &err) == 0, "%s", err.msg);
	ck_assert_msg(bt_images_open(dir, db, layers, &images, &err) == 0, "%s", err.msg);
}

static void teardown(void)
{
	bt_images_close(images);
	bt_layers_close(layers);
	bt_db_close(db);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

/* An archive with one file; nothing but `text` makes it different from others. */
static int archive(const char *text)
{
	bt_auto_free char *line = bt_str_format(
		"cd %s && mkdir -p in && echo %s >in/file && tar --mtime=@1 -cf in.tar -C in .",
		dir, text);
	char path[64];

	ck_assert_int_eq(system(line), 0);
	(void)snprintf(path, sizeof(path), "%s/in.tar", dir);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void import(const char *text, const char *ref, const char *const *changes, char id[72])
{
	bt_auto_close int fd = archive(text);
	struct bt_err err = { 0 };

	ck_assert_msg(bt_images_import(images, fd,
				       &(struct bt_import){ .ref = ref,
							    .message = NULL,
							    .platform = NULL,
							    .changes = changes },
				       id, &err) == 0,
		      "%s", err.msg);
}

static const char *text_of(const json_t *object, const char *key)
{
	return bt_json_str(object, key, "(none)");
}

static json_t *list_of(const struct bt_images_list_options *opt)
{
	bt_auto_str struct bt_str text = { 0 };
	struct bt_err err = { 0 };
	json_t *list;

	ck_assert_msg(bt_images_list(images, opt, &text, &err) == 0, "%s", err.msg);
	list = json_loads(bt_str_get(&text), 0, NULL);
	ck_assert_msg(list != NULL, "%s", bt_str_get(&text));
	return list;
}

static int list_len(const char *filters_text, bool all)
{
	struct bt_filters *filters = NULL;
	struct bt_err err = { 0 };
	json_auto_t *list = NULL;

	ck_assert_int_eq(bt_filters_parse(filters_text, &filters, &err), 0);
	list = list_of(&(struct bt_images_list_options){ .all = all, .filters = filters });
	bt_filters_destroy(filters);
	return (int)json_array_size(list);
}

START_TEST(an_imported_image_is_found_by_every_kind_of_name)
{
	const char *const names[] = { "a", "a:latest", "docker.io/library/a", "library/a:latest",
				      "index.docker.io/library/a" };
	bt_auto_image struct bt_image image = { 0 };
	struct bt_err err = { 0 };
	char id[72], part[72];

	import("x", "a", NULL, id);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ck_assert_msg(bt_images_get(images, names[i], &image, &err) == 0, "%s", err.msg);
		ck_assert_str_eq(image.id, id);
		bt_image_done(&image);
	}
	for (size_t len = 3; len <= 64; len++) {
		(void)snprintf(part, sizeof(part), "%.*s", (int)len, id + strlen("sha256:"));
		ck_assert_int_eq(bt_images_get(images, part, &image, &err), 0);
		bt_image_done(&image);
	}
	ck_assert_int_eq(bt_images_get(images, id, &image, &err), 0);
	ck_assert_ptr_nonnull(image.chain_id);
	ck_assert_str_eq(text_of(image.config, "comment"), "Imported from -");
}
END_TEST

START_TEST(what_is_missing_or_malformed_is_said_in_dockers_words)
{
	const char *const wrong[][2] = {
		{ "nosuch", "No such image: nosuch:latest" },
		{ "nosuch:1", "No such image: nosuch:1" },
		{ "docker.io/library/nosuch:1", "No such image: nosuch:1" },
		{ "reg.example:5000/a/b", "No such image: reg.example:5000/a/b:latest" },
		{ "sha256:"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  "No such image: sha256:"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
		{ "UPPER:1", "invalid reference format: repository name (library/UPPER) must be "
			     "lowercase" },
		{ "a:", "invalid reference format" },
		{ "", "invalid reference format" },
		{ "../a", "invalid reference format" },
		{ "a b", "invalid reference format" },
	};
	bt_auto_image struct bt_image image = { 0 };
	struct bt_err err = { 0 };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ck_assert_int_lt(bt_images_get(images, wrong[i][0], &image, &err), 0);
		ck_assert_str_eq(err.msg, wrong[i][1]);
		ck_assert_int_eq(err.kind,
				 strstr(err.msg, "No such") ? BT_ERR_NOT_FOUND : BT_ERR_INVALID);
	}
}
END_TEST

START_TEST(changes_edit_the_configuration)
{
	const char *const changes[] = { "CMD [\"sh\"]",
					"ENV PATH=/bin A=1",
					"ENV B two words",
					"ENV C=${A}-$B",
					"LABEL l=\"a b\"",
					"WORKDIR /a",
					"workdir b",
					"EXPOSE 80 53/udp",
					"ENTRYPOINT x y",
					"VOLUME /v",
					"USER me",
					"STOPSIGNAL SIGUSR1",
					"HEALTHCHECK --interval=5s CMD true",
					"ONBUILD RUN x",
					NULL };
	json_auto_t *out = NULL, *want = NULL;
	struct bt_err err = { 0 };
	char id[72];

	import("x", "a:1", changes, id);
	ck_assert_int_eq(bt_images_inspect(images, "a:1", &out, &err), 0);
	want = json_pack("{s[s]s[ssss]s{ss}sss{s{}s{}}s[sss]s{s{}}ssss"
			 "s{s[ss]sI}s[s]}",
			 "Cmd", "sh", "Env", "PATH=/bin", "A=1", "B=two words", "C=1-two words",
			 "Labels", "l", "a b", "WorkingDir", "/a/b", "ExposedPorts", "80/tcp",
			 "53/udp", "Entrypoint", "/bin/sh", "-c", "x y", "Volumes", "/v", "User",
			 "me", "StopSignal", "SIGUSR1", "Healthcheck", "Test", "CMD-SHELL", "true",
			 "Interval", (json_int_t)5000000000, "OnBuild", "RUN x");
	ck_assert_ptr_nonnull(want);
	ck_assert_msg(json_equal(want, bt_json_obj(out, "Config")), "%s",
		      json_dumps(bt_json_obj(out, "Config"), 0));
}
END_TEST

START_TEST(a_bad_change_or_archive_leaves_nothing)
{
	const char *const bad[][2] = { { "FROM x", "FROM is not a valid change command" },
				       { "USER", "USER requires exactly one argument" },
				       { "VOLUME", "VOLUME requires at least one argument" },
				       { "STOPSIGNAL nosuch", "invalid signal: nosuch" },
				       { "HEALTHCHECK sh x",
					 "Unknown type \"SH\" in HEALTHCHECK (try CMD)" },
				       { "EXPOSE 99999", "Invalid containerPort: 99999" },
				       { "ENV a", "ENV must have two arguments" },
				       { "LABEL \"a", "unfinished quote" } };
	struct bt_err err = { 0 };
	char id[72];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		bt_auto_close int fd = archive("x");
		const char *const changes[] = { bad[i][0], NULL };

		ck_assert_int_eq(bt_images_import(images, fd,
						  &(struct bt_import){ .ref = "a",
								       .message = NULL,
								       .platform = NULL,
								       .changes = changes },
						  id, &err),
				 -EINVAL);
		ck_assert_str_eq(err.msg, bad[i][1]);
	}
	{
		bt_auto_close int fd = open("/bin/sh", O_RDONLY | O_CLOEXEC);

		ck_assert_int_lt(bt_images_import(images, fd,
						  &(struct bt_import){ .ref = "a",
								       .message = NULL,
								       .platform = NULL,
								       .changes = NULL },
						  id, &err),
				 0);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	}
	ck_assert_int_eq(bt_images_count(images), 0);
	ck_assert_int_eq(list_len("{}", true), 0);
}
END_TEST

START_TEST(inspect_list_and_history_have_dockers_members)
{
	json_auto_t *out = NULL, *list = NULL, *history = NULL;
	struct bt_err err = { 0 };
	const json_t *first;
	char id[72];

	import("x", "a:1", NULL, id);
	ck_assert_int_eq(bt_images_inspect(images, "a:1", &out, &err), 0);
	ck_assert_str_eq(text_of(out, "Id"), id);
	ck_assert_str_eq(text_of(out, "Os"), "linux");
	ck_assert_int_eq(bt_json_i64(out, "Size", 0), 2);
	ck_assert_str_eq(text_of(bt_json_obj(out, "GraphDriver"), "Name"), "overlay2");
	ck_assert_int_eq((int)json_array_size(bt_json_arr(bt_json_obj(out, "RootFS"), "Layers")),
			 1);
	ck_assert(json_is_null(json_object_get(bt_json_obj(out, "Config"), "Cmd")));

	list = list_of(&(struct bt_images_list_options){ 0 });
	first = json_array_get(list, 0);
	ck_assert_str_eq(json_string_value(json_array_get(bt_json_arr(first, "RepoTags"), 0)),
			 "a:1");
	ck_assert_int_eq((int)json_array_size(bt_json_arr(first, "RepoDigests")), 0);
	ck_assert(json_is_null(json_object_get(first, "Labels")));
	ck_assert_int_gt(bt_json_i64(first, "Created", 0), 1600000000);

	ck_assert_int_eq(bt_images_inspect_history(images, "a:1", &history, &err), 0);
	first = json_array_get(history, 0);
	ck_assert_str_eq(text_of(first, "Id"), id);
	ck_assert_int_eq(bt_json_i64(first, "Size", 0), 2);
}
END_TEST

START_TEST(filters_choose)
{
	const char *const labels[] = { "LABEL k=v", NULL };
	char a[72], b[72], c[72];

	import("a", "one:1", labels, a);
	import("b", "two:1", NULL, b);
	import("c", NULL, NULL, c);
	ck_assert_int_eq(list_len("{}", false), 3);
	ck_assert_int_eq(list_len("{\"dangling\":[\"true\"]}", false), 1);
	ck_assert_int_eq(list_len("{\"dangling\":[\"false\"]}", false), 2);
	ck_assert_int_eq(list_len("{\"label\":[\"k\"]}", false), 1);
	ck_assert_int_eq(list_len("{\"label\":[\"k=w\"]}", false), 0);
	ck_assert_int_eq(list_len("{\"reference\":[\"o*\"]}", false), 1);
	ck_assert_int_eq(list_len("{\"reference\":[\"*:1\"]}", false), 2);
	ck_assert_int_eq(list_len("{\"reference\":[\"*:2\"]}", false), 0);
	ck_assert_int_eq(list_len("{\"before\":[\"two:1\"]}", false), 1);
	ck_assert_int_eq(list_len("{\"since\":[\"two:1\"]}", false), 1);
	ck_assert_int_eq(list_len("{\"until\":[\"1h\"]}", false), 0);
}
END_TEST

static void remove_as(const char *name, bool force, const char *want)
{
	json_auto_t *records = NULL;
	struct bt_err err = { 0 };
	bt_auto_free char *got = NULL;

	if (bt_images_remove(images, name, force, false, &records, &err) < 0) {
		ck_assert_str_eq(err.msg, want);
		return;
	}
	got = json_dumps(records, JSON_COMPACT);
	ck_assert_ptr_nonnull(strstr(got, want));
}

START_TEST(rmi_untags_first_and_deletes_with_the_last_name)
{
	bt_auto_free char *many = NULL;
	struct bt_err err = { 0 };
	char id[72];

	import("a", "a:1", NULL, id);
	ck_assert_int_eq(bt_images_add_tag(images, "a:1", "b", "2", &err), 0);
	many = bt_str_format("conflict: unable to delete %.12s (must be forced) - image is "
			     "referenced in multiple repositories",
			     id + 7);
	remove_as(id, false, many);
	remove_as("b:2", false, "[{\"Untagged\":\"b:2\"}]");
	ck_assert_int_eq(bt_images_count(images), 1);
	remove_as("a:1", false, "{\"Untagged\":\"a:1\"},{\"Deleted\":\"sha256:");
	ck_assert_int_eq(bt_images_count(images), 0);
	remove_as("a:1", false, "No such image: a:1");
}
END_TEST

static json_t *two_users(void *arg)
{
	return json_pack("{s:i}", (const char *)arg, 2);
}

START_TEST(a_list_says_who_uses_what_and_what_was_asked_for)
{
	json_auto_t *plain = NULL, *more = NULL;
	const json_t *first, *second;
	char a[72], b[72];

	import("x", "a:1", NULL, a);
	import("x", "b:1", NULL, b);
	bt_images_set_users(images, NULL, two_users, a);
	plain = list_of(&(struct bt_images_list_options){ 0 });
	ck_assert_int_eq((int)json_array_size(plain), 2);
	/* Both may have been made in the same instant: then they come in the order of their ids. */
	first = json_array_get(plain, strcmp(text_of(json_array_get(plain, 0), "Id"), a) != 0);
	second = json_array_get(plain, strcmp(text_of(json_array_get(plain, 0), "Id"), a) == 0);
	ck_assert_str_eq(text_of(first, "Id"), a);
	ck_assert_str_eq(text_of(second, "Id"), b);
	ck_assert_int_eq(bt_json_i64(first, "Containers", -1), 2);
	ck_assert_int_eq(bt_json_i64(second, "Containers", -1), 0);
	ck_assert_int_eq(bt_json_i64(first, "SharedSize", 0), -1);
	ck_assert_ptr_null(bt_json_member(first, "VirtualSize"));
	more = list_of(
		&(struct bt_images_list_options){ .shared_sizes = true, .virtual_size = true });
	first = json_array_get(more, 0);
	/* They have the same layer. */
	ck_assert_int_eq(bt_json_i64(first, "SharedSize", -1), bt_json_i64(first, "Size", 0));
	ck_assert_int_eq(bt_json_i64(first, "VirtualSize", -1), bt_json_i64(first, "Size", 0));
}
END_TEST

static int one_user(void *arg, const char *image_id, bool *ret_running, char ret_container[13])
{
	(void)image_id;
	*ret_running = arg != NULL;
	(void)strcpy(ret_container, "0123456789ab");
	return 1;
}

START_TEST(rmi_of_an_image_in_use_is_a_conflict)
{
	bt_auto_free char *by_name = NULL, *stopped = NULL, *running = NULL;
	char id[72];

	import("a", "a:1", NULL, id);
	by_name = bt_str_format("conflict: unable to remove repository reference \"a:1\" (must "
				"force) - container 0123456789ab is using its referenced image "
				"%.12s",
				id + 7);
	stopped = bt_str_format("conflict: unable to delete %.12s (must be forced) - image is "
				"being used by stopped container 0123456789ab",
				id + 7);
	running = bt_str_format("conflict: unable to delete %.12s (cannot be forced) - image is "
				"being used by running container 0123456789ab",
				id + 7);
	bt_images_set_users(images, one_user, NULL, NULL);
	remove_as("a:1", false, by_name);
	remove_as(id, false, stopped);
	bt_images_set_users(images, one_user, NULL, images);
	remove_as(id, true, running);
	remove_as("a:1", true, "[{\"Untagged\":\"a:1\"}]");
	ck_assert_int_eq(bt_images_count(images), 1);
}
END_TEST

START_TEST(prune_takes_what_has_no_name)
{
	json_auto_t *out = NULL, *all = NULL;
	struct bt_filters *filters = NULL;
	struct bt_err err = { 0 };
	char a[72], b[72];

	import("a", "a:1", NULL, a);
	import("b", "a:1", NULL, b);
	ck_assert_int_eq(bt_images_count(images), 2);
	ck_assert_int_eq(bt_images_prune(images, NULL, &out, &err), 0);
	ck_assert_int_eq(bt_images_count(images), 1);
	ck_assert_int_eq(bt_json_i64(out, "SpaceReclaimed", 0), 2);
	ck_assert_int_eq(bt_filters_parse("{\"dangling\":[\"false\"]}", &filters, &err), 0);
	ck_assert_int_eq(bt_images_prune(images, filters, &all, &err), 0);
	bt_filters_destroy(filters);
	ck_assert_int_eq(bt_images_count(images), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image/images");
	TCase *tc = tcase_create("images");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_imported_image_is_found_by_every_kind_of_name);
	tcase_add_test(tc, what_is_missing_or_malformed_is_said_in_dockers_words);
	tcase_add_test(tc, changes_edit_the_configuration);
	tcase_add_test(tc, a_bad_change_or_archive_leaves_nothing);
	tcase_add_test(tc, inspect_list_and_history_have_dockers_members);
	tcase_add_test(tc, filters_choose);
	tcase_add_test(tc, rmi_untags_first_and_deletes_with_the_last_name);
	tcase_add_test(tc, a_list_says_who_uses_what_and_what_was_asked_for);
	tcase_add_test(tc, rmi_of_an_image_in_use_is_a_conflict);
	tcase_add_test(tc, prune_takes_what_has_no_name);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
