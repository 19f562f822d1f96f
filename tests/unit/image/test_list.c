/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <jansson.h>

#include "codec/filters.h"
#include "root_fixture.h"

/* What lists and prunes choose, of images that are configurations alone. */

static json_t *users;

static json_t *user_counts(void *arg)
{
	(void)arg;
	return json_incref(users);
}

static int users_of(void *arg, const char *id, bool *ret_running, char ret_container[13])
{
	const int n = (int)json_integer_value(json_object_get(users, id));

	(void)arg;
	*ret_running = false;
	(void)strcpy(ret_container, n ? "abcdefabcdef" : "");
	return n;
}

static void setup(void)
{
	setup_root();
	users = json_object();
	bt_images_set_users(images, users_of, user_counts, NULL);
}

static void teardown(void)
{
	json_decref(bt_take(users));
	teardown_root();
}

/* An image made at `second`, with these labels (JSON, NULL: none); `id` (NULL: nobody asks) gets
 * its id. */
static void add(const char *ref, int second, const char *labels, const char *parent,
		char id[BT_DIGEST_SIZE])
{
	bt_auto_free char *config = bt_str_format(
		"{\"architecture\":\"amd64\",\"os\":\"linux\",\"created\":\"2020-01-01T00:00:%02dZ\","
		"\"config\":{\"Labels\":%s},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}",
		second, labels ? labels : "null");
	char made[BT_DIGEST_SIZE];

	ck_well(bt_images_add(images, config, strlen(config), NULL, parent, ref, made, &err), &err);
	if (id)
		(void)strcpy(id, made);
}

static struct bt_filters *filters_of(const char *text)
{
	bt_auto_free char *copy = strdup(text);
	struct bt_filters *filters = NULL;

	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	ck_well(bt_filters_parse(copy, &filters, &err), &err);
	return filters;
}

static json_t *list_with(const struct bt_images_list_options *opt)
{
	bt_auto_str struct bt_str text = { 0 };
	json_t *answer;

	err = (struct bt_err){ 0 };
	if (bt_images_list(images, opt, &text, &err) < 0)
		return NULL;
	answer = json_loads(bt_str_get(&text), 0, NULL);
	ck_assert_msg(answer != NULL, "%s", bt_str_get(&text));
	return answer;
}

/* The names of those that are listed, "-" for one without, or "?" and `err`. */
static const char *list(const char *filters, bool all)
{
	static char names[512];
	struct bt_filters *f = filters ? filters_of(filters) : NULL;
	json_auto_t *answer =
		list_with(&(struct bt_images_list_options){ .all = all, .filters = f });
	const json_t *image, *name;
	size_t i, k;

	bt_filters_destroy(f);
	if (!answer)
		return "?";
	names[0] = '\0';
	json_array_foreach (answer, i, image) {
		const json_t *tags = json_object_get(image, "RepoTags");

		json_array_foreach (tags, k, name)
			(void)snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
				       k          ? ","
				       : names[0] ? " "
						  : "",
				       json_string_value(name));
		if (json_array_size(tags) == 0)
			(void)strcat(names, names[0] ? " -" : "-");
	}
	return names;
}

START_TEST(the_newest_comes_first_with_all_its_names_in_order)
{
	char id[BT_DIGEST_SIZE];

	ck_assert_str_eq(list(NULL, false), "");
	add("old:1", 1, NULL, NULL, NULL);
	add("new:1", 9, NULL, NULL, NULL);
	add("mid:2", 5, NULL, NULL, id);
	ck_well(bt_images_add_tag(images, "mid:2", "mid", "1", &err), &err);
	ck_well(bt_images_add_tag(images, "mid:2", "example.com:5000/a", "x", &err), &err);
	ck_assert_str_eq(list(NULL, false), "new:1 mid:1,mid:2,example.com:5000/a:x old:1");
	/* Who is called nothing any more, though somebody named it first. */
	ck_well(bt_images_add_tag(images, "new:1", "old", "1", &err), &err);
	ck_assert_str_eq(list(NULL, false), "new:1,old:1 mid:1,mid:2,example.com:5000/a:x -");
}
END_TEST

START_TEST(what_others_are_built_on_is_listed_where_it_has_a_name_or_all_are_wanted)
{
	char base[BT_DIGEST_SIZE], middle[BT_DIGEST_SIZE];

	add("base:1", 1, NULL, NULL, base);
	add(NULL, 2, NULL, base, middle);
	add("top:1", 3, NULL, middle, NULL);
	ck_assert_str_eq(list(NULL, false), "top:1 base:1");
	ck_assert_str_eq(list(NULL, true), "top:1 - base:1");
	ck_assert_str_eq(list("{'dangling':['true']}", false), "");
}
END_TEST

START_TEST(filters_choose_by_name_label_and_time)
{
	static const struct {
		const char *filters, *names;
	} cases[] = {
		{ "{}", "c:1 b:2 b:1 - a:1" },
		{ "{'reference':['b']}", "b:2 b:1" },
		{ "{'reference':['b:1']}", "b:1" },
		{ "{'reference':['b:*']}", "b:2 b:1" },
		{ "{'reference':['?:1']}", "c:1 b:1 a:1" },
		{ "{'reference':['[ab]:1']}", "b:1 a:1" },
		{ "{'reference':['a','c']}", "c:1 a:1" },
		{ "{'reference':['*/b']}", "" },
		{ "{'reference':['[b']}", "?" },
		{ "{'reference':['b\\\\']}", "?" },
		{ "{'label':['tier']}", "b:2 b:1" },
		{ "{'label':['tier=web']}", "b:1" },
		{ "{'label':['tier=web','other']}", "" },
		{ "{'dangling':['true']}", "-" },
		{ "{'dangling':['false']}", "c:1 b:2 b:1 a:1" },
		{ "{'dangling':['perhaps']}", "?" },
		{ "{'before':['b:1']}", "- a:1" },
		{ "{'since':['b:1']}", "c:1 b:2" },
		{ "{'since':['a:1'],'before':['c:1']}", "b:2 b:1 -" },
		/* Of several the earliest, and the latest. */
		{ "{'before':['c:1','b:1','b:2']}", "- a:1" },
		{ "{'since':['b:1','b:2','a:1']}", "c:1" },
		{ "{'before':['nosuch']}", "?" },
		{ "{'before':['c:1','nosuch']}", "?" },
		{ "{'until':['2020-01-01T00:00:03Z']}", "- a:1" },
		{ "{'until':['2020-01-01T00:00:01Z']}", "" },
		{ "{'until':['1h','2h']}", "?" },
		{ "{'nosuch':['x']}", "?" },
	};

	add("a:1", 1, NULL, NULL, NULL);
	add(NULL, 2, NULL, NULL, NULL);
	add("b:1", 3, "{\"tier\":\"web\"}", NULL, NULL);
	add("b:2", 4, "{\"tier\":\"db\"}", NULL, NULL);
	add("c:1", 5, NULL, NULL, NULL);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const char *got = list(cases[i].filters, false);

		ck_assert_msg(strcmp(got, cases[i].names) == 0, "%s: \"%s\"", cases[i].filters,
			      got);
		if (got[0] == '?')
			ck_assert(err.kind == BT_ERR_INVALID || err.kind == BT_ERR_NOT_FOUND);
	}
}
END_TEST

START_TEST(a_filtered_name_hides_the_others_of_its_image_and_no_more)
{
	add("a:1", 1, NULL, NULL, NULL);
	ck_well(bt_images_add_tag(images, "a:1", "b", "1", &err), &err);
	ck_assert_str_eq(list("{'reference':['b']}", false), "b:1");
	ck_assert_str_eq(list("{'reference':['a:1','b:1']}", false), "a:1,b:1");
}
END_TEST

START_TEST(a_digest_is_a_name_but_no_tag)
{
	static const char digest[] =
		"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	char id[BT_DIGEST_SIZE];
	json_auto_t *answer = NULL;
	const json_t *image;

	add(NULL, 1, NULL, NULL, id);
	ck_well(bt_images_add_name(images, id, "docker.io/library/a", digest, &err), &err);
	answer = list_with(&(struct bt_images_list_options){ 0 });
	image = json_array_get(answer, 0);
	ck_assert_uint_eq(json_array_size(json_object_get(image, "RepoTags")), 0);
	ck_assert_str_eq(
		json_string_value(json_array_get(json_object_get(image, "RepoDigests"), 0)),
		"a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	/* It has no tag, and is not lost either. */
	ck_assert_str_eq(list("{'dangling':['true']}", false), "-");
	ck_assert_str_eq(list("{'dangling':['false']}", false), "-");
}
END_TEST

START_TEST(an_image_that_says_no_time_or_odd_labels_is_listed_all_the_same)
{
	static const char *const configs[] = {
		"{\"config\":{\"Labels\":[\"x\"]}}",
		"{\"created\":7,\"config\":7}",
		"{\"created\":\"yesterday\",\"config\":{\"Labels\":{\"a\":7}}}",
	};
	json_auto_t *answer = NULL;
	const json_t *image;
	size_t i;

	for (i = 0; i < LENGTH(configs); i++) {
		char id[BT_DIGEST_SIZE];

		ck_well(bt_images_add(images, configs[i], strlen(configs[i]), NULL, NULL, NULL, id,
				      &err),
			&err);
	}
	answer = list_with(&(struct bt_images_list_options){ 0 });
	ck_assert_uint_eq(json_array_size(answer), LENGTH(configs));
	json_array_foreach (answer, i, image)
		ck_assert_int_eq(json_integer_value(json_object_get(image, "Created")), 0);
	ck_assert_str_eq(list("{'label':['a=7']}", false), "");
	ck_assert_str_eq(list("{'label':['x']}", false), "");
}
END_TEST

START_TEST(who_uses_an_image_and_what_was_asked_for_is_told)
{
	char id[BT_DIGEST_SIZE];
	json_auto_t *plain = NULL, *full = NULL;
	const json_t *image;

	add("a:1", 7, "{\"x\":\"y\"}", NULL, id);
	json_object_set_new(users, id, json_integer(3));
	plain = list_with(&(struct bt_images_list_options){ 0 });
	image = json_array_get(plain, 0);
	ck_assert_str_eq(json_string_value(json_object_get(image, "Id")), id);
	ck_assert_int_eq(json_integer_value(json_object_get(image, "Containers")), 3);
	ck_assert_int_eq(json_integer_value(json_object_get(image, "Created")), 1577836807);
	ck_assert_int_eq(json_integer_value(json_object_get(image, "SharedSize")), -1);
	ck_assert_ptr_null(json_object_get(image, "VirtualSize"));
	ck_assert_str_eq(json_string_value(json_object_get(json_object_get(image, "Labels"), "x")),
			 "y");
	full = list_with(
		&(struct bt_images_list_options){ .shared_sizes = true, .virtual_size = true });
	image = json_array_get(full, 0);
	ck_assert_int_eq(json_integer_value(json_object_get(image, "SharedSize")), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(image, "VirtualSize")), 0);
}
END_TEST

/* How many images a prune with these filters took; -1 and `err` where it failed. */
static int prune(const char *filters)
{
	struct bt_filters *f = filters ? filters_of(filters) : NULL;
	const int64_t before = count_rows("SELECT count(*) FROM images");
	json_auto_t *answer = NULL;
	int r;

	err = (struct bt_err){ 0 };
	r = bt_images_prune(images, f, &answer, &err);
	bt_filters_destroy(f);
	if (r < 0)
		return -1;
	return (int)(before - count_rows("SELECT count(*) FROM images"));
}

START_TEST(a_prune_takes_what_has_no_name_and_no_container)
{
	char used[BT_DIGEST_SIZE];

	add("a:1", 1, NULL, NULL, NULL);
	add(NULL, 2, NULL, NULL, used);
	add(NULL, 3, NULL, NULL, NULL);
	json_object_set_new(users, used, json_integer(1));
	ck_assert_int_eq(prune(NULL), 1);
	ck_assert_str_eq(list(NULL, false), "- a:1");
	ck_assert_int_eq(prune("{'dangling':['true']}"), 0);
	ck_assert_int_eq(prune("{'dangling':['false']}"), 1);
	ck_assert_str_eq(list(NULL, false), "-");
}
END_TEST

START_TEST(filters_of_a_prune_spare_and_narrow)
{
	static const struct {
		const char *filters;
		int taken;
	} cases[] = {
		{ "{'until':['2020-01-01T00:00:01Z']}", 0 },
		{ "{'until':['nonsense']}", -1 },
		{ "{'until':['1h','1h']}", -1 },
		{ "{'dangling':['perhaps']}", -1 },
		{ "{'reference':['a']}", -1 },
		{ "{'label':['nosuch']}", 0 },
		{ "{'label':['keep'],'label!':['keep=yes']}", 1 },
		{ "{'until':['2020-01-01T00:00:02Z']}", 1 },
		{ "{'label!':['keep']}", 1 },
		{ "{'label':['keep=yes']}", 1 },
	};

	add(NULL, 1, NULL, NULL, NULL);
	add(NULL, 2, NULL, NULL, NULL);
	add(NULL, 3, "{\"keep\":\"no\"}", NULL, NULL);
	add(NULL, 4, "{\"keep\":\"yes\"}", NULL, NULL);
	for (size_t i = 0; i < LENGTH(cases); i++)
		ck_assert_msg(prune(cases[i].filters) == cases[i].taken, "%s: %s", cases[i].filters,
			      list(NULL, true));
	ck_assert_str_eq(list(NULL, true), "");
}
END_TEST

START_TEST(a_prune_takes_parents_with_their_last_child_and_not_before)
{
	char base[BT_DIGEST_SIZE], middle[BT_DIGEST_SIZE];

	add(NULL, 1, NULL, NULL, base);
	add(NULL, 2, NULL, base, middle);
	add("top:1", 3, NULL, middle, NULL);
	ck_assert_int_eq(prune(NULL), 0);
	ck_assert_int_eq(prune("{'dangling':['false']}"), 3);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, the_newest_comes_first_with_all_its_names_in_order);
	tcase_add_test(tests,
		       what_others_are_built_on_is_listed_where_it_has_a_name_or_all_are_wanted);
	tcase_add_test(tests, filters_choose_by_name_label_and_time);
	tcase_add_test(tests, a_filtered_name_hides_the_others_of_its_image_and_no_more);
	tcase_add_test(tests, a_digest_is_a_name_but_no_tag);
	tcase_add_test(tests, an_image_that_says_no_time_or_odd_labels_is_listed_all_the_same);
	tcase_add_test(tests, who_uses_an_image_and_what_was_asked_for_is_told);
	tcase_add_test(tests, a_prune_takes_what_has_no_name_and_no_container);
	tcase_add_test(tests, filters_of_a_prune_spare_and_narrow);
	tcase_add_test(tests, a_prune_takes_parents_with_their_last_child_and_not_before);
}

int main(void)
{
	return run_suite("list", setup, teardown, add_tests);
}
