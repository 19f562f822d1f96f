/* SPDX-License-Identifier: Apache-2.0 */

/* monitor/execs.c, whose manual is monitor/monitor_private.h. The container's runtime is the
 * test's, and so are the processes. */

#include "played_runtime.h"

#include <sys/prctl.h>

#include "monitor/client.h"
#include "monitor/exec_file.h"

static int process_fd; /* of every exec */

static void setup(void)
{
	bt_auto_free char *execs = NULL;

	setup_runtime();
	execs = in_dir("execs");
	ck_assert_int_eq(mkdir(execs, 0700) | mkdir(m.spawn.bundle, 0700), 0);
	/* What a runtime leaves behind is the monitor's. */
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	process_fd = bt_io_memfd("process", "{}", 2);
	write_in_dir("program.exec", "exit 0\n", 0600);
}

static void teardown(void)
{
	bt_close(&process_fd);
	teardown_runtime();
}

/* The daemon makes an exec's file before it asks for it. */
static void have_file(const char *id)
{
	ck_assert_int_eq(bt_exec_file_create(dir, id, "{}"), 0);
}

static void request(const char *text)
{
	send_request(daemon_fd, text, "process", process_fd);
}

/* The caller releases it. */
static struct bt_exec_file file_of(const char *id)
{
	struct bt_exec_file file = { 0 };

	ck_assert_int_eq(bt_exec_file_read(dir, id, &file), 0);
	return file;
}

/* Nobody was told of an exec, and none is there. */
static void check_none(void)
{
	json_auto_t *list = bt_execs_list(&m, 10);

	ck_assert_uint_eq(json_array_size(list), 0);
	ck_assert(bt_list_empty(&m.execs));
}

static void run_until_forgotten(void)
{
	while (!bt_list_empty(&m.execs))
		json_decref(ask("{'op':'status','id':99}"));
}

/* ---- what is refused -------------------------------------------------------------------- */

START_TEST(an_exec_needs_a_container_that_runs)
{
	static const enum bt_monitor_state states[] = { BT_MONITOR_STARTING, BT_MONITOR_ENDING,
							BT_MONITOR_WAITING, BT_MONITOR_ENDED };

	have_file("e1");
	for (size_t i = 0; i < LENGTH(states); i++) {
		m.state = states[i];
		request("{'op':'exec','exec':'e1','id':1}");
		check_refused(next_of(daemon_fd, "re"), BT_ERR_CONFLICT,
			      "container box is not running");
	}
	m.state = BT_MONITOR_RUNNING;
	ck_assert_str_eq(bt_str_get(&told), "");
	bt_auto_exec_file struct bt_exec_file file = file_of("e1");

	ck_assert(!file.ended);
	check_none();
}
END_TEST

START_TEST(a_name_that_is_none_or_too_long_is_refused)
{
	char name[BT_CLIENT_EXEC_MAX + 1];
	bt_auto_free char *text = NULL;

	request("{'op':'exec','id':1}");
	check_refused(next_of(daemon_fd, "re"), BT_ERR_CONFLICT, "exec \"\" runs already");
	memset(name, 'e', sizeof(name) - 1);
	name[BT_CLIENT_EXEC_MAX] = '\0';
	text = bt_str_format("{'op':'exec','exec':'%s','id':2}", name);
	request(text);
	check_refused(next_of(daemon_fd, "re"), BT_ERR_CONFLICT, "runs already");
	check_none();
	ck_assert_int_eq(count_calls("exec"), 0);
}
END_TEST

START_TEST(an_exec_without_a_process_has_failed_and_its_client_is_let_go)
{
	int ends[2];
	char byte;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	have_file("e1");
	send_request(daemon_fd, "{'op':'exec','exec':'e1','stdout':true,'id':1}",
		     BT_PROTOCOL_FD_CLIENT, ends[0]);
	close(ends[0]);
	json_auto_t *failed = next_of(daemon_fd, "exec-failed");

	ck_assert_str_eq(bt_json_str(failed, "exec", ""), "e1");
	check_refused(next_of(daemon_fd, "re"), BT_ERR_INVALID, "exec: no process given");
	ck_assert_int_eq(recv(ends[1], &byte, 1, 0), 0);
	close(ends[1]);
	check_none();
}
END_TEST

START_TEST(keys_that_are_none_end_it_before_anything_runs)
{
	int ends[2];
	char byte;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	have_file("e1");
	send_request(daemon_fd, "{'op':'exec','exec':'e1','detach_keys':'ctrl-9','id':1}",
		     BT_PROTOCOL_FD_CLIENT, ends[0]);
	close(ends[0]);
	json_decref(next_of(daemon_fd, "exec-failed"));
	check_refused(next_of(daemon_fd, "re"), BT_ERR_INVALID, "exec: attach: Invalid argument");
	ck_assert_int_eq(recv(ends[1], &byte, 1, 0), 0);
	close(ends[1]);
	ck_assert_int_eq(count_calls("exec"), 0);
	check_none();
}
END_TEST

START_TEST(one_that_the_runtime_refuses_is_told_with_its_code_and_in_its_file)
{
	static const struct {
		const char *log;
		int code;
	} cases[] = { { "{\"msg\":\"exec: x: executable file not found in $PATH\"}", 127 },
		      { "{\"msg\":\"permission denied\"}", 126 },
		      /* Of anything else the daemon has told before. */
		      { "{\"msg\":\"it did not want to\"}", 126 } };

	for (size_t i = 0; i < LENGTH(cases); i++) {
		bt_auto_free char *id = bt_str_format("e%zu", i);
		bt_auto_free char *text = bt_str_format("{'op':'exec','exec':'%s','id':1}", id);
		bt_auto_exec_file struct bt_exec_file file = { 0 };

		write_in_dir("refuse.exec", cases[i].log, 0600);
		have_file(id);
		request(text);
		json_auto_t *failed = next_of(daemon_fd, "exec-failed");

		ck_assert_str_eq(bt_json_str(failed, "exec", ""), id);
		ck_assert_int_eq(number_of(failed, "code"), cases[i].code);
		json_auto_t *reply = next_of(daemon_fd, "re");

		ck_assert_ptr_nonnull(json_object_get(reply, "error"));
		ck_assert_int_eq(bt_exec_file_read(dir, id, &file), 0);
		ck_assert(file.ended && !file.started);
		ck_assert_int_eq(file.code, cases[i].code);
		check_none();
	}
	ck_assert_int_eq(m.state, BT_MONITOR_RUNNING);
}
END_TEST

/* ---- what runs ------------------------------------------------------------------------------ */

START_TEST(its_life_is_in_its_file_and_is_told)
{
	bt_auto_exec_file struct bt_exec_file begun = { 0 }, over = { 0 };
	pid_t pid;

	write_in_dir("program.exec", "read x <$1/gate; exit 7\n", 0600);
	have_file("e1");
	request("{'op':'exec','exec':'e1','id':5}");
	json_auto_t *started = next_of(daemon_fd, "exec-started");

	pid = (pid_t)number_of(started, "pid");
	json_auto_t *reply = next_of(daemon_fd, "re");

	ck_assert_int_eq(number_of(reply, "re"), 5);
	ck_assert_int_eq(number_of(reply, "pid"), pid);
	ck_assert(bt_execs_have(&m, pid));
	begun = file_of("e1");
	ck_assert(begun.started && !begun.ended);
	ck_assert_int_eq(begun.pid, pid);
	open_gate();
	json_auto_t *exited = next_of(daemon_fd, "exec-exited");

	ck_assert_str_eq(bt_json_str(exited, "exec", ""), "e1");
	ck_assert_int_eq(number_of(exited, "code"), 7);
	over = file_of("e1");
	ck_assert(over.ended);
	ck_assert_int_eq(over.code, 7);
	ck_assert_int_eq(over.ended_ns, number_of(exited, "at"));
	ck_assert(!bt_execs_have(&m, pid));
	run_until_forgotten();
	check_none();
}
END_TEST

START_TEST(one_that_dies_of_a_signal_ends_with_128_and_its_number)
{
	write_in_dir("program.exec", "kill -KILL $$\n", 0600);
	have_file("e1");
	request("{'op':'exec','exec':'e1','id':5}");
	json_auto_t *exited = next_of(daemon_fd, "exec-exited");

	ck_assert_int_eq(number_of(exited, "code"), 137);
}
END_TEST

START_TEST(the_same_name_runs_once_and_again_when_it_has_ended)
{
	write_in_dir("program.exec", "read x <$1/gate\n", 0600);
	request("{'op':'exec','exec':'e1','id':1}");
	check_ok(next_of(daemon_fd, "re"));
	request("{'op':'exec','exec':'e1','id':2}");
	check_refused(next_of(daemon_fd, "re"), BT_ERR_CONFLICT, "exec \"e1\" runs already");
	/* The one that runs is not disturbed. */
	open_gate();
	json_decref(next_of(daemon_fd, "exec-exited"));
	run_until_forgotten();
	request("{'op':'exec','exec':'e1','id':3}");
	check_ok(next_of(daemon_fd, "re"));
	open_gate();
	json_decref(next_of(daemon_fd, "exec-exited"));
}
END_TEST

START_TEST(those_that_run_are_listed_up_to_a_bound)
{
	json_t *list;

	write_in_dir("program.exec", "read x <$1/gate\n", 0600);
	for (int i = 0; i < 5; i++) {
		bt_auto_free char *text = bt_str_format("{'op':'exec','exec':'e%d','id':1}", i);

		request(text);
		check_ok(next_of(daemon_fd, "re"));
	}
	list = bt_execs_list(&m, 3);
	ck_assert_uint_eq(json_array_size(list), 3);
	ck_assert_str_eq(bt_json_str(json_array_get(list, 2), "exec", ""), "e2");
	json_decref(list);
	list = bt_execs_list(&m, 100);
	ck_assert_uint_eq(json_array_size(list), 5);
	for (size_t i = 0; i < 5; i++) {
		const pid_t pid = (pid_t)number_of(json_array_get(list, i), "pid");

		ck_assert(bt_execs_have(&m, pid));
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
	}
	json_decref(list);
	ck_assert(!bt_execs_have(&m, getpid()));
	run_until_forgotten();
}
END_TEST

START_TEST(its_client_hears_it_and_then_the_end_that_was_told_before)
{
	bt_auto_exec_file struct bt_exec_file file = { 0 };
	bt_auto_close int client = -EBADF;
	char said[64] = "";
	int ends[2], given[2];
	json_auto_t *json = NULL;
	size_t len = 0;
	ssize_t n;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	client = ends[1];
	given[0] = process_fd;
	given[1] = ends[0];
	write_in_dir("program.exec", "cat; echo over; exit 2\n", 0600);
	have_file("e1");
	json = json_pack("{s:s,s:s,s:i,s:b,s:b,s:b,s:[s,s]}", "op", "exec", "exec", "e1", "id", 1,
			 "stdin", true, "stdout", true, "stderr", true, "fds", "process",
			 BT_PROTOCOL_FD_CLIENT);
	ck_assert_int_eq(bt_message_send(daemon_fd, json, given, 2), 0);
	close(ends[0]);
	ck_assert_int_eq(write(client, "typed\n", 6), 6);
	ck_assert_int_eq(shutdown(client, SHUT_WR), 0);
	json_decref(next_of(daemon_fd, "exec-exited"));
	file = file_of("e1");
	ck_assert(file.ended);
	while ((n = read(client, said + len, sizeof(said) - 1 - len)) > 0)
		len += (size_t)n;
	ck_assert_str_eq(said, "typed\nover\n");
	bt_close(&client);
	run_until_forgotten();
}
END_TEST

START_TEST(a_monitor_whose_container_has_ended_stays_for_its_execs)
{
	write_in_dir("program.exec", "read x <$1/gate\n", 0600);
	request("{'op':'exec','exec':'e1','id':1}");
	check_ok(next_of(daemon_fd, "re"));
	m.state = BT_MONITOR_ENDED;
	bt_monitor_check_done(&m);
	ck_assert(!m.loop.stop);
	open_gate();
	ck_assert_int_eq(bt_loop_run(&m.loop), 0);
	check_none();
}
END_TEST

START_TEST(without_its_file_an_exec_runs_all_the_same)
{
	bt_auto_free char *execs = in_dir("execs");

	ck_assert_int_eq(rmdir(execs), 0);
	write_in_dir("program.exec", "exit 4\n", 0600);
	request("{'op':'exec','exec':'e1','id':1}");
	json_auto_t *exited = next_of(daemon_fd, "exec-exited");

	ck_assert_int_eq(number_of(exited, "code"), 4);
	ck_assert_int_eq(access(execs, F_OK), -1);
}
END_TEST

/* ---- terminals ---------------------------------------------------------------------------------
 */

START_TEST(a_size_without_a_terminal_is_refused_by_the_execs_name)
{
	write_in_dir("program.exec", "read x <$1/gate\n", 0600);
	request("{'op':'exec','exec':'e1','id':1}");
	check_ok(next_of(daemon_fd, "re"));
	check_refused(ask("{'op':'resize','exec':'e1','rows':1,'cols':1,'id':2}"), BT_ERR_SYSTEM,
		      "resize the terminal of exec e1");
	check_refused(ask("{'op':'resize','exec':'e2','rows':1,'cols':1,'id':3}"), BT_ERR_NOT_FOUND,
		      "no such exec: e2");
	open_gate();
	run_until_forgotten();
}
END_TEST

START_TEST(one_whose_terminal_does_not_come_has_failed)
{
	write_in_dir("say.exec", "exit 0\n", 0600);
	have_file("e1");
	request("{'op':'exec','exec':'e1','tty':true,'id':1}");
	json_decref(next_of(daemon_fd, "exec-failed"));
	check_refused(next_of(daemon_fd, "re"), BT_ERR_SYSTEM, "receive the terminal");
	ck_assert(!is_in_dir("bundle/e1.tty"));
	check_none();
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, an_exec_needs_a_container_that_runs);
	tcase_add_test(tests, a_name_that_is_none_or_too_long_is_refused);
	tcase_add_test(tests, an_exec_without_a_process_has_failed_and_its_client_is_let_go);
	tcase_add_test(tests, keys_that_are_none_end_it_before_anything_runs);
	tcase_add_test(tests, one_that_the_runtime_refuses_is_told_with_its_code_and_in_its_file);
	tcase_add_test(tests, its_life_is_in_its_file_and_is_told);
	tcase_add_test(tests, one_that_dies_of_a_signal_ends_with_128_and_its_number);
	tcase_add_test(tests, the_same_name_runs_once_and_again_when_it_has_ended);
	tcase_add_test(tests, those_that_run_are_listed_up_to_a_bound);
	tcase_add_test(tests, its_client_hears_it_and_then_the_end_that_was_told_before);
	tcase_add_test(tests, a_monitor_whose_container_has_ended_stays_for_its_execs);
	tcase_add_test(tests, without_its_file_an_exec_runs_all_the_same);
	tcase_add_test(tests, a_size_without_a_terminal_is_refused_by_the_execs_name);
	tcase_add_test(tests, one_whose_terminal_does_not_come_has_failed);
}

int main(void)
{
	return run_suite("monitor/execs", setup, teardown, add_tests);
}
