/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/client.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../suite.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/sock.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"
#include "monitor/message.h"

/* What a daemon has heard. */
struct heard {
	unsigned n;
	struct bt_client_event events[8];
};

static void hear(void *data, const struct bt_client_event *event)
{
	struct heard *heard = data;

	ck_assert_uint_lt(heard->n, 8);
	heard->events[heard->n++] = *event;
}

/* A client whose monitor is the returned descriptor. */
static int open_client(struct heard *heard, struct bt_client **ret)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	ck_assert_int_eq(bt_client_create(ends[0], hear, heard, ret), 0);
	return ends[1];
}

static void tell(int monitor, json_t *event)
{
	ck_assert_int_eq(bt_message_send(monitor, event, NULL, 0), 0);
	json_decref(event);
}

static void tell_of_two_ends(int monitor)
{
	tell(monitor, json_pack("{s:s, s:s, s:i, s:i}", "ev", "exec-exited", "exec", "e1", "code",
				5, "at", 1));
	tell(monitor, json_pack("{s:s, s:i, s:i, s:b, s:i, s:b}", "ev", "exited", "seq", 2, "code",
				3, "final", true, "at", 2, "kept", false));
}

static void ck_heard_two_ends(const struct heard *heard)
{
	ck_assert_uint_eq(heard->n, 2);
	ck_assert_int_eq(heard->events[0].kind, BT_CLIENT_EXEC_EXITED);
	ck_assert_str_eq(heard->events[0].exec, "e1");
	ck_assert_int_eq(heard->events[0].code, 5);
	ck_assert_int_eq(heard->events[1].kind, BT_CLIENT_RECORD);
	ck_assert_int_eq(heard->events[1].record.code, 3);
	ck_assert(heard->events[1].record.final);
}

START_TEST(what_a_monitor_says_is_heard_in_order_and_then_there_is_nothing)
{
	struct heard heard = { 0 };
	struct bt_client *client;
	int monitor = open_client(&heard, &client);

	ck_assert_int_eq(bt_client_dispatch(client), 1);
	ck_assert_uint_eq(heard.n, 0);
	tell_of_two_ends(monitor);
	ck_assert_int_eq(bt_client_dispatch(client), 1);
	ck_heard_two_ends(&heard);
	ck_assert_int_eq(bt_client_dispatch(client), 1);
	ck_assert_uint_eq(heard.n, 2);
	close(monitor);
	bt_client_destroy(client);
}
END_TEST

START_TEST(what_a_monitor_said_before_it_ended_is_heard)
{
	struct heard heard = { 0 };
	struct bt_client *client;
	int monitor = open_client(&heard, &client);

	tell_of_two_ends(monitor);
	close(monitor);
	ck_assert_int_eq(bt_client_dispatch(client), 0);
	ck_heard_two_ends(&heard);
	bt_client_destroy(client);
}
END_TEST

START_TEST(what_a_monitor_said_is_heard_also_where_it_ended_without_reading_all)
{
	struct heard heard = { 0 };
	struct bt_client *client;
	int monitor = open_client(&heard, &client);

	/* It is not read: the connection is reset when the monitor goes. */
	ck_assert_int_eq(bt_client_ack(client, 1, true), 0);
	tell_of_two_ends(monitor);
	close(monitor);
	ck_assert_int_eq(bt_client_dispatch(client), 0);
	ck_heard_two_ends(&heard);
	bt_client_destroy(client);
}
END_TEST

START_TEST(a_packet_that_is_nothing_hides_none_behind_it)
{
	struct heard heard = { 0 };
	struct bt_client *client;
	int monitor = open_client(&heard, &client);

	ck_assert_int_eq(send(monitor, "nonsense", 8, 0), 8);
	tell(monitor, json_pack("{s:s}", "ev", "nobody-knows-this-one"));
	tell_of_two_ends(monitor);
	ck_assert_int_eq(bt_client_dispatch(client), 1);
	ck_heard_two_ends(&heard);
	close(monitor);
	bt_client_destroy(client);
}
END_TEST

START_TEST(a_request_to_a_monitor_that_hung_up_is_refused_and_said)
{
	struct heard heard = { 0 };
	struct bt_client *client;
	struct bt_err err = { 0 };
	int monitor = open_client(&heard, &client);

	close(monitor);
	ck_assert_int_eq(bt_client_dispatch(client), 0);
	bt_client_hangup(client);
	ck_assert_int_eq(bt_client_signal(client, 15, &err), -EPIPE);
	ck_assert_int_eq(err.kind, BT_ERR_UNAVAILABLE);
	ck_assert(strstr(err.msg, "hung up"));
	bt_client_destroy(client);
}
END_TEST

static struct bt_err err;

/* ---- requests: a monitor that answers from a list --------------------------------- */

/* What it answers to the n-th request, without "re"; NULL: it hangs up. */
struct monitor {
	struct bt_client *client;
	int fd;
	const char *const *answers;
	size_t n;
	struct bt_message asked[4]; /* as they came, with their descriptors */
	pthread_t thread;
};

/* Answers a request and dispatches for the daemon, one after the other. */
static void *play_monitor(void *arg)
{
	struct monitor *m = arg;

	for (size_t i = 0; i < m->n; i++) {
		json_auto_t *answer = NULL;

		ck_assert_int_eq(bt_message_recv(m->fd, 0, &m->asked[i]), 1);
		if (!m->answers[i]) {
			bt_close(&m->fd);
			ck_assert_int_le(bt_client_dispatch(m->client), 0);
			bt_client_hangup(m->client);
			return NULL;
		}
		answer = json_loads(m->answers[i], 0, NULL);
		ck_assert_ptr_nonnull(answer);
		ck_assert_int_eq(
			json_object_set(answer, "re", json_object_get(m->asked[i].json, "id")), 0);
		ck_assert_int_eq(bt_message_send(m->fd, answer, NULL, 0), 0);
		ck_assert_int_eq(bt_client_dispatch(m->client), 1);
	}
	return NULL;
}

static void begin_monitor(struct monitor *m, const char *const *answers, size_t n)
{
	*m = (struct monitor){ .answers = answers, .n = n };
	ck_assert_uint_le(n, LENGTH(m->asked));
	m->fd = open_client(NULL, &m->client);
	ck_assert_int_eq(pthread_create(&m->thread, NULL, play_monitor, m), 0);
}

static void end_monitor(struct monitor *m)
{
	ck_assert_int_eq(pthread_join(m->thread, NULL), 0);
	for (size_t i = 0; i < m->n; i++)
		bt_message_done(&m->asked[i]);
	bt_close(&m->fd);
	bt_client_destroy(m->client);
}

static void check_json(const json_t *got, const char *want)
{
	json_auto_t *json = json_loads(want, 0, NULL);
	bt_auto_free char *text = json_dumps(got, JSON_COMPACT);

	ck_assert_msg(json != NULL, "%s", want);
	ck_assert_msg(json_equal(got, json), "%s, and not %s", text, want);
}

/* When it is too late for it is another time with each. */
static void check_request(json_t *got, const char *want)
{
	const int64_t until_ns = bt_json_i64(got, "until", 0);

	ck_assert_int_gt(until_ns, 0);
	ck_assert_int_le(until_ns, bt_time_monotonic_ns() + BT_CLIENT_TIMEOUT_MS * 1000000ll);
	(void)json_object_del(got, "until");
	check_json(got, want);
}

static const char *const fine[] = { "{\"ok\":true}", "{\"ok\":true}", "{\"ok\":true}",
				    "{\"ok\":true}" };

START_TEST(each_request_is_said_as_the_protocol_has_it_and_numbered)
{
	struct monitor m;

	begin_monitor(&m, fine, 4);
	ck_well(bt_client_signal(m.client, SIGHUP, &err), &err);
	ck_well(bt_client_stop(m.client, SIGTERM, -1, &err), &err);
	ck_well(bt_client_restart(m.client, SIGINT, 7, &err), &err);
	ck_well(bt_client_unhealthy(m.client, &err), &err);
	check_request(m.asked[0].json, "{\"op\":\"signal\",\"signal\":1,\"id\":1}");
	check_request(m.asked[1].json, "{\"op\":\"stop\",\"signal\":15,\"timeout\":-1,\"id\":2}");
	check_request(m.asked[2].json, "{\"op\":\"restart\",\"signal\":2,\"timeout\":7,\"id\":3}");
	check_request(m.asked[3].json, "{\"op\":\"unhealthy\",\"id\":4}");
	end_monitor(&m);
}
END_TEST

START_TEST(sizes_and_logs_are_asked_for_of_the_container_or_of_an_exec)
{
	struct monitor m;

	begin_monitor(&m, fine, 3);
	ck_well(bt_client_resize(m.client, NULL, 24, 80, &err), &err);
	ck_well(bt_client_resize(m.client, "e1", 1, 2, &err), &err);
	ck_well(bt_client_reopen_log(m.client, &err), &err);
	check_request(m.asked[0].json, "{\"op\":\"resize\",\"rows\":24,\"cols\":80,\"id\":1}");
	check_request(m.asked[1].json,
		      "{\"op\":\"resize\",\"rows\":1,\"cols\":2,\"exec\":\"e1\",\"id\":2}");
	check_request(m.asked[2].json, "{\"op\":\"reopen-log\",\"id\":3}");
	end_monitor(&m);
}
END_TEST

START_TEST(an_update_names_what_changes_and_nothing_else)
{
	const struct bt_restart restart = { BT_RESTART_ON_FAILURE, 5 };
	const int signal = SIGQUIT, timeout = -1;
	struct monitor m;

	begin_monitor(&m, fine, 3);
	ck_well(bt_client_update(m.client, &(struct bt_client_update){ .restart = &restart }, &err),
		&err);
	ck_well(bt_client_update(m.client,
				 &(struct bt_client_update){ .stop_signal = &signal,
							     .stop_timeout = &timeout },
				 &err),
		&err);
	ck_well(bt_client_update(m.client, &(struct bt_client_update){ 0 }, &err), &err);
	check_request(m.asked[0].json, "{\"op\":\"update\",\"restart\":{\"policy\":\"on-failure\","
				       "\"max\":5},\"id\":1}");
	check_request(m.asked[1].json,
		      "{\"op\":\"update\",\"stop_signal\":3,\"stop_timeout\":-1,\"id\":2}");
	check_request(m.asked[2].json, "{\"op\":\"update\",\"id\":3}");
	end_monitor(&m);
}
END_TEST

START_TEST(an_error_of_the_monitor_is_the_requests)
{
	static const char *const answers[] = {
		"{\"error\":{\"kind\":4,\"errnum\":3,\"msg\":\"nothing runs\"}}",
		"{\"error\":{\"kind\":4000,\"errnum\":3,\"msg\":\"nothing runs\"}}",
		"{\"error\":{\"kind\":4,\"errnum\":-3,\"msg\":\"nothing runs\"}}",
		"{\"error\":\"nothing runs\"}",
	};
	struct monitor m;

	begin_monitor(&m, answers, LENGTH(answers));
	ck_assert_int_eq(bt_client_signal(m.client, SIGHUP, &err), -ESRCH);
	check_err(&err, (enum bt_err_kind)4, "nothing runs");
	for (size_t i = 1; i < LENGTH(answers); i++) {
		ck_assert_int_eq(bt_client_signal(m.client, SIGHUP, &err), -EPROTO);
		check_err(&err, BT_ERR_SYSTEM, "the monitor answered nonsense");
	}
	end_monitor(&m);
}
END_TEST

START_TEST(a_monitor_that_goes_before_its_answer_is_unavailable)
{
	static const char *const answers[] = { "{}", NULL };
	struct monitor m;

	begin_monitor(&m, answers, LENGTH(answers));
	ck_well(bt_client_signal(m.client, SIGHUP, &err), &err);
	ck_assert_int_eq(bt_client_signal(m.client, SIGHUP, &err), -EPIPE);
	check_err(&err, BT_ERR_UNAVAILABLE, "hung up before it answered");
	/* And all that come later. */
	ck_assert_int_eq(bt_client_stop(m.client, SIGTERM, 0, &err), -EPIPE);
	ck_assert_int_eq(bt_client_ack(m.client, 1, true), -EPIPE);
	end_monitor(&m);
}
END_TEST

START_TEST(how_things_stand_is_read_whole)
{
	static const char *const answers[] = {
		"{\"version\":1,\"pid\":12,\"started_at\":1700000000000000001,\"restarts\":3,"
		"\"seq\":9,\"state\":\"waiting\",\"execs\":[{\"exec\":\"a\",\"pid\":5},"
		"{\"exec\":\"b\",\"pid\":6}]}",
		"{\"state\":\"ended\"}",
		"{\"state\":\"running\",\"execs\":{\"exec\":\"a\"},\"pid\":\"12\"}",
	};
	struct bt_client_status s;
	struct monitor m;

	begin_monitor(&m, answers, LENGTH(answers));
	ck_well(bt_client_status(m.client, &s, &err), &err);
	check_request(m.asked[0].json, "{\"op\":\"status\",\"id\":1}");
	ck_assert_int_eq(s.version, 1);
	ck_assert_int_eq(s.state, BT_CLIENT_WAITING);
	ck_assert_int_eq(s.pid, 12);
	ck_assert_int_eq(s.started_at_ns, 1700000000000000001);
	ck_assert_int_eq(s.restarts, 3);
	ck_assert_uint_eq(s.seq, 9);
	ck_assert_uint_eq(s.nexecs, 2);
	ck_assert_str_eq(s.execs[1].exec, "b");
	ck_assert_int_eq(s.execs[1].pid, 6);
	/* What is not said is nothing, and what is of another type is not said. */
	ck_well(bt_client_status(m.client, &s, &err), &err);
	ck_assert_int_eq(s.state, BT_CLIENT_ENDED);
	ck_assert_int_eq(s.pid, 0);
	ck_assert_uint_eq(s.nexecs, 0);
	ck_well(bt_client_status(m.client, &s, &err), &err);
	ck_assert_int_eq(s.state, BT_CLIENT_RUNNING);
	ck_assert_int_eq(s.pid, 0);
	ck_assert_uint_eq(s.nexecs, 0);
	end_monitor(&m);
}
END_TEST

START_TEST(a_state_that_is_not_known_is_none)
{
	static const char *const answers[] = { "{\"state\":\"dreaming\"}", "{}", "{\"state\":7}" };
	struct bt_client_status s = { .pid = 77 };
	struct monitor m;

	begin_monitor(&m, answers, LENGTH(answers));
	for (size_t i = 0; i < LENGTH(answers); i++) {
		ck_assert_int_eq(bt_client_status(m.client, &s, &err), -EPROTO);
		check_err(&err, BT_ERR_SYSTEM, "state that is not known");
		ck_assert_int_eq(s.pid, 77);
	}
	end_monitor(&m);
}
END_TEST

START_TEST(execs_beyond_the_bounds_are_left_out_of_the_state)
{
	bt_auto_str struct bt_str text = { 0 };
	const char *answer;
	struct bt_client_status s;
	struct monitor m;

	bt_str_printf(&text, "{\"state\":\"running\",\"execs\":[{\"exec\":\"%0*d\",\"pid\":1}",
		      BT_CLIENT_EXEC_MAX, 0);
	for (int i = 0; i < BT_CLIENT_STATUS_EXECS + 40; i++)
		bt_str_printf(&text, ",{\"exec\":\"e%d\",\"pid\":%d}", i, i + 2);
	bt_str_puts(&text, "]}");
	answer = bt_str_get(&text);
	begin_monitor(&m, &answer, 1);
	ck_well(bt_client_status(m.client, &s, &err), &err);
	ck_assert_uint_eq(s.nexecs, BT_CLIENT_STATUS_EXECS);
	ck_assert_str_eq(s.execs[0].exec, "e0");
	ck_assert_int_eq(s.execs[BT_CLIENT_STATUS_EXECS - 1].pid, BT_CLIENT_STATUS_EXECS + 1);
	end_monitor(&m);
}
END_TEST

/* A pipe's two ends, the first of which is given to the monitor. */
static void open_pipe(int ret[2])
{
	ck_assert_int_eq(pipe2(ret, O_CLOEXEC), 0);
}

/* Is the descriptor the reading end of that pipe? */
static void check_is_pipe(int fd, const int pipe[2])
{
	char byte = 0;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq((int)write(pipe[1], "p", 1), 1);
	ck_assert_int_eq((int)read(fd, &byte, 1), 1);
	ck_assert_int_eq(byte, 'p');
	close(fd);
}

START_TEST(an_attach_gives_the_clients_socket_and_what_it_takes_part_in)
{
	const struct bt_spawn_client how = { .in = true, .err = true, .detach_keys = "ctrl-x" };
	struct monitor m;
	int client[2];

	open_pipe(client);
	begin_monitor(&m, fine, 1);
	ck_well(bt_client_attach(m.client, &how, client[0], &err), &err);
	check_request(m.asked[0].json,
		      "{\"op\":\"attach\",\"fds\":[\"client\"],\"stdin\":true,\"stdout\":false,"
		      "\"stderr\":true,\"mux\":false,\"detach_keys\":\"ctrl-x\",\"id\":1}");
	ck_assert_uint_eq(m.asked[0].nfds, 1);
	check_is_pipe(bt_message_take_fd(&m.asked[0], BT_PROTOCOL_FD_CLIENT), client);
	/* The caller's own is still his. */
	ck_assert_int_ge(fcntl(client[0], F_GETFD), 0);
	end_monitor(&m);
	close(client[0]);
	close(client[1]);
}
END_TEST

START_TEST(an_exec_gives_its_process_as_a_file_and_hears_its_pid)
{
	static const char *const answers[] = { "{\"ok\":true,\"pid\":4711}", "{\"ok\":true}" };
	struct bt_client_exec exec = { .exec = "e1",
				       .process = "{\"args\":[\"x\"]}",
				       .tty = true,
				       .rows = 3,
				       .cols = 4,
				       .client = { .out = true } };
	bt_auto_free char *process = NULL;
	bt_auto_close int file = -EBADF;
	struct monitor m;
	int client[2];
	pid_t pid = -1;

	open_pipe(client);
	exec.fd = client[0];
	begin_monitor(&m, answers, 2);
	ck_well(bt_client_exec(m.client, &exec, &pid, &err), &err);
	ck_assert_int_eq(pid, 4711);
	check_request(m.asked[0].json,
		      "{\"op\":\"exec\",\"exec\":\"e1\",\"tty\":true,\"rows\":3,\"cols\":4,\"fds\":"
		      "[\"process\",\"client\"],\"stdin\":false,\"stdout\":true,\"stderr\":false,"
		      "\"mux\":false,\"id\":1}");
	file = bt_message_take_fd(&m.asked[0], "process");
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(bt_io_read_fd(file, 100, &process, NULL), 0);
	ck_assert_str_eq(process, exec.process);
	check_is_pipe(bt_message_take_fd(&m.asked[0], BT_PROTOCOL_FD_CLIENT), client);
	/* Without a client there is nothing to take part in. */
	exec.fd = -EBADF;
	ck_well(bt_client_exec(m.client, &exec, &pid, &err), &err);
	ck_assert_int_eq(pid, 0);
	check_json(json_object_get(m.asked[1].json, "fds"), "[\"process\"]");
	ck_assert_ptr_null(json_object_get(m.asked[1].json, "stdout"));
	end_monitor(&m);
	close(client[0]);
	close(client[1]);
}
END_TEST

START_TEST(what_is_no_text_is_not_sent)
{
	const struct bt_spawn_client how = { .detach_keys = "\xff" };
	const struct bt_client_exec keys = { .exec = "e", .process = "{}", .fd = 0, .client = how };
	const struct bt_client_exec id = { .exec = "\xff", .process = "{}", .fd = -EBADF };
	struct bt_client *client;
	bt_auto_close int monitor = open_client(NULL, &client);
	bt_auto_message struct bt_message message = { 0 };
	pid_t pid = -1;

	ck_assert_int_eq(bt_client_attach(client, &how, 0, &err), -EINVAL);
	check_err(&err, BT_ERR_INVALID, "detach keys");
	ck_assert_int_eq(bt_client_exec(client, &keys, &pid, &err), -EINVAL);
	check_err(&err, BT_ERR_INVALID, "bad detach keys or id");
	ck_assert_int_eq(bt_client_exec(client, &id, &pid, &err), -EINVAL);
	ck_assert_int_eq(pid, -1);
	ck_assert_int_eq(bt_message_recv(monitor, MSG_DONTWAIT, &message), -EAGAIN);
	bt_client_destroy(client);
}
END_TEST

/* ---- many threads ------------------------------------------------------------------ */

struct asker {
	struct bt_client *client;
	pthread_t thread;
	int number;
	int result;
	pid_t pid;
	struct bt_err err;
};

static void *ask_exec(void *arg)
{
	struct asker *a = arg;
	bt_auto_free char *id = bt_str_format("e%d", a->number);
	const struct bt_client_exec exec = { .exec = id, .process = "{}", .fd = -EBADF };

	a->result = bt_client_exec(a->client, &exec, &a->pid, &a->err);
	return NULL;
}

static void begin_askers(struct asker *askers, size_t n, struct bt_client *client)
{
	for (size_t i = 0; i < n; i++) {
		askers[i] = (struct asker){ .client = client, .number = (int)i };
		ck_assert_int_eq(pthread_create(&askers[i].thread, NULL, ask_exec, &askers[i]), 0);
	}
}

/* The next request's id, and in `*ret_number` whose exec it is. */
static json_int_t next_exec(int monitor, int flags, int *ret_number)
{
	bt_auto_message struct bt_message message = { 0 };
	int r = bt_message_recv(monitor, flags, &message);

	if (r == -EAGAIN)
		return 0;
	ck_assert_int_eq(r, 1);
	*ret_number = atoi(bt_json_str(message.json, "exec", "e-1") + 1);
	return bt_json_i64(message.json, "id", 0);
}

START_TEST(each_of_many_threads_gets_the_answer_to_its_own_request)
{
	struct asker askers[6];
	struct bt_client *client;
	bt_auto_close int monitor = open_client(NULL, &client);
	json_int_t ids[LENGTH(askers)];
	int numbers[LENGTH(askers)];

	begin_askers(askers, LENGTH(askers), client);
	for (size_t i = 0; i < LENGTH(askers); i++)
		ids[i] = next_exec(monitor, 0, &numbers[i]);
	/* The last first, behind answers to nobody and a second one to somebody. */
	tell(monitor, json_pack("{s:i, s:i}", "re", 999, "pid", 1));
	tell(monitor, json_pack("{s:i, s:i}", "re", -1, "pid", 1));
	for (size_t i = LENGTH(askers); i-- > 0;) {
		tell(monitor, json_pack("{s:I, s:i}", "re", ids[i], "pid", 100 + numbers[i]));
		tell(monitor, json_pack("{s:I, s:i}", "re", ids[i], "pid", 200));
	}
	ck_assert_int_eq(bt_client_dispatch(client), 1);
	for (size_t i = 0; i < LENGTH(askers); i++) {
		ck_assert_int_eq(pthread_join(askers[i].thread, NULL), 0);
		ck_assert_int_eq(askers[i].result, 0);
		ck_assert_int_eq(askers[i].pid, 100 + (int)i);
	}
	bt_client_destroy(client);
}
END_TEST

/* A stop that comes behind them waits for no more. */
START_TEST(a_monitor_has_never_more_than_eight_execs_to_answer)
{
	struct asker askers[20];
	struct bt_client *client;
	bt_auto_close int monitor = open_client(NULL, &client);
	json_int_t ids[LENGTH(askers)];
	size_t answered = 0, asked = 0;
	int number;

	begin_askers(askers, LENGTH(askers), client);
	while (answered < LENGTH(askers)) {
		while (asked < LENGTH(askers) && asked - answered < 8)
			ids[asked++] = next_exec(monitor, 0, &number);
		ck_assert_int_eq(next_exec(monitor, MSG_DONTWAIT, &number), 0);
		tell(monitor, json_pack("{s:I, s:i}", "re", ids[answered++], "pid", 5));
		ck_assert_int_eq(bt_client_dispatch(client), 1);
	}
	for (size_t i = 0; i < LENGTH(askers); i++) {
		ck_assert_int_eq(pthread_join(askers[i].thread, NULL), 0);
		ck_assert_int_eq(askers[i].result, 0);
	}
	bt_client_destroy(client);
}
END_TEST

START_TEST(a_hangup_ends_every_wait_of_those_that_were_sent_and_of_those_that_were_not)
{
	struct asker askers[12];
	struct bt_client *client;
	bt_auto_close int monitor = open_client(NULL, &client);
	int number;

	begin_askers(askers, LENGTH(askers), client);
	for (size_t i = 0; i < 8; i++)
		(void)next_exec(monitor, 0, &number);
	bt_client_hangup(client);
	for (size_t i = 0; i < LENGTH(askers); i++) {
		ck_assert_int_eq(pthread_join(askers[i].thread, NULL), 0);
		ck_assert_int_eq(askers[i].result, -EPIPE);
		ck_assert_int_eq(askers[i].err.kind, BT_ERR_UNAVAILABLE);
	}
	bt_client_destroy(client);
}
END_TEST

/* ---- events ------------------------------------------------------------------------- */

START_TEST(every_event_has_its_kind_and_what_it_tells)
{
	static const struct {
		const char *text;
		enum bt_client_event_kind kind;
	} events[] = {
		{ "{\"ev\":\"started\",\"seq\":1,\"pid\":9,\"monitor\":8,\"restarts\":2}",
		  BT_CLIENT_RECORD },
		{ "{\"ev\":\"start-failed\",\"seq\":2,\"code\":127,\"error\":{\"kind\":1,"
		  "\"errnum\":2,\"msg\":\"no such file\"}}",
		  BT_CLIENT_RECORD },
		/* Of an older monitor, and of one of today. */
		{ "{\"ev\":\"oom\",\"at\":5}", BT_CLIENT_OOM },
		{ "{\"ev\":\"oom\",\"seq\":3,\"at\":5}", BT_CLIENT_RECORD },
		{ "{\"ev\":\"restarted\",\"at\":5}", BT_CLIENT_RESTARTED },
		{ "{\"ev\":\"restarted\",\"seq\":4,\"at\":5}", BT_CLIENT_RECORD },
		{ "{\"ev\":\"exec-started\",\"exec\":\"e\",\"pid\":7}", BT_CLIENT_EXEC_STARTED },
		{ "{\"ev\":\"behind\"}", BT_CLIENT_BEHIND },
	};
	struct heard heard = { 0 };
	struct bt_client *client;
	bt_auto_close int monitor = open_client(&heard, &client);

	for (size_t i = 0; i < LENGTH(events); i++)
		tell(monitor, json_loads(events[i].text, 0, NULL));
	ck_assert_int_eq(bt_client_dispatch(client), 1);
	ck_assert_uint_eq(heard.n, LENGTH(events));
	for (size_t i = 0; i < LENGTH(events); i++)
		ck_assert_msg(heard.events[i].kind == events[i].kind, "%s", events[i].text);
	ck_assert_int_eq(heard.events[0].record.kind, BT_JOURNAL_STARTED);
	ck_assert_int_eq(heard.events[0].record.pid, 9);
	ck_assert_int_eq(heard.events[0].record.monitor, 8);
	ck_assert_int_eq(heard.events[0].record.restarts, 2);
	ck_assert_int_eq(heard.events[1].record.kind, BT_JOURNAL_START_FAILED);
	ck_assert_int_eq(heard.events[1].record.code, 127);
	ck_assert_str_eq(heard.events[1].record.error.msg, "no such file");
	ck_assert_int_eq(heard.events[2].at_ns, 5);
	ck_assert_int_eq(heard.events[3].record.kind, BT_JOURNAL_OOM);
	ck_assert_uint_eq(heard.events[5].record.seq, 4);
	ck_assert_str_eq(heard.events[6].exec, "e");
	ck_assert_int_eq(heard.events[6].pid, 7);
	bt_client_destroy(client);
}
END_TEST

START_TEST(an_exec_whose_name_is_too_long_is_no_event)
{
	struct heard heard = { 0 };
	struct bt_client *client;
	bt_auto_close int monitor = open_client(&heard, &client);
	char name[BT_CLIENT_EXEC_MAX + 1];

	memset(name, 'e', sizeof(name) - 1);
	name[BT_CLIENT_EXEC_MAX] = '\0';
	tell(monitor, json_pack("{s:s, s:s}", "ev", "exec-exited", "exec", name));
	tell(monitor, json_pack("{s:s, s:s}", "ev", "exec-exited", "exec", name + 1));
	tell(monitor, json_pack("{s:s, s:s, s:{s:i}}", "ev", "exec-failed", "exec", "f", "error",
				"kind", 0));
	ck_assert_int_eq(bt_client_dispatch(client), 1);
	ck_assert_uint_eq(heard.n, 2);
	ck_assert_str_eq(heard.events[0].exec, name + 1);
	ck_assert_int_eq(heard.events[1].error.errnum, EPROTO);
	bt_client_destroy(client);
}
END_TEST

START_TEST(what_is_acknowledged_says_whether_it_is_stored)
{
	struct bt_client *client;
	bt_auto_close int monitor = open_client(NULL, &client);
	bt_auto_message struct bt_message first = { 0 }, second = { 0 };

	ck_assert_int_eq(bt_client_ack(client, 3, true), 0);
	ck_assert_int_eq(bt_client_ack(client, 4, false), 0);
	ck_assert_int_eq(bt_message_recv(monitor, 0, &first), 1);
	ck_assert_int_eq(bt_message_recv(monitor, 0, &second), 1);
	check_json(first.json, "{\"op\":\"ack\",\"seq\":3,\"stored\":true}");
	check_json(second.json, "{\"op\":\"ack\",\"seq\":4,\"stored\":false}");
	bt_client_destroy(client);
}
END_TEST

/* ---- where a monitor lives ---------------------------------------------------------- */

START_TEST(nobody_in_a_directory_is_told_from_one_who_has_died)
{
	char dir[] = "/tmp/test_client.XXXXXX";
	bt_auto_free char *path = NULL;
	struct bt_client *client = NULL;
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(bt_client_connect(dir, NULL, NULL, &client, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.msg, dir));
	path = bt_str_format("%s/monitor.sock", dir);
	fd = bt_sock_listen(path, SOCK_SEQPACKET, 0600);
	ck_assert_int_ge(fd, 0);
	ck_well(bt_client_connect(dir, NULL, NULL, &client, &err), &err);
	ck_assert_int_eq(fcntl(bt_client_fd(client), F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	bt_client_destroy(bt_take(client));
	bt_close(&fd);
	ck_assert_int_eq(bt_client_connect(dir, NULL, NULL, &client, &err), -ECONNREFUSED);
	ck_assert_ptr_null(client);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}
END_TEST

/* ---- spawning ----------------------------------------------------------------------- */

/* A spawner that answers once with a text, or hangs up. */
struct spawner {
	int fd;
	const char *answer;
	struct bt_message asked;
	pthread_t thread;
};

static void *play_spawner(void *arg)
{
	struct spawner *s = arg;

	ck_assert_int_eq(bt_message_recv(s->fd, 0, &s->asked), 1);
	if (s->answer)
		ck_assert_int_eq((int)send(s->fd, s->answer, strlen(s->answer), 0),
				 (int)strlen(s->answer));
	else
		bt_close(&s->fd);
	return NULL;
}

/* Returns the daemon's end. */
static int begin_spawner(struct spawner *s, const char *answer)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	*s = (struct spawner){ .fd = ends[1], .answer = answer };
	ck_assert_int_eq(pthread_create(&s->thread, NULL, play_spawner, s), 0);
	return ends[0];
}

static void end_spawner(struct spawner *s)
{
	ck_assert_int_eq(pthread_join(s->thread, NULL), 0);
	bt_message_done(&s->asked);
	bt_close(&s->fd);
}

static const struct bt_spawn spawn = {
	.id = "id", .dir = "/d", .journal = "/d/journal", .log_driver = "none", .stop_signal = 15
};
static const struct bt_client_fds no_fds = {
	.spec = -EBADF, .rootfs = -EBADF, .netns = -EBADF, .seccomp = -EBADF
};

START_TEST(a_monitor_is_spawned_with_the_descriptors_that_there_are_and_a_connection)
{
	struct bt_client_fds fds = no_fds;
	bt_auto_close int spawner_fd = -EBADF, control = -EBADF;
	struct heard heard = { 0 };
	struct bt_client *client = NULL;
	struct spawner s;
	int spec[2], netns[2];
	pid_t monitor = 0;

	open_pipe(spec);
	open_pipe(netns);
	fds.spec = spec[0];
	fds.netns = netns[0];
	spawner_fd = begin_spawner(&s, "{\"ok\":true,\"pid\":4242}");
	ck_well(bt_client_spawn(spawner_fd, &spawn, &fds, hear, &heard, &client, &monitor, &err),
		&err);
	ck_assert_int_eq(monitor, 4242);
	ck_assert_int_eq(pthread_join(s.thread, NULL), 0);
	check_json(json_object_get(s.asked.json, "fds"), "[\"spec\",\"control\",\"netns\"]");
	check_is_pipe(bt_message_take_fd(&s.asked, BT_PROTOCOL_FD_SPEC), spec);
	check_is_pipe(bt_message_take_fd(&s.asked, BT_PROTOCOL_FD_NETNS), netns);
	control = bt_message_take_fd(&s.asked, BT_PROTOCOL_FD_CONTROL);
	tell_of_two_ends(control);
	ck_assert_int_eq(bt_client_dispatch(client), 1);
	ck_heard_two_ends(&heard);
	/* Nobody else has the monitor's end. */
	bt_close(&control);
	ck_assert_int_eq(bt_client_dispatch(client), 0);
	bt_client_destroy(client);
	bt_message_done(&s.asked);
	bt_close(&s.fd);
	for (int i = 0; i < 2; i++) {
		close(spec[i]);
		close(netns[i]);
	}
}
END_TEST

START_TEST(a_spawner_that_cannot_or_is_gone_leaves_no_client)
{
	static const struct {
		const char *answer;
		int r;
		const char *words;
	} cases[] = {
		{ "{\"error\":{\"kind\":1,\"errnum\":12,\"msg\":\"no room for a process\"}}",
		  -ENOMEM, "no room for a process" },
		{ NULL, -EPIPE, "ask the spawner" },
		{ "[]", -EBADMSG, "ask the spawner" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct bt_client *client = NULL;
		struct spawner s;
		bt_auto_close int fd = begin_spawner(&s, cases[i].answer);
		pid_t monitor = -7;

		ck_assert_int_eq(
			bt_client_spawn(fd, &spawn, &no_fds, NULL, NULL, &client, &monitor, &err),
			cases[i].r);
		ck_assert_ptr_nonnull(strstr(err.msg, cases[i].words));
		ck_assert_ptr_null(client);
		ck_assert_int_eq(monitor, -7);
		end_spawner(&s);
	}
}
END_TEST

START_TEST(more_clients_than_a_packet_can_carry_are_refused_before_anything_is_sent)
{
	struct bt_spawn_client many[BT_SOCK_FDS_MAX] = { 0 };
	struct bt_spawn crowded = spawn;
	struct bt_client_fds fds = no_fds;
	bt_auto_message struct bt_message message = { 0 };
	struct bt_client *client = NULL;
	int all[BT_SOCK_FDS_MAX], ends[2];
	pid_t monitor;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	for (size_t i = 0; i < LENGTH(all); i++)
		all[i] = ends[0];
	crowded.clients = many;
	crowded.nclients = LENGTH(many);
	fds.clients = all;
	ck_assert_int_eq(
		bt_client_spawn(ends[0], &crowded, &fds, NULL, NULL, &client, &monitor, &err),
		-E2BIG);
	ck_assert_ptr_null(client);
	ck_assert_int_eq(bt_message_recv(ends[1], MSG_DONTWAIT, &message), -EAGAIN);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(a_helper_gets_its_listening_socket_or_says_why_not)
{
	static const struct {
		const char *answer;
		int r;
	} cases[] = {
		{ "{\"ok\":true}", 0 },
		{ "{\"error\":{\"kind\":1,\"errnum\":11,\"msg\":\"not now\"}}", -EAGAIN },
		{ NULL, -EPIPE },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct spawner s;
		bt_auto_close int fd = begin_spawner(&s, cases[i].answer);

		ck_assert_int_eq(bt_client_spawn_helper(fd, BT_PROTOCOL_NAMES, fd, &err),
				 cases[i].r);
		ck_assert_int_eq(pthread_join(s.thread, NULL), 0);
		check_json(s.asked.json, BT_PROTOCOL_NAMES);
		ck_assert_uint_eq(s.asked.nfds, 1);
		bt_message_done(&s.asked);
		bt_close(&s.fd);
	}
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, what_a_monitor_says_is_heard_in_order_and_then_there_is_nothing);
	tcase_add_test(tests, what_a_monitor_said_before_it_ended_is_heard);
	tcase_add_test(tests, what_a_monitor_said_is_heard_also_where_it_ended_without_reading_all);
	tcase_add_test(tests, a_packet_that_is_nothing_hides_none_behind_it);
	tcase_add_test(tests, a_request_to_a_monitor_that_hung_up_is_refused_and_said);
	tcase_add_test(tests, each_request_is_said_as_the_protocol_has_it_and_numbered);
	tcase_add_test(tests, sizes_and_logs_are_asked_for_of_the_container_or_of_an_exec);
	tcase_add_test(tests, an_update_names_what_changes_and_nothing_else);
	tcase_add_test(tests, an_error_of_the_monitor_is_the_requests);
	tcase_add_test(tests, a_monitor_that_goes_before_its_answer_is_unavailable);
	tcase_add_test(tests, how_things_stand_is_read_whole);
	tcase_add_test(tests, a_state_that_is_not_known_is_none);
	tcase_add_test(tests, execs_beyond_the_bounds_are_left_out_of_the_state);
	tcase_add_test(tests, an_attach_gives_the_clients_socket_and_what_it_takes_part_in);
	tcase_add_test(tests, an_exec_gives_its_process_as_a_file_and_hears_its_pid);
	tcase_add_test(tests, what_is_no_text_is_not_sent);
	tcase_add_test(tests, each_of_many_threads_gets_the_answer_to_its_own_request);
	tcase_add_test(tests, a_monitor_has_never_more_than_eight_execs_to_answer);
	tcase_add_test(tests,
		       a_hangup_ends_every_wait_of_those_that_were_sent_and_of_those_that_were_not);
	tcase_add_test(tests, every_event_has_its_kind_and_what_it_tells);
	tcase_add_test(tests, an_exec_whose_name_is_too_long_is_no_event);
	tcase_add_test(tests, what_is_acknowledged_says_whether_it_is_stored);
	tcase_add_test(tests, nobody_in_a_directory_is_told_from_one_who_has_died);
	tcase_add_test(tests,
		       a_monitor_is_spawned_with_the_descriptors_that_there_are_and_a_connection);
	tcase_add_test(tests, a_spawner_that_cannot_or_is_gone_leaves_no_client);
	tcase_add_test(tests,
		       more_clients_than_a_packet_can_carry_are_refused_before_anything_is_sent);
	tcase_add_test(tests, a_helper_gets_its_listening_socket_or_says_why_not);
}

int main(void)
{
	return run_suite("monitor/client", NULL, NULL, add_tests);
}
