/* SPDX-License-Identifier: Apache-2.0 */

/* monitor/life.c, whose manual is monitor/monitor_private.h: what is decided at starts and ends. */

#include <seccomp.h>
#include <sys/eventfd.h>

#include "monitor/attach.h"
#include "played_runtime.h"

static struct bt_err err;

/* The end of a run as the daemon hears of it. */
struct told_end {
	int code, restarts;
	int64_t again_in;
	bool final, stopped;
};

static struct told_end next_end(void)
{
	json_auto_t *event = next_of(daemon_fd, "exited");

	return (struct told_end){ .code = (int)number_of(event, "code"),
				  .restarts = (int)number_of(event, "restarts"),
				  .again_in = number_of(event, "again_in"),
				  .final = bt_json_bool(event, "final", false),
				  .stopped = bt_json_bool(event, "stopped", false) };
}

/* It is over: nothing runs, and the loop ends by itself. */
static void check_over(void)
{
	ck_assert_int_eq(m.state, BT_MONITOR_ENDED);
	ck_assert_ptr_null(m.run);
	ck_assert_int_eq(bt_loop_run(&m.loop), 0);
	ck_assert(!bt_loop_timer_is_set(&m.restart_timer));
	ck_assert(!bt_loop_timer_is_set(&m.kill_timer));
	ck_assert(!bt_loop_timer_is_set(&m.grace_timer));
}

static void have_policy(enum bt_restart_policy policy, int max)
{
	m.spawn.restart = (struct bt_restart){ policy, max };
}

/* ---- starts ----------------------------------------------------------------------------- */

START_TEST(a_start_is_journalled_before_it_is_told)
{
	struct bt_err ignored;
	pid_t pid;

	m.seq = 6;
	m.restarts = 2;
	set_program("read x <$1/gate\n");
	bt_life_start(&m);
	json_auto_t *started = next_of(daemon_fd, "started");
	bt_auto_free char *journal = read_in_dir("journal");
	bt_auto_free char *begin = bt_str_format("1 7 started ");
	bt_auto_free char *end = bt_str_format(" %d 2 %d ;\n", (int)m.run->pid, (int)getpid());

	pid = m.run->pid;
	ck_assert_int_eq(number_of(started, "seq"), 7);
	ck_assert_int_eq(number_of(started, "pid"), pid);
	ck_assert_int_eq(number_of(started, "monitor"), getpid());
	ck_assert_int_eq(number_of(started, "restarts"), 2);
	ck_assert(bt_json_bool(started, "kept", false));
	ck_assert_msg(strncmp(journal, begin, strlen(begin)) == 0 && strstr(journal, end) != NULL,
		      "%s", journal);
	ck_well(bt_life_stop(&m, SIGKILL, -1, false, &ignored), &ignored);
	(void)next_end();
}
END_TEST

START_TEST(a_start_that_fails_is_the_end_and_says_why_with_its_code)
{
	static const struct {
		const char *log;
		int code;
		const char *words;
	} cases[] = {
		{ "{\"msg\":\"exec: nope: executable file not found in $PATH\"}", 127,
		  "executable file not found" },
		{ "{\"msg\":\"exec /etc: permission denied\"}", 126, "permission denied" },
		{ "{\"msg\":\"exec /etc: is a directory\"}", 126, "is a directory" },
		{ "{\"msg\":\"it did not want to\"}", 125, "it did not want to" },
		{ "", 125, "it did not say why" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct bt_err why;

		write_in_dir("refuse.create", cases[i].log, 0600);
		have_policy(BT_RESTART_ALWAYS, 0);
		m.loop.stop = false;
		bt_life_start(&m);
		json_auto_t *failed = next_of(daemon_fd, "start-failed");

		ck_assert(bt_json_bool(failed, "final", false));
		ck_assert_int_eq(number_of(failed, "code"), cases[i].code);
		(void)bt_message_to_error(json_object_get(failed, "error"), &why);
		ck_assert_msg(strstr(why.msg, cases[i].words), "%s", why.msg);
		ck_assert_int_eq(m.last_code, cases[i].code);
		ck_assert_int_eq(count_calls("delete"), (int)i + 1);
		check_over();
	}
	ck_assert_int_eq(count_calls("start"), 0);
}
END_TEST

START_TEST(without_a_specification_nothing_is_started)
{
	bt_close(&m.spec_fd);
	free((void *)(uintptr_t)bt_take(m.spawn.runtime));
	bt_life_start(&m);
	json_auto_t *failed = next_of(daemon_fd, "start-failed");

	ck_assert_int_eq(number_of(failed, "code"), 125);
	check_over();
}
END_TEST

START_TEST(what_its_namespaces_were_joined_to_must_live_at_every_later_run)
{
	const pid_t child = fork();

	if (child == 0)
		for (;;)
			pause();
	ck_well(bt_joined_hold(&child, 1, &m.joined, &err), &err);
	have_policy(BT_RESTART_ALWAYS, 0);
	set_program("exit 4\n");
	(void)start_box();
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitid(P_PID, (id_t)child, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
	ck_assert(!next_end().final);
	json_auto_t *failed = next_of(daemon_fd, "start-failed");

	ck_assert_int_eq(number_of(failed, "restarts"), 1);
	ck_assert_int_eq(count_calls("create"), 1);
	check_over();
}
END_TEST

/* The number that the run's standard output will have: its input and this pipe come first. */
static int number_of_output(void)
{
	int input = open("/dev/null", O_RDONLY | O_CLOEXEC), pair[2];

	ck_assert_int_ge(input, 0);
	ck_assert_int_eq(pipe2(pair, O_CLOEXEC), 0);
	ck_assert_int_eq(close(input) | close(pair[0]) | close(pair[1]), 0);
	return pair[0];
}

/* From here on this process cannot wait for that descriptor, as where a user's watches are used up.
 */
static void without_watch(int fd)
{
	const struct scmp_arg_cmp args[] = {
		{ .arg = 1, .op = SCMP_CMP_EQ, .datum_a = EPOLL_CTL_ADD },
		{ .arg = 2, .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)fd },
	};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	ck_assert_ptr_nonnull(filter);
	ck_assert_int_eq(seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOSPC), SCMP_SYS(epoll_ctl),
						2, args),
			 0);
	ck_assert_int_eq(seccomp_load(filter), 0);
	seccomp_release(filter);
}

/* Lets the loop turn some times, so that everything that is ready is told, and then closes the
 * client. */
struct turns {
	struct bt_loop_source source;
	int event, client, left;
};

static void on_turn(struct bt_loop_source *source, uint32_t events)
{
	struct turns *turns = bt_list_entry(source, struct turns, source);

	(void)events;
	if (--turns->left > 0)
		return;
	bt_loop_remove(&m.loop, source);
	bt_close(&turns->client);
}

START_TEST(a_run_that_cannot_be_watched_is_killed_and_its_end_is_no_other_runs)
{
	const struct bt_spawn_client how = { .out = true, .err = true };
	struct turns turns = { .event = eventfd(1, EFD_CLOEXEC), .left = 20 };
	json_auto_t *failed = NULL;
	int pair[2];

	set_program("exec sleep 1000\n");
	ck_assert_int_eq(bt_life_prepare(&m), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	ck_assert_int_eq(bt_attach_create(&m.run->stdio, pair[1], &how, NULL), 0);
	turns.client = pair[0];
	ck_assert_int_eq(bt_loop_add(&m.loop, &turns.source, turns.event, EPOLLIN, on_turn), 0);
	without_watch(number_of_output());
	bt_life_start(&m);
	ck_assert_int_eq(m.state, BT_MONITOR_ENDED);
	ck_assert_ptr_null(m.run);
	/* What it was is still there, for its client is. */
	ck_assert(!bt_list_empty(&m.old_runs));
	ck_assert_int_eq(bt_loop_run(&m.loop), 0);
	ck_assert_int_eq(turns.left, 0);
	ck_assert(bt_list_empty(&m.old_runs));
	ck_assert_int_eq(count_calls("delete"), 1);
	failed = next_of(daemon_fd, "start-failed");
	ck_assert_int_eq(number_of(failed, "code"), 125);
	ck_assert_str_eq(bt_str_get(&told), "");
	bt_close(&turns.event);
}
END_TEST

/* ---- ends ------------------------------------------------------------------------------- */

START_TEST(an_end_has_the_programs_code_and_no_restart_follows_without_a_policy)
{
	static const struct {
		const char *program;
		int code;
	} cases[] = { { "exit 0\n", 0 },
		      { "exit 3\n", 3 },
		      { "exit 255\n", 255 },
		      { "kill -KILL $$\n", 137 },
		      { "kill -SEGV $$\n", 139 } };

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct told_end end;

		set_program(cases[i].program);
		m.loop.stop = false;
		(void)start_box();
		end = next_end();
		ck_assert_int_eq(end.code, cases[i].code);
		ck_assert(end.final && !end.stopped);
		ck_assert_int_eq(end.again_in, 0);
		ck_assert_int_eq(m.last_code, cases[i].code);
		ck_assert_int_eq(count_calls("delete"), (int)i + 1);
		check_over();
	}
}
END_TEST

START_TEST(output_that_somebody_outside_holds_is_not_waited_for_for_ever)
{
	set_program("(read x <$1/gate) &\nexit 5\n");
	(void)start_box();
	while (m.state == BT_MONITOR_RUNNING)
		json_decref(ask("{'op':'status','id':1}"));
	/* Two seconds, for which this test does not wait. */
	if (m.state == BT_MONITOR_ENDING)
		bt_loop_timer_set(&m.loop, &m.grace_timer, 0);
	ck_assert_int_eq(next_end().code, 5);
	open_gate();
	check_over();
}
END_TEST

/* ---- what the policy says ------------------------------------------------------------------ */

START_TEST(always_starts_it_again_and_counts)
{
	struct told_end end;

	have_policy(BT_RESTART_ALWAYS, 0);
	(void)start_box();
	end = next_end();
	ck_assert(!end.final && !end.stopped);
	ck_assert_int_eq(end.restarts, 0);
	ck_assert_int_eq(end.again_in, 100);
	ck_assert_int_eq(m.state, BT_MONITOR_WAITING);
	ck_assert_ptr_null(m.run);
	set_program("read x <$1/gate\n");
	json_auto_t *started = next_of(daemon_fd, "started");

	ck_assert_int_eq(number_of(started, "restarts"), 1);
	ck_assert_int_eq(m.restarts, 1);
	ck_well(bt_life_signal(&m, SIGKILL, &err), &err);
	end = next_end();
	ck_assert(end.final && end.stopped);
	ck_assert_int_eq(end.restarts, 1);
	check_over();
}
END_TEST

START_TEST(on_failure_gives_up_at_success_and_at_its_limit)
{
	have_policy(BT_RESTART_ON_FAILURE, 3);
	set_program("exit 0\n");
	(void)start_box();
	ck_assert(next_end().final);
	check_over();
	m.restarts = 3;
	m.loop.stop = false;
	set_program("exit 1\n");
	(void)start_box();
	ck_assert(next_end().final);
	check_over();
}
END_TEST

/* ---- while a restart is awaited --------------------------------------------------------- */

static void await_restart(void)
{
	have_policy(BT_RESTART_ALWAYS, 0);
	set_program("exit 9\n");
	m.delay_ms = 30000; /* doubled: nobody waits for that */
	(void)start_box();
	ck_assert(!next_end().final);
	ck_assert_int_eq(m.state, BT_MONITOR_WAITING);
	ck_assert(bt_loop_timer_is_set(&m.restart_timer));
}

START_TEST(a_stop_ends_the_wait_with_the_last_code)
{
	struct told_end end;

	await_restart();
	ck_well(bt_life_stop(&m, SIGTERM, 10, false, &err), &err);
	end = next_end();
	ck_assert(end.final && end.stopped);
	ck_assert_int_eq(end.code, 9);
	ck_assert_int_eq(count_calls("create"), 1);
	check_over();
}
END_TEST

START_TEST(a_signal_that_stops_ends_the_wait_and_any_other_finds_nobody)
{
	await_restart();
	ck_assert_int_lt(bt_life_signal(&m, SIGHUP, &err), 0);
	check_err(&err, BT_ERR_CONFLICT, "container box is not running");
	ck_assert_int_eq(m.state, BT_MONITOR_WAITING);
	ck_well(bt_life_signal(&m, SIGTERM, &err), &err);
	ck_assert(next_end().final);
	check_over();
}
END_TEST

START_TEST(a_kill_ends_the_wait_whatever_its_stop_signal)
{
	m.spawn.stop_signal = SIGUSR1;
	await_restart();
	ck_assert_int_lt(bt_life_signal(&m, SIGTERM, &err), 0);
	ck_well(bt_life_signal(&m, SIGKILL, &err), &err);
	ck_assert(next_end().stopped);
	check_over();
}
END_TEST

START_TEST(a_restart_ends_the_wait_at_once_and_begins_to_count_anew)
{
	await_restart();
	m.restarts = 5;
	set_program("read x <$1/gate\n");
	ck_well(bt_life_stop(&m, SIGTERM, 10, true, &err), &err);
	json_auto_t *started = next_of(daemon_fd, "started");

	ck_assert_int_eq(number_of(started, "restarts"), 0);
	json_decref(next_of(daemon_fd, "restarted"));
	ck_assert(!bt_loop_timer_is_set(&m.restart_timer));
	ck_assert_int_eq(m.delay_ms, 0);
	ck_well(bt_life_signal(&m, SIGKILL, &err), &err);
	ck_assert(next_end().final);
}
END_TEST

START_TEST(a_restart_that_cannot_start_is_told_as_failed_and_not_as_done)
{
	await_restart();
	write_in_dir("refuse.create", "", 0600);
	ck_well(bt_life_stop(&m, SIGTERM, 10, true, &err), &err);
	json_decref(next_of(daemon_fd, "start-failed"));
	ck_assert_ptr_null(strstr(bt_str_get(&told), "restarted"));
	check_over();
	ck_assert_int_eq(recv(daemon_fd, &(char){ 0 }, 1, MSG_DONTWAIT), -1);
}
END_TEST

START_TEST(the_health_of_one_that_does_not_run_is_nobodys_business)
{
	await_restart();
	ck_assert_int_lt(bt_life_unhealthy(&m, &err), 0);
	check_err(&err, BT_ERR_CONFLICT, "container box is not running");
	ck_assert_int_eq(m.state, BT_MONITOR_WAITING);
}
END_TEST

/* ---- stops ---------------------------------------------------------------------------------- */

/* Goes on whatever it is told but SIGKILL. */
static void start_deaf(void)
{
	bt_auto_free char *never = in_dir("never");

	ck_assert_int_eq(mkfifo(never, 0600), 0);
	set_program("trap '' TERM\necho >$1/gate\nread x <$1/never\n");
	(void)start_box();
	await_gate();
}

/* Any signal ends it that ends programs. */
static void start_idle(void)
{
	set_program("read x <$1/gate\n");
	(void)start_box();
}

START_TEST(a_stop_sends_its_signal_and_no_policy_starts_it_again)
{
	struct told_end end;

	have_policy(BT_RESTART_ALWAYS, 0);
	start_idle();
	ck_well(bt_life_stop(&m, SIGUSR1, 3600, false, &err), &err);
	end = next_end();
	ck_assert_int_eq(end.code, 128 + SIGUSR1);
	ck_assert(end.final && end.stopped);
	check_over();
}
END_TEST

START_TEST(what_does_not_stop_in_its_time_is_killed)
{
	struct told_end end;

	start_deaf();
	ck_well(bt_life_stop(&m, SIGTERM, 0, false, &err), &err);
	end = next_end();
	ck_assert_int_eq(end.code, 137);
	ck_assert(end.final && end.stopped);
	check_over();
}
END_TEST

START_TEST(a_stop_without_an_end_of_its_time_kills_nobody)
{
	start_deaf();
	ck_well(bt_life_stop(&m, SIGTERM, -1, false, &err), &err);
	ck_assert(!bt_loop_timer_is_set(&m.kill_timer));
	/* A second one, with a time, does. */
	ck_well(bt_life_stop(&m, SIGTERM, 0, false, &err), &err);
	ck_assert_int_eq(next_end().code, 137);
}
END_TEST

START_TEST(a_restart_stops_it_and_starts_it_whatever_the_policy)
{
	struct told_end end;

	start_idle();
	m.restarts = 4;
	ck_well(bt_life_stop(&m, SIGTERM, 3600, true, &err), &err);
	end = next_end();
	ck_assert(!end.final && end.stopped);
	ck_assert_int_eq(end.again_in, 0);
	json_auto_t *started = next_of(daemon_fd, "started");

	ck_assert_int_eq(number_of(started, "restarts"), 0);
	json_decref(next_of(daemon_fd, "restarted"));
	/* Of the time that the first run had, the second one knows nothing. */
	ck_assert(!bt_loop_timer_is_set(&m.kill_timer));
	ck_assert(!m.stopping && !m.restart_asked);
	ck_well(bt_life_signal(&m, SIGKILL, &err), &err);
	ck_assert(next_end().final);
}
END_TEST

START_TEST(a_stop_behind_a_restart_is_the_one_that_counts)
{
	start_idle();
	ck_well(bt_life_stop(&m, SIGCONT, 3600, true, &err), &err);
	ck_well(bt_life_stop(&m, SIGTERM, 3600, false, &err), &err);
	ck_assert(next_end().final);
	check_over();
}
END_TEST

/* Its program has ended, and what it said is not read to its end. */
START_TEST(a_restart_of_what_is_ending_starts_it_when_it_has_ended)
{
	ck_assert_int_eq(bt_life_prepare(&m), 0);
	m.run->code = 5;
	m.state = BT_MONITOR_ENDING;
	set_program("read x <$1/gate\n");
	ck_well(bt_life_stop(&m, SIGTERM, 0, true, &err), &err);
	ck_assert(!bt_loop_timer_is_set(&m.kill_timer));
	ck_assert_int_eq(count_calls("create"), 0);
	bt_loop_timer_set(&m.loop, &m.grace_timer, 0);
	const struct told_end end = next_end();

	ck_assert_int_eq(end.code, 5);
	ck_assert(!end.final && end.stopped);
	json_decref(next_of(daemon_fd, "started"));
	json_decref(next_of(daemon_fd, "restarted"));
}
END_TEST

START_TEST(a_stop_of_what_is_ending_is_its_end)
{
	have_policy(BT_RESTART_ALWAYS, 0);
	ck_assert_int_eq(bt_life_prepare(&m), 0);
	m.state = BT_MONITOR_ENDING;
	ck_well(bt_life_stop(&m, SIGTERM, 0, false, &err), &err);
	bt_loop_timer_set(&m.loop, &m.grace_timer, 0);
	const struct told_end end = next_end();

	ck_assert(end.final && end.stopped);
	check_over();
}
END_TEST

START_TEST(only_signals_that_stop_count_as_a_stop)
{
	have_policy(BT_RESTART_ALWAYS, 0);
	start_idle();
	ck_well(bt_life_signal(&m, SIGUSR1, &err), &err);
	ck_assert(!m.stopping);
	const struct told_end end = next_end();

	ck_assert_int_eq(end.code, 128 + SIGUSR1);
	ck_assert(!end.stopped && !end.final);
}
END_TEST

START_TEST(a_signal_that_there_is_none_of_is_refused_and_changes_nothing)
{
	start_idle();
	ck_assert_int_lt(bt_life_signal(&m, 12345, &err), 0);
	check_err(&err, BT_ERR_SYSTEM, "send signal 12345");
	ck_assert(!m.stopping);
	ck_well(bt_life_signal(&m, SIGUSR1, &err), &err);
	ck_assert_int_eq(next_end().code, 128 + SIGUSR1);
}
END_TEST

/* ---- health --------------------------------------------------------------------------------- */

START_TEST(ill_health_ends_no_run_that_would_not_come_back)
{
	static const struct bt_restart policies[] = {
		{ BT_RESTART_NO, 0 },
		/* As often as they may, and no more. */
		{ BT_RESTART_ON_FAILURE, 2 },
		{ BT_RESTART_ON_UNHEALTHY, 2 },
	};

	start_idle();
	m.restarts = 2;
	for (size_t i = 0; i < LENGTH(policies); i++) {
		m.spawn.restart = policies[i];
		ck_well(bt_life_unhealthy(&m, &err), &err);
		ck_assert(!m.run->unhealthy);
		ck_assert(!bt_loop_timer_is_set(&m.kill_timer));
	}
}
END_TEST

START_TEST(ill_health_ends_a_run_by_its_stop_signal_and_another_begins)
{
	struct told_end end;

	have_policy(BT_RESTART_ON_UNHEALTHY, 0);
	start_idle();
	ck_well(bt_life_unhealthy(&m, &err), &err);
	ck_assert(bt_loop_timer_is_set(&m.kill_timer));
	/* More checks fail meanwhile. */
	ck_well(bt_life_unhealthy(&m, &err), &err);
	end = next_end();
	ck_assert_int_eq(end.code, 128 + SIGTERM);
	ck_assert(!end.final && !end.stopped);
	ck_assert(!bt_loop_timer_is_set(&m.kill_timer));
}
END_TEST

START_TEST(ill_health_of_what_is_being_stopped_brings_it_not_back)
{
	have_policy(BT_RESTART_ON_UNHEALTHY, 0);
	start_deaf();
	ck_well(bt_life_stop(&m, SIGTERM, 3600, false, &err), &err);
	ck_well(bt_life_unhealthy(&m, &err), &err);
	ck_assert(!m.run->unhealthy);
	ck_well(bt_life_signal(&m, SIGKILL, &err), &err);
	ck_assert(next_end().final);
	check_over();
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_start_is_journalled_before_it_is_told);
	tcase_add_test(tests, a_start_that_fails_is_the_end_and_says_why_with_its_code);
	tcase_add_test(tests, without_a_specification_nothing_is_started);
	tcase_add_test(tests, what_its_namespaces_were_joined_to_must_live_at_every_later_run);
	tcase_add_test(tests, a_run_that_cannot_be_watched_is_killed_and_its_end_is_no_other_runs);
	tcase_add_test(tests, an_end_has_the_programs_code_and_no_restart_follows_without_a_policy);
	tcase_add_test(tests, output_that_somebody_outside_holds_is_not_waited_for_for_ever);
	tcase_add_test(tests, always_starts_it_again_and_counts);
	tcase_add_test(tests, on_failure_gives_up_at_success_and_at_its_limit);
	tcase_add_test(tests, a_stop_ends_the_wait_with_the_last_code);
	tcase_add_test(tests, a_signal_that_stops_ends_the_wait_and_any_other_finds_nobody);
	tcase_add_test(tests, a_kill_ends_the_wait_whatever_its_stop_signal);
	tcase_add_test(tests, a_restart_ends_the_wait_at_once_and_begins_to_count_anew);
	tcase_add_test(tests, a_restart_that_cannot_start_is_told_as_failed_and_not_as_done);
	tcase_add_test(tests, the_health_of_one_that_does_not_run_is_nobodys_business);
	tcase_add_test(tests, a_stop_sends_its_signal_and_no_policy_starts_it_again);
	tcase_add_test(tests, what_does_not_stop_in_its_time_is_killed);
	tcase_add_test(tests, a_stop_without_an_end_of_its_time_kills_nobody);
	tcase_add_test(tests, a_restart_stops_it_and_starts_it_whatever_the_policy);
	tcase_add_test(tests, a_stop_behind_a_restart_is_the_one_that_counts);
	tcase_add_test(tests, a_restart_of_what_is_ending_starts_it_when_it_has_ended);
	tcase_add_test(tests, a_stop_of_what_is_ending_is_its_end);
	tcase_add_test(tests, only_signals_that_stop_count_as_a_stop);
	tcase_add_test(tests, a_signal_that_there_is_none_of_is_refused_and_changes_nothing);
	tcase_add_test(tests, ill_health_ends_no_run_that_would_not_come_back);
	tcase_add_test(tests, ill_health_ends_a_run_by_its_stop_signal_and_another_begins);
	tcase_add_test(tests, ill_health_of_what_is_being_stopped_brings_it_not_back);
}

int main(void)
{
	return run_suite("monitor/life", setup_runtime, teardown_runtime, add_tests);
}
