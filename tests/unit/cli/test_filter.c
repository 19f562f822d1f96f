/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/filter.h"

#include <ctype.h>
#include <stdio.h>

#include "create_fixture.h"

/* The `filters` that ps would send for these flags: its JSON, or NULL where it sends none. */
static json_t *filters_of(const char *const *texts, const char *extra)
{
	bt_auto_args struct bt_args args = { 0 };
	bt_auto_str struct bt_str target = { 0 };
	bt_auto_str struct bt_str text = { 0 };
	char *argv[FIXTURE_WORDS_MAX] = { NULL };
	struct bt_err err = { 0 };
	const char *p;
	int argc = 0;

	for (; texts[argc / 2]; argc += 2) {
		argv[argc] = (char *)(uintptr_t) "--filter";
		argv[argc + 1] = (char *)(uintptr_t)texts[argc / 2];
	}
	ck_assert_msg(bt_args_parse(&bt_ps_command, argc, argv, &args, &err) == 0, "%s", err.msg);
	bt_str_puts(&target, "/x");
	bt_filter_add(&target, &args, "filter", extra);
	ck_assert_int_eq(target.failed, 0);
	p = bt_str_after(bt_str_get(&target), "/x?filters=");
	if (!p) {
		ck_assert_str_eq(bt_str_get(&target), "/x");
		return NULL;
	}
	for (unsigned byte; *p; p++) {
		if (*p == '%' && sscanf(p + 1, "%2x", &byte) == 1) {
			bt_str_putc(&text, (char)byte);
			p += 2;
		} else {
			bt_str_putc(&text, *p);
		}
	}
	return json_loads(bt_str_get(&text), 0, NULL);
}

static void assert_filters(const char *const *texts, const char *extra, const char *want)
{
	json_auto_t *got = filters_of(texts, extra);
	json_auto_t *wanted = json_of(want);
	bt_auto_free char *shown = json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY);

	ck_assert_msg(json_equal(got, wanted), "%s, not %s", shown ? shown : "none", want);
}

#define SENDS(want, ...) assert_filters((const char *const[]){ __VA_ARGS__, NULL }, NULL, want)

START_TEST(values_of_one_name_stand_together)
{
	SENDS("{'status':{'running':true,'paused':true},'name':{'web':true}}", "status=running",
	      "name=web", "status=paused");
}
END_TEST

START_TEST(only_the_first_equals_sign_parts_name_and_value)
{
	SENDS("{'label':{'a=b=c':true}}", "label=a=b=c");
	SENDS("{'label':{'':true}}", "label=");
}
END_TEST

START_TEST(names_are_lower_case_and_blanks_around_both_are_dropped)
{
	SENDS("{'status':{'Up now':true}}", " Status =\tUp now ");
}
END_TEST

START_TEST(a_long_name_is_sent_so_that_the_daemon_can_refuse_it)
{
	char text[200], want[256];

	memset(text, 'x', 150);
	snprintf(text + 150, 10, "=1");
	snprintf(want, sizeof(want), "{'%.150s':{'1':true}}", text);
	SENDS(want, text);
}
END_TEST

START_TEST(a_value_that_is_no_utf8_is_sent_and_lets_not_everything_through)
{
	SENDS("{'label':{'a\uFFFD':true}}", "label=a\xff");
	SENDS("{'\uFFFD':{'a':true}}", "\xff=a");
}
END_TEST

START_TEST(one_more_of_the_commands_own_is_sent_with_them)
{
	const char *const some[] = { "until=24h", NULL }, *const none[] = { NULL };

	assert_filters(some, "dangling=false", "{'until':{'24h':true},'dangling':{'false':true}}");
	assert_filters(none, "dangling=false", "{'dangling':{'false':true}}");
}
END_TEST

START_TEST(without_filters_nothing_is_sent)
{
	const char *const empty[] = { "", NULL }, *const none[] = { NULL };

	ck_assert_ptr_null(filters_of(none, NULL));
	ck_assert_ptr_null(filters_of(empty, NULL));
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, values_of_one_name_stand_together);
	tcase_add_test(tc, only_the_first_equals_sign_parts_name_and_value);
	tcase_add_test(tc, names_are_lower_case_and_blanks_around_both_are_dropped);
	tcase_add_test(tc, a_long_name_is_sent_so_that_the_daemon_can_refuse_it);
	tcase_add_test(tc, a_value_that_is_no_utf8_is_sent_and_lets_not_everything_through);
	tcase_add_test(tc, one_more_of_the_commands_own_is_sent_with_them);
	tcase_add_test(tc, without_filters_nothing_is_sent);
}

int main(void)
{
	return run_tests("cli/filter", add);
}
