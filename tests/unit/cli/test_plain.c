/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/plain.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/auto.h"

static void expect(const char *text, bool lines, const char *want)
{
	bt_auto_str struct bt_str s = { 0 };

	bt_plain_add(&s, text, lines);
	ck_assert_str_eq(bt_str_get(&s), want);
}

START_TEST(what_is_no_command_stays_as_it_is)
{
	expect("", false, "");
	expect("plain ~", false, "plain ~");
	/* Letters beyond ASCII, two of them with bytes that look like commands. */
	expect("gr\xc3\xbc\xc3\x9f \xe2\x80\xa6 \xc2\xa0", false,
	       "gr\xc3\xbc\xc3\x9f \xe2\x80\xa6 \xc2\xa0");
}
END_TEST

START_TEST(commands_are_shown)
{
	expect("\033[2J\033]52;c;cm0=\a", false, "^[[2J^[]52;c;cm0=^G");
	expect("a\rb\b\x7f", false, "a^Mb^H^?");
	expect("\xc2\x9b"
	       "2J",
	       false, "<U+009B>2J");
	expect("\xc2\x80\xc2\x9f\xc2\xa0", false, "<U+0080><U+009F>\xc2\xa0");
	/* The end of the text amid a letter. */
	expect("\xc2", false, "\xc2");
}
END_TEST

START_TEST(lines_end_only_where_they_may)
{
	expect("a\tb\nc\r\n", true, "a\tb\nc^M\n");
	expect("a\tb\nc", false, "a^Ib^Jc");
}
END_TEST

static void put_to(FILE *f, const char *text)
{
	ck_assert_ptr_nonnull(f);
	bt_plain_put(f, text);
	ck_assert_int_eq(fclose(f), 0);
}

START_TEST(what_is_no_terminal_gets_the_text_itself)
{
	char *got = NULL;
	size_t len;

	put_to(open_memstream(&got, &len), "\033[2J\xc2\x9b\n");
	ck_assert_str_eq(got, "\033[2J\xc2\x9b\n");
	free(got);
}
END_TEST

/* A terminal: its other end. */
static int open_terminal(int *ret_slave)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios raw;

	ck_assert_int_ge(master, 0);
	ck_assert_int_eq(grantpt(master), 0);
	ck_assert_int_eq(unlockpt(master), 0);
	*ret_slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(*ret_slave, 0);
	ck_assert_int_eq(tcgetattr(*ret_slave, &raw), 0);
	cfmakeraw(&raw);
	ck_assert_int_eq(tcsetattr(*ret_slave, TCSANOW, &raw), 0);
	return master;
}

START_TEST(a_terminal_is_shown_the_commands)
{
	char got[64] = "";
	int slave, master = open_terminal(&slave);
	FILE *f = fdopen(slave, "w");
	json_t *cell = bt_plain_cell(f, json_string("a\nb\033"));

	ck_assert_str_eq(json_string_value(cell), "a^Jb^[");
	json_decref(cell);
	put_to(f, "\033[2J\nx");
	/* It comes as the terminal likes, not at once. */
	for (ssize_t n = 1; n > 0 && strlen(got) < 7;) {
		n = read(master, got + strlen(got), sizeof(got) - 1 - strlen(got));
		ck_assert_int_gt(n, 0);
	}
	ck_assert_str_eq(got, "^[[2J\nx");
	ck_assert_int_eq(close(master), 0);
}
END_TEST

START_TEST(a_formatted_text_is_shown_so_too)
{
	char got[64] = "", *piped = NULL;
	int slave, master = open_terminal(&slave);
	size_t len;
	FILE *f = fdopen(slave, "w");

	bt_plain_printf(f, "%s: %d\n", "\033c", 7);
	ck_assert_int_eq(fclose(f), 0);
	for (ssize_t n = 1; n > 0 && strlen(got) < 7;) {
		n = read(master, got + strlen(got), sizeof(got) - 1 - strlen(got));
		ck_assert_int_gt(n, 0);
	}
	ck_assert_str_eq(got, "^[c: 7\n");
	ck_assert_int_eq(close(master), 0);
	f = open_memstream(&piped, &len);
	bt_plain_printf(f, "%s: %d\n", "\033c", 7);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_str_eq(piped, "\033c: 7\n");
	free(piped);
}
END_TEST

START_TEST(a_cell_that_is_no_string_or_for_no_terminal_is_left_alone)
{
	char *got = NULL;
	size_t len;
	FILE *f = open_memstream(&got, &len);
	json_t *number = json_integer(3), *text = json_string("\033");

	ck_assert_ptr_eq(bt_plain_cell(f, number), number);
	ck_assert_ptr_eq(bt_plain_cell(f, text), text);
	ck_assert_ptr_null(bt_plain_cell(f, NULL));
	json_decref(number);
	json_decref(text);
	ck_assert_int_eq(fclose(f), 0);
	free(got);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/plain");
	TCase *all = tcase_create("plain");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(all, what_is_no_command_stays_as_it_is);
	tcase_add_test(all, commands_are_shown);
	tcase_add_test(all, lines_end_only_where_they_may);
	tcase_add_test(all, what_is_no_terminal_gets_the_text_itself);
	tcase_add_test(all, a_terminal_is_shown_the_commands);
	tcase_add_test(all, a_formatted_text_is_shown_so_too);
	tcase_add_test(all, a_cell_that_is_no_string_or_for_no_terminal_is_left_alone);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
