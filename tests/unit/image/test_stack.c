/* SPDX-License-Identifier: Apache-2.0 */

#include "image/stack.h"

#include <errno.h>

#include "image_fixture.h"

static struct feed {
	const char *p;
	size_t len;
} feed;

static ssize_t read_feed(void *arg, void *buf, size_t len, struct bt_err *ret_err)
{
	size_t n = len < feed.len ? len : feed.len;

	(void)arg;
	(void)ret_err;
	(void)memcpy(buf, feed.p, n);
	feed.p += n;
	feed.len -= n;
	return (ssize_t)n;
}

/* An unpacked copy of a layer with `text` in it. The caller destroys it. */
static struct bt_layer_copy *prepare(const char *text)
{
	bt_auto_str struct bt_str tar = { 0 };
	struct bt_layer_copy *copy = NULL;

	make_tar(&tar, "file", text);
	feed = (struct feed){ tar.p, tar.len };
	ck_well(bt_layers_prepare(layers, &(struct bt_layer_source){ .read = read_feed }, &copy,
				  &err),
		&err);
	return copy;
}

/* Put a layer on top; its diff id. */
static void push(struct bt_stack *stack, const char *text, char diff_id[BT_DIGEST_SIZE])
{
	struct bt_layer_copy *copy = prepare(text);

	(void)snprintf(diff_id, BT_DIGEST_SIZE, "%s", bt_layer_copy_diff_id(copy));
	ck_well(bt_stack_push(stack, copy, &err), &err);
	bt_layer_copy_destroy(copy);
}

static int64_t count_layers(void)
{
	return count_rows("SELECT count(*) FROM layers");
}

START_TEST(a_stack_is_the_chain_of_its_layers_and_goes_with_its_reference)
{
	struct bt_stack stack = { .layers = layers };
	char one[BT_DIGEST_SIZE], two[BT_DIGEST_SIZE], chain[BT_DIGEST_SIZE];

	ck_assert_ptr_null(bt_stack_top(&stack));
	push(&stack, "one", one);
	ck_assert_str_eq(bt_stack_top(&stack), one);
	push(&stack, "two", two);
	bt_digest_chain(one, two, chain);
	ck_assert_str_eq(bt_stack_top(&stack), chain);
	ck_assert_int_eq(count_layers(), 2);
	bt_stack_done(&stack);
	ck_assert_ptr_null(bt_stack_top(&stack));
	/* Twice is fine. */
	bt_stack_done(&stack);
	check_stores_empty();
}
END_TEST

START_TEST(what_is_here_is_found_only_on_top_of_the_same_layers)
{
	struct bt_stack first = { .layers = layers }, second = { .layers = layers };
	char one[BT_DIGEST_SIZE], two[BT_DIGEST_SIZE];

	push(&first, "one", one);
	push(&first, "two", two);
	/* Not as the lowest. */
	ck_assert_int_eq(bt_stack_find(&second, two, &err), 0);
	ck_assert_ptr_null(bt_stack_top(&second));
	ck_assert_int_eq(bt_stack_find(&second, one, &err), 1);
	ck_assert_int_eq(bt_stack_find(&second, one, &err), 0);
	ck_assert_str_eq(bt_stack_top(&second), one);
	ck_assert_int_eq(bt_stack_find(&second, two, &err), 1);
	ck_assert_str_eq(bt_stack_top(&second), bt_stack_top(&first));
	/* Each has a reference of its own. */
	bt_stack_done(&first);
	ck_assert_int_eq(count_layers(), 2);
	bt_stack_done(&second);
	check_stores_empty();
}
END_TEST

START_TEST(a_reference_that_was_given_away_is_not_dropped)
{
	struct bt_stack stack = { .layers = layers };
	char diff_id[BT_DIGEST_SIZE], chain[BT_DIGEST_SIZE];

	push(&stack, "one", diff_id);
	(void)snprintf(chain, sizeof(chain), "%s", bt_stack_top(&stack));
	bt_stack_taken(&stack);
	bt_stack_done(&stack);
	ck_assert_int_eq(count_layers(), 1);
	ck_well(bt_layers_unref(layers, chain, &err), &err);
	check_stores_empty();
}
END_TEST

START_TEST(a_copy_that_is_not_put_anywhere_leaves_nothing)
{
	struct bt_layer_copy *copy = prepare("one");

	bt_layer_copy_destroy(copy);
	bt_layer_copy_destroy(NULL);
	/* It is removed behind, at the latest when the store closes. */
	check_stores_empty();
}
END_TEST

static int check_ids(const char *text, size_t n, const json_t **ret)
{
	json_t *config = json_loads(text, 0, NULL);
	int r;

	ck_assert_msg(config != NULL, "%s", text);
	err = (struct bt_err){ 0 };
	r = bt_stack_diff_ids(config, n, ret, &err);
	json_decref(config);
	return r;
}

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

START_TEST(a_configuration_names_as_many_layers_as_there_are_each_by_a_digest)
{
	static const struct {
		const char *text;
		size_t n;
		const char *words; /* NULL: fine */
	} cases[] = {
		{ "{}", 0, NULL },
		{ "{\"rootfs\":{\"diff_ids\":[]}}", 0, NULL },
		{ "{\"rootfs\":{\"diff_ids\":[\"sha256:" HEX "\"]}}", 1, NULL },
		{ "{\"rootfs\":{\"diff_ids\":[\"sha256:" HEX "\"]}}", 0,
		  "names 1 layers, the manifest 0" },
		{ "{\"rootfs\":{\"diff_ids\":[\"sha256:" HEX "\"]}}", 2,
		  "names 1 layers, the manifest 2" },
		{ "{}", 1, "names 0 layers, the manifest 1" },
		{ "{\"rootfs\":[]}", 1, "names 0 layers" },
		{ "{\"rootfs\":{\"diff_ids\":{\"a\":1}}}", 1, "names 0 layers" },
		{ "{\"rootfs\":{\"diff_ids\":[1]}}", 1, "diff id 0 is not a SHA-256 digest" },
		{ "{\"rootfs\":{\"diff_ids\":[\"sha256:" HEX "\",\"sha256:../../etc\"]}}", 2,
		  "diff id 1 is not" },
		{ "{\"rootfs\":{\"diff_ids\":[\"sha512:" HEX "\"]}}", 1, "diff id 0 is not" },
		{ "{\"rootfs\":{\"diff_ids\":[\"sha256:" HEX "0\"]}}", 1, "diff id 0 is not" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		const json_t *ids = NULL;
		int r = check_ids(cases[i].text, cases[i].n, &ids);

		ck_assert_msg((r == 0) == !cases[i].words, "%s: %s", cases[i].text, err.msg);
		if (cases[i].words)
			check_err(&err, BT_ERR_INVALID, cases[i].words);
	}
}
END_TEST

START_TEST(no_image_has_more_layers_than_can_be_mounted)
{
	static const size_t numbers[] = { BT_LAYERS_MAX, BT_LAYERS_MAX + 1 };

	for (size_t i = 0; i < LENGTH(numbers); i++) {
		bt_auto_str struct bt_str text = { 0 };
		const json_t *ids = NULL;
		int r;

		bt_str_puts(&text, "{\"rootfs\":{\"diff_ids\":[\"sha256:" HEX "\"");
		for (size_t n = 1; n < numbers[i]; n++)
			bt_str_puts(&text, ",\"sha256:" HEX "\"");
		bt_str_puts(&text, "]}}");
		r = check_ids(bt_str_get(&text), numbers[i], &ids);
		ck_assert_int_eq(r, i == 0 ? 0 : -EBADMSG);
	}
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_stack_is_the_chain_of_its_layers_and_goes_with_its_reference);
	tcase_add_test(tests, what_is_here_is_found_only_on_top_of_the_same_layers);
	tcase_add_test(tests, a_reference_that_was_given_away_is_not_dropped);
	tcase_add_test(tests, a_copy_that_is_not_put_anywhere_leaves_nothing);
	tcase_add_test(tests, a_configuration_names_as_many_layers_as_there_are_each_by_a_digest);
	tcase_add_test(tests, no_image_has_more_layers_than_can_be_mounted);
}

int main(void)
{
	return run_suite("stack", setup_root, teardown_root, add_tests);
}
