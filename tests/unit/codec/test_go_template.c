/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/go_template.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

static const char sample[] =
	"{\"Name\":\"web\",\"Pid\":42,\"Up\":true,\"None\":null,\"Load\":0.25,\"Tags\":[\"a\",\"b\",\"c\"],"
	"\"Empty\":[],\"State\":{\"Status\":\"running\",\"Code\":0},"
	"\"Ports\":{\"80/tcp\":[{\"HostPort\":\"8080\"}],\"443/tcp\":null}}";

static char *run(const char *text, bool strict, struct bt_err *err)
{
	struct bt_go_template *t = NULL;
	bt_auto_str struct bt_str out = { 0 };
	json_auto_t *dot = json_loads(sample, 0, NULL);
	char *ret = NULL;

	ck_assert_ptr_nonnull(dot);
	if (bt_go_template_parse(text, &t, err) < 0)
		return NULL;
	struct bt_go_template_data data = { .dot = dot, .type = "T", .strict = strict };
	int r = bt_go_template_execute(t, &data, &out, err);
	bt_go_template_destroy(t);
	if (r < 0)
		return NULL;
	ck_assert_int_eq(bt_str_steal(&out, &ret), 0);
	return ret;
}

static void expect(const char *text, const char *want)
{
	struct bt_err err = { 0 };
	char *got = run(text, false, &err);

	ck_assert_msg(got != NULL, "%s: %s", text, err.msg);
	ck_assert_str_eq(got, want);
	free(got);
}

static void expect_error(const char *text, const char *want)
{
	struct bt_err err = { 0 };
	char *got = run(text, true, &err);

	ck_assert_ptr_null(got);
	ck_assert_str_eq(err.msg, want);
}

START_TEST(fields_and_values_print_as_in_go)
{
	expect("{{.Name}} {{.Pid}} {{.Up}} {{.Load}}", "web 42 true 0.25");
	expect("{{.State.Status}}", "running");
	expect("{{.State}}", "map[Code:0 Status:running]");
	expect("{{.Tags}}", "[a b c]");
	expect("{{.Missing}}", "<no value>");
	expect("{{$.Name}}", "web");
	expect("a{{/* not shown */}}b", "ab");
	expect("", "");
}
END_TEST

START_TEST(functions_give_what_docker_gives)
{
	expect("{{json .State}}", "{\"Status\":\"running\",\"Code\":0}");
	expect("{{json .Tags}}", "[\"a\",\"b\",\"c\"]");
	expect("{{join .Tags \"/\"}}", "a/b/c");
	expect("{{index .Tags 1}}", "b");
	expect("{{(index (index .Ports \"80/tcp\") 0).HostPort}}", "8080");
	expect("{{index (split \"x:y\" \":\") 1}}", "y");
	expect("{{len .Tags}} {{len .Name}}", "3 3");
	expect("{{upper .Name}} {{lower \"ABC\"}} {{title \"two words\"}}", "WEB abc Two Words");
	expect("{{pad .Name 1 2}}|{{truncate .Name 2}}", " web  |we");
	expect("{{.Name | upper | printf \"%s!\"}}", "WEB!");
	expect("{{printf \"%5d|%-5s|%05d|%q|%v\" .Pid .Name .Pid .Name .Up}}",
	       "   42|web  |00042|\"web\"|true");
	expect("{{println .Name .Pid}}", "web 42\n");
	expect("{{slice .Name 1}} {{slice .Name 0 1}}", "eb w");
	expect("{{html \"<a>\"}} {{urlquery \"a b&c\"}}", "&lt;a&gt; a+b%26c");
}
END_TEST

START_TEST(conditions_choose_a_branch)
{
	expect("{{if .Up}}yes{{else}}no{{end}}", "yes");
	expect("{{if .Empty}}yes{{else}}no{{end}}", "no");
	expect("{{if eq .Name \"x\"}}1{{else if gt .Pid 40}}2{{else}}3{{end}}", "2");
	expect("{{if and .Up (ne .Name \"db\") (not .None)}}ok{{end}}", "ok");
	expect("{{or .None .Name}}", "web");
	expect("{{with .State}}{{.Status}}{{end}}{{with .None}}x{{else}}-{{end}}", "running-");
	expect("{{lt 1 2}} {{ge 1 2}} {{eq 3 1 2 3}}", "true false true");
}
END_TEST

START_TEST(range_visits_lists_and_sorted_maps)
{
	expect("{{range .Tags}}<{{.}}>{{end}}", "<a><b><c>");
	expect("{{range $i, $t := .Tags}}{{$i}}={{$t}} {{end}}", "0=a 1=b 2=c ");
	expect("{{range $p, $b := .Ports}}{{$p}};{{end}}", "443/tcp;80/tcp;");
	expect("{{range .Empty}}x{{else}}none{{end}}", "none");
	expect("{{range .Tags}}{{if eq . \"b\"}}{{break}}{{end}}{{.}}{{end}}", "a");
	expect("{{range .Tags}}{{if eq . \"b\"}}{{continue}}{{end}}{{.}}{{end}}", "ac");
	expect("{{$n := 1}}{{range .Tags}}{{$n = len .}}{{end}}{{$n}}", "1");
}
END_TEST

START_TEST(trim_markers_take_blanks)
{
	expect("a  {{- .Pid -}}  \n b", "a42b");
	expect("{{ `raw \\n` }}{{\"tab\\t\\u00e9\"}}{{'a'}}", "raw \\ntab\t\u00e9"
							      "97");
	expect("{{-1}}", "-1");
}
END_TEST

START_TEST(errors_have_the_words_of_go)
{
	expect_error("{{.Name", "template: :1: unclosed action");
	expect_error("{{if .Up}}", "template: :1: unexpected EOF");
	expect_error("{{end}}", "template: :1: unexpected {{end}}");
	expect_error("{{foo}}", "template: :1: function \"foo\" not defined");
	expect_error("{{.Foo}}",
		     "template: :1:2: executing \"\" at <.Foo>: map has no entry for key \"Foo\"");
	expect_error("{{.Foo.Bar}}",
		     "template: :1:6: executing \"\" at <.Foo.Bar>: map has no entry for key "
		     "\"Foo\"");
	expect_error("{{break}}", "template: :1: {{break}} outside {{range}}");
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
	bt_auto_str struct bt_str s = { 0 };
	struct bt_err err = { 0 };
	struct bt_go_template *t = NULL;

	bt_str_puts(&s, "{{");
	for (int i = 0; i < 100000; i++)
		bt_str_putc(&s, '(');
	ck_assert_int_eq(bt_go_template_parse(bt_str_get(&s), &t, &err), -EINVAL);
	ck_assert_ptr_null(t);
}
END_TEST

static int field(void *arg, const char *name, json_t *const *args, size_t nargs, json_t **ret)
{
	(void)arg;
	if (strcmp(name, "ID") == 0 && nargs == 0)
		*ret = json_string("abc");
	else if (strcmp(name, "Label") == 0 && nargs == 1)
		*ret = json_sprintf("<%s>", json_string_value(args[0]));
	else if (strcmp(name, "") == 0)
		*ret = json_pack("{s:s}", "ID", "abc");
	else
		return -ENOENT;
	return 0;
}

START_TEST(computed_fields_take_arguments)
{
	struct bt_go_template_data data = { .field = field, .type = "*formatter.X" };
	bt_auto_str struct bt_str out = { 0 };
	struct bt_go_template *t = NULL;
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_go_template_parse("{{.ID}} {{.Label \"k\"}} {{json .}}", &t, &err), 0);
	ck_assert_int_eq(bt_go_template_execute(t, &data, &out, &err), 0);
	ck_assert_str_eq(bt_str_get(&out), "abc <k> {\"ID\":\"abc\"}");
	ck_assert_str_eq(bt_go_template_field(t, 1), "Label");
	bt_go_template_destroy(t);
	ck_assert_int_eq(bt_go_template_parse("{{.X}}", &t, &err), 0);
	ck_assert_int_eq(bt_go_template_execute(t, &data, &out, &err), -EINVAL);
	ck_assert_str_eq(err.msg,
			 "template: :1:2: executing \"\" at <.X>: can't evaluate field X in "
			 "type *formatter.X");
	bt_go_template_destroy(t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("codec/go_template");
	TCase *tc = tcase_create("go_template");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, fields_and_values_print_as_in_go);
	tcase_add_test(tc, functions_give_what_docker_gives);
	tcase_add_test(tc, conditions_choose_a_branch);
	tcase_add_test(tc, range_visits_lists_and_sorted_maps);
	tcase_add_test(tc, trim_markers_take_blanks);
	tcase_add_test(tc, errors_have_the_words_of_go);
	tcase_add_test(tc, deep_nesting_is_refused);
	tcase_add_test(tc, computed_fields_take_arguments);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
