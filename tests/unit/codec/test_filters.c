/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/filters.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bt_err err;
static struct bt_filters *f;

static void teardown(void)
{
	bt_filters_destroy(f);
	f = NULL;
}

static void parse(const char *text)
{
	bt_filters_destroy(f);
	f = NULL;
	ck_assert_msg(bt_filters_parse(text, &f, &err) == 0, "%s: %s", text, err.msg);
}

START_TEST(nothing_given_matches_everything)
{
	static const char *const empty[] = { NULL, "", "{}" };

	for (size_t i = 0; i < 3; i++) {
		parse(empty[i]);
		ck_assert(!bt_filters_has(f, "name"));
		ck_assert(bt_filters_exact(f, "name", "x"));
		ck_assert(bt_filters_match(f, "name", "x"));
	}
}
END_TEST

START_TEST(both_forms_mean_the_same)
{
	static const char *const forms[] = { "{\"status\":{\"running\":true,\"exited\":true}}",
					     "{\"status\":[\"running\",\"exited\"]}" };

	for (size_t i = 0; i < 2; i++) {
		parse(forms[i]);
		ck_assert(bt_filters_exact(f, "status", "exited"));
		ck_assert(!bt_filters_exact(f, "status", "exit"));
		ck_assert_str_eq(bt_filters_value(f, "status", 0), "running");
		ck_assert_ptr_null(bt_filters_value(f, "status", 2));
	}
}
END_TEST

static const struct {
	const char *pattern, *value;
	bool yes;
} matches[] = {
	{ "web", "my-web-1", true },      { "^web$", "web", true },  { "^web$", "web1", false },
	{ "a.c", "abc", true },           { "a\\.c", "abc", false }, { "x", "abc", false },
	{ "(web|db)[0-9]", "db7", true }, { "[", "a[b", true },      { "[", "ab", false },
	{ "a{2}", "aa", false },          { "(a)\\1", "aa", false },
};

START_TEST(names_match_as_patterns)
{
	char text[128], escaped[64];
	size_t n = 0;

	for (const char *p = matches[_i].pattern; *p; p++) {
		if (*p == '\\')
			escaped[n++] = '\\';
		escaped[n++] = *p;
	}
	escaped[n] = '\0';
	(void)snprintf(text, sizeof(text), "{\"name\":[\"none\",\"%s\"]}", escaped);
	parse(text);
	ck_assert_msg(bt_filters_match(f, "name", matches[_i].value) == matches[_i].yes, "%s",
		      text);
}
END_TEST

START_TEST(until_is_one_time_or_how_long_ago_it_was)
{
	static const struct {
		const char *text;
		int r;
		int64_t want; /* 7: untouched, -1: about now */
	} cases[] = {
		{ "{}", 0, 7 },
		{ "{\"until\":[]}", 0, 7 },
		{ "{\"until\":[\"1970-01-01T00:00:05Z\"]}", 0, 5000000000 },
		{ "{\"until\":[\"5\"]}", 0, 5000000000 },
		{ "{\"until\":[\"0s\"]}", 0, -1 },
		{ "{\"until\":[\"\"]}", -EINVAL, 7 },
		{ "{\"until\":[\"yesterday\"]}", -EINVAL, 7 },
		{ "{\"until\":[\"1h\",\"2h\"]}", -EINVAL, 7 },
		{ "{\"until\":[\"1h\",\"1h\"]}", -EINVAL, 7 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bt_filters *filters = NULL;
		int64_t got = 7;

		ck_assert_int_eq(bt_filters_parse(cases[i].text, &filters, &err), 0);
		ck_assert_msg(bt_filters_until(filters, &got, &err) == cases[i].r, "%s",
			      cases[i].text);
		if (cases[i].want >= 0)
			ck_assert_msg(got == cases[i].want, "%s: %jd", cases[i].text,
				      (intmax_t)got);
		else
			ck_assert_int_gt(got, 1000000000000000000);
		if (cases[i].r < 0)
			ck_assert_int_eq(err.kind, BT_ERR_INVALID);
		bt_filters_destroy(filters);
	}
}
END_TEST

START_TEST(booleans_of_every_client)
{
	static const char *const yes[] = { "{\"a\":{\"1\":true}}", "{\"a\":[\"true\"]}",
					   "{\"a\":[\"True\"]}", "{\"a\":[true]}", "{\"a\":true}" };
	bool value;

	for (size_t i = 0; i < 5; i++) {
		value = false;
		parse(yes[i]);
		ck_assert_int_eq(bt_filters_bool(f, "a", &value, &err), 1);
		ck_assert(value);
	}
	parse("{\"a\":[\"0\"]}");
	ck_assert_int_eq(bt_filters_bool(f, "a", &value, &err), 1);
	ck_assert(!value);
	ck_assert_int_eq(bt_filters_bool(f, "b", &value, &err), 0);
	parse("{\"dangling\":[\"maybe\"]}");
	ck_assert_int_eq(bt_filters_bool(f, "dangling", &value, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "invalid filter 'dangling=[maybe]'");
	parse("{\"a\":[\"1\",\"0\"]}");
	ck_assert_int_eq(bt_filters_bool(f, "a", &value, &err), -EINVAL);
}
END_TEST

static const char *label(const void *arg, const char *key)
{
	(void)arg;
	return strcmp(key, "a") == 0 ? "b=c" : strcmp(key, "empty") == 0 ? "" : NULL;
}

START_TEST(all_labels_must_hold)
{
	parse("{\"label\":[\"a\",\"a=b=c\",\"empty=\"]}");
	ck_assert(bt_filters_labels(f, "label", label, NULL));
	parse("{\"label\":[\"a\",\"a=b\"]}");
	ck_assert(!bt_filters_labels(f, "label", label, NULL));
	parse("{\"label\":[\"z\"]}");
	ck_assert(!bt_filters_labels(f, "label", label, NULL));
	ck_assert(bt_filters_labels(f, "label!", label, NULL));
}
END_TEST

START_TEST(unknown_names_are_refused)
{
	static const char *const known[] = { "name", "status", NULL };

	parse("{\"name\":[\"a\"],\"status\":[\"b\"]}");
	ck_assert_int_eq(bt_filters_only(f, known, &err), 0);
	parse("{\"nam\":[\"a\"]}");
	ck_assert_int_eq(bt_filters_only(f, known, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "invalid filter 'nam'");
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
}
END_TEST

START_TEST(wrong_forms_are_refused)
{
	static const char *const bad[] = {
		"[]", "x", "{\"a\":3}", "{\"a\":[3]}", "{\"a\":null}", "{\"a\":[[]]}", "{\"a\""
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bt_filters *none = NULL;

		ck_assert_msg(bt_filters_parse(bad[i], &none, &err) == -EINVAL, "%s", bad[i]);
		ck_assert_ptr_null(none);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/filters");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(all, NULL, teardown);
	tcase_add_test(all, nothing_given_matches_everything);
	tcase_add_test(all, both_forms_mean_the_same);
	tcase_add_loop_test(all, names_match_as_patterns, 0,
			    (int)(sizeof(matches) / sizeof(matches[0])));
	tcase_add_test(all, booleans_of_every_client);
	tcase_add_test(all, until_is_one_time_or_how_long_ago_it_was);
	tcase_add_test(all, all_labels_must_hold);
	tcase_add_test(all, unknown_names_are_refused);
	tcase_add_test(all, wrong_forms_are_refused);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
