/* SPDX-License-Identifier: Apache-2.0 */

/* With real programs: the shell, and what has no right to run. */

#include "runtime/hooks.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../run_tests.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "codec/json.h"

#define STATE "{\"ociVersion\":\"1.3.0\",\"id\":\"c1\"}"

static char top[] = "/tmp/test_hooks.XXXXXX";
static struct bt_err err;

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(top));
	ck_assert_int_eq(chdir(top), 0);
	err = (struct bt_err){ 0 };
}

static void tear_down(void)
{
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, top), 0);
	strcpy(top + strlen(top) - 6, "XXXXXX");
}

/* A hook that is a line of shell. */
static struct bt_oci_hook shell(const char *line, int timeout, char *argv[4])
{
	argv[0] = (char *)(uintptr_t) "sh";
	argv[1] = (char *)(uintptr_t) "-c";
	argv[2] = (char *)(uintptr_t)line;
	argv[3] = NULL;
	return (struct bt_oci_hook){ .path = "/bin/sh",
				     .args = { .v = argv, .n = 3 },
				     .timeout = timeout };
}

static int run_line(const char *line, int timeout)
{
	char *argv[4];
	struct bt_oci_hook hook = shell(line, timeout, argv);
	const struct bt_oci_hook_list list = { .v = &hook, .n = 1 };

	return bt_hooks_run(&list, "poststop", STATE, "stopped", 4711, &err);
}

static char *content(const char *name)
{
	char *text = NULL;

	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, name, 4096, &text, NULL), 0);
	return text;
}

START_TEST(a_hook_reads_the_containers_state)
{
	bt_auto_free char *text = NULL;
	json_auto_t *state = NULL;

	ck_assert_int_eq(run_line("/bin/cat > state", 0), 0);
	text = content("state");
	ck_assert_int_eq(bt_json_parse(text, strlen(text), BT_JSON_UNIQUE, &state, &err), 0);
	ck_assert_str_eq(bt_json_str(state, "id", ""), "c1");
	ck_assert_str_eq(bt_json_str(state, "ociVersion", ""), "1.3.0");
	ck_assert_str_eq(bt_json_str(state, "status", ""), "stopped");
	ck_assert_int_eq(bt_json_i64(state, "pid", 0), 4711);
}
END_TEST

START_TEST(a_hook_has_no_environment_but_its_own)
{
	char *env[] = { (char *)(uintptr_t) "ONLY=this", NULL }, *argv[4];
	struct bt_oci_hook hook = shell("/usr/bin/env > env", 0, argv);
	const struct bt_oci_hook_list list = { .v = &hook, .n = 1 };
	bt_auto_free char *none = NULL;
	bt_auto_free char *own = NULL;

	ck_assert_int_eq(setenv("SECRET", "of-the-caller", 1), 0);
	ck_assert_int_eq(bt_hooks_run(&list, "prestart", STATE, "created", 1, &err), 0);
	none = content("env");
	ck_assert_ptr_null(strstr(none, "SECRET"));
	hook.env.v = env;
	hook.env.n = 1;
	ck_assert_int_eq(bt_hooks_run(&list, "prestart", STATE, "created", 1, &err), 0);
	own = content("env");
	ck_assert(strstr(own, "ONLY=this\n") && !strstr(own, "SECRET"));
}
END_TEST

START_TEST(hooks_run_in_turn_and_none_after_one_that_failed)
{
	char *argv[3][4];
	const struct bt_oci_hook hooks[] = { shell("echo 1 >> said", 0, argv[0]),
					     shell("echo 2 >> said; exit 3", 0, argv[1]),
					     shell("echo 3 >> said", 0, argv[2]) };
	const struct bt_oci_hook_list list = { .v = hooks, .n = 3 };
	bt_auto_free char *said = NULL;

	ck_assert_int_eq(bt_hooks_run(&list, "createRuntime", STATE, "creating", 1, &err),
			 -ECANCELED);
	ck_assert_str_eq(err.msg, "hooks.createRuntime: /bin/sh: exit status 3");
	said = content("said");
	ck_assert_str_eq(said, "1\n2\n");
}
END_TEST

static const struct {
	const char *line, *message;
} failures[] = {
	{ "exit 1", "hooks.poststop: /bin/sh: exit status 1" },
	{ "echo why >&2; exit 1", "hooks.poststop: /bin/sh: exit status 1: why" },
	/* A line is enough. */
	{ "printf 'why\\nand more' >&2; exit 9", "hooks.poststop: /bin/sh: exit status 9: why" },
	{ "printf '\\n' >&2; exit 9", "hooks.poststop: /bin/sh: exit status 9" },
	{ "kill -KILL $$", "hooks.poststop: /bin/sh: signal 9" },
	/* What it says elsewhere is none of ours. */
	{ "echo out; exit 1", "hooks.poststop: /bin/sh: exit status 1" },
};

START_TEST(an_error_says_how_a_hook_ended_and_the_first_line_it_said)
{
	ck_assert_int_eq(run_line(failures[_i].line, 0), -ECANCELED);
	ck_assert_str_eq(err.msg, failures[_i].message);
}
END_TEST

START_TEST(of_what_a_hook_says_only_the_beginning_is_kept)
{
	ck_assert_int_eq(run_line("i=0; while [ $i -lt 5000 ]; do printf xxxxxxxxxx >&2; "
				  "i=$((i+1)); done; exit 1",
				  0),
			 -ECANCELED);
	ck_assert_uint_eq(strlen(err.msg),
			  strlen("hooks.poststop: /bin/sh: exit status 1: ") + 200);
}
END_TEST

START_TEST(a_program_that_cannot_be_run_is_named_with_the_reason)
{
	struct bt_oci_hook hook = { .path = "/no/such/hook" };
	const struct bt_oci_hook_list list = { .v = &hook, .n = 1 };

	ck_assert_int_eq(bt_hooks_run(&list, "prestart", STATE, "created", 1, &err), -ECANCELED);
	ck_assert_str_eq(err.msg, "hooks.prestart: /no/such/hook: exit status 127: No such file "
				  "or directory");
	hook.path = "/etc/passwd";
	ck_assert_int_eq(bt_hooks_run(&list, "prestart", STATE, "created", 1, &err), -ECANCELED);
	ck_assert_ptr_nonnull(strstr(err.msg, "/etc/passwd: exit status 127: Permission denied"));
}
END_TEST

START_TEST(a_hook_that_does_not_end_in_its_time_is_killed)
{
	ck_assert_int_eq(run_line("while :; do /bin/sleep 1000; done", 1), -ECANCELED);
	ck_assert_str_eq(err.msg, "hooks.poststop: /bin/sh did not end within 1 s");
	/* However far it has come in its second: there is no child any more. */
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

/* Seconds that as milliseconds do not fit into poll(2)'s int, among them one whose low bits are few
 * milliseconds. */
static const int long_times[] = { 2147484, 12884902, 2147483647 };

START_TEST(a_long_time_is_not_taken_for_a_short_one)
{
	ck_assert_msg(run_line("/bin/sleep 0.5", long_times[_i]) == 0, "%s", err.msg);
}
END_TEST

START_TEST(a_hook_gets_no_blocked_signals)
{
	bt_auto_free char *text = NULL;
	sigset_t all;

	ck_assert_int_eq(sigfillset(&all), 0);
	ck_assert_int_eq(sigprocmask(SIG_SETMASK, &all, NULL), 0);
	ck_assert_int_eq(run_line("/bin/grep SigBlk: /proc/self/status > said", 0), 0);
	text = content("said");
	ck_assert_str_eq(text, "SigBlk:\t0000000000000000\n");
}
END_TEST

/* Who waits for a hook has them blocked. */
static const sigset_t *blocked(void)
{
	static sigset_t set;

	ck_assert_int_eq(sigemptyset(&set), 0);
	ck_assert_int_eq(sigaddset(&set, SIGTERM), 0);
	ck_assert_int_eq(sigaddset(&set, SIGINT), 0);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	return &set;
}

START_TEST(a_signal_is_passed_on_to_the_hook_that_is_waited_for)
{
	bt_hooks_pass_on(blocked());
	/* It is sent before anybody watches, or after. */
	ck_assert_int_eq(run_line("trap 'echo in >&2; exit 5' INT; kill -INT $PPID; "
				  "while :; do /bin/sleep 0.02; done",
				  0),
			 -ECANCELED);
	ck_assert_ptr_nonnull(strstr(err.msg, "exit status 5: in"));
	ck_assert_int_eq(run_line("kill -TERM $PPID; while :; do /bin/sleep 0.02; done", 0),
			 -ECANCELED);
	ck_assert_ptr_nonnull(strstr(err.msg, "signal 15"));
	ck_assert_int_eq(run_line("exit 0", 0), 0);
}
END_TEST

START_TEST(a_signal_that_nobody_passes_on_stays)
{
	const sigset_t *set = blocked();

	ck_assert_int_eq(run_line("kill -TERM $PPID", 0), 0);
	ck_assert_int_eq(sigtimedwait(set, NULL, &(struct timespec){ 0 }), SIGTERM);
	bt_hooks_pass_on(set);
	bt_hooks_pass_on(NULL);
	ck_assert_int_eq(run_line("kill -INT $PPID", 0), 0);
	ck_assert_int_eq(sigtimedwait(set, NULL, &(struct timespec){ 0 }), SIGINT);
}
END_TEST

/* The end of a pipe is that of all who have it open. */
START_TEST(a_hook_ends_with_whom_it_runs_for)
{
	int ends[2], begun[2];
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(pipe(begun), 0);
	ck_assert_int_eq(dup2(begun[1], 9), 9);
	pid = fork();
	if (pid == 0) {
		(void)close(ends[0]);
		_exit(run_line("echo >&9; exec 9>&-; while :; do :; done", 0) == 0);
	}
	(void)close(ends[1]);
	(void)close(begun[1]);
	(void)close(9);
	ck_assert_int_eq(read(begun[0], &byte, 1), 1);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(read(ends[0], &byte, 1), 0);
}
END_TEST

START_TEST(without_hooks_there_is_no_state)
{
	struct bt_arena arena = { 0 };
	const struct bt_oci_spec spec = { 0 };
	const char *state = "untouched";
	const struct bt_oci_hook_list none = { 0 };

	ck_assert_int_eq(bt_hooks_state(&spec, "c1", "/b", &arena, &state, &err), 0);
	ck_assert_ptr_null(state);
	ck_assert_int_eq(bt_hooks_run(&none, "prestart", NULL, "created", 1, &err), 0);
	bt_arena_done(&arena);
}
END_TEST

START_TEST(the_state_has_what_never_changes)
{
	struct bt_arena arena = { 0 };
	const struct bt_oci_hook hook = { .path = "/bin/true" };
	struct bt_oci_pair pairs[] = { { .key = "org.x", .value = "a \"b\"\n" } };
	struct bt_oci_spec spec = { .hooks.poststop = { .v = &hook, .n = 1 } };
	json_auto_t *json = NULL;
	const char *state = NULL;

	spec.annotations.v = pairs;
	spec.annotations.n = 1;
	ck_assert_int_eq(bt_hooks_state(&spec, "c1", NULL, &arena, &state, &err), 0);
	ck_assert_int_eq(bt_json_parse(state, strlen(state), 0, &json, &err), 0);
	ck_assert_str_eq(bt_json_str(json, "bundle", "none"), "");
	ck_assert_str_eq(bt_json_str(bt_json_obj(json, "annotations"), "org.x", ""), "a \"b\"\n");
	bt_arena_done(&arena);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_hook_reads_the_containers_state);
	tcase_add_test(tests, a_hook_has_no_environment_but_its_own);
	tcase_add_test(tests, hooks_run_in_turn_and_none_after_one_that_failed);
	tcase_add_loop_test(tests, an_error_says_how_a_hook_ended_and_the_first_line_it_said, 0,
			    sizeof(failures) / sizeof(failures[0]));
	tcase_add_test(tests, of_what_a_hook_says_only_the_beginning_is_kept);
	tcase_add_test(tests, a_program_that_cannot_be_run_is_named_with_the_reason);
	tcase_add_test(tests, a_hook_that_does_not_end_in_its_time_is_killed);
	tcase_add_loop_test(tests, a_long_time_is_not_taken_for_a_short_one, 0,
			    sizeof(long_times) / sizeof(long_times[0]));
	tcase_add_test(tests, a_hook_gets_no_blocked_signals);
	tcase_add_test(tests, a_signal_is_passed_on_to_the_hook_that_is_waited_for);
	tcase_add_test(tests, a_signal_that_nobody_passes_on_stays);
	tcase_add_test(tests, a_hook_ends_with_whom_it_runs_for);
	tcase_add_test(tests, without_hooks_there_is_no_state);
	tcase_add_test(tests, the_state_has_what_never_changes);
	tcase_set_timeout(tests, 30);
}

int main(void)
{
	return run_tests("runtime/hooks", add);
}
