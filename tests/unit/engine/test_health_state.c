/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/health_state.h"

#include <limits.h>

#include "base/time.h"
#include "common.h"

static const struct bt_health_config config = { .retries = 2,
						.start_period = 10 * BT_TIME_NSEC_PER_SEC };

/* One more probe that ended with `code`, `seconds` after the start; `health` is released. */
static json_t *probe(json_t *health, int code, int64_t seconds)
{
	const struct bt_health_probe p = { .code = code, .output = "x" };
	json_t *out = bt_health_state_apply(health, &config, &p, seconds * BT_TIME_NSEC_PER_SEC);

	json_decref(health);
	return out;
}

static void assert_status(const json_t *health, const char *status, int streak)
{
	ck_assert_str_eq(json_string_value(json_object_get(health, "Status")), status);
	ck_assert_int_eq(json_integer_value(json_object_get(health, "FailingStreak")), streak);
}

START_TEST(failures_in_the_start_period_do_not_count)
{
	json_t *health = probe(NULL, 1, 1);

	health = probe(health, 1, 2);
	health = probe(health, 1, 3);
	assert_status(health, "starting", 0);
	json_decref(health);
}
END_TEST

START_TEST(it_is_unhealthy_after_as_many_failures_as_retries_and_healthy_after_one_success)
{
	json_t *health = probe(NULL, 1, 11);

	assert_status(health, "starting", 1);
	health = probe(health, -1, 12);
	assert_status(health, "unhealthy", 2);
	health = probe(health, 0, 13);
	assert_status(health, "healthy", 0);
	json_decref(health);
}
END_TEST

START_TEST(once_healthy_the_start_period_is_over)
{
	json_t *health = probe(NULL, 0, 1);

	health = probe(health, 1, 2);
	assert_status(health, "healthy", 1);
	health = probe(health, 1, 3);
	assert_status(health, "unhealthy", 2);
	json_decref(health);
}
END_TEST

START_TEST(five_results_are_kept_the_newest_last)
{
	json_t *health = NULL, *log;

	for (int i = 0; i < 8; i++)
		health = probe(health, i, 20);
	log = json_object_get(health, "Log");
	ck_assert_uint_eq(json_array_size(log), 5);
	assert_json(json_object_get(json_array_get(log, 0), "ExitCode"), "3");
	assert_json(json_object_get(json_array_get(log, 4), "ExitCode"), "7");
	json_decref(health);
}
END_TEST

static void assert_command(const char *text, const char *want)
{
	json_t *c = parse(text), *words = bt_health_state_command(c);

	if (want)
		assert_json(words, want);
	else
		ck_assert_ptr_null(words);
	json_decref(words);
	json_decref(c);
}

START_TEST(a_test_is_a_command_or_a_line_for_the_shell_or_none)
{
	assert_command("{'Healthcheck':{'Test':['CMD','a','b']}}", "['a','b']");
	assert_command("{'Healthcheck':{'Test':['CMD-SHELL','a b']}}", "['/bin/sh','-c','a b']");
	assert_command("{'Shell':['/bin/ash','-xc'],'Healthcheck':{'Test':['CMD-SHELL','a']}}",
		       "['/bin/ash','-xc','a']");
	assert_command("{'Healthcheck':{'Test':['NONE']}}", NULL);
	assert_command("{'Healthcheck':{'Test':['NONE','a']}}", NULL);
	assert_command("{'Healthcheck':{'Test':['CMD']}}", NULL);
	assert_command("{'Healthcheck':{'Test':[]}}", NULL);
	assert_command("{'Healthcheck':{'Test':[3,'a']}}", NULL);
	assert_command("{'Healthcheck':{}}", NULL);
	assert_command("{}", NULL);
}
END_TEST

START_TEST(times_that_are_not_given_are_dockers)
{
	json_t *c = parse("{'Healthcheck':{'Test':['CMD','a'],'Timeout':7}}");
	struct bt_health_config got;

	ck_assert(bt_health_state_config(c, &got));
	ck_assert_int_eq(got.interval, 30 * BT_TIME_NSEC_PER_SEC);
	ck_assert_int_eq(got.timeout, 7);
	ck_assert_int_eq(got.retries, 3);
	ck_assert_int_eq(got.start_interval, 5 * BT_TIME_NSEC_PER_SEC);
	json_decref(c);
}
END_TEST

START_TEST(a_kind_of_check_that_nobody_knows_is_none)
{
	assert_command("{'Healthcheck':{'Test':['NOSUCH','a']}}", NULL);
	assert_command("{'Healthcheck':{'Test':['cmd','a']}}", NULL);
	assert_command("{'Healthcheck':{'Test':['','a']}}", NULL);
}
END_TEST

START_TEST(words_behind_the_line_for_the_shell_are_its_arguments)
{
	assert_command("{'Healthcheck':{'Test':['CMD-SHELL','echo $1','x','a b']}}",
		       "['/bin/sh','-c','echo $1','x','a b']");
}
END_TEST

START_TEST(times_and_retries_that_are_too_large_are_the_largest)
{
	json_auto_t *c = parse("{'Healthcheck':{'Test':['CMD','a'],'Interval':9223372036854775807,"
			       "'Timeout':9223372036854775807,'StartPeriod':9223372036854775807,"
			       "'StartInterval':9223372036854775807,'Retries':4294967296}}");
	struct bt_health_config got;
	int64_t now = bt_time_monotonic_ns(), later;

	ck_assert(bt_health_state_config(c, &got));
	ck_assert(!__builtin_add_overflow(now, got.interval, &later));
	ck_assert(!__builtin_add_overflow(now, got.timeout, &later));
	ck_assert(!__builtin_add_overflow(now, got.start_interval, &later));
	ck_assert(!__builtin_add_overflow(bt_time_now_ns(), got.start_period, &later));
	ck_assert_int_eq(got.retries, INT_MAX);
}
END_TEST

START_TEST(times_and_retries_below_one_are_dockers)
{
	json_auto_t *c = parse("{'Healthcheck':{'Test':['CMD','a'],'Interval':-1,'Timeout':0,"
			       "'StartPeriod':-5,'Retries':-3}}");
	struct bt_health_config got;

	ck_assert(bt_health_state_config(c, &got));
	ck_assert_int_eq(got.interval, 30 * BT_TIME_NSEC_PER_SEC);
	ck_assert_int_eq(got.timeout, 30 * BT_TIME_NSEC_PER_SEC);
	ck_assert_int_eq(got.start_period, 0);
	ck_assert_int_eq(got.retries, 3);
}
END_TEST

START_TEST(output_that_is_no_text_is_told_all_the_same)
{
	const struct bt_health_probe p = { .code = 1, .output = "caf\xe9" };
	json_auto_t *health = bt_health_state_apply(NULL, &config, &p, 0);
	const json_t *result = json_array_get(json_object_get(health, "Log"), 0);

	ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(result, "Output")), "caf"));
}
END_TEST

START_TEST(a_state_that_was_broken_begins_anew)
{
	json_auto_t *health = probe(parse("{'Status':3,'FailingStreak':'x','Log':{}}"), 1, 20);

	assert_status(health, "starting", 1);
	ck_assert_uint_eq(json_array_size(json_object_get(health, "Log")), 1);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_kind_of_check_that_nobody_knows_is_none);
	tcase_add_test(tests, words_behind_the_line_for_the_shell_are_its_arguments);
	tcase_add_test(tests, times_and_retries_that_are_too_large_are_the_largest);
	tcase_add_test(tests, times_and_retries_below_one_are_dockers);
	tcase_add_test(tests, output_that_is_no_text_is_told_all_the_same);
	tcase_add_test(tests, a_state_that_was_broken_begins_anew);
	tcase_add_test(tests, failures_in_the_start_period_do_not_count);
	tcase_add_test(
		tests,
		it_is_unhealthy_after_as_many_failures_as_retries_and_healthy_after_one_success);
	tcase_add_test(tests, once_healthy_the_start_period_is_over);
	tcase_add_test(tests, five_results_are_kept_the_newest_last);
	tcase_add_test(tests, a_test_is_a_command_or_a_line_for_the_shell_or_none);
	tcase_add_test(tests, times_that_are_not_given_are_dockers);
}

int main(void)
{
	return run_tests("engine/health_state", add);
}
