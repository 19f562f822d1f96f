/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/exec.h"

#include <errno.h>
#include <pthread.h>

#include "codec/json.h"
#include "engine/exec_table.h"
#include "link_fixture.h"
#include "monitor/exec_file.h"

static int listener = -EBADF, monitor = -EBADF;

/* A container that runs; its program's root is the host's own. */
static void setup(void)
{
	bt_auto_settings struct bt_container_settings s = {
		.config = parse("{'User':'root','WorkingDir':'/srv','Env':['A=b']}"),
		.host_config = json_object(),
		.networking = json_object(),
		.mounts = json_array(),
	};

	setup_links();
	ck_well(bt_container_row_insert(web, &s, &err), &err);
	set_status(web, BT_CONTAINER_RUNNING);
	web->state.pid = getpid();
	listener = play_monitor(web);
}

static void teardown(void)
{
	close_links();
	bt_close(&monitor);
	bt_close(&listener);
	teardown_links();
}

static void have_monitor(void)
{
	bt_link_unref(link_to(web, listener, &monitor));
}

/* The monitor's answer to one request, in a thread of its own while the test waits for it. */
struct answer {
	const char *op, *text;
	json_t *request;          /* owned; what was asked */
	int fds[BT_SOCK_FDS_MAX]; /* owned: what came with it */
	size_t nfds;
	pthread_t thread;
};

static void *play_answer(void *data)
{
	struct answer *a = data;
	bt_auto_message struct bt_message message = { 0 };
	json_auto_t *reply = parse(a->text);

	ck_assert_int_eq(bt_message_recv(monitor, 0, &message), 1);
	ck_assert_str_eq(bt_json_str(message.json, "op", ""), a->op);
	a->request = json_incref(message.json);
	for (a->nfds = 0; a->nfds < message.nfds; a->nfds++)
		a->fds[a->nfds] = bt_take_fd(&message.fds[a->nfds]);
	(void)json_object_set_new(reply, "re", json_integer(bt_json_i64(a->request, "id", 0)));
	ck_assert_int_eq(bt_message_send(monitor, reply, NULL, 0), 0);
	return NULL;
}

static void answer_begin(struct answer *a)
{
	ck_assert_int_eq(pthread_create(&a->thread, NULL, play_answer, a), 0);
}

/* The request was made. What came with it stays until answer_done(). */
static void answer_end(const struct answer *a)
{
	ck_assert_int_eq(pthread_join(a->thread, NULL), 0);
}

static void answer_done(struct answer *a)
{
	json_decref(a->request);
	while (a->nfds > 0)
		bt_close(&a->fds[--a->nfds]);
}

/* Create an exec of a body in single quotes. Its id (owned), or NULL and `err` says why. */
static char *create_in(const char *ref, const char *body)
{
	json_auto_t *json = parse(body), *answer = NULL;

	err = (struct bt_err){ 0 };
	if (bt_exec_create(&engine, ref, json, &answer, &err) < 0)
		return NULL;
	return strdup(bt_json_str(answer, "Id", ""));
}

static char *create(const char *body)
{
	char *id = create_in("web", body);

	ck_assert_msg(id != NULL, "%s", err.msg);
	return id;
}

static void check_not_created(const char *body, enum bt_err_kind kind, const char *words)
{
	ck_assert_ptr_null(create_in("web", body));
	check_err(&err, kind, words);
}

static json_t *inspect(const char *id)
{
	json_t *ret = NULL;

	ck_well(bt_exec_inspect(&engine, id, &ret, &err), &err);
	return ret;
}

static struct bt_exec_start *open_start(const char *id)
{
	struct bt_exec_start *start = NULL;
	bool tty;

	ck_well(bt_exec_start_open(&engine, id, false, false, 0, 0, &tty, &start, &err), &err);
	return start;
}

/* ---- creation ---------------------------------------------------------------------------- */

START_TEST(an_exec_of_no_container_is_refused)
{
	ck_assert_ptr_null(create_in("nobody", "{'Cmd':['true']}"));
	check_err(&err, BT_ERR_NOT_FOUND, "No such container: nobody");
}
END_TEST

START_TEST(an_exec_without_a_command_is_refused)
{
	check_not_created("{}", BT_ERR_INVALID, "No exec command specified");
	check_not_created("{'Cmd':[]}", BT_ERR_INVALID, "No exec command specified");
	check_not_created("{'Cmd':null}", BT_ERR_INVALID, "No exec command specified");
}
END_TEST

START_TEST(a_member_of_the_wrong_kind_is_refused_by_its_name)
{
	check_not_created("{'Cmd':['true'],'Tty':'yes'}", BT_ERR_INVALID, "Tty");
	check_not_created("{'Cmd':['true'],'User':5}", BT_ERR_INVALID, "User");
	check_not_created("{'Cmd':['true'],'Env':'A=b'}", BT_ERR_INVALID, "Env");
	check_not_created("{'Cmd':[5]}", BT_ERR_INVALID, "Cmd");
}
END_TEST

START_TEST(keys_that_are_none_are_refused_by_their_name)
{
	check_not_created("{'Cmd':['true'],'DetachKeys':'ctrl-9'}", BT_ERR_INVALID,
			  "Invalid escape keys (ctrl-9) provided");
}
END_TEST

START_TEST(what_does_not_run_takes_no_exec_and_says_why)
{
	static const struct {
		enum bt_container_status status;
		const char *words;
	} cases[] = {
		{ BT_CONTAINER_PAUSED,
		  "Container web is paused, unpause the container before exec" },
		{ BT_CONTAINER_RESTARTING,
		  "Container web is restarting, wait until the container is running" },
		{ BT_CONTAINER_EXITED, "is not running" },
		{ BT_CONTAINER_CREATED, "is not running" },
		{ BT_CONTAINER_REMOVING, "is not running" },
		{ BT_CONTAINER_DEAD, "is not running" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		set_status(web, cases[i].status);
		check_not_created("{'Cmd':['true']}", BT_ERR_CONFLICT, cases[i].words);
	}
	bt_auto_free char *said = told();

	ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(an_exec_that_was_created_is_what_was_asked_for)
{
	bt_auto_free char *id = create("{'Cmd':['sh','-c','true'],'Tty':true,'AttachStdin':true,"
				       "'AttachStdout':true,'User':'u','Privileged':true,"
				       "'DetachKeys':'ctrl-a,x','Env':['B=c']}");
	bt_auto_free char *said = told();
	json_auto_t *got = inspect(id);

	ck_assert_uint_eq(strlen(id), BT_RAND_ID_LEN);
	ck_assert_str_eq(said, "container exec_create: sh -c true\n");
	ck_assert_str_eq(bt_json_str(got, "ID", ""), id);
	ck_assert_str_eq(bt_json_str(got, "ContainerID", ""), web->id);
	ck_assert_str_eq(bt_json_str(got, "DetachKeys", ""), "AXg=");
	ck_assert(json_is_null(json_object_get(got, "ExitCode")));
	ck_assert(!bt_json_bool(got, "Running", true));
	ck_assert(bt_json_bool(got, "OpenStdin", false));
	ck_assert(bt_json_bool(got, "OpenStdout", false));
	ck_assert(!bt_json_bool(got, "OpenStderr", true));
	ck_assert_int_eq(bt_json_i64(got, "Pid", -1), 0);
	assert_json(json_object_get(got, "ProcessConfig"),
		    "{'tty':true,'entrypoint':'sh','arguments':['-c','true'],'privileged':true,"
		    "'user':'u'}");
}
END_TEST

START_TEST(who_names_no_user_is_the_containers_own)
{
	bt_auto_free char *id = create("{'Cmd':['id']}");
	json_auto_t *got = inspect(id);

	ck_assert_str_eq(bt_json_str(json_object_get(got, "ProcessConfig"), "user", ""), "root");
}
END_TEST

START_TEST(each_exec_has_an_id_of_its_own_and_is_the_containers)
{
	bt_auto_free char *a = create("{'Cmd':['a']}"), *b = create("{'Cmd':['b']}");
	json_auto_t *got = NULL;

	ck_assert_str_ne(a, b);
	got = inspect(b);
	ck_assert_str_eq(bt_json_str(json_object_get(got, "ProcessConfig"), "entrypoint", ""), "b");
}
END_TEST

/* ---- who starts it ------------------------------------------------------------------------- */

START_TEST(what_is_not_there_is_neither_started_nor_shown)
{
	struct bt_exec_start *start = NULL;
	json_t *got = NULL;
	bool tty;

	ck_assert_int_lt(
		bt_exec_start_open(&engine, "nobody", false, false, 0, 0, &tty, &start, &err), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "No such exec instance: nobody");
	ck_assert_ptr_null(start);
	ck_assert_int_lt(bt_exec_inspect(&engine, "nobody", &got, &err), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "No such exec instance: nobody");
	ck_assert_int_lt(bt_exec_resize(&engine, "nobody", 1, 1, &err), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "No such exec instance: nobody");
}
END_TEST

START_TEST(one_starts_it_and_nobody_else_until_that_one_gives_up)
{
	bt_auto_free char *id = create("{'Cmd':['true']}");
	struct bt_exec_start *first = open_start(id), *second = NULL;
	bool tty;

	ck_assert_int_lt(bt_exec_start_open(&engine, id, false, false, 0, 0, &tty, &second, &err),
			 0);
	check_err(&err, BT_ERR_CONFLICT, "is already running");
	ck_assert_ptr_null(second);
	bt_exec_start_cancel(first);
	bt_exec_start_cancel(open_start(id));
	bt_exec_start_cancel(NULL);
}
END_TEST

START_TEST(a_container_that_stopped_since_starts_no_exec_and_keeps_it)
{
	bt_auto_free char *id = create("{'Cmd':['true']}");
	struct bt_exec_start *start = NULL;
	bool tty;

	set_status(web, BT_CONTAINER_PAUSED);
	ck_assert_int_lt(bt_exec_start_open(&engine, id, false, false, 0, 0, &tty, &start, &err),
			 0);
	check_err(&err, BT_ERR_CONFLICT, "is paused");
	set_status(web, BT_CONTAINER_RUNNING);
	bt_exec_start_cancel(open_start(id));
}
END_TEST

START_TEST(whether_it_has_a_terminal_was_said_when_it_was_created)
{
	bt_auto_free char *with = create("{'Cmd':['sh'],'Tty':true}");
	bt_auto_free char *without = create("{'Cmd':['sh']}");
	struct bt_exec_start *start = NULL;
	bool tty = false;

	ck_well(bt_exec_start_open(&engine, with, false, false, 0, 0, &tty, &start, &err), &err);
	ck_assert(tty);
	bt_exec_start_cancel(start);
	ck_well(bt_exec_start_open(&engine, without, false, true, 0, 0, &tty, &start, &err), &err);
	ck_assert(!tty);
	bt_exec_start_cancel(start);
}
END_TEST

/* ---- the start --------------------------------------------------------------------------------
 */

/* The process that the monitor was given, as JSON. */
static json_t *process_of(const struct answer *a)
{
	bt_auto_free char *text = NULL;
	size_t len;
	json_t *json;

	ck_assert_uint_ge(a->nfds, 1);
	ck_assert_int_eq(bt_io_read_fd(a->fds[0], 1 << 20, &text, &len), 0);
	json = json_loadb(text, len, 0, NULL);
	ck_assert_ptr_nonnull(json);
	return json;
}

START_TEST(the_monitor_is_asked_for_the_process_and_gets_the_clients_socket)
{
	bt_auto_free char *id = create("{'Cmd':['sh','-c','true'],'AttachStdin':true,"
				       "'AttachStdout':true,'DetachKeys':'ctrl-x','Env':['B=c'],"
				       "'WorkingDir':'/tmp'}");
	struct answer a = { .op = "exec", .text = "{'ok':true,'pid':77}" };
	json_auto_t *process = NULL;
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	have_monitor();
	answer_begin(&a);
	ck_well(bt_exec_start_run(open_start(id), ends[0], NULL, 0, &err), &err);
	answer_end(&a);
	ck_assert_str_eq(bt_json_str(a.request, "exec", ""), id);
	ck_assert(!bt_json_bool(a.request, "tty", true));
	ck_assert(bt_json_bool(a.request, "stdin", false));
	ck_assert(bt_json_bool(a.request, "stdout", false));
	ck_assert(!bt_json_bool(a.request, "stderr", true));
	ck_assert(bt_json_bool(a.request, "mux", false));
	ck_assert_str_eq(bt_json_str(a.request, "detach_keys", ""), "ctrl-x");
	process = process_of(&a);
	assert_json(json_object_get(process, "args"), "['sh','-c','true']");
	ck_assert_str_eq(bt_json_str(process, "cwd", ""), "/tmp");
	ck_assert_int_eq(bt_json_i64(json_object_get(process, "user"), "uid", -1), 0);
	/* The daemon keeps no end of the client's socket: what the monitor closes has ended. */
	ck_assert_uint_eq(a.nfds, 2);
	ck_assert_int_eq(write(a.fds[1], "hi", 2), 2);
	answer_done(&a);
	ck_assert_int_eq(read(ends[1], (char[4]){ 0 }, 4), 2);
	ck_assert_int_eq(read(ends[1], (char[4]){ 0 }, 4), 0);
	close(ends[1]);
	bt_auto_free char *said = told();

	ck_assert_str_eq(said, "container exec_create: sh -c true\n"
			       "container exec_start: sh -c true\n");
}
END_TEST

START_TEST(a_terminal_is_told_its_size_from_the_request_or_from_the_creation)
{
	static const struct {
		unsigned rows, cols, want_rows, want_cols;
	} cases[] = { { 0, 0, 30, 100 }, { 24, 80, 24, 80 } };

	have_monitor();
	for (size_t i = 0; i < LENGTH(cases); i++) {
		bt_auto_free char *id = create("{'Cmd':['sh'],'Tty':true,'ConsoleSize':[30,100]}");
		struct answer a = { .op = "exec", .text = "{'ok':true,'pid':77}" };
		struct bt_exec_start *start = NULL;
		json_auto_t *process = NULL;
		bool tty;

		ck_well(bt_exec_start_open(&engine, id, true, true, cases[i].rows, cases[i].cols,
					   &tty, &start, &err),
			&err);
		answer_begin(&a);
		ck_well(bt_exec_start_run(start, -EBADF, NULL, 0, &err), &err);
		answer_end(&a);
		ck_assert_uint_eq(a.nfds, 1);
		ck_assert_int_eq(bt_json_i64(a.request, "rows", 0), cases[i].want_rows);
		ck_assert_int_eq(bt_json_i64(a.request, "cols", 0), cases[i].want_cols);
		process = process_of(&a);
		ck_assert_int_eq(bt_json_i64(json_object_get(process, "consoleSize"), "height", 0),
				 cases[i].want_rows);
		answer_done(&a);
	}
}
END_TEST

START_TEST(what_was_started_runs_and_is_not_started_again)
{
	bt_auto_free char *id = create("{'Cmd':['true']}");
	struct answer a = { .op = "exec", .text = "{'ok':true,'pid':77}" };
	struct answer status = { .op = "status", .text = "{'ok':true,'state':'running','pid':1}" };
	struct bt_exec_start *start = NULL;
	json_auto_t *got = NULL;
	bool tty;

	have_monitor();
	answer_begin(&a);
	ck_well(bt_exec_start_run(open_start(id), -EBADF, NULL, 0, &err), &err);
	answer_end(&a);
	answer_done(&a);
	answer_begin(&status);
	got = inspect(id);
	answer_end(&status);
	answer_done(&status);
	ck_assert(bt_json_bool(got, "Running", false));
	ck_assert_int_eq(bt_json_i64(got, "Pid", 0), 77);
	ck_assert(json_is_null(json_object_get(got, "ExitCode")));
	ck_assert_int_lt(bt_exec_start_open(&engine, id, false, false, 0, 0, &tty, &start, &err),
			 0);
	check_err(&err, BT_ERR_CONFLICT, "is already running");
}
END_TEST

/* What a client that attached without a terminal, or with one, was told. */
static char *refused_with(const char *body, const char *answer, int r, int code)
{
	bt_auto_free char *id = create(body);
	struct answer a = { .op = "exec", .text = answer };
	json_auto_t *got = NULL;
	char *text = calloc(1, 2048);
	size_t len = 0;
	int ends[2];
	ssize_t n;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	if (answer)
		answer_begin(&a);
	ck_assert_int_eq(bt_exec_start_run(open_start(id), ends[0], NULL, 0, &err), r);
	if (answer) {
		answer_end(&a);
		answer_done(&a);
	}
	while ((n = read(ends[1], text + len, 2047 - len)) > 0)
		len += (size_t)n;
	close(ends[1]);
	got = inspect(id);
	ck_assert(!bt_json_bool(got, "Running", true));
	ck_assert_int_eq(bt_json_i64(got, "ExitCode", -1), code);
	return text;
}

START_TEST(what_could_not_be_started_is_said_on_the_socket_and_in_the_exit_code)
{
	static const char plain[] =
		"{'error':{'kind':1,'errnum':2,'msg':'exec: x: executable file not found in $PATH'}}";
	bt_auto_free char *framed = NULL, *raw = NULL;
	const char *want = "OCI runtime exec failed: exec failed: unable to start container "
			   "process: exec: x: executable file not found in $PATH";

	have_monitor();
	raw = refused_with("{'Cmd':['x'],'Tty':true,'AttachStdout':true}", plain, -ENOENT, 127);
	ck_assert_msg(strncmp(raw, want, strlen(want)) == 0, "%s", raw);
	ck_assert_str_eq(raw + strlen(want), "\r\n");
	framed = refused_with("{'Cmd':['x'],'AttachStdout':true}", plain, -ENOENT, 127);
	/* A frame of standard output, whose length fits. */
	ck_assert_int_eq(framed[0], 1);
	ck_assert_uint_eq((unsigned char)framed[6] * 256u + (unsigned char)framed[7],
			  strlen(want) + 2);
	ck_assert_int_eq(strncmp(framed + 8, want, strlen(want)), 0);
}
END_TEST

START_TEST(without_a_monitor_there_is_nobody_to_ask)
{
	bt_auto_free char *raw = refused_with("{'Cmd':['x'],'Tty':true}", NULL, -ESRCH, 126);

	check_err(&err, BT_ERR_CONFLICT, "is not running");
	ck_assert_ptr_nonnull(strstr(raw, "is not running\r\n"));
}
END_TEST

START_TEST(a_user_that_the_container_does_not_have_is_refused_before_the_monitor_is_asked)
{
	bt_auto_free char *raw = NULL;

	have_monitor();
	raw = refused_with("{'Cmd':['x'],'Tty':true,'User':'no-such-user-here'}", NULL, -ENOENT,
			   126);
	ck_assert_ptr_nonnull(strstr(raw, "no-such-user-here"));
}
END_TEST

/* ---- its end -------------------------------------------------------------------------------- */

START_TEST(an_end_that_is_on_its_way_is_known_to_who_asks_for_it)
{
	bt_auto_free char *id = create("{'Cmd':['true']}");
	struct answer a = { .op = "exec", .text = "{'ok':true,'pid':77}" };
	struct answer status = { .op = "status", .text = "{'ok':true,'state':'running','pid':1}" };
	bt_auto_free char *run_dir = bt_container_files_run_dir(&engine, web->id);
	json_auto_t *got = NULL;

	have_monitor();
	answer_begin(&a);
	ck_well(bt_exec_start_run(open_start(id), -EBADF, NULL, 0, &err), &err);
	answer_end(&a);
	answer_done(&a);
	ck_assert_int_eq(bt_exec_file_ended(run_dir, id, 5, 42), 0);
	answer_begin(&status);
	got = inspect(id);
	answer_end(&status);
	answer_done(&status);
	ck_assert(!bt_json_bool(got, "Running", true));
	ck_assert_int_eq(bt_json_i64(got, "ExitCode", -1), 42);
}
END_TEST

START_TEST(what_has_ended_is_not_asked_for_again_nor_run_again)
{
	bt_auto_free char *id = create("{'Cmd':['true']}");
	struct bt_exec_start *start = open_start(id);
	json_auto_t *got = NULL;
	bool tty;

	bt_exec_table_event_ended(web, id, 3, 0);
	bt_exec_start_cancel(start);
	got = inspect(id); /* no monitor is there to answer */
	ck_assert_int_eq(bt_json_i64(got, "ExitCode", -1), 3);
	ck_assert_int_lt(bt_exec_start_open(&engine, id, false, false, 0, 0, &tty, &start, &err),
			 0);
	check_err(&err, BT_ERR_CONFLICT, "has already run");
}
END_TEST

/* ---- its terminal ------------------------------------------------------------------------------
 */

START_TEST(what_was_not_started_or_has_ended_has_no_size)
{
	bt_auto_free char *id = create("{'Cmd':['sh'],'Tty':true}");

	ck_assert_int_lt(bt_exec_resize(&engine, id, 24, 80, &err), 0);
	check_err(&err, BT_ERR_CONFLICT, "is not running");
	struct bt_exec_start *start = open_start(id);

	bt_exec_table_event_ended(web, id, 3, 0);
	ck_assert_int_lt(bt_exec_resize(&engine, id, 24, 80, &err), 0);
	check_err(&err, BT_ERR_CONFLICT, "is not running");
	bt_exec_start_cancel(start);
}
END_TEST

START_TEST(a_size_is_for_the_exec_and_not_for_its_container)
{
	bt_auto_free char *id = create("{'Cmd':['sh'],'Tty':true}");
	struct answer a = { .op = "resize", .text = "{'ok':true}" };
	struct bt_exec_start *start = open_start(id);

	bt_exec_table_event_started(web, id, 77);
	ck_assert_int_lt(bt_exec_resize(&engine, id, 24, 80, &err), 0);
	check_err(&err, BT_ERR_CONFLICT, "is not running"); /* its monitor is gone */
	have_monitor();
	answer_begin(&a);
	ck_well(bt_exec_resize(&engine, id, 24, 80, &err), &err);
	answer_end(&a);
	ck_assert_str_eq(bt_json_str(a.request, "exec", ""), id);
	ck_assert_int_eq(bt_json_i64(a.request, "rows", 0), 24);
	ck_assert_int_eq(bt_json_i64(a.request, "cols", 0), 80);
	answer_done(&a);
	bt_exec_start_cancel(start);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, an_exec_of_no_container_is_refused);
	tcase_add_test(tests, an_exec_without_a_command_is_refused);
	tcase_add_test(tests, a_member_of_the_wrong_kind_is_refused_by_its_name);
	tcase_add_test(tests, keys_that_are_none_are_refused_by_their_name);
	tcase_add_test(tests, what_does_not_run_takes_no_exec_and_says_why);
	tcase_add_test(tests, an_exec_that_was_created_is_what_was_asked_for);
	tcase_add_test(tests, who_names_no_user_is_the_containers_own);
	tcase_add_test(tests, each_exec_has_an_id_of_its_own_and_is_the_containers);
	tcase_add_test(tests, what_is_not_there_is_neither_started_nor_shown);
	tcase_add_test(tests, one_starts_it_and_nobody_else_until_that_one_gives_up);
	tcase_add_test(tests, a_container_that_stopped_since_starts_no_exec_and_keeps_it);
	tcase_add_test(tests, whether_it_has_a_terminal_was_said_when_it_was_created);
	tcase_add_test(tests, the_monitor_is_asked_for_the_process_and_gets_the_clients_socket);
	tcase_add_test(tests, a_terminal_is_told_its_size_from_the_request_or_from_the_creation);
	tcase_add_test(tests, what_was_started_runs_and_is_not_started_again);
	tcase_add_test(tests, what_could_not_be_started_is_said_on_the_socket_and_in_the_exit_code);
	tcase_add_test(tests, without_a_monitor_there_is_nobody_to_ask);
	tcase_add_test(
		tests,
		a_user_that_the_container_does_not_have_is_refused_before_the_monitor_is_asked);
	tcase_add_test(tests, an_end_that_is_on_its_way_is_known_to_who_asks_for_it);
	tcase_add_test(tests, what_has_ended_is_not_asked_for_again_nor_run_again);
	tcase_add_test(tests, what_was_not_started_or_has_ended_has_no_size);
	tcase_add_test(tests, a_size_is_for_the_exec_and_not_for_its_container);
}

int main(void)
{
	return run_suite("engine/exec", setup, teardown, add_tests);
}
