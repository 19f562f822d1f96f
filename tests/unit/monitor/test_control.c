/* SPDX-License-Identifier: Apache-2.0 */

/* monitor/control.c, whose manual is monitor/monitor_private.h: the test is the daemon. */

#include "monitor_fixture.h"

#include "base/sock.h"

#define CONNECTIONS_MAX 64

static unsigned count_connections(void)
{
	unsigned n = 0;

	bt_list_foreach (it, &m.conns)
		n++;
	return n;
}

/* A run without a process, for those who ask something of it. */
static void have_run(void)
{
	ck_assert_int_eq(bt_life_prepare(&m), 0);
}

/* ---- requests and answers ------------------------------------------------------------ */

START_TEST(every_answer_has_the_number_of_its_request)
{
	static const char *const ids[] = { "1", "7", "2", "9007199254740993" };

	for (size_t i = 0; i < LENGTH(ids); i++) {
		bt_auto_free char *text = bt_str_format("{'op':'status','id':%s}", ids[i]);
		json_auto_t *reply = ask(text);

		ck_assert_int_eq(number_of(reply, "re"), strtoll(ids[i], NULL, 10));
	}
}
END_TEST

START_TEST(answers_come_in_the_order_of_the_requests)
{
	for (int i = 1; i <= 20; i++) {
		bt_auto_free char *text = bt_str_format("{'op':'status','id':%d}", i);

		send_request(daemon_fd, text, NULL, -EBADF);
	}
	for (int i = 1; i <= 20; i++) {
		json_auto_t *reply = next_of(daemon_fd, "re");

		ck_assert_int_eq(number_of(reply, "re"), i);
	}
}
END_TEST

START_TEST(a_request_without_a_number_is_carried_out_and_not_answered)
{
	send_request(daemon_fd, "{'op':'update','stop_timeout':3}", NULL, -EBADF);
	send_request(daemon_fd, "{'op':'update','stop_timeout':4,'id':0}", NULL, -EBADF);
	send_request(daemon_fd, "{'op':'update','stop_signal':2,'id':-5}", NULL, -EBADF);
	json_auto_t *reply = ask("{'op':'status','id':6}");

	ck_assert_int_eq(number_of(reply, "re"), 6);
	ck_assert_int_eq(m.spawn.stop_timeout, 4);
	ck_assert_int_eq(m.spawn.stop_signal, 2);
}
END_TEST

START_TEST(what_this_monitor_does_not_know_is_refused_by_its_name)
{
	check_refused(ask("{'op':'dance','id':1}"), BT_ERR_NOT_IMPLEMENTED,
		      "does not know \"dance\"");
	check_refused(ask("{'op':'statu','id':2}"), BT_ERR_NOT_IMPLEMENTED,
		      "does not know \"statu\"");
	check_refused(ask("{'id':3}"), BT_ERR_NOT_IMPLEMENTED, "does not know \"\"");
	check_refused(ask("{'op':5,'id':4}"), BT_ERR_NOT_IMPLEMENTED, "does not know \"\"");
	/* A newer daemon's members are no reason to refuse. */
	check_ok(ask("{'op':'status','id':5,'colour':'blue'}"));
}
END_TEST

START_TEST(packets_that_are_nothing_are_passed_over)
{
	static const char *const packets[] = { "nonsense", "[]", "{", "\"status\"",
					       "{\"op\":\xff}" };

	for (size_t i = 0; i < LENGTH(packets); i++)
		ck_assert_int_eq(send(daemon_fd, packets[i], strlen(packets[i]), 0),
				 (ssize_t)strlen(packets[i]));
	check_ok(ask("{'op':'status','id':1}"));
	ck_assert_uint_eq(count_connections(), 1);
}
END_TEST

/* ---- how things stand ----------------------------------------------------------------- */

START_TEST(every_state_has_its_name)
{
	static const struct {
		enum bt_monitor_state state;
		const char *name;
	} cases[] = {
		{ BT_MONITOR_STARTING, "starting" },
		{ BT_MONITOR_RUNNING, "running" },
		/* Its end is not known before all that it said is. */
		{ BT_MONITOR_ENDING, "running" },
		{ BT_MONITOR_WAITING, "waiting" },
		{ BT_MONITOR_ENDED, "ended" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		json_t *reply;

		m.state = cases[i].state;
		reply = ask("{'op':'status','id':1}");
		ck_assert_str_eq(bt_json_str(reply, "state", ""), cases[i].name);
		json_decref(reply);
	}
	m.state = BT_MONITOR_RUNNING;
}
END_TEST

START_TEST(the_status_says_what_runs_and_what_was_written)
{
	json_t *reply;

	m.seq = 17;
	m.restarts = 3;
	reply = ask("{'op':'status','id':1}");
	ck_assert_int_eq(number_of(reply, "version"), BT_PROTOCOL_VERSION);
	ck_assert_int_eq(number_of(reply, "pid"), 0);
	ck_assert_int_eq(number_of(reply, "started_at"), 0);
	ck_assert_int_eq(number_of(reply, "restarts"), 3);
	ck_assert_int_eq(number_of(reply, "seq"), 17);
	ck_assert_uint_eq(json_array_size(json_object_get(reply, "execs")), 0);
	json_decref(reply);
	have_run();
	m.run->pid = 4242;
	m.run->started_at_ns = 1234567890123456789;
	reply = ask("{'op':'status','id':2}");
	ck_assert_int_eq(number_of(reply, "pid"), 4242);
	ck_assert_int_eq(number_of(reply, "started_at"), 1234567890123456789);
	json_decref(reply);
}
END_TEST

/* ---- update --------------------------------------------------------------------------- */

START_TEST(an_update_changes_what_it_names_and_nothing_else)
{
	m.spawn.restart = (struct bt_restart){ BT_RESTART_ALWAYS, 0 };
	check_ok(ask("{'op':'update','id':1}"));
	ck_assert_int_eq(m.spawn.restart.policy, BT_RESTART_ALWAYS);
	ck_assert_int_eq(m.spawn.stop_signal, SIGTERM);
	ck_assert_int_eq(m.spawn.stop_timeout, 10);
	check_ok(ask("{'op':'update','id':2,'restart':{'policy':'on-failure','max':5}}"));
	ck_assert_int_eq(m.spawn.restart.policy, BT_RESTART_ON_FAILURE);
	ck_assert_int_eq(m.spawn.restart.max, 5);
	ck_assert_int_eq(m.spawn.stop_timeout, 10);
	check_ok(ask("{'op':'update','id':3,'stop_signal':9,'stop_timeout':-1}"));
	ck_assert_int_eq(m.spawn.stop_signal, SIGKILL);
	ck_assert_int_eq(m.spawn.stop_timeout, -1);
	ck_assert_int_eq(m.spawn.restart.policy, BT_RESTART_ON_FAILURE);
}
END_TEST

START_TEST(an_update_with_a_policy_that_is_none_changes_nothing_at_all)
{
	static const char *const policies[] = { "{'policy':'sometimes'}", "{}",
						"{'policy':'on-failure','max':-1}",
						"{'policy':'on-failure','max':2147483648}" };

	m.spawn.restart = (struct bt_restart){ BT_RESTART_ALWAYS, 0 };
	for (size_t i = 0; i < LENGTH(policies); i++) {
		bt_auto_free char *text = bt_str_format(
			"{'op':'update','id':1,'stop_signal':9,'restart':%s}", policies[i]);

		check_refused(ask(text), BT_ERR_INVALID, "bad restart policy");
		ck_assert_int_eq(m.spawn.restart.policy, BT_RESTART_ALWAYS);
		ck_assert_int_eq(m.spawn.stop_signal, SIGTERM);
	}
}
END_TEST

/* ---- what needs a run ------------------------------------------------------------------ */

START_TEST(of_a_container_that_has_ended_nothing_is_asked)
{
	static const char *const requests[] = {
		"{'op':'signal','signal':15,'id':1}",
		"{'op':'stop','id':1}",
		"{'op':'restart','id':1}",
		"{'op':'unhealthy','id':1}",
		"{'op':'resize','rows':1,'cols':1,'id':1}",
		"{'op':'exec','exec':'e','id':1}",
	};

	m.state = BT_MONITOR_ENDED;
	for (size_t i = 0; i < LENGTH(requests); i++)
		check_refused(ask(requests[i]), BT_ERR_CONFLICT, "container box is not running");
	m.state = BT_MONITOR_RUNNING;
}
END_TEST

START_TEST(a_size_without_a_terminal_is_no_error_and_one_of_no_exec_is)
{
	have_run();
	check_ok(ask("{'op':'resize','rows':24,'cols':80,'id':1}"));
	check_refused(ask("{'op':'resize','exec':'nobody','rows':24,'cols':80,'id':2}"),
		      BT_ERR_NOT_FOUND, "no such exec: nobody");
}
END_TEST

/* Returns the client's end; the other one goes with the request. */
static int attach(const char *request)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	send_request(daemon_fd, request, BT_PROTOCOL_FD_CLIENT, ends[0]);
	close(ends[0]);
	return ends[1];
}

/* Nobody has the other end any more, and nothing was said. */
static void check_let_go(int client)
{
	char byte;

	ck_assert_int_eq(recv(client, &byte, 1, MSG_DONTWAIT), 0);
}

START_TEST(a_client_that_cannot_attach_is_let_go)
{
	static const struct {
		const char *request;
		enum bt_monitor_state state;
		enum bt_err_kind kind;
		const char *words;
	} cases[] = {
		{ "{'op':'attach','id':1,'stdout':true}", BT_MONITOR_ENDED, BT_ERR_CONFLICT,
		  "container box is not running" },
		{ "{'op':'attach','id':1,'stdout':true}", BT_MONITOR_ENDING, BT_ERR_CONFLICT,
		  "container box is not running" },
		{ "{'op':'attach','id':1,'stdout':true}", BT_MONITOR_WAITING, BT_ERR_CONFLICT,
		  "container box is restarting, wait until it runs" },
		{ "{'op':'attach','id':1,'detach_keys':'ctrl-9'}", BT_MONITOR_RUNNING,
		  BT_ERR_INVALID, "attach: Invalid argument" },
	};

	have_run();
	for (size_t i = 0; i < LENGTH(cases); i++) {
		bt_auto_close int client = -EBADF;

		m.state = cases[i].state;
		client = attach(cases[i].request);
		check_refused(next_of(daemon_fd, "re"), cases[i].kind, cases[i].words);
		check_let_go(client);
		ck_assert_uint_eq(m.run->stdio.nclients, 0);
	}
	m.state = BT_MONITOR_RUNNING;
	ck_assert_ptr_null(strstr(bt_str_get(&told), "attached"));
}
END_TEST

START_TEST(an_attach_without_a_socket_or_with_one_of_another_role_is_refused)
{
	bt_auto_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	have_run();
	check_refused(ask("{'op':'attach','id':1,'stdout':true}"), BT_ERR_INVALID,
		      "attach: no socket given");
	send_request(daemon_fd, "{'op':'attach','id':2,'stdout':true}", "process", null);
	check_refused(next_of(daemon_fd, "re"), BT_ERR_INVALID, "attach: no socket given");
}
END_TEST

START_TEST(that_a_client_came_is_told_to_every_daemon)
{
	bt_auto_close int client = -EBADF, other = connect_daemon();

	have_run();
	client = attach("{'op':'attach','id':1,'stdout':true}");
	json_decref(next_of(daemon_fd, "attached"));
	check_ok(next_of(daemon_fd, "re"));
	json_decref(next_of(other, "attached"));
	ck_assert_uint_eq(m.run->stdio.nclients, 1);
}
END_TEST

/* ---- the log ---------------------------------------------------------------------------- */

START_TEST(a_log_that_was_renamed_is_opened_anew)
{
	bt_auto_free char *path = in_dir("json.log"), *old = in_dir("json.log.1");
	const struct bt_json_file_options options = { .path = path, .max_file = 1 };

	check_ok(ask("{'op':'reopen-log','id':1}")); /* no log at all */
	m.spawn.log_path = path;
	ck_assert_int_eq(bt_json_file_open(&options, &m.log), 0);
	ck_assert_int_eq(rename(path, old), 0);
	check_ok(ask("{'op':'reopen-log','id':2}"));
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(a_log_that_cannot_be_opened_anew_is_named)
{
	bt_auto_free char *logs = in_dir("logs"), *path = in_dir("logs/json.log");
	const struct bt_json_file_options options = { .path = path, .max_file = 1 };

	ck_assert_int_eq(mkdir(logs, 0700), 0);
	m.spawn.log_path = path;
	ck_assert_int_eq(bt_json_file_open(&options, &m.log), 0);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, logs), 0);
	check_refused(ask("{'op':'reopen-log','id':1}"), BT_ERR_SYSTEM, path);
}
END_TEST

/* ---- acknowledgements --------------------------------------------------------------------- */

START_TEST(an_acknowledgement_that_does_not_say_so_is_of_what_is_stored)
{
	m.unwritten[0] = (struct bt_journal_record){ .kind = BT_JOURNAL_EXITED, .seq = 4 };
	m.unwritten[1] = (struct bt_journal_record){ .kind = BT_JOURNAL_EXITED, .seq = 5 };
	m.nunwritten = 2;
	check_ok(ask("{'op':'ack','seq':5,'stored':false,'id':1}"));
	ck_assert_uint_eq(m.nunwritten, 2);
	check_ok(ask("{'op':'ack','id':2}"));
	ck_assert_uint_eq(m.nunwritten, 2);
	check_ok(ask("{'op':'ack','seq':4,'id':3}"));
	ck_assert_uint_eq(m.nunwritten, 1);
	ck_assert_uint_eq(m.unwritten[0].seq, 5);
	check_ok(ask("{'op':'ack','seq':5,'stored':true,'id':4}"));
	ck_assert_uint_eq(m.nunwritten, 0);
}
END_TEST

/* ---- connections -------------------------------------------------------------------------- */

START_TEST(an_event_is_told_to_every_connection_in_order)
{
	bt_auto_close int other = connect_daemon();
	const int daemons[] = { daemon_fd, other };

	for (int i = 0; i < 5; i++)
		bt_control_tell(&m, json_pack("{s:s, s:i}", "ev", "oom", "at", i));
	for (size_t d = 0; d < LENGTH(daemons); d++) {
		for (int i = 0; i < 5; i++) {
			json_auto_t *event = next_message(daemons[d]);

			ck_assert_int_eq(number_of(event, "at"), i);
		}
	}
}
END_TEST

START_TEST(an_answer_goes_to_whoever_asked_and_to_nobody_else)
{
	bt_auto_close int other = connect_daemon();
	char byte;

	check_ok(ask("{'op':'status','id':1}"));
	ck_assert_int_eq(recv(other, &byte, 1, MSG_DONTWAIT), -1);
	ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

START_TEST(a_connection_that_ends_is_forgotten_and_the_others_are_served)
{
	int other = connect_daemon();

	ck_assert_uint_eq(count_connections(), 2);
	/* What it asked before it went is done, though nobody hears the answer. */
	send_request(other, "{'op':'update','stop_timeout':77,'id':1}", NULL, -EBADF);
	close(other);
	while (count_connections() > 1)
		check_ok(ask("{'op':'status','id':1}"));
	ck_assert_int_eq(m.spawn.stop_timeout, 77);
}
END_TEST

/* What waits comes in its order: answers, those events that no file has, that it is behind. */
START_TEST(a_daemon_that_does_not_read_is_told_the_rest_in_its_order_when_it_does)
{
	enum {
		MANY = 20000
	};
	json_t *message;
	int seen = 0, detached = 0;

	for (int i = 0; i < MANY; i++)
		bt_control_tell(&m, json_pack("{s:s, s:i}", "ev", "oom", "at", i));
	for (int i = 0; i < 3; i++)
		bt_control_tell(&m, json_pack("{s:s, s:i}", "ev", "detached", "n", i));
	send_request(daemon_fd, "{'op':'status','id':71}", NULL, -EBADF);
	send_request(daemon_fd, "{'op':'status','id':72}", NULL, -EBADF);
	/* No gap in what was told before there was no room. */
	while (strcmp(bt_json_str(message = next_message(daemon_fd), "ev", ""), "oom") == 0) {
		ck_assert_int_eq(number_of(message, "at"), seen++);
		json_decref(message);
	}
	ck_assert_int_gt(seen, 0);
	ck_assert_int_lt(seen, MANY);
	/* The requests are read when there is room again, or as soon as the loop runs: their
	 * answers come before "behind" or behind it, but in their order. */
	for (int re = 71, behind = 0;; message = next_message(daemon_fd)) {
		const char *ev = bt_json_str(message, "ev", "re");

		if (strcmp(ev, "re") == 0) {
			ck_assert_int_eq(number_of(message, "re"), re++);
		} else if (strcmp(ev, "detached") == 0) {
			ck_assert_int_eq(number_of(message, "n"), detached++);
		} else {
			ck_assert_str_eq(ev, "behind");
			ck_assert_int_eq(detached, 3);
			behind++;
		}
		json_decref(message);
		if (re == 73 && behind)
			break;
	}
	/* And from now on it is told everything again. */
	bt_control_tell(&m, json_pack("{s:s, s:i}", "ev", "oom", "at", MANY));
	message = next_message(daemon_fd);
	ck_assert_int_eq(number_of(message, "at"), MANY);
	json_decref(message);
}
END_TEST

/* ---- where it listens ----------------------------------------------------------------------- */

static char *socket_path(void)
{
	return in_dir("monitor.sock");
}

START_TEST(who_connects_in_its_directory_is_served)
{
	bt_auto_free char *path = socket_path();
	bt_auto_close int fd = -EBADF;
	struct stat st;

	ck_assert_int_eq(bt_control_listen(&m), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	fd = bt_sock_connect(path, SOCK_SEQPACKET);
	ck_assert_int_ge(fd, 0);
	send_request(fd, "{'op':'status','id':5}", NULL, -EBADF);
	json_auto_t *reply = next_of(fd, "re");

	ck_assert_int_eq(number_of(reply, "re"), 5);
}
END_TEST

START_TEST(nobody_but_root_is_served_whatever_the_files_mode)
{
	bt_auto_free char *path = socket_path();
	bt_auto_close int child = -EBADF;
	int status;
	pid_t pid;

	ck_assert_int_eq(bt_control_listen(&m), 0);
	ck_assert_int_eq(chmod(path, 0777) | chmod(dir, 0755), 0);
	pid = fork();
	if (pid == 0) {
		char byte;
		int fd = setresuid(65534, 65534, 65534) < 0 ? -1
							    : bt_sock_connect(path, SOCK_SEQPACKET);

		_exit(fd < 0 ? 2 : recv(fd, &byte, 1, 0) == 0 ? 0 : 1);
	}
	child = (int)syscall(SYS_pidfd_open, pid, 0);
	run_until_readable(child);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	ck_assert_uint_eq(count_connections(), 1);
}
END_TEST

START_TEST(more_connections_than_there_may_be_are_hung_up_on_until_one_goes)
{
	bt_auto_free char *path = socket_path();
	int fds[CONNECTIONS_MAX];

	ck_assert_int_eq(bt_control_listen(&m), 0);
	/* With the one that the test has already, the last of them is one too many. */
	for (int i = 0; i < CONNECTIONS_MAX; i++) {
		json_t *reply;

		fds[i] = bt_sock_connect(path, SOCK_SEQPACKET);
		ck_assert_int_ge(fds[i], 0);
		if (i == CONNECTIONS_MAX - 1)
			break;
		send_request(fds[i], "{'op':'status','id':5}", NULL, -EBADF);
		reply = next_of(fds[i], "re");
		ck_assert_int_eq(number_of(reply, "re"), 5);
		json_decref(reply);
	}
	ck_assert_ptr_null(next_message(fds[CONNECTIONS_MAX - 1]));
	ck_assert_uint_eq(count_connections(), CONNECTIONS_MAX);
	close(fds[0]);
	while (count_connections() == CONNECTIONS_MAX)
		check_ok(ask("{'op':'status','id':1}"));
	close(fds[CONNECTIONS_MAX - 1]);
	fds[0] = bt_sock_connect(path, SOCK_SEQPACKET);
	send_request(fds[0], "{'op':'status','id':6}", NULL, -EBADF);
	check_ok(next_of(fds[0], "re"));
	for (int i = 0; i < CONNECTIONS_MAX - 1; i++)
		close(fds[i]);
}
END_TEST

START_TEST(who_is_connected_is_served_after_the_name_is_gone)
{
	bt_auto_free char *path = socket_path();
	bt_auto_close int fd = -EBADF;

	ck_assert_int_eq(bt_control_listen(&m), 0);
	fd = bt_sock_connect(path, SOCK_SEQPACKET);
	send_request(fd, "{'op':'status','id':1}", NULL, -EBADF);
	check_ok(next_of(fd, "re"));
	bt_control_unlisten(&m);
	bt_control_unlisten(&m);
	ck_assert_int_eq(bt_sock_connect(path, SOCK_SEQPACKET), -ENOENT);
	send_request(fd, "{'op':'status','id':2}", NULL, -EBADF);
	check_ok(next_of(fd, "re"));
}
END_TEST

START_TEST(a_second_monitor_does_not_take_the_place_of_one_that_listens)
{
	struct bt_monitor other;

	ck_assert_int_eq(bt_control_listen(&m), 0);
	other = m;
	other.listen_fd = -EBADF;
	other.listener = (struct bt_loop_source){ 0 };
	ck_assert_int_eq(bt_control_listen(&other), -EADDRINUSE);
	ck_assert_int_eq(other.listen_fd, -EBADF);
	/* One that has died leaves its name, and no more than that. */
	bt_loop_remove(&m.loop, &m.listener);
	bt_close(&m.listen_fd);
	ck_assert_int_eq(bt_control_listen(&m), 0);
}
END_TEST

START_TEST(at_its_end_everybody_is_hung_up_on_and_finds_nobody_to_connect_to)
{
	bt_auto_free char *path = socket_path();
	bt_auto_close int other = connect_daemon();

	ck_assert_int_eq(bt_control_listen(&m), 0);
	bt_control_done(&m);
	ck_assert_uint_eq(count_connections(), 0);
	ck_assert_ptr_null(next_message(daemon_fd));
	ck_assert_ptr_null(next_message(other));
	ck_assert_int_eq(bt_sock_connect(path, SOCK_SEQPACKET), -ENOENT);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, every_answer_has_the_number_of_its_request);
	tcase_add_test(tests, answers_come_in_the_order_of_the_requests);
	tcase_add_test(tests, a_request_without_a_number_is_carried_out_and_not_answered);
	tcase_add_test(tests, what_this_monitor_does_not_know_is_refused_by_its_name);
	tcase_add_test(tests, packets_that_are_nothing_are_passed_over);
	tcase_add_test(tests, every_state_has_its_name);
	tcase_add_test(tests, the_status_says_what_runs_and_what_was_written);
	tcase_add_test(tests, an_update_changes_what_it_names_and_nothing_else);
	tcase_add_test(tests, an_update_with_a_policy_that_is_none_changes_nothing_at_all);
	tcase_add_test(tests, of_a_container_that_has_ended_nothing_is_asked);
	tcase_add_test(tests, a_size_without_a_terminal_is_no_error_and_one_of_no_exec_is);
	tcase_add_test(tests, a_client_that_cannot_attach_is_let_go);
	tcase_add_test(tests, an_attach_without_a_socket_or_with_one_of_another_role_is_refused);
	tcase_add_test(tests, that_a_client_came_is_told_to_every_daemon);
	tcase_add_test(tests, a_log_that_was_renamed_is_opened_anew);
	tcase_add_test(tests, a_log_that_cannot_be_opened_anew_is_named);
	tcase_add_test(tests, an_acknowledgement_that_does_not_say_so_is_of_what_is_stored);
	tcase_add_test(tests, an_event_is_told_to_every_connection_in_order);
	tcase_add_test(tests, an_answer_goes_to_whoever_asked_and_to_nobody_else);
	tcase_add_test(tests, a_connection_that_ends_is_forgotten_and_the_others_are_served);
	tcase_add_test(tests,
		       a_daemon_that_does_not_read_is_told_the_rest_in_its_order_when_it_does);
	tcase_add_test(tests, who_connects_in_its_directory_is_served);
	tcase_add_test(tests, nobody_but_root_is_served_whatever_the_files_mode);
	tcase_add_test(tests, more_connections_than_there_may_be_are_hung_up_on_until_one_goes);
	tcase_add_test(tests, who_is_connected_is_served_after_the_name_is_gone);
	tcase_add_test(tests, a_second_monitor_does_not_take_the_place_of_one_that_listens);
	tcase_add_test(tests, at_its_end_everybody_is_hung_up_on_and_finds_nobody_to_connect_to);
}

int main(void)
{
	return run_suite("monitor/control", setup_monitor, teardown_monitor, add_tests);
}
