/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_attach.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "codec/json.h"
#include "engine/container_clients.h"
#include "link_fixture.h"
#include "logs/json_file.h"

#define HOUR_NS (3600 * BT_TIME_NSEC_PER_SEC)

static int listener = -EBADF, monitor = -EBADF;
static struct bt_json_file *log_file;

/* By the engine's clock an hour passes as soon as nobody holds the container's lock. */
static bool jumps;

/* In the place of the library's, for this program. */
int clock_gettime(clockid_t clock, struct timespec *ret)
{
	int r = (int)syscall(SYS_clock_gettime, clock, ret);

	if (clock != CLOCK_REALTIME || !jumps)
		return r;
	ret->tv_sec = 1000000;
	ret->tv_nsec = 0;
	if (pthread_mutex_trylock(&web->lock) == 0) {
		pthread_mutex_unlock(&web->lock);
		ret->tv_sec += 3600;
	}
	return 0;
}

static void setup(void)
{
	bt_auto_free char *path = NULL, *dir = NULL;
	struct bt_json_file_options opt = { .max_file = 1 };

	setup_links();
	listener = play_monitor(web);
	opt.path = path = bt_container_files_log(&engine, web->id);
	dir = strndup(path, (size_t)(strrchr(path, '/') - path));
	ck_assert_int_eq(bt_io_mkdir_p(dir, 0700), 0);
	ck_assert_int_eq(bt_json_file_open(&opt, &log_file), 0);
}

static void teardown(void)
{
	bt_json_file_close(log_file);
	bt_container_clients_drop(web);
	bt_close(&monitor);
	bt_close(&listener);
	teardown_links();
}

/* The container says a line at this time. */
static void log_line(const char *text, int64_t at_ns)
{
	ck_assert_int_eq(bt_json_file_write(log_file, BT_LOG_STDOUT, text, strlen(text), at_ns), 0);
	ck_assert_int_eq(bt_json_file_flush(log_file), 0);
}

/* ---- attaching -------------------------------------------------------------------- */

/* A client that attaches in a thread of its own. */
struct attaching {
	struct bt_container_attach *attach;
	int own, theirs;
	int r;
	struct bt_err err;
	pthread_t thread;
};

static const struct bt_attach_options log_and_stream = {
	.logs = true, .stream = true, .out = true, .err = true, .raw = true
};
static const struct bt_attach_options stream_only = {
	.stream = true, .out = true, .err = true, .raw = true
};

static struct bt_container_attach *open_attach(const struct bt_attach_options *opt)
{
	struct bt_container_attach *attach = NULL;
	bool tty = true;

	ck_well(bt_container_attach_open(&engine, "web", opt, &tty, &attach, &err), &err);
	ck_assert(!tty);
	return attach;
}

static void *run_attach(void *data)
{
	struct attaching *a = data;

	a->r = bt_container_attach_run(a->attach, a->theirs, NULL, 0, &a->err);
	return NULL;
}

static void prepare(struct attaching *a, const struct bt_attach_options *opt)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	*a = (struct attaching){ .attach = open_attach(opt), .own = pair[0], .theirs = pair[1] };
}

static void start(struct attaching *a)
{
	ck_assert_int_eq(pthread_create(&a->thread, NULL, run_attach, a), 0);
}

static void begin(struct attaching *a, const struct bt_attach_options *opt)
{
	prepare(a, opt);
	start(a);
}

static int end(struct attaching *a)
{
	ck_assert_int_eq(pthread_join(a->thread, NULL), 0);
	return a->r;
}

/* Everything that the client has got so far, in lines. */
static const char *got(struct attaching *a)
{
	static char text[4096];
	ssize_t n = recv(a->own, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void check_told(const char *want)
{
	bt_auto_free char *text = told();

	ck_assert_str_eq(text, want);
}

static bool is_closed(struct attaching *a)
{
	char byte;

	return recv(a->own, &byte, 1, MSG_DONTWAIT) == 0;
}

/* How many descriptors of this process are this socket. */
static unsigned copies_of(int fd)
{
	struct stat wanted, st;
	unsigned n = 0;

	ck_assert_int_eq(fstat(fd, &wanted), 0);
	for (int i = 0; i < 256; i++)
		n += fstat(i, &st) == 0 && st.st_ino == wanted.st_ino && st.st_dev == wanted.st_dev;
	return n;
}

/* The request that the monitor gets; its id, and in `*ret_logged` up to where the log was sent. */
static json_int_t asked(int64_t *ret_logged)
{
	bt_auto_message struct bt_message message = { 0 };

	ck_assert_int_eq(bt_message_recv(monitor, 0, &message), 1);
	ck_assert_str_eq(bt_json_str(message.json, "op", ""), "attach");
	*ret_logged = bt_json_i64(message.json, "logged", -1);
	return bt_json_i64(message.json, "id", 0);
}

static void answer(json_int_t id, int errnum)
{
	bt_auto_free char *text =
		errnum ? bt_str_format("{'re':%lld,'error':{'kind':1,'errnum':%d,'msg':'so much'}}",
				       (long long)id, errnum)
		       : bt_str_format("{'re':%lld,'ok':true}", (long long)id);

	say(monitor, text);
}

/* ---- with the log ------------------------------------------------------------------ */

/* The next run may begin, and speak, as soon as the client waits for it: its monitor has the client
 * then, and tells it. */
START_TEST(what_the_next_run_says_is_not_told_from_the_log_as_well)
{
	const int64_t waits_ns = 1000000 * BT_TIME_NSEC_PER_SEC;
	struct attaching a;

	jumps = true;
	log_line("first\n", waits_ns - 2);
	prepare(&a, &log_and_stream);
	pthread_mutex_lock(&web->lock);
	start(&a);
	/* It has read the log to its end, and goes to wait. */
	while (copies_of(a.theirs) < 2)
		(void)usleep(1000);
	log_line("last\n", waits_ns - 1);
	log_line("next\n", waits_ns + HOUR_NS / 2);
	pthread_mutex_unlock(&web->lock);
	ck_assert_int_eq(end(&a), 0);
	jumps = false;
	ck_assert_str_eq(got(&a), "first\nlast\n");
	ck_assert(!bt_list_empty(&web->attached));
	bt_close(&a.own);
}
END_TEST

START_TEST(a_log_that_ends_while_its_monitor_is_asked_is_told_to_its_end)
{
	bt_auto_link struct bt_link *link = link_to(web, listener, &monitor);
	struct attaching a;
	int64_t logged;

	set_status(web, BT_CONTAINER_RUNNING);
	log_line("first\n", 1000);
	begin(&a, &log_and_stream);
	(void)asked(&logged);
	ck_assert_int_eq(logged, 1000);
	log_line("last\n", 2000);
	set_status(web, BT_CONTAINER_EXITED);
	bt_close(&monitor);
	ck_assert_msg(end(&a) == 0, "%s", a.err.msg);
	ck_assert_str_eq(got(&a), "first\nlast\n");
	ck_assert(is_closed(&a));
	bt_close(&a.own);
}
END_TEST

START_TEST(where_much_is_said_meanwhile_it_is_sent_from_the_log_and_the_monitor_asked_again)
{
	bt_auto_link struct bt_link *link = link_to(web, listener, &monitor);
	struct attaching a;
	int64_t logged;
	json_int_t id;

	set_status(web, BT_CONTAINER_RUNNING);
	log_line("first\n", 1000);
	begin(&a, &log_and_stream);
	id = asked(&logged);
	log_line("second\n", 2000);
	answer(id, EAGAIN);
	id = asked(&logged);
	ck_assert_int_eq(logged, 2000);
	answer(id, 0);
	ck_assert_msg(end(&a) == 0, "%s", a.err.msg);
	ck_assert_str_eq(got(&a), "first\nsecond\n");
	bt_close(&a.own);
}
END_TEST

START_TEST(a_monitor_that_puts_off_for_ever_without_a_word_in_the_log_is_an_error)
{
	bt_auto_link struct bt_link *link = link_to(web, listener, &monitor);
	struct attaching a;
	int64_t logged;

	set_status(web, BT_CONTAINER_RUNNING);
	begin(&a, &log_and_stream);
	answer(asked(&logged), EAGAIN);
	ck_assert_int_eq(logged, 0);
	answer(asked(&logged), EAGAIN);
	ck_assert_int_eq(end(&a), -EAGAIN);
	ck_assert_str_eq(a.err.msg, "so much");
	ck_assert_str_eq(got(&a), "");
	ck_assert(is_closed(&a));
	bt_close(&a.own);
}
END_TEST

START_TEST(the_log_alone_is_told_and_the_connection_ends)
{
	struct attaching a;
	struct bt_attach_options opt = log_and_stream;

	opt.stream = false;
	log_line("one\n", 1000);
	log_line("two\n", 2000);
	begin(&a, &opt);
	ck_assert_int_eq(end(&a), 0);
	ck_assert_str_eq(got(&a), "one\ntwo\n");
	ck_assert(is_closed(&a));
	/* Nobody was attached. */
	check_told("");
	bt_close(&a.own);
}
END_TEST

/* ---- without ------------------------------------------------------------------------ */

START_TEST(a_client_of_what_does_not_run_waits_for_its_start)
{
	struct attaching a;

	begin(&a, &stream_only);
	ck_assert_int_eq(end(&a), 0);
	ck_assert(!bt_list_empty(&web->attached));
	ck_assert(bt_list_empty(&web->attaching));
	ck_assert(!is_closed(&a));
	check_told("container attach\n");
	bt_close(&a.own);
}
END_TEST

START_TEST(a_client_of_what_runs_is_given_to_the_monitor_with_what_it_takes_part_in)
{
	bt_auto_link struct bt_link *link = link_to(web, listener, &monitor);
	bt_auto_message struct bt_message message = { 0 };
	struct bt_attach_options opt = stream_only;
	struct attaching a;
	bt_auto_close int client = -EBADF;

	set_status(web, BT_CONTAINER_RUNNING);
	opt.in = true;
	opt.err = false;
	opt.detach_keys = "ctrl-x";
	web->open_stdin = true;
	begin(&a, &opt);
	ck_assert_int_eq(bt_message_recv(monitor, 0, &message), 1);
	ck_assert(bt_json_bool(message.json, "stdin", false));
	ck_assert(bt_json_bool(message.json, "stdout", false));
	ck_assert(!bt_json_bool(message.json, "stderr", true));
	ck_assert_str_eq(bt_json_str(message.json, "detach_keys", ""), "ctrl-x");
	ck_assert_ptr_null(json_object_get(message.json, "logged"));
	client = bt_message_take_fd(&message, BT_PROTOCOL_FD_CLIENT);
	answer(bt_json_i64(message.json, "id", 0), 0);
	ck_assert_int_eq(end(&a), 0);
	ck_assert_int_eq(write(client, "hello", 5), 5);
	ck_assert_str_eq(got(&a), "hello");
	bt_close(&a.own);
}
END_TEST

START_TEST(input_is_not_for_a_container_that_takes_none)
{
	bt_auto_link struct bt_link *link = link_to(web, listener, &monitor);
	bt_auto_message struct bt_message message = { 0 };
	struct bt_attach_options opt = stream_only;
	struct attaching a;

	set_status(web, BT_CONTAINER_RUNNING);
	opt.in = true;
	begin(&a, &opt);
	ck_assert_int_eq(bt_message_recv(monitor, 0, &message), 1);
	ck_assert(!bt_json_bool(message.json, "stdin", true));
	answer(bt_json_i64(message.json, "id", 0), 0);
	ck_assert_int_eq(end(&a), 0);
	bt_close(&a.own);
}
END_TEST

START_TEST(what_is_called_running_and_has_no_monitor_takes_nobody)
{
	struct attaching a;

	set_status(web, BT_CONTAINER_RUNNING);
	begin(&a, &stream_only);
	ck_assert_int_eq(end(&a), -ESRCH);
	check_err(&a.err, BT_ERR_CONFLICT, "is not running");
	ck_assert(is_closed(&a));
	bt_close(&a.own);
}
END_TEST

START_TEST(nobody_attaches_to_what_is_paused_or_restarts)
{
	struct bt_container_attach *attach = NULL;
	bool tty;

	set_status(web, BT_CONTAINER_PAUSED);
	ck_assert_int_lt(
		bt_container_attach_open(&engine, "web", &stream_only, &tty, &attach, &err), 0);
	check_err(&err, BT_ERR_CONFLICT,
		  "container web is paused, unpause the container before attach");
	set_status(web, BT_CONTAINER_RESTARTING);
	ck_assert_int_lt(
		bt_container_attach_open(&engine, "web", &stream_only, &tty, &attach, &err), 0);
	check_err(&err, BT_ERR_CONFLICT,
		  "container web is restarting, wait until the container is running");
	ck_assert_ptr_null(attach);
	ck_assert(bt_list_empty(&web->attaching));
}
END_TEST

START_TEST(detach_keys_that_are_none_are_refused_before_anything_else)
{
	struct bt_attach_options opt = stream_only;
	struct bt_container_attach *attach = NULL;
	bool tty;

	opt.detach_keys = "ctrl-ctrl";
	ck_assert_int_lt(bt_container_attach_open(&engine, "web", &opt, &tty, &attach, &err), 0);
	check_err(&err, BT_ERR_INVALID, "Invalid detach keys (ctrl-ctrl) provided");
	ck_assert_ptr_null(attach);
	ck_assert(bt_list_empty(&web->attaching));
}
END_TEST

START_TEST(a_start_waits_for_a_client_until_it_has_come_or_given_up)
{
	struct bt_container_attach *streams = open_attach(&stream_only);
	struct bt_container_attach *reads_first = NULL;

	ck_assert(!bt_list_empty(&web->attaching));
	/* One that reads the log first takes as long as it likes. */
	reads_first = open_attach(&log_and_stream);
	ck_assert(!bt_list_empty(&web->attaching));
	bt_container_attach_cancel(reads_first);
	bt_container_attach_cancel(streams);
	ck_assert(bt_list_empty(&web->attaching));
	bt_container_attach_cancel(NULL);
}
END_TEST

/* ---- sizes --------------------------------------------------------------------------- */

static void *resize(void *data)
{
	*(int *)data = bt_container_resize(&engine, "web", 24, 80, &err);
	return NULL;
}

START_TEST(a_size_is_the_monitors_to_set_and_is_told_where_it_did)
{
	bt_auto_link struct bt_link *link = link_to(web, listener, &monitor);
	bt_auto_message struct bt_message message = { 0 };
	pthread_t thread;
	int r = -1;

	ck_assert_int_eq(pthread_create(&thread, NULL, resize, &r), 0);
	ck_assert_int_eq(bt_message_recv(monitor, 0, &message), 1);
	ck_assert_str_eq(bt_json_str(message.json, "op", ""), "resize");
	ck_assert_int_eq(bt_json_i64(message.json, "rows", 0), 24);
	ck_assert_int_eq(bt_json_i64(message.json, "cols", 0), 80);
	answer(bt_json_i64(message.json, "id", 0), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_int_eq(r, 0);
	check_told("container resize\n");
}
END_TEST

START_TEST(what_does_not_run_has_no_size)
{
	ck_assert_int_eq(bt_container_resize(&engine, "web", 24, 80, &err), -ESRCH);
	check_err(&err, BT_ERR_CONFLICT, "is not running");
	ck_assert_int_lt(bt_container_resize(&engine, "nobody", 24, 80, &err), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "No such container: nobody");
	check_told("");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, what_the_next_run_says_is_not_told_from_the_log_as_well);
	tcase_add_test(tests, a_log_that_ends_while_its_monitor_is_asked_is_told_to_its_end);
	tcase_add_test(
		tests,
		where_much_is_said_meanwhile_it_is_sent_from_the_log_and_the_monitor_asked_again);
	tcase_add_test(tests,
		       a_monitor_that_puts_off_for_ever_without_a_word_in_the_log_is_an_error);
	tcase_add_test(tests, the_log_alone_is_told_and_the_connection_ends);
	tcase_add_test(tests, a_client_of_what_does_not_run_waits_for_its_start);
	tcase_add_test(tests,
		       a_client_of_what_runs_is_given_to_the_monitor_with_what_it_takes_part_in);
	tcase_add_test(tests, input_is_not_for_a_container_that_takes_none);
	tcase_add_test(tests, what_is_called_running_and_has_no_monitor_takes_nobody);
	tcase_add_test(tests, nobody_attaches_to_what_is_paused_or_restarts);
	tcase_add_test(tests, detach_keys_that_are_none_are_refused_before_anything_else);
	tcase_add_test(tests, a_start_waits_for_a_client_until_it_has_come_or_given_up);
	tcase_add_test(tests, a_size_is_the_monitors_to_set_and_is_told_where_it_did);
	tcase_add_test(tests, what_does_not_run_has_no_size);
}

int main(void)
{
	return run_suite("engine/container_attach", setup, teardown, add);
}
