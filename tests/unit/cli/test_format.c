/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/format.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/time.h"

/* How many members the last row that a column saw had. */
static size_t seen;

static json_t *get_name(const json_t *row, const void *arg bt_unused)
{
	seen = json_object_size(row);
	return bt_format_member(row, "Name");
}

static json_t *get_size(const json_t *row, const void *arg bt_unused)
{
	seen = json_object_size(row);
	return bt_format_size(json_integer_value(json_object_get(row, "Bytes")), 3);
}

static json_t *get_labels(const json_t *row, const void *arg bt_unused)
{
	return bt_format_labels(json_object_get(row, "Labels"));
}

static json_t *get_late(const json_t *row bt_unused, const void *arg bt_unused)
{
	return json_string("late");
}

static const struct bt_column columns[] = {
	{ "Labels", "LABELS", get_labels, "Labels" },
	{ "Late", "LATE", get_late, NULL },
	{ "Name", "NAME", get_name, "Name" },
	{ "Size", "SIZE", get_size, "Bytes" },
	{ 0 },
};

#define ROWS                                                                                   \
	"[{\"Name\":\"<a>\",\"Bytes\":1500,\"Labels\":{\"z\":\"1\",\"b\":\"2\"},\"More\":[]}," \
	"{\"Name\":\"bb\",\"Bytes\":0,\"Labels\":null}]"

static struct bt_format format_of(const char *text)
{
	return (struct bt_format){
		.text = text,
		.table = "{{.Name}}\t{{.Size}}",
		.type = "*formatter.Row",
		.columns = columns,
		.beyond = "Late",
	};
}

/* What is printed of `rows`, as text and as a tree; both must be the same. Returns bt_format's
 * answer. */
static int print(const char *text, const char *rows, struct bt_err *err, char ret[1024])
{
	struct bt_format f = format_of(text);
	json_auto_t *tree = json_loads(rows, 0, NULL);
	char both[2][1024] = { "", "" };
	int r[2];

	for (int i = 0; i < 2; i++) {
		char path[] = "/tmp/berth-test-format-XXXXXX";
		int fd = mkstemp(path), out = dup(STDOUT_FILENO);
		ssize_t n;

		ck_assert_int_ge(fd, 0);
		(void)unlink(path);
		(void)fflush(stdout);
		ck_assert_int_ge(dup2(fd, STDOUT_FILENO), 0);
		r[i] = i ? bt_format_rows(&f, tree, err)
			 : bt_format_text(&f, bt_json_raw_of(rows), err);
		(void)fflush(stdout);
		ck_assert_int_ge(dup2(out, STDOUT_FILENO), 0);
		n = pread(fd, both[i], sizeof(both[i]) - 1, 0);
		ck_assert_int_ge(n, 0);
		(void)close(fd);
		(void)close(out);
	}
	ck_assert_int_eq(r[0], r[1]);
	ck_assert_str_eq(both[0], both[1]);
	strcpy(ret, both[0]);
	return r[0];
}

static void expect(const char *text, const char *want)
{
	struct bt_err err = { 0 };
	char got[1024];

	ck_assert_msg(print(text, ROWS, &err, got) == 0, "%s", err.msg);
	ck_assert_str_eq(got, want);
}

START_TEST(a_table_has_its_headers_and_a_line_for_each_row)
{
	static const char want[] = "NAME      SIZE\n<a>       1.5kB\nbb        0B\n";

	expect(NULL, want);
	expect("", want);
	expect("table", want);
	expect("table {{.Size}}", "SIZE\n1.5kB\n0B\n");
	expect("table {{.Name}}\\t{{.Name}}", "NAME      NAME\n<a>       <a>\nbb        bb\n");
}
END_TEST

START_TEST(a_template_is_printed_for_each_row_without_headers)
{
	expect("{{.Name}}={{.Size}}", "<a>=1.5kB\nbb=0B\n");
	expect("{{.Label \"b\"}}.", "2.\n.\n");
	expect("{{.Labels}}", "b=2,z=1\n\n");
	expect("x", "x\nx\n");
}
END_TEST

START_TEST(json_prints_all_columns_but_those_of_a_later_docker)
{
	static const char want[] =
		"{\"Labels\":\"b=2,z=1\",\"Name\":\"\\u003ca\\u003e\",\"Size\":\"1.5kB\"}\n"
		"{\"Labels\":\"\",\"Name\":\"bb\",\"Size\":\"0B\"}\n";

	expect("json", want);
	expect("{{json .}}", want);
	expect("{{ json . }}", want);
}
END_TEST

START_TEST(only_what_the_template_names_is_decoded)
{
	struct bt_format f = format_of("{{.Name}}");

	ck_assert_int_eq(bt_format_text(&f, bt_json_raw_of(ROWS), BT_ERR_IGNORED), 0);
	ck_assert_uint_eq(seen, 1);
	f.text = "{{.Name}}{{.Size}}";
	ck_assert_int_eq(bt_format_text(&f, bt_json_raw_of(ROWS), BT_ERR_IGNORED), 0);
	ck_assert_uint_eq(seen, 2);
}
END_TEST

START_TEST(all_is_decoded_where_it_cannot_be_told_what_is_read)
{
	static const char *const texts[] = { "{{.Name}} {{.Late}}", "{{.Name}}. {{.Size}}",
					     "{{.Name}} 1.5", "{{len (json .)}} {{.Name}}" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct bt_format f = format_of(texts[i]);

		seen = 0;
		ck_assert_int_eq(bt_format_text(&f, bt_json_raw_of(ROWS), BT_ERR_IGNORED), 0);
		ck_assert_msg(seen == 3, "%s: %zu", texts[i], seen);
	}
}
END_TEST

START_TEST(a_wrong_template_is_an_error_also_without_rows)
{
	struct bt_err err = { 0 };
	char got[1024];

	ck_assert_int_lt(print("{{.Nope}}", ROWS, &err, got), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "can't evaluate field Nope in type *formatter.Row"));
	ck_assert_int_lt(print("{{.Nope}}", "[]", &err, got), 0);
	ck_assert_int_lt(print("{{.Name", "[]", &err, got), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "failed to parse template"));
	ck_assert_str_eq(got, "");
	ck_assert_int_eq(print("{{.Name}}", "[]", &err, got), 0);
	ck_assert_str_eq(got, "");
}
END_TEST

START_TEST(of_a_broken_answer_no_table_is_printed)
{
	struct bt_format f = format_of(NULL);
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_format_text(&f, bt_json_raw_of("[{\"Name\":\"a\"}"), &err), -EPROTO);
	ck_assert_str_eq(err.msg, "invalid JSON in response");
	ck_assert_int_eq(bt_format_text(&f, bt_json_raw_of("{}"), &err), -EPROTO);
}
END_TEST

START_TEST(a_template_uses_a_column_that_it_names)
{
	struct bt_format f = format_of("{{.Name}}");

	ck_assert(bt_format_uses(&f, ".Name"));
	ck_assert(!bt_format_uses(&f, ".Size"));
	f.text = "table";
	ck_assert(bt_format_uses(&f, ".Size"));
}
END_TEST

START_TEST(an_ellipsis_counts_characters)
{
	static const struct {
		const char *text, *want;
	} cases[] = { { "abcd", "abcd" }, { "abcde", "abc…" }, { "ééééé", "ééé…" }, { "", "" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bt_auto_str struct bt_str s = { 0 };

		bt_format_ellipsis(&s, cases[i].text, 4);
		ck_assert_str_eq(bt_str_get(&s), cases[i].want);
	}
}
END_TEST

START_TEST(an_id_is_twelve_digits_without_its_algorithm)
{
	static const struct {
		const char *id, *want;
		bool whole;
	} cases[] = {
		{ "sha256:0123456789abcdef", "0123456789ab", false },
		{ "sha256:0123456789abcdef", "sha256:0123456789abcdef", true },
		{ "0123456789abcdef", "0123456789ab", false },
		{ "short", "short", false },
		{ NULL, "", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_auto_t *id = cases[i].id ? json_string(cases[i].id) : NULL;
		json_auto_t *got = bt_format_id(id, cases[i].whole);

		ck_assert_str_eq(json_string_value(got), cases[i].want);
	}
}
END_TEST

START_TEST(a_span_is_told_from_now)
{
	json_auto_t *got = bt_format_since(bt_time_now_ns() / BT_TIME_NSEC_PER_SEC - 7200);

	ck_assert_str_eq(json_string_value(got), "2 hours ago");
}
END_TEST

START_TEST(rows_are_sorted_by_a_member_and_those_without_come_first)
{
	json_auto_t *rows = json_pack("[{s:s},{s:s},{}]", "n", "b", "n", "a");
	json_auto_t *sorted = bt_format_sorted(rows, "n");
	bt_auto_free char *text = json_dumps(sorted, JSON_COMPACT);

	ck_assert_str_eq(text, "[{},{\"n\":\"a\"},{\"n\":\"b\"}]");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/format");
	TCase *tests = tcase_create("format");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, a_table_has_its_headers_and_a_line_for_each_row);
	tcase_add_test(tests, a_template_is_printed_for_each_row_without_headers);
	tcase_add_test(tests, json_prints_all_columns_but_those_of_a_later_docker);
	tcase_add_test(tests, only_what_the_template_names_is_decoded);
	tcase_add_test(tests, all_is_decoded_where_it_cannot_be_told_what_is_read);
	tcase_add_test(tests, a_wrong_template_is_an_error_also_without_rows);
	tcase_add_test(tests, of_a_broken_answer_no_table_is_printed);
	tcase_add_test(tests, a_template_uses_a_column_that_it_names);
	tcase_add_test(tests, an_ellipsis_counts_characters);
	tcase_add_test(tests, an_id_is_twelve_digits_without_its_algorithm);
	tcase_add_test(tests, a_span_is_told_from_now);
	tcase_add_test(tests, rows_are_sorted_by_a_member_and_those_without_come_first);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
