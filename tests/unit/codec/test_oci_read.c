/* SPDX-License-Identifier: Apache-2.0 */

/* Each member of a specification that has all of them, once with each type of JSON that it is not.
 */

#include "codec/oci_read.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "codec/json.h"
#include "codec/oci_spec.h"
#include "oci_spec_fixture.h"

#define PLACE_MAX 200

static json_t *document;
static unsigned tried;

static void setup(void)
{
	struct bt_err err;

	ck_assert_int_eq(
		bt_json_parse(oci_spec_full, strlen(oci_spec_full), BT_JSON_BIG, &document, &err),
		0);
}

static void teardown(void)
{
	json_decref(document);
}

static void assert_refused(const char *place)
{
	bt_auto_arena struct bt_arena arena = { 0 };
	bt_auto_free char *text = NULL;
	struct bt_oci_spec untouched = { .version = "mine" };
	struct bt_err err = { 0 };
	size_t len, n = strlen(place);

	ck_assert_int_eq(bt_json_dump(document, &text, &len), 0);
	ck_assert_msg(bt_oci_spec_parse(text, len, &arena, &untouched, &err) == -EINVAL,
		      "%s is taken: %s", place, text);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	/* A list with something wrong in it is wrong at the first element. */
	ck_assert_msg(strncmp(err.msg, place, n) == 0 && strchr(":[", err.msg[n]) != NULL,
		      "%s: said \"%s\"", place, err.msg);
	ck_assert_str_eq(untouched.version, "mine");
	tried++;
}

static json_t *other(int i)
{
	switch (i) {
	case 0:
		return json_true();
	case 1:
		return json_integer(7);
	case 2:
		return json_real(1.5);
	case 3:
		return json_string("x");
	case 4:
		return json_array();
	case 5:
		return json_object();
	default:
		return NULL;
	}
}

/* A number that only some places have room for; the others say so, or that it is no text. */
static json_t *big_number(void)
{
	static const char text[] = "[18446744073709551615]";
	json_t *list = NULL, *number;
	struct bt_err err;

	ck_assert_int_eq(bt_json_parse(text, strlen(text), BT_JSON_BIG, &list, &err), 0);
	number = json_incref(json_array_get(list, 0));
	json_decref(list);
	return number;
}

static bool same_type(const json_t *a, const json_t *b)
{
	return (json_is_boolean(a) && json_is_boolean(b)) || json_typeof(a) == json_typeof(b);
}

/* What a place holds, and how it is put there. */
struct slot {
	json_t *parent;
	const char *key; /* NULL: of an array */
	size_t index;
};

static void put(const struct slot *slot, json_t *value)
{
	if (slot->key != NULL)
		ck_assert_int_eq(json_object_set(slot->parent, slot->key, value), 0);
	else
		ck_assert_int_eq(json_array_set(slot->parent, slot->index, value), 0);
}

/* A number above INT64_MAX is no integer to the library. */
static bool is_big(const json_t *value)
{
	uint64_t number;

	return !json_is_integer(value) && bt_json_u64_value(value, &number) == 0;
}

static void try_others(const struct slot *slot, const char *place, json_t *value)
{
	json_t *replacement;

	if (json_is_null(value))
		return;
	json_incref(value);
	for (int i = 0; (replacement = other(i)) != NULL; i++) {
		bool fits = is_big(value) ? json_is_integer(replacement)
					  : same_type(value, replacement);

		put(slot, replacement);
		if (!fits)
			assert_refused(place);
		json_decref(replacement);
	}
	if (!json_is_integer(value) && !is_big(value)) {
		replacement = big_number();
		put(slot, replacement);
		assert_refused(place);
		json_decref(replacement);
	}
	put(slot, value);
	json_decref(value);
}

static void walk(json_t *value, const char *place)
{
	const char *key;
	json_t *member;
	size_t i;
	char in[PLACE_MAX];
	void *next;

	/* Not json_object_foreach(): members are set meanwhile, which keeps their order. */
	json_object_foreach_safe (value, next, key, member) {
		const struct slot slot = { .parent = value, .key = key };

		(void)snprintf(in, sizeof(in), "%s%s%s", place, *place != '\0' ? "." : "", key);
		if (strcmp(in, "unknown") == 0)
			continue;
		try_others(&slot, in, member);
		walk(json_object_get(value, key), in);
	}
	json_array_foreach (value, i, member) {
		const struct slot slot = { .parent = value, .index = i };

		if (is_big(value))
			break;
		(void)snprintf(in, sizeof(in), "%s[%zu]", place, i);
		try_others(&slot, in, member);
		walk(json_array_get(value, i), in);
	}
}

START_TEST(every_member_of_a_wrong_type_is_refused_by_its_place)
{
	walk(document, "");
	ck_assert_msg(tried > 1000, "only %u were tried", tried);
}
END_TEST

static void empty_all(json_t *value, const char *place, unsigned *n)
{
	const char *key;
	json_t *member;
	size_t i;
	char in[PLACE_MAX];

	json_array_foreach (value, i, member) {
		const struct slot slot = { .parent = value, .index = i };

		if (is_big(value))
			break;
		(void)snprintf(in, sizeof(in), "%s[%zu]", place, i);
		json_incref(member);
		put(&slot, json_null());
		assert_refused(in);
		put(&slot, member);
		json_decref(member);
		(*n)++;
	}
	json_object_foreach (value, key, member) {
		(void)snprintf(in, sizeof(in), "%s%s%s", place, *place != '\0' ? "." : "", key);
		if (strcmp(in, "unknown") != 0)
			empty_all(member, in, n);
	}
}

/* Absent and null are one for a member; an element of a list is there or not. */
START_TEST(no_list_has_an_element_that_is_null)
{
	unsigned n = 0;

	empty_all(document, "", &n);
	ck_assert_uint_gt(n, 30);
}
END_TEST

START_TEST(a_list_has_its_bound)
{
	json_t *list = json_array();

	for (int i = 0; i < 65537; i++)
		ck_assert_int_eq(json_array_append_new(list, json_string("A=1")), 0);
	ck_assert_int_eq(json_object_set(json_object_get(document, "process"), "env", list), 0);
	assert_refused("process.env");
	ck_assert_int_eq(json_array_remove(list, 0), 0);
	json_decref(list);
	{
		bt_auto_arena struct bt_arena arena = { 0 };
		bt_auto_free char *text = NULL;
		struct bt_oci_spec spec;
		struct bt_err err;
		size_t len;

		ck_assert_int_eq(bt_json_dump(document, &text, &len), 0);
		ck_assert_int_eq(bt_oci_spec_parse(text, len, &arena, &spec, &err), 0);
		ck_assert_uint_eq(spec.process.env.n, 65536);
	}
}
END_TEST

static void assert_text_is_refused(const char *text, size_t len, int code)
{
	bt_auto_arena struct bt_arena arena = { 0 };
	struct bt_oci_spec spec;
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_oci_spec_parse(text, len, &arena, &spec, &err), code);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert(err.msg[0] != '\0');
}

START_TEST(a_text_may_end_anywhere_but_at_its_end)
{
	for (size_t n = 0; n < strlen(oci_spec_full); n++)
		assert_text_is_refused(oci_spec_full, n, -EINVAL);
}
END_TEST

START_TEST(depth_and_length_have_their_bounds)
{
	enum {
		DEEP = 1 << 20
	};
	bt_auto_free char *text = calloc(1, BT_OCI_SPEC_TEXT_MAX + 1);
	static const char head[] = "{\"ociVersion\":\"1.0.0\",\"annotations\":";

	memset(text, '[', DEEP);
	memcpy(text, head, sizeof(head) - 1);
	assert_text_is_refused(text, DEEP, -EINVAL);
	memset(text, ' ', BT_OCI_SPEC_TEXT_MAX + 1);
	assert_text_is_refused(text, BT_OCI_SPEC_TEXT_MAX + 1, -EFBIG);
}
END_TEST

START_TEST(no_text_has_a_zero_character)
{
	static const char escaped[] = "{\"ociVersion\":\"1.0.0\",\"hostname\":\"a\\u0000b\"}";
	static const char name[] =
		"{\"ociVersion\":\"1.0.0\",\"annotations\":{\"a\\u0000b\":\"\"}}";
	static const char raw[] = "{\"ociVersion\":\"1.0.0\",\"hostname\":\"a\0b\"}";
	static const char not_utf8[] = "{\"ociVersion\":\"1.0.0\",\"hostname\":\"\xff\"}";

	assert_text_is_refused(escaped, sizeof(escaped) - 1, -EINVAL);
	assert_text_is_refused(name, sizeof(name) - 1, -EINVAL);
	assert_text_is_refused(raw, sizeof(raw) - 1, -EINVAL);
	assert_text_is_refused(not_utf8, sizeof(not_utf8) - 1, -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/oci_read");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	/* Ten times what it takes under a sanitizer on a busy machine. */
	tcase_set_timeout(all, 60);
	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, every_member_of_a_wrong_type_is_refused_by_its_place);
	tcase_add_test(all, no_list_has_an_element_that_is_null);
	tcase_add_test(all, a_list_has_its_bound);
	tcase_add_test(all, a_text_may_end_anywhere_but_at_its_end);
	tcase_add_test(all, depth_and_length_have_their_bounds);
	tcase_add_test(all, no_text_has_a_zero_character);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
