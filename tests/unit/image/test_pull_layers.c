/* SPDX-License-Identifier: Apache-2.0 */

#include "image/pull_layers.h"

#include <errno.h>

#include "image_fixture.h"

static struct bt_session *session;
static json_t *descriptors, *diff_ids;

static void setup(void)
{
	setup_registry();
	session = session_with("a");
	descriptors = json_array();
	diff_ids = json_array();
}

static void teardown(void)
{
	json_decref(descriptors);
	json_decref(diff_ids);
	bt_session_destroy(session);
	teardown_images();
}

static void want(const struct made_layer *layer)
{
	ck_assert_int_eq(json_array_append_new(descriptors, json_pack("{sssIss}", "mediaType",
								      BT_MEDIA_DOCKER_LAYER, "size",
								      (json_int_t)layer->size,
								      "digest", layer->digest)),
			 0);
	ck_assert_int_eq(json_array_append_new(diff_ids, json_string(layer->diff_id)), 0);
}

static int pull(struct bt_stack *stack)
{
	*stack = (struct bt_stack){ .layers = layers };
	bt_str_clear(&said);
	err = (struct bt_err){ 0 };
	return bt_pull_layers(&(struct bt_pull_layers){ .images = images,
							.session = session,
							.progress = &progress,
							.descriptors = descriptors,
							.diff_ids = diff_ids },
			      stack, &err);
}

/* The chain of `n` layers. */
static void chain_of(const struct made_layer *made, size_t n, char ret[BT_DIGEST_SIZE])
{
	for (size_t i = 0; i < n; i++)
		bt_digest_chain(i > 0 ? ret : NULL, made[i].diff_id, ret);
}

START_TEST(layers_are_stacked_in_their_order_though_the_lowest_comes_last)
{
	struct made_layer made[6];
	struct bt_stack stack;
	char chain[BT_DIGEST_SIZE];
	bt_auto_free char *slow = NULL;
	struct web_rule rules[1];

	for (size_t i = 0; i < LENGTH(made); i++) {
		char text[16];

		(void)snprintf(text, sizeof(text), "layer %zu", i);
		made[i] = make_layer("a", text, i % 2 == 0);
		want(&made[i]);
	}
	/* The lowest breaks off once, and is taken up after the others are here. */
	slow = bt_str_format("GET /v2/a/blobs/%s ", made[0].digest);
	rules[0] = (struct web_rule){ .request = slow,
				      .times = 1,
				      .status = "200 OK",
				      .body = registry_has(KEPT_BLOB, "a", made[0].digest)->p,
				      .len = (size_t)made[0].size,
				      .cut = 20 };
	web_rules(rules, 1);
	ck_well(pull(&stack), &err);
	chain_of(made, LENGTH(made), chain);
	ck_assert_str_eq(bt_stack_top(&stack), chain);
	ck_assert_int_eq(count_said("Pulling fs layer"), 6);
	ck_assert_int_eq(count_said("Download complete"), 6);
	ck_assert_int_eq(count_said("Extracting"), 6);
	ck_assert_int_eq(count_said("Pull complete"), 6);
	bt_stack_done(&stack);
	check_stores_empty();
}
END_TEST

START_TEST(what_is_here_is_not_fetched_but_only_as_far_as_the_stack_is_the_same)
{
	struct made_layer base = make_layer("a", "base", true), top = make_layer("a", "top", true);
	struct made_layer other = make_layer("a", "other", true);
	struct bt_stack first, second, third;

	want(&base);
	want(&top);
	ck_well(pull(&first), &err);
	json_array_clear(descriptors);
	json_array_clear(diff_ids);
	want(&base);
	want(&other);
	ck_well(pull(&second), &err);
	ck_assert_int_eq(count_said("Already exists"), 1);
	ck_assert_int_eq(count_said("Pull complete"), 1);
	/* The same layer on top of another one is another chain: it is fetched again. */
	json_array_clear(descriptors);
	json_array_clear(diff_ids);
	want(&other);
	want(&top);
	ck_well(pull(&third), &err);
	ck_assert_int_eq(count_said("Already exists"), 0);
	ck_assert_int_eq(count_rows("SELECT count(*) FROM layers"), 5);
	bt_stack_done(&first);
	bt_stack_done(&second);
	bt_stack_done(&third);
	check_stores_empty();
}
END_TEST

START_TEST(the_same_layer_twice_in_an_image_is_there_twice)
{
	struct made_layer made[3];
	struct bt_stack stack;
	char chain[BT_DIGEST_SIZE];

	made[0] = made[1] = made[2] = make_layer("a", "same", false);
	for (size_t i = 0; i < LENGTH(made); i++)
		want(&made[i]);
	ck_well(pull(&stack), &err);
	chain_of(made, LENGTH(made), chain);
	ck_assert_str_eq(bt_stack_top(&stack), chain);
	bt_stack_done(&stack);
	check_stores_empty();
}
END_TEST

START_TEST(an_image_without_layers_needs_nobody)
{
	struct bt_stack stack;

	ck_well(pull(&stack), &err);
	ck_assert_ptr_null(bt_stack_top(&stack));
	ck_assert_uint_eq(web_count("GET /v2/a/"), 0);
}
END_TEST

START_TEST(one_layer_that_fails_ends_all_and_only_the_stack_is_left)
{
	struct made_layer good = make_layer("a", "good", true), bad = make_layer("a", "bad", true);
	struct made_layer last = make_layer("a", "last", true);
	struct bt_stack stack;

	bt_digest_of("another", 7, bad.diff_id);
	want(&good);
	want(&bad);
	want(&last);
	ck_assert_int_lt(pull(&stack), 0);
	check_err(&err, BT_ERR_INVALID, bad.diff_id);
	bt_stack_done(&stack);
	check_stores_empty();
}
END_TEST

START_TEST(a_descriptor_that_is_none_is_refused)
{
	static const char *const texts[] = {
		"{}",
		"{\"digest\":\"sha256:00\",\"size\":1}",
		"{\"digest\":\"sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
		"\"size\":1}",
		"{\"digest\":\"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
		"\"size\":-1}",
		"{\"digest\":\"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}",
		"7",
		"null",
	};
	struct bt_stack stack;

	ck_assert_int_eq(json_array_append_new(diff_ids, json_string("sha256:00")), 0);
	for (size_t i = 0; i < LENGTH(texts); i++) {
		json_array_clear(descriptors);
		ck_assert_int_eq(json_array_append_new(descriptors,
						       json_loads(texts[i], JSON_DECODE_ANY, NULL)),
				 0);
		ck_assert_msg(pull(&stack) < 0, "%s", texts[i]);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	}
	ck_assert_uint_eq(web_count("GET /v2/a/"), 0);
}
END_TEST

/* A pull by another client. */
static void *pull_beside(void *arg)
{
	struct bt_stack stack = { .layers = layers };
	struct bt_progress silent = { .fn = NULL };
	struct bt_err own = { 0 };
	int *ret = arg;

	*ret = bt_pull_layers(&(struct bt_pull_layers){ .images = images,
							.session = session,
							.progress = &silent,
							.descriptors = descriptors,
							.diff_ids = diff_ids },
			      &stack, &own);
	bt_stack_done(&stack);
	return NULL;
}

START_TEST(clients_who_pull_the_same_image_at_once_all_get_it)
{
	struct made_layer one = make_layer("a", "one", true), two = make_layer("a", "two", true);
	pthread_t threads[6];
	int results[LENGTH(threads)];
	struct bt_stack stack;

	want(&one);
	want(&two);
	for (size_t i = 0; i < LENGTH(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, pull_beside, &results[i]), 0);
	ck_well(pull(&stack), &err);
	for (size_t i = 0; i < LENGTH(threads); i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert_int_eq(results[i], 0);
	}
	bt_stack_done(&stack);
	check_stores_empty();
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, layers_are_stacked_in_their_order_though_the_lowest_comes_last);
	tcase_add_test(tests, what_is_here_is_not_fetched_but_only_as_far_as_the_stack_is_the_same);
	tcase_add_test(tests, the_same_layer_twice_in_an_image_is_there_twice);
	tcase_add_test(tests, an_image_without_layers_needs_nobody);
	tcase_add_test(tests, one_layer_that_fails_ends_all_and_only_the_stack_is_left);
	tcase_add_test(tests, a_descriptor_that_is_none_is_refused);
	tcase_add_test(tests, clients_who_pull_the_same_image_at_once_all_get_it);
}

int main(void)
{
	return run_suite("pull_layers", setup, teardown, add_tests);
}
