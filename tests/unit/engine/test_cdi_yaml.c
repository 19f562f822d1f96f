/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/cdi_yaml.h"

#include <errno.h>
#include <stdio.h>

#include "common.h"

static struct bt_err err;

static void assert_reads(const char *yaml, const char *want)
{
	json_t *got = NULL;

	ck_assert_msg(bt_cdi_yaml_parse(yaml, strlen(yaml), &got, &err) == 0, "%s: %s", yaml,
		      err.msg);
	assert_json(got, want);
	json_decref(got);
}

static void assert_refused(const char *yaml, const char *words)
{
	json_t *got = NULL;

	ck_assert_msg(bt_cdi_yaml_parse(yaml, strlen(yaml), &got, &err) == -EINVAL, "%s", yaml);
	ck_assert_msg(strstr(err.msg, words) != NULL, "%s: %s", yaml, err.msg);
	ck_assert_ptr_null(got);
}

START_TEST(maps_and_lists_in_both_forms_are_trees)
{
	assert_reads("a: {b: [1, two]}\nc:\n- d: x\n- []\n",
		     "{'a':{'b':[1,'two']},'c':[{'d':'x'},[]]}");
	assert_reads("{\"a\": [1, \"2\", true, null]}", "{'a':[1,'2',true,null]}");
}
END_TEST

START_TEST(plain_scalars_are_what_they_read_as_and_quoted_ones_are_strings)
{
	assert_reads("[5, -7, 0o660, 0.5.0, 1.0, '5', \"true\", true, false, ~, null, x y, 5x]",
		     "[5,-7,432,'0.5.0','1.0','5','true',true,false,null,null,'x y','5x']");
	assert_reads("a:\nb: ''\n", "{'a':null,'b':''}");
	assert_reads("[99999999999999999999]", "['99999999999999999999']");
}
END_TEST

START_TEST(what_is_not_yaml_is_refused_with_its_line)
{
	assert_refused("a: 1\nb: [", "line 3");
	assert_refused("", "it is empty");
	assert_refused("a: 1\n---\nb: 2\n", "more than one document");
	assert_refused("a: 1\na: 2\n", "stands there twice");
	assert_refused("[a, b]: c\n", "a key is no string");
	assert_refused("\"a\\0b\"", "holds a NUL");
}
END_TEST

START_TEST(a_short_text_that_becomes_a_long_one_is_refused)
{
	assert_refused("a: &x [1]\nb: *x\n", "anchors and aliases");
	assert_refused("a: &x 1\n", "anchors and aliases");
	assert_refused("&x a: 1\n", "a key is no string");
}
END_TEST

START_TEST(depth_and_length_have_bounds)
{
	char deep[BT_CDI_YAML_DEPTH * 4 + 8] = "";
	char *long_one = malloc(BT_CDI_YAML_NODES * 3 + 8);
	size_t n = 0;

	for (unsigned i = 0; i < BT_CDI_YAML_DEPTH; i++)
		strcat(deep, "[");
	assert_refused(strcat(deep, "1"), "too deep");
	long_one[n++] = '[';
	for (unsigned i = 0; i < BT_CDI_YAML_NODES; i++) {
		long_one[n++] = '1';
		long_one[n++] = ',';
	}
	long_one[n++] = ']';
	long_one[n] = '\0';
	assert_refused(long_one, "too long");
	free(long_one);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, maps_and_lists_in_both_forms_are_trees);
	tcase_add_test(tests, plain_scalars_are_what_they_read_as_and_quoted_ones_are_strings);
	tcase_add_test(tests, what_is_not_yaml_is_refused_with_its_line);
	tcase_add_test(tests, a_short_text_that_becomes_a_long_one_is_refused);
	tcase_add_test(tests, depth_and_length_have_bounds);
}

int main(void)
{
	return run_tests("engine/cdi_yaml", add);
}
