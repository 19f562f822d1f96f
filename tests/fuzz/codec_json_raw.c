/* SPDX-License-Identifier: Apache-2.0 */

/* What jansson takes, a walk must take as well, and see the same in it; what a walk hands out must
 * lie within the text. */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "codec/json_raw.h"

static void check(struct bt_json_raw whole, const json_t *tree);

/* By its name a member is found with the value that it has in the tree. */
static void check_member(struct bt_json_raw object, struct bt_json_raw name, const json_t *tree)
{
	char *key = strndup(name.p, name.len);
	const json_t *want = key && !strchr(key, '\\') ? json_object_get(tree, key) : NULL;
	json_auto_t *got = want ? bt_json_raw_load(bt_json_raw_member(object, key)) : NULL;

	/* An escape in another member's name may make it the same one. */
	if (want && !memchr(object.p, '\\', object.len) &&
	    (json_is_null(want) ? got != NULL : !json_equal(want, got)))
		abort();
	free(key);
}

static void check_walk(struct bt_json_raw whole, struct bt_json_walk walk, const json_t *tree)
{
	struct bt_json_raw name, value;
	size_t n = 0;
	int r;

	while ((r = bt_json_walk_next(&walk, &name, &value)) > 0) {
		if (value.p < whole.p || value.len == 0 ||
		    value.p + value.len > whole.p + whole.len)
			abort();
		if (tree && json_is_array(tree))
			check(value, json_array_get(tree, n));
		else if (tree)
			check_member(whole, name, tree);
		n++;
	}
	if (tree && (r < 0 || n < json_array_size(tree) || n < json_object_size(tree)))
		abort();
}

static void check(struct bt_json_raw whole, const json_t *tree)
{
	struct bt_json_walk walk;
	json_auto_t *loaded = bt_json_raw_load(whole);

	if (tree && !json_equal(tree, loaded))
		abort();
	if (bt_json_walk_begin(whole, &walk) == 0)
		check_walk(whole, walk, tree);
	else if (json_is_object(tree) || json_is_array(tree))
		abort();
	(void)bt_json_raw_filled(whole);
	(void)bt_json_raw_member(whole, "Id");
}

/* Deeper than BT_JSON_DEPTH_MAX nothing need be seen. */
static json_t *bounded(struct bt_json_raw whole)
{
	json_t *tree = NULL;

	if (bt_json_parse(whole.p, whole.len, BT_JSON_ANY, &tree, BT_ERR_IGNORED) < 0)
		return NULL;
	return tree;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of its own size: whoever reads beyond it is found out. */
	char *text = malloc(size + 1);
	json_auto_t *tree = NULL;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	struct bt_json_raw whole = bt_json_raw_of(text);
	if (whole.len)
		tree = bounded(whole);
	check(whole, tree);
	free(text);
	return 0;
}
