/* SPDX-License-Identifier: Apache-2.0 */

#include "go_template_fixture.h"

#include "codec/go_template_ast.h"

static void assert_refused(const char *text, const char *want)
{
	struct bt_go_template *t = NULL;
	struct bt_err err = { 0 };

	ck_assert_msg(bt_go_template_parse(text, &t, &err) == -EINVAL, "'%s' is taken", text);
	ck_assert_ptr_null(t);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_msg(strcmp(err.msg, want) == 0, "'%s' says '%s', not '%s'", text, err.msg, want);
}

START_TEST(an_action_that_does_not_end_is_unclosed)
{
	static const char *const texts[] = {
		"{{",     "{{ ",    "{{.", "{{.Name", "{{.Name |", "{{.Name}",    "{{ 1 -}",
		"{{if",   "{{if 1", "{{(", "{{(1",    "{{$x := ",  "{{println 1", "{{end",
		"{{else", "{{.A.B", "{{$", "{{-",     "{{- ",      "{{break",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct bt_go_template *t = NULL;
		struct bt_err err = { 0 };

		ck_assert_msg(bt_go_template_parse(texts[i], &t, &err) == -EINVAL, "'%s' is taken",
			      texts[i]);
		ck_assert_ptr_null(t);
	}
	assert_refused("{{.Name", "template: :1: unclosed action");
	assert_refused("{{(1", "template: :1: unclosed left paren");
	assert_refused("{{/* a", "template: :1: unclosed comment");
}
END_TEST

START_TEST(an_action_needs_a_value)
{
	assert_refused("{{}}", "template: :1: missing value for command");
	assert_refused("{{ | .A}}", "template: :1: missing value for command");
	assert_refused("{{.A | }}", "template: :1: missing value for command");
	assert_refused("{{if}}{{end}}", "template: :1: missing value for command");
	assert_refused("{{()}}", "template: :1: missing value for command");
	assert_refused("{{$x := }}", "template: :1: missing value for command");
}
END_TEST

START_TEST(every_branch_is_closed_once)
{
	assert_refused("{{end}}", "template: :1: unexpected {{end}}");
	assert_refused("{{else}}", "template: :1: unexpected {{else}}");
	assert_refused("{{if 1}}", "template: :1: unexpected EOF");
	assert_refused("{{if 1}}{{else}}", "template: :1: unexpected EOF");
	assert_refused("{{if 1}}{{else if 2}}", "template: :1: unexpected EOF");
	assert_refused("{{if 1}}{{end}}{{end}}", "template: :1: unexpected {{end}}");
	assert_refused("{{if 1}}{{else}}{{else}}{{end}}", "template: :1: unexpected {{else}}");
	assert_refused("{{range .A}}{{with .B}}{{end}}", "template: :1: unexpected EOF");
}
END_TEST

START_TEST(a_message_has_the_line_it_is_about)
{
	assert_refused("a\nb\n{{.Name", "template: :3: unclosed action");
	assert_refused("{{if 1}}\n\n{{foo}}\n{{end}}",
		       "template: :3: function \"foo\" not defined");
	assert_refused("{{/*\n\n*/}}{{end}}", "template: :3: unexpected {{end}}");
}
END_TEST

START_TEST(operands_stand_apart)
{
	assert_refused("{{.A.B$x}}", "template: :1: expected space between operands");
	assert_refused("{{\"a\"\"b\"}}", "template: :1: expected space between operands");
	assert_refused("{{(1)(2)}}", "template: :1: expected space between operands");
	assert_refused("{{.A..B}}", "template: :1: bad character in field name");
	assert_refused("{{.A.}}", "template: :1: bad character in field name");
	assert_refused("{{.A ] }}", "template: :1: unexpected character in command \"]\"");
	assert_refused("{{ # }}", "template: :1: unexpected character in command \"#\"");
}
END_TEST

START_TEST(loop_words_stand_in_loops)
{
	assert_refused("{{break}}", "template: :1: {{break}} outside {{range}}");
	assert_refused("{{continue}}", "template: :1: {{continue}} outside {{range}}");
	assert_refused("{{range .A}}{{end}}{{break}}", "template: :1: {{break}} outside {{range}}");
	/* What is done for an empty list is no loop. */
	assert_refused("{{range .A}}{{else}}{{break}}{{end}}",
		       "template: :1: {{break}} outside {{range}}");
	assert_renders("{{range .A}}{{if eq . 2}}{{break}}{{end}}{{.}}{{end}}", "{'A':[1,2,3]}",
		       "1");
	assert_renders("{{range .A}}{{range .}}{{continue}}{{end}}x{{end}}", "{'A':[[1],[2]]}",
		       "xx");
}
END_TEST

START_TEST(named_templates_are_refused_by_name)
{
	static const char want[] = "template: :1: named templates are not supported";

	assert_refused("{{define \"a\"}}{{end}}", want);
	assert_refused("{{template \"a\"}}", want);
	assert_refused("{{block \"a\" .}}{{end}}", want);
}
END_TEST

START_TEST(a_keyword_is_a_whole_word)
{
	assert_refused("{{ifx 1}}", "template: :1: function \"ifx\" not defined");
	assert_refused("{{ended}}", "template: :1: function \"ended\" not defined");
	assert_refused("{{endif}}", "template: :1: function \"endif\" not defined");
	assert_renders("{{.if}}{{.end}}{{.range}}", "{'if':1,'end':2,'range':3}", "123");
}
END_TEST

START_TEST(comments_leave_nothing_behind)
{
	assert_renders("a{{/* b */}}c", "{}", "ac");
	assert_renders("a {{- /* b */ -}} c", "{}", "ac");
	assert_renders("a{{/**/}}c", "{}", "ac");
	assert_renders("{{/* {{.A}} */}}", "{}", "");
	assert_refused("{{/* a */ b}}", "template: :1: unexpected text in action");
}
END_TEST

START_TEST(a_trim_marker_needs_a_blank_beside_it)
{
	assert_renders("a {{- 1 -}} b", "{}", "a1b");
	assert_renders("a\n\t\r {{- 1 -}} \n\t\r b", "{}", "a1b");
	/* Without one it is the sign of a number. */
	assert_renders("a {{-1}} b", "{}", "a -1 b");
	assert_renders("a {{1 -}}\n{{- 2}} b", "{}", "a 12 b");
	assert_renders(" {{- if true -}} x {{- end -}} ", "{}", "x");
}
END_TEST

START_TEST(text_without_actions_stays_as_it_is)
{
	static const char *const texts[] = { "",    " ",      "a\tb\n", "}}",
					     "{ {", "{}{}}}", "\\n",    "\xc3\xa9" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_renders(texts[i], "{}", texts[i]);
}
END_TEST

START_TEST(variables_are_declared_and_assigned)
{
	assert_renders("{{$a := 1}}{{$b := 2}}{{$a}}{{$b}}", "{}", "12");
	assert_renders("{{$a := 1}}{{if true}}{{$a = 2}}{{end}}{{$a}}", "{}", "2");
	assert_renders("{{$a := 1}}{{if true}}{{$a := 2}}{{$a}}{{end}}{{$a}}", "{}", "21");
	assert_renders("{{range $k, $v := .A}}{{$k}}{{$v}}{{end}}", "{'A':{'b':2,'a':1}}", "a1b2");
	assert_renders("{{with $x := .A}}{{$x.B}}{{end}}", "{'A':{'B':3}}", "3");
	/* A comparison is no assignment, and a variable by itself no declaration. */
	assert_renders("{{$a := 1}}{{eq $a 1}}", "{}", "true");
	assert_renders("{{$}}", "5", "5");
	assert_refused("{{$a, $b, $c := .A}}", "template: :1: expected space between operands");
}
END_TEST

START_TEST(pipes_pass_the_value_as_the_last_argument)
{
	assert_renders("{{.A | printf \"%s-%s\" \"x\"}}", "{'A':'y'}", "x-y");
	assert_renders("{{.A | len | eq 3}}", "{'A':'abc'}", "true");
	assert_renders("{{(.A | len)}}", "{'A':'abc'}", "3");
	assert_renders("{{(index .A 0).B}}", "{'A':[{'B':'c'}]}", "c");
}
END_TEST

START_TEST(else_chooses_among_several)
{
	static const char chain[] =
		"{{if eq . 1}}a{{else if eq . 2}}b{{else if eq . 3}}c{{else}}d{{end}}";

	assert_renders(chain, "1", "a");
	assert_renders(chain, "2", "b");
	assert_renders(chain, "3", "c");
	assert_renders(chain, "4", "d");
	assert_renders("{{with .A}}{{.}}{{else with .B}}{{.}}{{else}}none{{end}}", "{'B':2}", "2");
	assert_renders("{{with .A}}{{.}}{{else with .B}}{{.}}{{else}}none{{end}}", "{}", "none");
}
END_TEST

/* `begin`, `n` times `middle`, `end`. */
static int parse_repeated(const char *begin, size_t n, const char *middle, const char *end,
			  struct bt_err *err)
{
	bt_auto_go_template struct bt_go_template *t = NULL;
	bt_auto_str struct bt_str s = { 0 };

	bt_str_puts(&s, begin);
	while (n-- > 0)
		bt_str_puts(&s, middle);
	bt_str_puts(&s, end);
	return bt_go_template_parse(bt_str_get(&s), &t, err);
}

START_TEST(depth_is_bounded_however_it_is_made)
{
	static const struct {
		const char *begin, *middle, *end;
	} ways[] = {
		{ "{{", "(", "" },
		{ "", "{{if 1}}", "" },
		{ "", "{{range .A}}", "" },
		{ "{{if 0}}", "{{else if 0}}", "{{end}}" },
		{ "{{with 0}}", "{{else with 0}}", "{{end}}" },
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct bt_err err = { 0 };

		ck_assert_int_eq(
			parse_repeated(ways[i].begin, 15000, ways[i].middle, ways[i].end, &err),
			-EINVAL);
		ck_assert_msg(strstr(err.msg, "nested too deeply") != NULL, "%s: %s",
			      ways[i].middle, err.msg);
	}
}
END_TEST

START_TEST(what_is_closed_does_not_count_for_the_depth)
{
	struct bt_err err = { 0 };

	ck_assert_int_eq(parse_repeated("", 1000, "{{if 1}}{{end}}", "", &err), 0);
	ck_assert_int_eq(parse_repeated("", 1000, "{{if 1}}{{else if 2}}{{else}}{{end}}", "", &err),
			 0);
	ck_assert_int_eq(parse_repeated("{{println", 60, " (1)", "}}", &err), 0);
	ck_assert_int_eq(parse_repeated("{{if 0}}", 60, "{{else if 0}}", "{{end}}", &err), 0);
}
END_TEST

START_TEST(length_and_arguments_are_bounded)
{
	struct bt_err err = { 0 };

	ck_assert_int_eq(parse_repeated("", BT_GO_TEMPLATE_TEXT_MAX, "a", "", &err), 0);
	ck_assert_int_eq(parse_repeated("", BT_GO_TEMPLATE_TEXT_MAX, "a", "a", &err), -EINVAL);
	ck_assert_str_eq(err.msg, "template: longer than 262144 bytes");
	ck_assert_int_eq(parse_repeated("{{println", BT_GO_TEMPLATE_ARGS_MAX - 1, " 1", "}}", &err),
			 0);
	ck_assert_int_eq(parse_repeated("{{println", BT_GO_TEMPLATE_ARGS_MAX, " 1", "}}", &err),
			 -EINVAL);
	ck_assert_str_eq(err.msg, "template: :1: too many arguments");
}
END_TEST

START_TEST(the_fields_that_are_named_are_told_in_order)
{
	bt_auto_go_template struct bt_go_template *t = NULL;
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_go_template_parse("{{.A.X}}{{if .B}}{{.A}}{{end}}{{$x := .C}}{{$x.Y}}"
					      "{{(len .D)}}{{.}}",
					      &t, &err),
			 0);
	ck_assert_str_eq(bt_go_template_field(t, 0), "A");
	ck_assert_str_eq(bt_go_template_field(t, 1), "B");
	ck_assert_str_eq(bt_go_template_field(t, 2), "A");
	ck_assert_str_eq(bt_go_template_field(t, 3), "C");
	ck_assert_str_eq(bt_go_template_field(t, 4), "D");
	ck_assert_ptr_null(bt_go_template_field(t, 5));
	ck_assert_ptr_null(bt_go_template_field(t, SIZE_MAX));
}
END_TEST

START_TEST(more_fields_than_are_kept_are_no_failure)
{
	bt_auto_go_template struct bt_go_template *t = NULL;
	bt_auto_str struct bt_str s = { 0 };
	struct bt_err err = { 0 };

	for (int i = 0; i < 2 * BT_GO_TEMPLATE_FIELDS_MAX; i++)
		bt_str_printf(&s, "{{.F%d}}", i);
	ck_assert_int_eq(bt_go_template_parse(bt_str_get(&s), &t, &err), 0);
	ck_assert_str_eq(bt_go_template_field(t, BT_GO_TEMPLATE_FIELDS_MAX - 1), "F63");
	ck_assert_ptr_null(bt_go_template_field(t, BT_GO_TEMPLATE_FIELDS_MAX));
}
END_TEST

START_TEST(nothing_is_released_without_harm)
{
	bt_go_template_destroy(NULL);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, an_action_that_does_not_end_is_unclosed);
	tcase_add_test(tests, an_action_needs_a_value);
	tcase_add_test(tests, every_branch_is_closed_once);
	tcase_add_test(tests, a_message_has_the_line_it_is_about);
	tcase_add_test(tests, operands_stand_apart);
	tcase_add_test(tests, loop_words_stand_in_loops);
	tcase_add_test(tests, named_templates_are_refused_by_name);
	tcase_add_test(tests, a_keyword_is_a_whole_word);
	tcase_add_test(tests, comments_leave_nothing_behind);
	tcase_add_test(tests, a_trim_marker_needs_a_blank_beside_it);
	tcase_add_test(tests, text_without_actions_stays_as_it_is);
	tcase_add_test(tests, variables_are_declared_and_assigned);
	tcase_add_test(tests, pipes_pass_the_value_as_the_last_argument);
	tcase_add_test(tests, else_chooses_among_several);
	tcase_add_test(tests, depth_is_bounded_however_it_is_made);
	tcase_add_test(tests, what_is_closed_does_not_count_for_the_depth);
	tcase_add_test(tests, length_and_arguments_are_bounded);
	tcase_add_test(tests, the_fields_that_are_named_are_told_in_order);
	tcase_add_test(tests, more_fields_than_are_kept_are_no_failure);
	tcase_add_test(tests, nothing_is_released_without_harm);
}

int main(void)
{
	return run_tests("codec/go_template_parse", add);
}
