/* SPDX-License-Identifier: Apache-2.0 */

#include "go_template_fixture.h"

static int computed_field(void *arg, const char *name, json_t *const *args, size_t nargs,
			  json_t **ret)
{
	(void)arg;
	if (strcmp(name, "ID") == 0 && nargs == 0)
		*ret = json_string("abc");
	else if (strcmp(name, "Label") == 0)
		*ret = nargs == 1 && json_is_string(args[0]) ? json_incref(args[0]) : NULL;
	else if (strcmp(name, "") == 0)
		*ret = json_pack("{s:s}", "ID", "abc");
	else
		return -ENOENT;
	return *ret ? 0 : -EINVAL;
}

/* Over a dot whose fields are computed, as the lists' rows are. */
static int render_row(const char *text, struct bt_str *out, struct bt_err *err)
{
	struct bt_go_template_data data = { .field = computed_field, .type = "*X" };
	bt_auto_go_template struct bt_go_template *t = NULL;

	ck_assert_int_eq(bt_go_template_parse(text, &t, err), 0);
	return bt_go_template_execute(t, &data, out, err);
}

static void assert_row(const char *text, const char *want)
{
	bt_auto_str struct bt_str out = { 0 };
	struct bt_err err = { 0 };

	ck_assert_msg(render_row(text, &out, &err) == 0, "%s: %s", text, err.msg);
	ck_assert_str_eq(bt_str_get(&out), want);
}

static void assert_no_row(const char *text, const char *want)
{
	bt_auto_str struct bt_str out = { 0 };
	struct bt_err err = { 0 };

	ck_assert_int_eq(render_row(text, &out, &err), -EINVAL);
	ck_assert_str_eq(err.msg, want);
}

START_TEST(a_row_as_a_whole_is_true_and_can_be_asked_for_its_fields)
{
	assert_row("{{if .}}yes{{else}}no{{end}}", "yes");
	assert_row("{{if and . true}}yes{{end}}{{if or . false}}yes{{end}}", "yesyes");
	assert_row("{{if and . false}}yes{{else}}no{{end}}", "no");
	assert_row("{{with .}}{{.ID}}{{end}}", "abc");
	assert_row("{{$r := .}}{{$r.ID}} {{$.ID}}", "abc abc");
	assert_row("{{with $x := 1}}{{$.ID}}{{$x}}{{end}}", "abc1");
}
END_TEST

START_TEST(a_row_as_a_whole_is_neither_printed_nor_an_argument_among_others)
{
	assert_no_row("{{.}}",
		      "template: :1:2: executing \"\" at <.>: can't print the whole context");
	assert_no_row("{{or .}}",
		      "template: :1:2: executing \"\" at <or>: can't print the whole context");
	assert_no_row("{{print 1 .}}", "template: :1:10: executing \"\" at <.>: the whole context "
				       "cannot be an argument");
	assert_no_row("{{range .}}x{{end}}",
		      "template: :1:8: executing \"\" at <.>: range can't iterate over it");
}
END_TEST

START_TEST(a_computed_field_that_does_not_take_its_arguments_says_so)
{
	assert_row("{{.Label `a`}} {{`b` | .Label}}", "a b");
	assert_no_row("{{.Label 1}}", "template: :1:2: executing \"\" at <.Label>: wrong number or "
				      "type of args for Label");
	assert_no_row("{{.Label}}", "template: :1:2: executing \"\" at <.Label>: wrong number or "
				    "type of args for Label");
	assert_no_row("{{.ID.X}}", "template: :1:5: executing \"\" at <.ID.X>: can't evaluate "
				   "field X in type string");
}
END_TEST

START_TEST(a_function_among_the_arguments_is_called_without_any)
{
	assert_renders("{{len print}}", "{}", "0");
	assert_fails("{{json len}}", "{}",
		     "template: :1:7: executing \"\" at <len>: wrong number of args for len: want "
		     "1 got 0");
}
END_TEST

START_TEST(and_and_or_stop_at_the_argument_that_decides)
{
	assert_renders("{{or 1 (index . 9)}}", "[0]", "1");
	assert_renders("{{and 0 (index . 9)}}", "[0]", "0");
	assert_fails("{{and 1 (index . 9)}}", "[0]",
		     "template: :1:9: executing \"\" at <index>: error calling index: index out "
		     "of range: 9");
	assert_renders("{{0 | or `` false}}", "{}", "0");
	assert_renders("{{1 | and 2}}", "{}", "1");
	assert_fails("{{and}}", "{}",
		     "template: :1:2: executing \"\" at <and>: wrong number of args: want at "
		     "least 1 got 0");
}
END_TEST

START_TEST(a_variable_lives_as_long_as_its_block)
{
	assert_renders("{{$a := 1}}{{if true}}{{$a := 2}}{{$a}}{{end}}{{$a}}", "{}", "21");
	assert_renders("{{$a := 1}}{{if true}}{{$a = 2}}{{end}}{{$a}}", "{}", "2");
	assert_renders("{{range $i, $e := .}}{{$i}}{{$e}}{{end}}", "['x','y']", "0x1y");
	assert_renders("{{range $e := .}}{{$e}}{{$}}{{end}}", "['x']", "x[x]");
}
END_TEST

START_TEST(more_variables_than_there_is_room_for_are_refused)
{
	bt_auto_str struct bt_str text = { 0 };

	for (int i = 0; i < 300; i++)
		bt_str_puts(&text, "{{$a := 1}}");
	assert_fails(bt_str_get(&text), "{}", "template: too many variables");
	bt_str_clear(&text);
	for (int i = 0; i < 255; i++)
		bt_str_puts(&text, "{{$a := 1}}");
	bt_str_puts(&text, "{{range $i, $e := .}}{{end}}");
	assert_fails(bt_str_get(&text), "[1]", "template: too many variables");
}
END_TEST

START_TEST(break_and_continue_leave_the_innermost_loop_only)
{
	assert_renders("{{range .}}[{{range .}}{{if eq . 2}}{{break}}{{end}}{{.}}{{end}}]{{end}}",
		       "[[1,2,3],[4,2]]", "[1][4]");
	assert_renders("{{range .}}{{if eq . 2}}{{continue}}{{end}}{{.}}{{end}}",
		       "{'a':1,'b':2,'c':3}", "13");
	assert_renders("{{range .}}{{if eq . 2}}{{break}}{{end}}{{.}}{{end}}",
		       "{'a':1,'b':2,'c':3}", "1");
}
END_TEST

START_TEST(what_cannot_be_ranged_over_is_refused_and_nothing_is_nothing)
{
	assert_renders("{{range .}}x{{else}}none{{end}}", "null", "none");
	assert_renders("{{range .}}x{{else}}none{{end}}", "{}", "none");
	assert_fails("{{range .}}x{{end}}", "'abc'",
		     "template: :1:8: executing \"\" at <.>: range can't iterate over it");
}
END_TEST

START_TEST(fields_of_what_has_none_name_its_type)
{
	assert_fails(
		"{{.A.B}}", "{'A':true}",
		"template: :1:4: executing \"\" at <.A.B>: can't evaluate field B in type bool");
	assert_fails("{{.A.B}}", "{'A':[1]}",
		     "template: :1:4: executing \"\" at <.A.B>: can't evaluate field B in type "
		     "[]interface {}");
	assert_fails("{{.A.B}}", "{'A':null}",
		     "template: :1:4: executing \"\" at <.A.B>: nil data; no entry for key");
	assert_renders("{{.A.B.C}}", "{'A':null}", "<no value>");
}
END_TEST

START_TEST(arguments_for_what_takes_none_are_refused)
{
	assert_fails("{{1 2}}", "{}",
		     "template: :1:2: executing \"\" at <1>: can't give argument to non-function");
	assert_fails("{{1 | .A}}", "{'A':1}",
		     "template: :1:6: executing \"\" at <.A>: has arguments but cannot be invoked "
		     "as function");
}
END_TEST

START_TEST(an_error_on_a_later_line_is_found_there)
{
	assert_fails("a\nbc {{.X}}", "{}",
		     "template: :2:5: executing \"\" at <.X>: map has no entry for key \"X\"");
}
END_TEST

START_TEST(what_was_printed_before_an_error_is_kept)
{
	bt_auto_str struct bt_str out = { 0 };
	struct bt_err err = { 0 };

	ck_assert_int_eq(render_row("{{.ID}} {{.None}}", &out, &err), -EINVAL);
	ck_assert_str_eq(bt_str_get(&out), "abc ");
}
END_TEST

START_TEST(output_that_outgrows_its_bound_is_an_error)
{
	bt_auto_str struct bt_str out = { .max = 10 };
	struct bt_err err = { 0 };

	ck_assert_int_eq(render_row("{{.ID}}{{.ID}}{{.ID}}{{.ID}}", &out, &err), -EFBIG);
	ck_assert_str_eq(err.msg, "template: the output is too long");
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, a_row_as_a_whole_is_true_and_can_be_asked_for_its_fields);
	tcase_add_test(tc, a_row_as_a_whole_is_neither_printed_nor_an_argument_among_others);
	tcase_add_test(tc, a_computed_field_that_does_not_take_its_arguments_says_so);
	tcase_add_test(tc, a_function_among_the_arguments_is_called_without_any);
	tcase_add_test(tc, and_and_or_stop_at_the_argument_that_decides);
	tcase_add_test(tc, a_variable_lives_as_long_as_its_block);
	tcase_add_test(tc, more_variables_than_there_is_room_for_are_refused);
	tcase_add_test(tc, break_and_continue_leave_the_innermost_loop_only);
	tcase_add_test(tc, what_cannot_be_ranged_over_is_refused_and_nothing_is_nothing);
	tcase_add_test(tc, fields_of_what_has_none_name_its_type);
	tcase_add_test(tc, arguments_for_what_takes_none_are_refused);
	tcase_add_test(tc, an_error_on_a_later_line_is_found_there);
	tcase_add_test(tc, what_was_printed_before_an_error_is_kept);
	tcase_add_test(tc, output_that_outgrows_its_bound_is_an_error);
}

int main(void)
{
	return run_tests("codec/go_template_exec", add);
}
