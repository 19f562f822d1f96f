/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/args.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "cli/check.h"

static const struct bt_flag flags[] = {
	{ 'd', BT_FLAG_BOOL, "detach", NULL, "x", NULL, NULL },
	{ 'i', BT_FLAG_BOOL, "interactive", NULL, "x", NULL, NULL },
	{ 'e', BT_FLAG_LIST, "env", NULL, "x", NULL, bt_check_env },
	{ 'n', BT_FLAG_STRING, "last", "int", "x", "-1", bt_check_int },
	{ 0, BT_FLAG_STRING, "name", NULL, "x", NULL, NULL },
	{ 0, BT_FLAG_LIST, "network", NULL, "x", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "sig-proxy", NULL, "x", "true", NULL },
	{ 0 },
};

static const struct bt_command mixed = { .names = "ps", .flags = { flags }, .max = -1 };
static const struct bt_command stops = {
	.names = "run", .flags = { flags }, .min = 1, .max = -1, .stops = true
};

static int parse(const struct bt_command *c, const char *line, struct bt_args *ret, char *words,
		 struct bt_err *err)
{
	static char *argv[32];
	char *save = NULL;
	int argc = 0;

	(void)strcpy(words, line);
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	return bt_args_parse(c, argc, argv, ret, err);
}

static void refuse(const char *line, const char *message)
{
	struct bt_args args = { 0 };
	struct bt_err err = { 0 };
	char words[256];

	ck_assert_int_eq(parse(&mixed, line, &args, words, &err), -EINVAL);
	ck_assert_str_eq(err.msg, message);
}

START_TEST(flags_are_read_in_all_their_forms)
{
	bt_auto_args struct bt_args args = { 0 };
	struct bt_err err = { 0 };
	char words[256];

	ck_assert_int_eq(parse(&mixed,
			       "-di -eA=1 -e B=2 --env=C=3 pos --name x -n=7 --net n1 -- -z", &args,
			       words, &err),
			 0);
	ck_assert(bt_args_bool(&args, "detach") && bt_args_bool(&args, "interactive"));
	ck_assert_str_eq(bt_args_item(&args, "env", 0), "A=1");
	ck_assert_str_eq(bt_args_item(&args, "env", 2), "C=3");
	ck_assert_ptr_null(bt_args_item(&args, "env", 3));
	ck_assert_str_eq(bt_args_string(&args, "name"), "x");
	ck_assert_int_eq(bt_args_int(&args, "last"), 7);
	ck_assert_str_eq(bt_args_item(&args, "network", 0), "n1");
	ck_assert_uint_eq(args.npos, 2);
	ck_assert_str_eq(args.pos[0], "pos");
	ck_assert_str_eq(args.pos[1], "-z");
}
END_TEST

START_TEST(defaults_hold_until_they_are_overruled)
{
	bt_auto_args struct bt_args args = { 0 };
	bt_auto_args struct bt_args other = { 0 };
	struct bt_err err = { 0 };
	char words[256];

	ck_assert_int_eq(parse(&mixed, "x", &args, words, &err), 0);
	ck_assert(bt_args_bool(&args, "sig-proxy"));
	ck_assert_int_eq(bt_args_int(&args, "last"), -1);
	ck_assert(!bt_args_given(&args, "last"));
	ck_assert_int_eq(parse(&mixed, "--sig-proxy=false", &other, words, &err), 0);
	ck_assert(!bt_args_bool(&other, "sig-proxy"));
}
END_TEST

START_TEST(a_command_that_runs_another_stops_at_it)
{
	bt_auto_args struct bt_args args = { 0 };
	struct bt_err err = { 0 };
	char words[256];

	ck_assert_int_eq(parse(&stops, "-d img ls -l --name x", &args, words, &err), 0);
	ck_assert_uint_eq(args.npos, 5);
	ck_assert_ptr_null(bt_args_string(&args, "name"));
}
END_TEST

START_TEST(what_is_wrong_is_said_as_pflag_says_it)
{
	refuse("--foo", "unknown flag: --foo");
	refuse("--foo=bar", "unknown flag: --foo");
	refuse("-dz", "unknown shorthand flag: 'z' in -dz");
	refuse("--name", "flag needs an argument: --name");
	refuse("-n", "flag needs an argument: 'n' in -n");
	refuse("--=x", "bad flag syntax: --=x");
	refuse("--last=x",
	       "invalid argument \"x\" for \"-n, --last\" flag: strconv.ParseInt: parsing \"x\": "
	       "invalid syntax");
	refuse("--detach=maybe",
	       "invalid argument \"maybe\" for \"-d, --detach\" flag: strconv.ParseBool: "
	       "parsing \"maybe\": invalid syntax");
	refuse("-e =\"\\\n\x01",
	       "invalid argument \"=\\\"\\\\\\n\\x01\" for \"-e, --env\" flag: invalid environment "
	       "variable: =\"\\\n\x01");
	refuse("-e =x",
	       "invalid argument \"=x\" for \"-e, --env\" flag: invalid environment variable: =x");
}
END_TEST

START_TEST(numbers_of_arguments_are_checked)
{
	bt_auto_args struct bt_args args = { 0 };
	struct bt_err err = { 0 };
	char words[256];

	ck_assert_int_eq(parse(&stops, "-d", &args, words, &err), 0);
	args.path = "docker run";
	ck_assert_int_eq(bt_args_check_count(&args, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "'docker run' requires at least 1 argument");
}
END_TEST

START_TEST(only_gos_words_are_truth_values)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };
	static const char *const none[] = { "", "yes", "no", "on", "tRUE", "2", " true", "true " };
	bool value;

	for (size_t i = 0; i < 6; i++) {
		value = false;
		ck_assert(bt_args_parse_bool(yes[i], &value) == 0 && value);
		ck_assert(bt_args_parse_bool(no[i], &value) == 0 && !value);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_int_eq(bt_args_parse_bool(none[i], &value), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/args");
	TCase *tests = tcase_create("args");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, flags_are_read_in_all_their_forms);
	tcase_add_test(tests, defaults_hold_until_they_are_overruled);
	tcase_add_test(tests, a_command_that_runs_another_stops_at_it);
	tcase_add_test(tests, what_is_wrong_is_said_as_pflag_says_it);
	tcase_add_test(tests, numbers_of_arguments_are_checked);
	tcase_add_test(tests, only_gos_words_are_truth_values);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
