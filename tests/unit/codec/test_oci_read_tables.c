/* SPDX-License-Identifier: Apache-2.0 */

/* codec/oci_read.c with tables of the test's own; test_oci_read.c has those of the specification.
 */

#include "codec/oci_read.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "../suite.h"
#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"
#include "codec/oci_spec.h"

/* A document of its own, with a row of each kind. */
struct leaf {
	const char *name;
	int number;
};
struct tree {
	bool leaf_set, flag;
	struct leaf leaf;
	const struct leaf *leaves;
	size_t nleaves;
	const uint32_t *ids;
	size_t nids;
	int inner;
};

static int check_leaf(struct bt_oci_reader *rd, const struct bt_oci_at *at, void *object)
{
	const struct leaf *leaf = object;

	if (leaf->number == 13)
		return bt_oci_read_fail_in(rd, at, "number", "must not be %d", 13);
	return 0;
}

static const struct bt_oci_field leaf_rows[] = {
	BT_OCI_ROW_REQUIRED("name", struct leaf, name, bt_oci_read_str),
	BT_OCI_ROW("number", struct leaf, number, bt_oci_read_int),
};
static const struct bt_oci_object leaf_object =
	BT_OCI_OBJECT(leaf_rows, struct leaf, BT_OCI_NOWHERE, check_leaf);
static const struct bt_oci_field inline_rows[] = {
	BT_OCI_ROW("deep", struct tree, inner, bt_oci_read_int),
};
static const struct bt_oci_object inline_object =
	BT_OCI_OBJECT(inline_rows, struct tree, offsetof(struct tree, leaf_set), NULL);
static const struct bt_oci_field tree_rows[] = {
	BT_OCI_ROW("flag", struct tree, flag, bt_oci_read_bool),
	BT_OCI_ROW_OBJECT("leaf", struct tree, leaf, &leaf_object),
	BT_OCI_ROW_LIST("leaves", struct tree, leaves, nleaves, &leaf_object),
	BT_OCI_ROW_SCALARS("ids", struct tree, ids, nids, sizeof(uint32_t), bt_oci_read_u32),
	BT_OCI_ROW_INLINE("inline", &inline_object),
};
static const struct bt_oci_object tree_object =
	BT_OCI_OBJECT(tree_rows, struct tree, BT_OCI_NOWHERE, NULL);

static const struct bt_oci_name colours[] = { { "red", 1 }, { "green", 2 }, { "blue", 4 }, { 0 } };

static struct bt_arena arena;
static struct bt_err err;
static struct bt_oci_reader reader = { .arena = &arena, .err = &err };
static json_t *json;

static void teardown(void)
{
	json_decref(bt_take(json));
	bt_arena_done(&arena);
}

/* JSON with single quotes for double ones, as the daemon's own reader has it. */
static const json_t *value_of(const char *text)
{
	bt_auto_free char *copy = strdup(text);

	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	json_decref(bt_take(json));
	err = (struct bt_err){ 0 };
	ck_assert_msg(bt_json_parse(copy, strlen(copy), BT_JSON_UNIQUE | BT_JSON_BIG | BT_JSON_ANY,
				    &json, &err) == 0,
		      "%s: %s", copy, err.msg);
	return json;
}

static int read_tree(const char *text, struct tree *ret)
{
	*ret = (struct tree){ 0 };
	return bt_oci_read_object(&reader, NULL, value_of(text), &tree_object, ret);
}

static void check_refused(const char *text, const char *message)
{
	struct tree tree;

	ck_assert_msg(read_tree(text, &tree) == -EINVAL, "%s is taken", text);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_str_eq(err.msg, message);
}

START_TEST(members_that_are_absent_or_null_leave_their_fields_alone)
{
	struct tree tree;

	ck_assert_int_eq(read_tree("{}", &tree), 0);
	ck_assert(!tree.flag && tree.nleaves == 0 && tree.nids == 0);
	ck_assert_int_eq(read_tree("{'flag':null,'leaf':null,'leaves':null,'ids':null,'inline':"
				   "null,'unknown':{'a':[1]}}",
				   &tree),
			 0);
	ck_assert(!tree.flag && tree.nleaves == 0 && tree.nids == 0 && !tree.leaf_set);
}
END_TEST

START_TEST(every_kind_of_row_goes_where_it_belongs)
{
	struct tree tree;

	ck_assert_msg(
		read_tree("{'flag':true,'leaf':{'name':'a','number':1},'leaves':[{'name':'b'},"
			  "{'name':'c','number':-3}],'ids':[7,0,4294967295],'inline':{'deep':"
			  "9}}",
			  &tree) == 0,
		"%s", err.msg);
	ck_assert(tree.flag && tree.leaf_set);
	ck_assert_str_eq(tree.leaf.name, "a");
	ck_assert_int_eq(tree.leaf.number, 1);
	ck_assert_uint_eq(tree.nleaves, 2);
	ck_assert_int_eq(tree.leaves[0].number, 0);
	ck_assert_str_eq(tree.leaves[1].name, "c");
	ck_assert_int_eq(tree.leaves[1].number, -3);
	ck_assert_uint_eq(tree.nids, 3);
	ck_assert_uint_eq(tree.ids[2], UINT32_MAX);
	ck_assert_int_eq(tree.inner, 9);
}
END_TEST

START_TEST(an_empty_list_is_one_without_entries)
{
	struct tree tree;

	ck_assert_int_eq(read_tree("{'leaves':[],'ids':[]}", &tree), 0);
	ck_assert_uint_eq(tree.nleaves, 0);
	ck_assert_ptr_null(tree.ids);
}
END_TEST

START_TEST(what_is_wrong_is_named_by_its_place)
{
	check_refused("[]", "must be an object");
	check_refused("{'flag':1}", "flag: must be true or false");
	check_refused("{'flag':'true'}", "flag: must be true or false");
	check_refused("{'leaf':[]}", "leaf: must be an object");
	check_refused("{'leaf':{}}", "leaf.name: is required");
	check_refused("{'leaf':{'name':null}}", "leaf.name: is required");
	check_refused("{'leaf':{'name':5}}", "leaf.name: must be a string");
	check_refused("{'leaves':{}}", "leaves: must be an array");
	check_refused("{'leaves':[{'name':'a'},{'name':'b','number':'c'}]}",
		      "leaves[1].number: must be an integer");
	check_refused("{'leaves':[{'name':'a'},null]}", "leaves[1]: must not be null");
	check_refused("{'ids':[1,null]}", "ids[1]: must not be null");
	check_refused("{'ids':[1,2,-1]}", "ids[2]: must be between 0 and 4294967295");
	check_refused("{'ids':5}", "ids: must be an array");
	check_refused("{'inline':{'deep':[]}}", "inline.deep: must be an integer");
}
END_TEST

START_TEST(an_objects_own_check_has_the_last_word)
{
	check_refused("{'leaf':{'name':'a','number':13}}", "leaf.number: must not be 13");
	check_refused("{'leaves':[{'name':'a','number':13}]}", "leaves[0].number: must not be 13");
}
END_TEST

START_TEST(a_list_has_a_bound)
{
	bt_auto_str struct bt_str text = { 0 };
	struct tree tree;

	bt_str_puts(&text, "{'ids':[0");
	for (int i = 1; i < 65536; i++)
		bt_str_puts(&text, ",0");
	bt_str_puts(&text, "]}");
	ck_assert_int_eq(read_tree(bt_str_get(&text), &tree), 0);
	ck_assert_uint_eq(tree.nids, 65536);
	text.len -= 2;
	bt_str_puts(&text, ",0]}");
	check_refused(bt_str_get(&text), "ids: has more than 65536 entries");
}
END_TEST

/* A reader of a scalar takes or refuses a value. */
struct scalar {
	bt_oci_read_fn read;
	const char *text, *why; /* NULL: it is taken */
};

START_TEST(numbers_are_whole_and_within_their_types)
{
	static const struct scalar cases[] = {
		{ bt_oci_read_int, "2147483647", NULL },
		{ bt_oci_read_int, "-2147483648", NULL },
		{ bt_oci_read_int, "2147483648", "must be between -2147483648 and 2147483647" },
		{ bt_oci_read_i32, "-2147483649", "must be between -2147483648 and 2147483647" },
		{ bt_oci_read_i32, "0", NULL },
		{ bt_oci_read_u32, "4294967295", NULL },
		{ bt_oci_read_u32, "4294967296", "must be between 0 and 4294967295" },
		{ bt_oci_read_u32, "-1", "must be between 0 and 4294967295" },
		{ bt_oci_read_i64, "9223372036854775807", NULL },
		{ bt_oci_read_i64, "-9223372036854775808", NULL },
		{ bt_oci_read_i64, "9223372036854775808",
		  "must be between -9223372036854775808 and 9223372036854775807" },
		{ bt_oci_read_u64, "18446744073709551615", NULL },
		{ bt_oci_read_u64, "0", NULL },
		{ bt_oci_read_u64, "-1", "must be between 0 and 18446744073709551615" },
		{ bt_oci_read_u64, "1.5", "must be an integer" },
		{ bt_oci_read_u64, "'5'", "must be an integer" },
		{ bt_oci_read_int, "1.5", "must be an integer" },
		{ bt_oci_read_int, "'5'", "must be an integer" },
		{ bt_oci_read_int, "true", "must be an integer" },
		{ bt_oci_read_int, "[]", "must be an integer" },
		{ bt_oci_read_bool, "'true'", "must be true or false" },
		{ bt_oci_read_bool, "0", "must be true or false" },
		{ bt_oci_read_bool, "false", NULL },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		uint64_t got = 0;
		int r = cases[i].read(&reader, NULL, value_of(cases[i].text), &got);

		ck_assert_msg(r == (cases[i].why ? -EINVAL : 0), "%s: %d", cases[i].text, r);
		ck_assert_msg(strcmp(err.msg, cases[i].why ? cases[i].why : "") == 0, "%s: %s",
			      cases[i].text, err.msg);
	}
}
END_TEST

START_TEST(the_ends_of_a_type_are_read_exactly)
{
	struct bt_oci_u64 big = { 0 };
	struct bt_oci_i64 small = { 0 };
	uint64_t u = 0;
	int64_t i = 0;

	ck_assert_int_eq(bt_oci_read_u64(&reader, NULL, value_of("18446744073709551615"), &u), 0);
	ck_assert_uint_eq(u, UINT64_MAX);
	ck_assert_int_eq(bt_oci_read_i64(&reader, NULL, value_of("-9223372036854775808"), &i), 0);
	ck_assert_int_eq(i, INT64_MIN);
	ck_assert_int_eq(bt_oci_read_opt_u64(&reader, NULL, value_of("9223372036854775808"), &big),
			 0);
	ck_assert(big.set);
	ck_assert_uint_eq(big.value, (uint64_t)INT64_MAX + 1);
	ck_assert_int_eq(bt_oci_read_opt_i64(&reader, NULL, value_of("-1"), &small), 0);
	ck_assert(small.set);
	ck_assert_int_eq(small.value, -1);
}
END_TEST

START_TEST(an_optional_number_that_is_none_is_not_set)
{
	struct bt_oci_i64 small = { .set = true };

	ck_assert_int_eq(bt_oci_read_opt_i64(&reader, NULL, value_of("'x'"), &small), -EINVAL);
	ck_assert(!small.set);
}
END_TEST

START_TEST(an_empty_text_is_none_and_a_path_is_absolute)
{
	const char *text = "before";

	ck_assert_int_eq(bt_oci_read_str(&reader, NULL, value_of("''"), &text), 0);
	ck_assert_ptr_null(text);
	ck_assert_int_eq(bt_oci_read_path(&reader, NULL, value_of("'/a/../b'"), &text), 0);
	ck_assert_str_eq(text, "/a/../b");
	ck_assert_int_eq(bt_oci_read_path(&reader, NULL, value_of("'a'"), &text), -EINVAL);
	ck_assert_str_eq(err.msg, "must be an absolute path, not 'a'");
	ck_assert_int_eq(bt_oci_read_path(&reader, NULL, value_of("''"), &text), -EINVAL);
	ck_assert_int_eq(bt_oci_read_path(&reader, NULL, value_of("5"), &text), -EINVAL);
	ck_assert_str_eq(text, "/a/../b");
}
END_TEST

START_TEST(a_list_of_texts_ends_with_null_and_has_nothing_else)
{
	struct bt_oci_strings list = { 0 };

	ck_assert_int_eq(bt_oci_read_strs(&reader, NULL, value_of("['a','','a']"), &list), 0);
	ck_assert_uint_eq(list.n, 3);
	ck_assert_str_eq(list.v[1], "");
	ck_assert_ptr_null(list.v[3]);
	list = (struct bt_oci_strings){ 0 };
	ck_assert_int_eq(bt_oci_read_strs(&reader, NULL, value_of("[]"), &list), 0);
	ck_assert_ptr_null(list.v);
	ck_assert_int_eq(bt_oci_read_strs(&reader, NULL, value_of("['a',null]"), &list), -EINVAL);
	ck_assert_str_eq(err.msg, "[1]: must be a string");
	ck_assert_ptr_null(list.v);
	ck_assert_int_eq(bt_oci_read_strs(&reader, NULL, value_of("'a'"), &list), -EINVAL);
}
END_TEST

START_TEST(pairs_are_texts_by_name)
{
	struct bt_oci_pairs pairs = { 0 };

	ck_assert_int_eq(bt_oci_read_pairs(&reader, NULL, value_of("{'b':'1','a':''}"), &pairs), 0);
	ck_assert_uint_eq(pairs.n, 2);
	ck_assert_str_eq(pairs.v[0].key, "b");
	ck_assert_str_eq(pairs.v[1].value, "");
	pairs = (struct bt_oci_pairs){ 0 };
	ck_assert_int_eq(bt_oci_read_pairs(&reader, NULL, value_of("{'a':1}"), &pairs), -EINVAL);
	ck_assert_str_eq(err.msg, "a: must be a string");
	ck_assert_int_eq(bt_oci_read_pairs(&reader, NULL, value_of("['a']"), &pairs), -EINVAL);
	ck_assert_uint_eq(pairs.n, 0);
}
END_TEST

START_TEST(members_whose_names_are_data_keep_them)
{
	void *list = NULL;
	size_t n = 0;

	/* Here the member's name takes the place of the object's own. */
	ck_assert_int_eq(bt_oci_read_members(&reader, NULL,
					     value_of("{'x':{'name':'a','number':1},'y':{'name':"
						      "'b'}}"),
					     &leaf_object, offsetof(struct leaf, name), &list, &n),
			 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(((struct leaf *)list)[0].name, "x");
	ck_assert_int_eq(((struct leaf *)list)[0].number, 1);
	ck_assert_str_eq(((struct leaf *)list)[1].name, "y");
	ck_assert_int_eq(bt_oci_read_members(&reader, NULL, value_of("{'x':[]}"), &leaf_object,
					     offsetof(struct leaf, name), &list, &n),
			 -EINVAL);
	ck_assert_str_eq(err.msg, "x: must be an object");
}
END_TEST

START_TEST(names_of_an_enumeration_are_taken_as_they_are_written)
{
	int64_t got = 0;

	ck_assert_int_eq(bt_oci_read_enum(&reader, NULL, value_of("'green'"), colours, &got), 0);
	ck_assert_int_eq(got, 2);
	ck_assert_int_eq(bt_oci_read_enum(&reader, NULL, value_of("'Green'"), colours, &got),
			 -EINVAL);
	ck_assert_str_eq(err.msg, "unknown value 'Green'");
	ck_assert_int_eq(bt_oci_read_enum(&reader, NULL, value_of("2"), colours, &got), -EINVAL);
	ck_assert_int_eq(got, 2);
	ck_assert_ptr_null(bt_oci_read_name(colours, ""));
}
END_TEST

START_TEST(flags_are_a_set)
{
	uint64_t got = 9;

	ck_assert_int_eq(
		bt_oci_read_flags(&reader, NULL, value_of("['red','blue','red']"), colours, &got),
		0);
	ck_assert_uint_eq(got, 5);
	ck_assert_int_eq(
		bt_oci_read_flags(&reader, NULL, value_of("['red','pink']"), colours, &got),
		-EINVAL);
	ck_assert_str_eq(err.msg, "[1]: unknown value 'pink'");
	ck_assert_uint_eq(got, 5);
	ck_assert_int_eq(bt_oci_read_flags(&reader, NULL, value_of("[]"), colours, &got), 0);
	ck_assert_uint_eq(got, 0);
}
END_TEST

START_TEST(a_name_without_end_does_not_fill_the_message)
{
	bt_auto_str struct bt_str text = { 0 };
	struct bt_oci_pairs pairs = { 0 };

	bt_str_puts(&text, "{'");
	for (int i = 0; i < 100000; i++)
		bt_str_putc(&text, 'n');
	bt_str_puts(&text, "':1}");
	ck_assert_int_eq(bt_oci_read_pairs(&reader, NULL, value_of(bt_str_get(&text)), &pairs),
			 -EINVAL);
	ck_assert_msg(bt_str_ends(err.msg, "nnn: must be a string"), "%s", err.msg);
	ck_assert_uint_lt(strlen(err.msg), 300);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, members_that_are_absent_or_null_leave_their_fields_alone);
	tcase_add_test(tests, every_kind_of_row_goes_where_it_belongs);
	tcase_add_test(tests, an_empty_list_is_one_without_entries);
	tcase_add_test(tests, what_is_wrong_is_named_by_its_place);
	tcase_add_test(tests, an_objects_own_check_has_the_last_word);
	tcase_add_test(tests, a_list_has_a_bound);
	tcase_add_test(tests, numbers_are_whole_and_within_their_types);
	tcase_add_test(tests, the_ends_of_a_type_are_read_exactly);
	tcase_add_test(tests, an_optional_number_that_is_none_is_not_set);
	tcase_add_test(tests, an_empty_text_is_none_and_a_path_is_absolute);
	tcase_add_test(tests, a_list_of_texts_ends_with_null_and_has_nothing_else);
	tcase_add_test(tests, pairs_are_texts_by_name);
	tcase_add_test(tests, members_whose_names_are_data_keep_them);
	tcase_add_test(tests, names_of_an_enumeration_are_taken_as_they_are_written);
	tcase_add_test(tests, flags_are_a_set);
	tcase_add_test(tests, a_name_without_end_does_not_fill_the_message);
}

int main(void)
{
	return run_suite("codec/oci_read_tables", NULL, teardown, add);
}
