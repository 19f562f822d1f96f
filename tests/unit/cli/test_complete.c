/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/complete.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../run_tests.h"
#include "base/auto.h"
#include "base/str.h"
#include "cli/dispatch.h"

#define WORDS_MAX 16

/* What is printed for a command line of which `line` (words with one blank between, NULL: none) is
 * what stands before the cursor. */
static char *answer(const char *line, const char *command)
{
	bt_auto_free char *copy = line ? strdup(line) : NULL;
	char name[] = "berth", *words[WORDS_MAX] = { name }, *text = NULL, *rest = copy;
	FILE *console = stdout;
	size_t len;
	int n = 2;

	ck_assert_int_eq(setenv("DOCKER_HOST", "unix:///nonexistent/berth.sock", 1), 0);
	words[1] = strdup(command);
	while (rest && n < WORDS_MAX)
		words[n++] = strsep(&rest, " ");
	stdout = open_memstream(&text, &len);
	ck_assert_int_eq(bt_dispatch_main(n, words), 0);
	fclose(stdout);
	stdout = console;
	free(words[1]);
	return text;
}

static void assert_answers(const char *line, const char *want)
{
	bt_auto_free char *got = answer(line, "__completeNoDesc");

	ck_assert_msg(strcmp(got, want) == 0, "'%s' gives '%s', not '%s'", line, got, want);
}

static const struct {
	const char *line, *answer;
} lines[] = {
	/* Commands: at the top, in a group, behind flags and their values. */
	{ "vers", "version\n:4\n" },
	{ "ren", "rename\n:4\n" },
	{ "volu", "volume\n:4\n" },
	{ "volume ren", "rename\n:4\n" },
	{ "-D volume re", "rename\n:4\n" },
	{ "-H unix:///x volume ren", "rename\n:4\n" },
	{ "-DH unix:///x volume ren", "rename\n:4\n" },
	{ "-Hunix:///x volume ren", "rename\n:4\n" },
	{ "--host=unix:///x volume ren", "rename\n:4\n" },
	{ "completion b", "bash\n:4\n" },
	{ "no-such-command ", ":0\n" },
	{ "volume no-such-command ", ":0\n" },
	{ "volume volume ", ":0\n" },
	/* Flags. */
	{ "--de", "--debug\n:4\n" },
	{ "volume --de", ":4\n" },
	{ "no-such-command --de", ":4\n" },
	{ "ps --lat", "--latest\n:4\n" },
	{ "container ls --lat", "--latest\n:4\n" },
	{ "ps -l --qui", "--quiet\n:4\n" },
	/* Where a command's program has begun, its flags are none of ours. */
	{ "run --publish-a", "--publish-all\n:4\n" },
	{ "run image --publish-a", ":4\n" },
	{ "ps -- --lat", ":4\n" },
	/* Values. */
	{ "run --pull a", "always\n:4\n" },
	{ "run --pull=a", "always\n:4\n" },
	{ "run --pull= image ", ":4\n" },
	{ "run --rm --pull a", "always\n:4\n" },
	{ "run -itv x --pull a", "always\n:4\n" },
	{ "update --restart un", "unless-stopped\n:4\n" },
	{ "kill -s SIGWIN", "SIGWINCH\n:4\n" },
	{ "kill --signal SIGTER", "SIGTERM\n:4\n" },
	{ "run --cap-drop AL", "ALL\n:4\n" },
	{ "run --cap-add CAP_SYS_MO", "CAP_SYS_MODULE\n:4\n" },
	{ "--log-level wa", "warn\n:4\n" },
	{ "run --env-file ", ":0\n" },
	{ "run --no-such-flag=", ":0\n" },
	{ "load --input ", ":0\n" },
	/* Arguments that are none of the daemon's. */
	{ "cp ", ":0\n" },
	{ "run image ", ":4\n" },
	{ "exec c ", ":4\n" },
	{ "version ", ":4\n" },
	{ "rename a b ", ":4\n" },
};

START_TEST(each_place_in_a_command_line_has_its_words)
{
	assert_answers(lines[_i].line, lines[_i].answer);
}
END_TEST

static const char *const of_the_daemon[] = {
	"rm ",
	"rm a b ",
	"start ",
	"run ",
	"run -it --rm ",
	"exec -it ",
	"container top ",
	"rmi a ",
	"tag a ",
	"history ",
	"network rm ",
	"network connect ",
	"network connect n ",
	"volume rm a ",
	"volume inspect ",
	"run --network ",
	"run --volumes-from=",
	"inspect ",
	"logs -f ",
	"enter ",
	"network inspect ",
	"push ",
};

START_TEST(where_no_daemon_can_be_asked_the_shell_is_told_so)
{
	assert_answers(of_the_daemon[_i], ":1\n");
}
END_TEST

START_TEST(meanings_stand_behind_a_tab_where_they_are_wanted)
{
	bt_auto_free char *with = answer("volume ren", "__complete");
	bt_auto_free char *flag = answer("ps -q", "__complete");

	ck_assert_str_eq(with, "rename\tRename a volume\n:4\n");
	ck_assert_str_eq(flag, "-q\tPrint only ids\n:4\n");
}
END_TEST

START_TEST(every_letter_stands_beside_its_flag)
{
	assert_answers("unpause -", ":4\n");
	assert_answers("images -", "--all\n-a\n--digests\n--filter\n-f\n--format\n--no-trunc\n"
				   "--quiet\n-q\n:4\n");
}
END_TEST

START_TEST(without_any_word_there_is_an_answer)
{
	bt_auto_free char *text = answer(NULL, "__complete");

	ck_assert(strstr(text, "run\t") && bt_str_ends(text, "\n:4\n"));
}
END_TEST

static void offer_all(const struct bt_complete *c)
{
	bt_complete_offer(c, "plain", "one\nand more");
	bt_complete_offer(c, "two words", NULL);
	bt_complete_offer(c, "tab\there", NULL);
	bt_complete_offer(c, "line\nhere", NULL);
	bt_complete_offer(c, "escape\033[2J", NULL);
	bt_complete_offer(c, "pl", "");
}

START_TEST(a_word_that_a_shell_or_a_terminal_would_misread_is_not_offered)
{
	const struct bt_complete any = { .typed = "", .describe = true };
	FILE *console = stdout;
	char *text = NULL;
	size_t len;

	stdout = open_memstream(&text, &len);
	offer_all(&any);
	fclose(stdout);
	stdout = console;
	ck_assert_str_eq(text, "plain\tone\npl\n");
	free(text);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_loop_test(tests, each_place_in_a_command_line_has_its_words, 0,
			    sizeof(lines) / sizeof(lines[0]));
	tcase_add_loop_test(tests, where_no_daemon_can_be_asked_the_shell_is_told_so, 0,
			    sizeof(of_the_daemon) / sizeof(of_the_daemon[0]));
	tcase_add_test(tests, meanings_stand_behind_a_tab_where_they_are_wanted);
	tcase_add_test(tests, every_letter_stands_beside_its_flag);
	tcase_add_test(tests, without_any_word_there_is_an_answer);
	tcase_add_test(tests, a_word_that_a_shell_or_a_terminal_would_misread_is_not_offered);
}

int main(void)
{
	return run_tests("cli/complete", add);
}
