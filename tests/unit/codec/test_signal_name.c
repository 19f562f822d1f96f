/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/signal_name.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

static const struct {
	const char *text;
	int number;
} names[] = {
	{ "SIGTERM", SIGTERM },
	{ "term", SIGTERM },
	{ "sigKill", SIGKILL },
	{ "15", 15 },
	{ "64", 64 },
	{ "1", 1 },
	{ "0", -EINVAL },
	{ "65", -EINVAL },
	{ "-9", -EINVAL },
	{ "+9", -EINVAL },
	{ "9x", -EINVAL },
	{ "0x9", -EINVAL },
	{ "", -EINVAL },
	{ "SIG", -EINVAL },
	{ "SIGSIGTERM", -EINVAL },
	{ "RTMIN", 34 },
	{ "SIGRTMIN+3", 37 },
	{ "rtmax-1", 63 },
	{ "RTMAX", 64 },
	{ "RTMIN+30", 64 },
	{ "RTMIN+31", -EINVAL },
	{ "RTMIN-1", -EINVAL },
	{ "RTMIN+", -EINVAL },
	{ "RTMAX-30", 34 },
	{ "RTMAX-31", -EINVAL },
	{ "RTMIN+99999999999999999999", -EINVAL },
	{ "CHLD", SIGCHLD },
	{ "CLD", SIGCHLD },
	{ "WINCH", SIGWINCH },
};

START_TEST(names_have_their_numbers)
{
	ck_assert_msg(bt_signal_name_parse(names[_i].text) == names[_i].number, "%s is %d",
		      names[_i].text, bt_signal_name_parse(names[_i].text));
}
END_TEST

START_TEST(what_is_printed_parses_to_itself)
{
	for (int i = 1; i <= 64; i++) {
		char name[BT_SIGNAL_NAME_LEN];

		bt_signal_name_print(i, name);
		ck_assert_int_eq(bt_signal_name_parse(name), i);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/signal_name");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(all, names_have_their_numbers, 0,
			    (int)(sizeof(names) / sizeof(names[0])));
	tcase_add_test(all, what_is_printed_parses_to_itself);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
