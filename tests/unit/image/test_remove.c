/* SPDX-License-Identifier: Apache-2.0 */

#include "image/remove.h"

#include <errno.h>

#include "image_fixture.h"

static struct {
	int n;
	bool running;
} users;

static int count_users(void *arg, const char *id, bool *ret_running, char ret_container[13])
{
	(void)arg;
	(void)id;
	*ret_running = users.running;
	(void)snprintf(ret_container, 13, "%s", "c0ffee");
	return users.n;
}

static struct bt_str events;

static void note_event(void *arg, const char *action, const char *id, const char *name)
{
	(void)arg;
	(void)id;
	(void)name;
	bt_str_printf(&events, "%s ", action);
}

static void setup(void)
{
	setup_root();
	bt_images_set_users(images, count_users, NULL, NULL);
	bt_images_set_events(images, note_event, NULL);
}

static void teardown(void)
{
	bt_str_done(&events);
	teardown_root();
}

static int remove_image(const char *name, bool force, bool noprune, json_t **ret)
{
	bt_str_clear(&events);
	err = (struct bt_err){ 0 };
	return bt_images_remove(images, name, force, noprune, ret, &err);
}

/* What a removal answers: names in full, and of ids "ID" for those of images and layers. */
static void check_removed(const char *name, bool force, const char *want)
{
	json_auto_t *records = NULL;
	bt_auto_str struct bt_str got = { 0 };
	json_t *record;
	size_t i;

	ck_assert_msg(remove_image(name, force, false, &records) == 0, "%s: %s", name, err.msg);
	json_array_foreach (records, i, record) {
		const char *text = bt_json_str(record, "Untagged", NULL);

		bt_str_printf(&got, "%s ", text ? text : "ID");
	}
	ck_assert_msg(strcmp(bt_str_get(&got), want) == 0, "%s: %s", name, bt_str_get(&got));
}

static void check_refused(const char *name, bool force, const char *words)
{
	json_t *records = NULL;
	int64_t names = count_rows("SELECT count(*) FROM image_names");

	ck_assert_int_eq(remove_image(name, force, false, &records), -EBUSY);
	check_err(&err, BT_ERR_CONFLICT, words);
	ck_assert_ptr_null(records);
	/* Nothing was done by halves. */
	ck_assert_int_eq(count_rows("SELECT count(*) FROM image_names"), names);
	ck_assert_str_eq(bt_str_get(&events), "");
}

static void tag(const char *id, const char *repo, const char *name)
{
	ck_well(bt_images_add_tag(images, id, repo, name, &err), &err);
}

START_TEST(the_last_name_takes_the_image_and_its_layers_with_it)
{
	char id[BT_DIGEST_SIZE];

	import_image("a:1", 2, id);
	tag(id, "b", "2");
	check_removed("a:1", false, "a:1 ");
	ck_assert_str_eq(bt_str_get(&events), "untag ");
	check_removed("b:2", false, "b:2 ID ID ID ");
	ck_assert_str_eq(bt_str_get(&events), "untag delete ");
	check_stores_empty();
}
END_TEST

START_TEST(an_id_takes_all_names_of_one_repository_and_those_of_several_by_force_only)
{
	char id[BT_DIGEST_SIZE];

	import_image("a:1", 1, id);
	check_removed(id, false, "a:1 ID ID ");
	import_image("a:1", 1, id);
	tag(id, "b", "2");
	check_refused(id, false, "(must be forced) - image is referenced in multiple repositories");
	check_refused(bt_digest_hex(id), false, "multiple repositories");
	check_removed(id, true, "a:1 b:2 ID ID ");
	check_stores_empty();
}
END_TEST

START_TEST(with_the_last_tag_of_a_repository_its_digests_go_and_others_do_not)
{
	char id[BT_DIGEST_SIZE], digest[BT_DIGEST_SIZE];
	bt_auto_free char *want = NULL;

	import_image("a:1", 1, id);
	bt_digest_of("manifest", 8, digest);
	ck_well(bt_images_add_name(images, id, "docker.io/library/a", digest, &err), &err);
	ck_well(bt_images_add_name(images, id, "docker.io/library/b", digest, &err), &err);
	want = bt_str_format("a:1 a@%s ", digest);
	check_removed("a:1", false, want);
	/* By b's digest it is here still. */
	ck_assert_int_eq(bt_images_count(images), 1);
	free(want);
	want = bt_str_format("b@%s ID ID ", digest);
	bt_auto_free char *name = bt_str_format("b@%s", digest);

	check_removed(name, false, want);
	check_stores_empty();
}
END_TEST

START_TEST(an_image_that_a_container_runs_cannot_be_forced_one_of_a_stopped_one_can)
{
	char id[BT_DIGEST_SIZE];

	import_image("a:1", 1, id);
	users.n = 1;
	users.running = true;
	check_refused(id, true,
		      "(cannot be forced) - image is being used by running container c0ffee");
	check_refused("a:1", false,
		      "(must force) - container c0ffee is using its referenced image");
	/* By force its name goes, and the image stays. */
	check_removed("a:1", true, "a:1 ");
	ck_assert_int_eq(bt_images_count(images), 1);
	users.running = false;
	check_refused(id, false,
		      "(must be forced) - image is being used by stopped container c0ffee");
	check_removed(id, true, "ID ID ");
	check_stores_empty();
}
END_TEST

START_TEST(one_of_several_names_may_go_though_a_container_uses_the_image)
{
	char id[BT_DIGEST_SIZE];

	import_image("a:1", 1, id);
	tag(id, "b", "2");
	users.n = 1;
	users.running = true;
	check_removed("a:1", false, "a:1 ");
	check_refused("b:2", false, "(must force)");
}
END_TEST

/* An image whose parent is `parent`, as commit makes it, on the same layers. */
static void make_child(const char *parent, const char *name, char id[BT_DIGEST_SIZE])
{
	bt_auto_image struct bt_image image = { 0 };
	bt_auto_free char *config = NULL;

	ck_well(bt_images_get(images, parent, &image, &err), &err);
	ck_well(bt_layers_ref(layers, image.chain_id, &err), &err);
	ck_assert_int_eq(json_object_set_new(image.config, "comment", json_string(name)), 0);
	config = json_dumps(image.config, JSON_COMPACT);
	ck_well(bt_images_add(images, config, strlen(config), image.chain_id, image.id, name, id,
			      &err),
		&err);
}

START_TEST(a_parent_stays_while_it_has_children_and_goes_with_the_last_where_it_has_no_name)
{
	char parent[BT_DIGEST_SIZE], child[BT_DIGEST_SIZE], other[BT_DIGEST_SIZE];

	import_image("parent:1", 1, parent);
	make_child(parent, "child:1", child);
	make_child(parent, "other:1", other);
	check_refused(parent, true, "(cannot be forced) - image has dependent child images");
	/* Without its name it has nothing but its children. */
	check_removed("parent:1", false, "parent:1 ");
	check_removed("child:1", false, "child:1 ID ");
	ck_assert_int_eq(bt_images_count(images), 2);
	check_removed("other:1", false, "other:1 ID ID ID ");
	check_stores_empty();
}
END_TEST

START_TEST(a_parent_is_kept_where_that_is_asked_for_or_it_has_a_name)
{
	char parent[BT_DIGEST_SIZE], child[BT_DIGEST_SIZE];
	json_auto_t *records = NULL;

	import_image("parent:1", 1, parent);
	make_child(parent, "child:1", child);
	check_removed("child:1", false, "child:1 ID ");
	ck_assert_int_eq(bt_images_count(images), 1);
	make_child(parent, "child:1", child);
	check_removed("parent:1", false, "parent:1 ");
	ck_well(remove_image("child:1", false, true, &records), &err);
	ck_assert_int_eq(bt_images_count(images), 1);
	check_removed(parent, false, "ID ID ");
	check_stores_empty();
}
END_TEST

START_TEST(what_two_images_have_is_removed_with_the_second)
{
	char one[BT_DIGEST_SIZE], two[BT_DIGEST_SIZE];

	import_image("a:1", 2, one);
	make_child(one, "b:1", two);
	check_removed("b:1", false, "b:1 ID ");
	ck_assert_int_eq(count_rows("SELECT count(*) FROM layers"), 2);
	check_removed("a:1", false, "a:1 ID ID ID ");
	check_stores_empty();
}
END_TEST

START_TEST(a_name_that_is_not_here_is_not_found_and_a_quiet_removal_of_nothing_is_fine)
{
	json_auto_t *records = json_array();
	json_t *none = NULL;
	char id[BT_DIGEST_SIZE];

	ck_assert_int_eq(remove_image("none", false, false, &none), -ENOENT);
	check_err(&err, BT_ERR_NOT_FOUND, "No such image: none:latest");
	ck_assert_ptr_null(none);
	bt_digest_of("none", 4, id);
	ck_well(bt_remove_image(images, id, &(struct bt_remove){ .force = true }, records, &err),
		&err);
	import_image("a:1", 1, id);
	users.n = 1;
	ck_well(bt_remove_image(images, id, &(struct bt_remove){ .quiet = true }, records, &err),
		&err);
	ck_assert_uint_eq(json_array_size(records), 0);
	ck_assert_int_eq(bt_images_count(images), 1);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, the_last_name_takes_the_image_and_its_layers_with_it);
	tcase_add_test(tests,
		       an_id_takes_all_names_of_one_repository_and_those_of_several_by_force_only);
	tcase_add_test(tests, with_the_last_tag_of_a_repository_its_digests_go_and_others_do_not);
	tcase_add_test(tests,
		       an_image_that_a_container_runs_cannot_be_forced_one_of_a_stopped_one_can);
	tcase_add_test(tests, one_of_several_names_may_go_though_a_container_uses_the_image);
	tcase_add_test(
		tests,
		a_parent_stays_while_it_has_children_and_goes_with_the_last_where_it_has_no_name);
	tcase_add_test(tests, a_parent_is_kept_where_that_is_asked_for_or_it_has_a_name);
	tcase_add_test(tests, what_two_images_have_is_removed_with_the_second);
	tcase_add_test(tests,
		       a_name_that_is_not_here_is_not_found_and_a_quiet_removal_of_nothing_is_fine);
}

int main(void)
{
	return run_suite("remove", setup, teardown, add_tests);
}
