/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Drives a real spawner and real monitors with containers made of busybox, as the
 * daemon does. Needs root.
 */

#include "monitor/monitor.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "base/rand.h"
#include "base/sock.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"
#include "monitor/client.h"
#include "monitor/journal.h"
#include "monitor/message.h"
#include "monitor/other_init.h"
#include "monitor/spawner.h"

#define EVENTS_MAX  256
#define PATIENCE_MS 60000

static char dir[] = "/tmp/test_monitor.XXXXXX";
static int spawner_fd = -EBADF;
static pid_t spawner_pid;
static struct bt_err err;

/* ---- one container under test ---------------------------------------------------- */

struct box {
	char id[BT_RAND_ID_LEN + 1];
	char *run_dir, *journal, *log;
	struct bt_client *client;
	pid_t monitor;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct bt_client_event events[EVENTS_MAX];
	unsigned n, seen;
	bool gone;
};

struct options {
	const char *script;      /* for sh -c */
	const char *const *args; /* instead */
	bool tty, open_stdin, stdin_once;
	struct bt_restart restart;
	const struct bt_spawn_client *how;
	int client_fd;
	const char *limits; /* linux.resources */
	const char *log_driver;
	const char *runtime;
	const char *journal;
};

static void on_event(void *data, const struct bt_client_event *event)
{
	struct box *box = data;

	pthread_mutex_lock(&box->lock);
	ck_assert_uint_lt(box->n, EVENTS_MAX);
	box->events[box->n++] = *event;
	pthread_cond_broadcast(&box->cond);
	pthread_mutex_unlock(&box->lock);
}

static void *dispatch(void *data)
{
	struct box *box = data;
	struct pollfd p = { .fd = bt_client_fd(box->client), .events = POLLIN };

	while (poll(&p, 1, -1) >= 0 && bt_client_dispatch(box->client) > 0)
		;
	bt_client_hangup(box->client);
	pthread_mutex_lock(&box->lock);
	box->gone = true;
	pthread_cond_broadcast(&box->cond);
	pthread_mutex_unlock(&box->lock);
	return NULL;
}

static struct timespec patience(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += PATIENCE_MS / 1000;
	return ts;
}

/* The next event; fails the test where none comes. */
static struct bt_client_event next_event(struct box *box)
{
	struct timespec until = patience();
	struct bt_client_event event;

	pthread_mutex_lock(&box->lock);
	while (box->seen == box->n) {
		ck_assert_msg(!box->gone, "the monitor has gone");
		ck_assert_int_eq(pthread_cond_timedwait(&box->cond, &box->lock, &until), 0);
	}
	event = box->events[box->seen++];
	pthread_mutex_unlock(&box->lock);
	return event;
}

static struct bt_journal_record next_record(struct box *box, enum bt_journal_kind kind)
{
	struct bt_client_event event;

	do {
		event = next_event(box);
	} while (event.kind != BT_CLIENT_RECORD);
	ck_assert_msg(event.record.kind == kind, "record %d instead of %d: %s", event.record.kind,
		      kind, event.record.error.msg);
	return event.record;
}

static void wait_gone(struct box *box)
{
	struct timespec until = patience();

	pthread_mutex_lock(&box->lock);
	while (!box->gone)
		ck_assert_int_eq(pthread_cond_timedwait(&box->cond, &box->lock, &until), 0);
	pthread_mutex_unlock(&box->lock);
}

static char *spec_text(const struct box *box, const struct options *opt)
{
	struct bt_str s = { 0 };
	char *text;

	bt_str_printf(&s,
		      "{\"ociVersion\":\"1.0.2\",\"hostname\":\"box\",\"root\":{\"path\":\"/\"},"
		      "\"process\":{\"terminal\":%s,\"cwd\":\"/\",\"user\":{\"uid\":0,\"gid\":0},"
		      "\"env\":[\"PATH=/bin\"],\"args\":[",
		      opt->tty ? "true" : "false");
	if (opt->script)
		bt_str_printf(&s, "\"sh\",\"-c\",\"%s\"", opt->script);
	for (size_t i = 0; opt->args && opt->args[i]; i++)
		bt_str_printf(&s, "%s\"%s\"", i ? "," : "", opt->args[i]);
	bt_str_printf(
		&s,
		"]},\"mounts\":["
		"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
		"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"nosuid\",\"mode=755\"]},"
		"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\",\"options\":[\"newinstance\",\"ptmxmode=0666\",\"mode=0620\"]}],"
		"\"linux\":{\"cgroupsPath\":\"/%s/%s\",\"resources\":{%s},\"namespaces\":["
		"{\"type\":\"pid\"},{\"type\":\"mount\"},{\"type\":\"uts\"},{\"type\":\"ipc\"},{\"type\":\"network\"}]}}",
		bt_path_base(dir), box->id, opt->limits ? opt->limits : "");
	ck_assert_int_eq(bt_str_steal(&s, &text), 0);
	return text;
}

static struct box *start(const struct options *opt)
{
	struct box *box = calloc(1, sizeof(*box));
	bt_auto_free char *rootfs = bt_str_format("%s/rootfs", dir);
	bt_auto_free char *text = NULL;
	bt_auto_close int spec = -EBADF, root = -EBADF;
	bt_auto_free char *bundle = NULL;
	struct bt_spawn spawn = { 0 };
	struct bt_client_fds fds;

	pthread_mutex_init(&box->lock, NULL);
	pthread_cond_init(&box->cond, NULL);
	ck_assert_int_eq(bt_rand_id(box->id), 0);
	box->run_dir = bt_str_format("%s/%s", dir, box->id);
	box->journal = bt_str_format("%s/journal", box->run_dir);
	box->log = bt_str_format("%s/json.log", box->run_dir);
	ck_assert_int_eq(mkdir(box->run_dir, 0700), 0);
	bundle = bt_str_format("%s/bundle", box->run_dir);
	text = spec_text(box, opt);
	spec = bt_io_memfd("spec", text, strlen(text));
	root = (int)syscall(SYS_open_tree, AT_FDCWD, rootfs, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	ck_assert_int_ge(root, 0);
	spawn = (struct bt_spawn){ .id = box->id,
				   .dir = box->run_dir,
				   .journal = opt->journal ? opt->journal : box->journal,
				   .runtime = opt->runtime,
				   .bundle = opt->runtime ? bundle : NULL,
				   .tty = opt->tty,
				   .open_stdin = opt->open_stdin,
				   .stdin_once = opt->stdin_once,
				   .log_driver = opt->log_driver ? opt->log_driver : "json-file",
				   .log_path = box->log,
				   .log_max_file = 1,
				   .restart = opt->restart,
				   .stop_signal = SIGTERM,
				   .stop_timeout = 10,
				   .clients = opt->how,
				   .nclients = opt->how ? 1 : 0 };
	fds = (struct bt_client_fds){ .spec = spec,
				      .rootfs = root,
				      .netns = -EBADF,
				      .seccomp = -EBADF,
				      .clients = &opt->client_fd };
	ck_assert_msg(bt_client_spawn(spawner_fd, &spawn, &fds, on_event, box, &box->client,
				      &box->monitor, &err) == 0,
		      "%s", err.msg);
	ck_assert_int_eq(pthread_create(&box->thread, NULL, dispatch, box), 0);
	return box;
}

static struct box *start_script(const char *script)
{
	return start(&(struct options){ .script = script });
}

static void finish(struct box *box)
{
	wait_gone(box);
	pthread_join(box->thread, NULL);
	bt_client_destroy(box->client);
	free(box->run_dir);
	free(box->journal);
	free(box->log);
	free(box);
}

static char *log_of(const struct box *box)
{
	char *text = NULL;

	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, box->log, 1u << 26, &text, NULL), 0);
	return text;
}

/* Read a stream socket or pipe up to `len` bytes or its end. */
static size_t read_all(int fd, char *buf, size_t len)
{
	size_t n = 0;

	while (n < len) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t got;

		ck_assert_int_gt(poll(&p, 1, PATIENCE_MS), 0);
		got = read(fd, buf + n, len - n);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	return n;
}

/* Read until `text` has come. */
static void expect(int fd, const char *text)
{
	char buf[8192] = { 0 };
	size_t n = 0;

	while (!strstr(buf, text)) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t got;

		ck_assert_msg(poll(&p, 1, PATIENCE_MS) > 0, "no \"%s\" in \"%s\"", text, buf);
		ck_assert_uint_lt(n, sizeof(buf) - 1);
		got = read(fd, buf + n, sizeof(buf) - 1 - n);
		ck_assert_msg(got > 0, "end before \"%s\" in \"%s\"", text, buf);
		n += (size_t)got;
	}
}

static void stream_pair(int *ret_ours, int *ret_theirs)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	*ret_ours = pair[0];
	*ret_theirs = pair[1];
}

/* Start with a client attached to everything. */
static struct box *start_attached(struct options *opt, bool mux, int *ret_fd)
{
	struct bt_spawn_client how = {
		.in = opt->open_stdin, .out = true, .err = true, .mux = mux
	};
	struct box *box;
	int theirs;

	stream_pair(ret_fd, &theirs);
	opt->how = &how;
	opt->client_fd = theirs;
	box = start(opt);
	bt_close(&theirs);
	return box;
}

/* ---- fixture ----------------------------------------------------------------------- */

static void set_up(void)
{
	static const char *const dirs[] = { "rootfs", "rootfs/bin", "rootfs/proc", "rootfs/dev",
					    "rootfs/tmp" };
	static const char *const tools[] = { "sh",  "cat",    "sleep", "echo", "true",
					     "seq", "stty",   "kill",  "dd",   "head",
					     "yes", "printf", "tail" };
	char self[4096] = { 0 };
	bt_auto_free char *command = NULL;
	bt_auto_free char *runtime = NULL;

	(void)signal(SIGPIPE, SIG_IGN);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		bt_auto_free char *path = bt_str_format("%s/%s", dir, dirs[i]);

		ck_assert_int_eq(mkdir(path, 0755), 0);
	}
	command = bt_str_format("cp /bin/busybox %s/rootfs/bin/busybox", dir);
	ck_assert_int_ne(system(command), -1);
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
		bt_auto_free char *path = bt_str_format("%s/rootfs/bin/%s", dir, tools[i]);

		ck_assert_int_eq(symlink("busybox", path), 0);
	}
	ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
	*strrchr(self, '/') = '\0';
	runtime = bt_str_format("%s/../../src/berth-runtime", self);
	ck_assert_msg(bt_spawner_start(runtime, &spawner_pid, &spawner_fd, &err) == 0, "%s",
		      err.msg);
}

static void tear_down(void)
{
	bt_auto_free char *command = NULL;
	int status;

	bt_close(&spawner_fd);
	ck_assert_int_eq(waitpid(spawner_pid, &status, 0), spawner_pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
	command = bt_str_format("find /sys/fs/cgroup -depth -type d -name '%s' -exec rmdir {} +",
				bt_path_base(dir));
	ck_assert_int_ne(system(command), -1);
}

/* ---- tests -------------------------------------------------------------------------- */

START_TEST(a_container_runs_is_logged_and_its_exit_code_told)
{
	struct box *box = start_script("echo out; echo err >&2; exit 7");
	struct bt_journal_record rec = next_record(box, BT_JOURNAL_STARTED);
	bt_auto_free char *log = NULL;
	bt_auto_free char *sock = bt_str_format("%s/monitor.sock", box->run_dir);

	ck_assert_int_gt(rec.pid, 1);
	ck_assert_int_eq(rec.monitor, box->monitor);
	ck_assert_uint_eq(rec.seq, 1);
	rec = next_record(box, BT_JOURNAL_EXITED);
	ck_assert_int_eq(rec.code, 7);
	ck_assert(rec.final && !rec.stopped && !rec.oom);
	wait_gone(box);
	log = log_of(box);
	ck_assert_ptr_nonnull(strstr(log, "{\"log\":\"out\\n\",\"stream\":\"stdout\""));
	ck_assert_ptr_nonnull(strstr(log, "{\"log\":\"err\\n\",\"stream\":\"stderr\""));
	ck_assert_int_eq(access(sock, F_OK), -1);
	finish(box);
}
END_TEST

START_TEST(a_signal_gives_128_and_its_number)
{
	struct box *box = start_script("sleep 100 & wait");

	next_record(box, BT_JOURNAL_STARTED);
	ck_assert_int_eq(bt_client_signal(box->client, SIGKILL, &err), 0);
	ck_assert_int_eq(next_record(box, BT_JOURNAL_EXITED).code, 137);
	finish(box);
}
END_TEST

static int start_failure(const char *program, struct bt_err *ret)
{
	const char *const args[] = { program, NULL };
	struct box *box = start(&(struct options){ .args = args });
	struct bt_journal_record rec = next_record(box, BT_JOURNAL_START_FAILED);

	ck_assert(rec.final);
	*ret = rec.error;
	finish(box);
	return rec.code;
}

START_TEST(a_program_that_cannot_start_is_told_with_its_code)
{
	ck_assert_int_eq(start_failure("/no/such", &err), 127);
	ck_assert_ptr_nonnull(strstr(err.msg, "no such file"));
	ck_assert_int_eq(start_failure("/tmp", &err), 126);
}
END_TEST

START_TEST(nothing_of_the_output_is_lost_however_much_there_is)
{
	struct options opt = { .script = "seq 200000" };
	int fd;
	struct box *box = start_attached(&opt, false, &fd);
	static char got[2 << 20], expected[2 << 20];
	size_t n, len = 0, lines = 0;
	bt_auto_free char *log = NULL;

	for (int i = 1; i <= 200000; i++)
		len += (size_t)sprintf(expected + len, "%d\n", i);
	/* A reader that is slow to begin: the container has to wait, nothing is dropped. */
	usleep(200000);
	n = read_all(fd, got, sizeof(got));
	ck_assert_uint_eq(n, len);
	ck_assert_mem_eq(got, expected, len);
	bt_close(&fd);
	next_record(box, BT_JOURNAL_STARTED);
	ck_assert_int_eq(next_record(box, BT_JOURNAL_EXITED).code, 0);
	wait_gone(box);
	log = log_of(box);
	for (const char *p = log; (p = strchr(p, '\n')); p++)
		lines++;
	ck_assert_uint_eq(lines, 200000);
	finish(box);
}
END_TEST

START_TEST(a_client_that_never_reads_stops_the_output_and_one_that_goes_frees_it)
{
	struct options opt = { .script = "dd if=/dev/zero bs=64k count=100 2>/dev/null; echo done",
			       .log_driver = "none" };
	int fd;
	struct box *box = start_attached(&opt, false, &fd);
	struct bt_client_status status;

	next_record(box, BT_JOURNAL_STARTED);
	usleep(300000);
	ck_assert_int_eq(bt_client_status(box->client, &status, &err), 0);
	ck_assert_int_eq(status.state, BT_CLIENT_RUNNING);
	bt_close(&fd);
	ck_assert_int_eq(next_record(box, BT_JOURNAL_EXITED).code, 0);
	finish(box);
}
END_TEST

START_TEST(streams_are_framed_as_docker_frames_them)
{
	struct options opt = { .script = "echo one; sleep 0.2; echo two >&2" };
	int fd;
	struct box *box = start_attached(&opt, true, &fd);
	char got[64];
	size_t n = read_all(fd, got, sizeof(got));

	ck_assert_uint_eq(n, 24);
	ck_assert_mem_eq(got, "\1\0\0\0\0\0\0\4one\n\2\0\0\0\0\0\0\4two\n", 24);
	bt_close(&fd);
	finish(box);
}
END_TEST

START_TEST(the_end_of_a_clients_input_ends_that_of_the_container)
{
	struct options opt = { .script = "cat; echo end", .open_stdin = true, .stdin_once = true };
	int fd;
	struct box *box = start_attached(&opt, false, &fd);
	static char sent[300000], got[400000];
	size_t n;
	pid_t writer;

	memset(sent, 'x', sizeof(sent));
	/* More than all buffers on the way hold. */
	writer = fork();
	if (writer == 0) {
		(void)!bt_io_write_all(fd, sent, sizeof(sent));
		(void)shutdown(fd, SHUT_WR);
		_exit(0);
	}
	n = read_all(fd, got, sizeof(got));
	ck_assert_uint_eq(n, sizeof(sent) + 4);
	ck_assert_mem_eq(got, sent, sizeof(sent));
	ck_assert_mem_eq(got + sizeof(sent), "end\n", 4);
	bt_close(&fd);
	(void)waitpid(writer, NULL, 0);
	next_record(box, BT_JOURNAL_STARTED);
	ck_assert_int_eq(next_record(box, BT_JOURNAL_EXITED).code, 0);
	finish(box);
}
END_TEST

START_TEST(a_program_that_answers_more_than_it_reads_is_not_stuck_with_its_client)
{
	struct options opt = { .script = "while read l; do echo $l; echo $l; done",
			       .open_stdin = true,
			       .stdin_once = true,
			       .log_driver = "none" };
	static char sent[2000000], got[2 * sizeof(sent) + 1];
	int fd;
	struct box *box = start_attached(&opt, false, &fd);
	pid_t writer;

	memset(sent, 'x', sizeof(sent));
	for (size_t i = 3999; i < sizeof(sent); i += 4000)
		sent[i] = '\n';
	writer = fork();
	if (writer == 0) {
		(void)!bt_io_write_all(fd, sent, sizeof(sent));
		(void)shutdown(fd, SHUT_WR);
		_exit(0);
	}
	/* Time for everything on the way to be full, in both directions. */
	usleep(200000);
	ck_assert_uint_eq(read_all(fd, got, sizeof(got)), 2 * sizeof(sent));
	bt_close(&fd);
	(void)waitpid(writer, NULL, 0);
	next_record(box, BT_JOURNAL_STARTED);
	ck_assert_int_eq(next_record(box, BT_JOURNAL_EXITED).code, 0);
	finish(box);
}
END_TEST

START_TEST(a_client_that_goes_with_output_unread_ends_the_input_too)
{
	struct options opt = { .script = "echo unread; cat > /tmp/got; cat /tmp/got >&2",
			       .open_stdin = true,
			       .stdin_once = true };
	int fd;
	struct box *box = start_attached(&opt, false, &fd);
	bt_auto_free char *log = NULL;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	next_record(box, BT_JOURNAL_STARTED);
	ck_assert_int_eq(poll(&p, 1, PATIENCE_MS), 1);
	ck_assert_int_eq(write(fd, "last words\n", 11), 11);
	bt_close(&fd);
	ck_assert_int_eq(next_record(box, BT_JOURNAL_EXITED).code, 0);
	wait_gone(box);
	log = log_of(box);
	ck_assert_ptr_nonnull(strstr(log, "last words"));
	finish(box);
}
END_TEST

START_TEST(input_that_stays_open_lets_go_of_a_client_that_ends_its_own)
{
	struct options opt = { .script = "cat", .open_stdin = true };
	int fd;
	struct box *box = start_attached(&opt, false, &fd);
	char c;

	next_record(box, BT_JOURNAL_STARTED);
	ck_assert_int_eq(write(fd, "hi\n", 3), 3);
	expect(fd, "hi\n");
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	ck_assert_uint_eq(read_all(fd, &c, 1), 0);
	bt_close(&fd);
	ck_assert_int_eq(bt_client_stop(box->client, SIGTERM, 0, &err), 0);
	ck_assert_int_eq(next_record(box, BT_JOURNAL_EXITED).code, 137);
	finish(box);
}
END_TEST

START_TEST(a_client_attaches_later_and_detaches_by_keys)
{
	struct options opt = { .script = "while read l; do echo got $l; done",
			       .open_stdin = true,
			       .tty = true };
	struct box *box = start(&opt);
	struct bt_spawn_client how = { .in = true, .out = true, .detach_keys = "ctrl-a,x" };
	struct bt_client_event event;
	int ours, theirs;
	char c;

	next_record(box, BT_JOURNAL_STARTED);
	stream_pair(&ours, &theirs);
	ck_assert_int_eq(bt_client_attach(box->client, &how, theirs, &err), 0);
	bt_close(&theirs);
	ck_assert_int_eq(write(ours, "a\n", 2), 2);
	expect(ours, "got a\r\n");
	ck_assert_int_eq(bt_client_resize(box->client, NULL, 33, 44, &err), 0);
	ck_assert_int_eq(write(ours, "\001x", 2), 2);
	ck_assert_uint_eq(read_all(ours, &c, 1), 0);
	bt_close(&ours);
	do {
		event = next_event(box);
	} while (event.kind != BT_CLIENT_DETACHED);
	ck_assert_str_eq(event.exec, "");
	ck_assert_int_eq(bt_client_signal(box->client, SIGKILL, &err), 0);
	ck_assert_int_eq(next_record(box, BT_JOURNAL_EXITED).code, 137);
	finish(box);
}
END_TEST

START_TEST(stop_waits_for_its_time_and_then_kills)
{
	struct box *box = start_script("trap '' TERM; echo up; while true; do sleep 0.05; done");
	struct bt_restart always = { .policy = BT_RESTART_ALWAYS };
	struct bt_client_update update = { .restart = &always };
	struct bt_journal_record rec = next_record(box, BT_JOURNAL_STARTED);
	int64_t began;

	usleep(100000);
	ck_assert_int_eq(bt_client_update(box->client, &update, &err), 0);
	began = bt_time_monotonic_ns();
	ck_assert_int_eq(bt_client_stop(box->client, SIGTERM, 1, &err), 0);
	rec = next_record(box, BT_JOURNAL_EXITED);
	ck_assert_int_eq(rec.code, 137);
	ck_assert_msg(rec.final && rec.stopped, "a stop wins over the policy");
	ck_assert_int_ge(bt_time_monotonic_ns() - began, 900000000);
	finish(box);
}
END_TEST

START_TEST(on_failure_restarts_with_growing_delays_up_to_its_limit)
{
	struct options opt = { .script = "echo run; exit 3",
			       .restart = { BT_RESTART_ON_FAILURE, 2 } };
	struct box *box = start(&opt);
	bt_auto_free char *log = NULL;
	unsigned runs = 0;

	for (int i = 0; i <= 2; i++) {
		struct bt_journal_record rec = next_record(box, BT_JOURNAL_STARTED);

		ck_assert_int_eq(rec.restarts, i);
		rec = next_record(box, BT_JOURNAL_EXITED);
		ck_assert_int_eq(rec.code, 3);
		ck_assert_int_eq(rec.final, i == 2);
		ck_assert_int_eq(rec.again_in_ms, i == 0 ? 100 : i == 1 ? 200 : 0);
		ck_assert_uint_eq(rec.seq, (uint64_t)(2 * i + 2));
	}
	wait_gone(box);
	log = log_of(box);
	for (const char *p = log; (p = strstr(p, "run\\n")); p++)
		runs++;
	ck_assert_uint_eq(runs, 3);
	finish(box);
}
END_TEST

START_TEST(restart_on_request_starts_anew_whatever_the_policy)
{
	struct box *box = start_script("sleep 40");
	struct bt_journal_record rec = next_record(box, BT_JOURNAL_STARTED);
	pid_t first = rec.pid;

	ck_assert_int_eq(bt_client_restart(box->client, SIGKILL, 5, &err), 0);
	rec = next_record(box, BT_JOURNAL_EXITED);
	ck_assert(!rec.final && rec.stopped);
	/* Told when it runs again, since somebody waits for that. */
	rec = next_record(box, BT_JOURNAL_STARTED);
	ck_assert_int_ne(rec.pid, first);
	ck_assert_int_eq(rec.restarts, 0);
	ck_assert_int_ge(next_record(box, BT_JOURNAL_RESTARTED).at_ns, rec.at_ns);
	ck_assert_int_eq(bt_client_stop(box->client, SIGTERM, 0, &err), 0);
	ck_assert(next_record(box, BT_JOURNAL_EXITED).final);
	finish(box);
}
END_TEST

/* Whoever is late with the stop meets the next run, and ends that. */
START_TEST(stop_while_waiting_for_a_restart_is_final)
{
	struct options opt = { .script = "exit 1", .restart = { BT_RESTART_ALWAYS, 0 } };
	struct box *box = start(&opt);
	struct bt_client_event event;
	struct bt_journal_record rec;
	bool late = false;

	for (int i = 0; i < 3; i++) {
		next_record(box, BT_JOURNAL_STARTED);
		rec = next_record(box, BT_JOURNAL_EXITED);
	}
	ck_assert_int_eq(rec.again_in_ms, 400);
	ck_assert_int_eq(bt_client_stop(box->client, SIGTERM, 0, &err), 0);
	do {
		event = next_event(box);
		late |= event.kind == BT_CLIENT_RECORD && event.record.kind == BT_JOURNAL_STARTED;
	} while (event.kind != BT_CLIENT_RECORD || !event.record.final);
	ck_assert_int_eq(event.record.kind, BT_JOURNAL_EXITED);
	ck_assert(event.record.stopped);
	ck_assert(late || event.record.code == 1);
	finish(box);
}
END_TEST

static int exec(struct box *box, const char *id, const char *script, int fd, bool in)
{
	bt_auto_free char *process = bt_str_format(
		"{\"terminal\":false,\"cwd\":\"/\",\"user\":{\"uid\":0,\"gid\":0},\"env\":[\"PATH=/bin\"],"
		"\"args\":[\"%s\",\"-c\",\"%s\"]}",
		script ? "sh" : "/no/such", script ? script : "");
	struct bt_client_exec how = { .exec = id,
				      .process = process,
				      .fd = fd,
				      .client = { .in = in, .out = true, .err = true } };
	pid_t pid;
	int r = bt_client_exec(box->client, &how, &pid, &err);

	if (r == 0)
		ck_assert_int_gt(pid, 1);
	return r;
}

static struct bt_client_event exec_exit(struct box *box)
{
	struct bt_client_event event;

	do {
		event = next_event(box);
	} while (event.kind != BT_CLIENT_EXEC_EXITED);
	return event;
}

START_TEST(execs_run_in_the_container_with_their_own_input_and_output)
{
	struct box *box = start_script("echo main > /tmp/file; sleep 40");
	struct bt_client_event event;
	struct bt_client_status status;
	int ours, theirs;
	char got[64] = { 0 };

	next_record(box, BT_JOURNAL_STARTED);
	stream_pair(&ours, &theirs);
	ck_assert_msg(exec(box, "e1",
			   "until [ -s /tmp/file ]; do sleep 0.01; done; cat /tmp/file -; exit 5",
			   theirs, true) == 0,
		      "%s", err.msg);
	bt_close(&theirs);
	ck_assert_int_eq(write(ours, "input\n", 6), 6);
	ck_assert_int_eq(shutdown(ours, SHUT_WR), 0);
	ck_assert_uint_eq(read_all(ours, got, sizeof(got)), 11);
	ck_assert_str_eq(got, "main\ninput\n");
	bt_close(&ours);
	event = exec_exit(box);
	ck_assert_str_eq(event.exec, "e1");
	ck_assert_int_eq(event.code, 5);
	ck_assert_int_eq(exec(box, "e2", NULL, -EBADF, false), -ENOENT);
	ck_assert_int_eq(exec(box, "e3", "sleep 40", -EBADF, false), 0);
	ck_assert_int_eq(exec(box, "e3", "sleep 40", -EBADF, false), -EEXIST);
	ck_assert_int_eq(bt_client_status(box->client, &status, &err), 0);
	ck_assert_uint_eq(status.nexecs, 1);
	ck_assert_str_eq(status.execs[0].exec, "e3");
	ck_assert_int_eq(bt_client_signal(box->client, SIGKILL, &err), 0);
	ck_assert_int_eq(exec_exit(box).code, 137);
	finish(box);
}
END_TEST

START_TEST(a_daemon_that_died_finds_everything_again)
{
	struct options opt = { .script = "until [ -e /tmp/go ]; do sleep 0.01; done; exit 9",
			       .restart = { BT_RESTART_ON_FAILURE, 1 } };
	struct box *box = start(&opt), again = { .n = 0 };
	struct bt_journal_record rec = next_record(box, BT_JOURNAL_STARTED);
	bt_auto_free char *go = bt_str_format("%s/rootfs/tmp/go", dir);
	struct bt_client_status status;

	bt_client_hangup(box->client);
	wait_gone(box);
	pthread_join(box->thread, NULL);
	pthread_mutex_init(&again.lock, NULL);
	pthread_cond_init(&again.cond, NULL);
	ck_assert_int_eq(bt_client_connect(box->run_dir, on_event, &again, &again.client, &err), 0);
	ck_assert_int_eq(pthread_create(&again.thread, NULL, dispatch, &again), 0);
	ck_assert_int_eq(bt_client_status(again.client, &status, &err), 0);
	ck_assert_int_eq(status.state, BT_CLIENT_RUNNING);
	ck_assert_int_eq(status.pid, rec.pid);
	ck_assert_int_eq(status.version, BT_PROTOCOL_VERSION);
	ck_assert_uint_eq(status.seq, 1);
	ck_assert_int_eq(bt_client_ack(again.client, 1, true), 0);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, go, 0644, "", 0), 0);
	ck_assert_int_eq(next_record(&again, BT_JOURNAL_EXITED).code, 9);
	wait_gone(&again);
	pthread_join(again.thread, NULL);
	bt_client_destroy(again.client);
	ck_assert_int_eq(bt_client_connect(box->run_dir, NULL, NULL, &again.client, &err), -ENOENT);
	finish(box);
}
END_TEST

/* Nothing waits in a socket that holds some two thousand of them. */
#define UNREAD 4000

/* What came next: the number of the request that it answers, or 0 and the event's name. */
static int64_t next_packet(int fd, char ret_event[32])
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	bt_auto_message struct bt_message message = { 0 };

	ck_assert_int_eq(poll(&p, 1, PATIENCE_MS), 1);
	ck_assert_int_eq(bt_message_recv(fd, 0, &message), 1);
	snprintf(ret_event, 32, "%s", bt_json_str(message.json, "ev", ""));
	return bt_json_i64(message.json, "re", 0);
}

/* An event for everybody who is connected. */
static void attach_once(struct box *box)
{
	const struct bt_spawn_client how = { .out = true };
	int ours, theirs;

	stream_pair(&ours, &theirs);
	ck_assert_int_eq(bt_client_attach(box->client, &how, theirs, &err), 0);
	bt_close(&theirs);
	bt_close(&ours);
}

START_TEST(a_daemon_that_does_not_read_gets_every_reply_and_learns_that_it_is_behind)
{
	struct box *box = start_script("sleep 100");
	bt_auto_free char *path = bt_str_format("%s/monitor.sock", box->run_dir);
	bt_auto_close int fd = -EBADF;
	struct bt_client_status status;
	char event[32];

	next_record(box, BT_JOURNAL_STARTED);
	fd = bt_sock_connect(path, SOCK_SEQPACKET);
	ck_assert_int_ge(fd, 0);
	for (int id = 1; id <= UNREAD; id++) {
		bt_auto_free char *text = bt_str_format("{\"op\":\"status\",\"id\":%d}", id);

		ck_assert_int_eq(bt_sock_send(fd, text, strlen(text), NULL, 0), 0);
	}
	attach_once(box);
	attach_once(box);
	ck_assert_int_eq(bt_client_status(box->client, &status, &err), 0);
	for (int id = 1; id <= UNREAD; id++)
		ck_assert_int_eq(next_packet(fd, event), id);
	ck_assert_int_eq(next_packet(fd, event), 0);
	ck_assert_str_eq(event, "behind");
	/* From here on it is told again. */
	attach_once(box);
	ck_assert_int_eq(next_packet(fd, event), 0);
	ck_assert_str_eq(event, "attached");
	ck_assert_int_eq(bt_client_signal(box->client, SIGKILL, &err), 0);
	finish(box);
}
END_TEST

static void detach_once(struct box *box)
{
	const struct bt_spawn_client how = { .in = true, .out = true, .detach_keys = "ctrl-a" };
	int ours, theirs;
	char c;

	stream_pair(&ours, &theirs);
	ck_assert_int_eq(bt_client_attach(box->client, &how, theirs, &err), 0);
	bt_close(&theirs);
	ck_assert_int_eq(write(ours, "\001", 1), 1);
	ck_assert_uint_eq(read_all(ours, &c, 1), 0);
	bt_close(&ours);
}

START_TEST(that_clients_detached_is_told_to_a_daemon_that_was_behind)
{
	struct options opt = { .script = "sleep 100", .open_stdin = true, .tty = true };
	struct box *box = start(&opt);
	bt_auto_free char *path = bt_str_format("%s/monitor.sock", box->run_dir);
	bt_auto_close int fd = -EBADF;
	unsigned detached = 0;
	char event[32];

	next_record(box, BT_JOURNAL_STARTED);
	fd = bt_sock_connect(path, SOCK_SEQPACKET);
	ck_assert_int_ge(fd, 0);
	for (int id = 1; id <= UNREAD; id++) {
		bt_auto_free char *text = bt_str_format("{\"op\":\"status\",\"id\":%d}", id);

		ck_assert_int_eq(bt_sock_send(fd, text, strlen(text), NULL, 0), 0);
	}
	detach_once(box);
	detach_once(box);
	for (int id = 1; id <= UNREAD; id++)
		ck_assert_int_eq(next_packet(fd, event), id);
	do {
		ck_assert_int_eq(next_packet(fd, event), 0);
		detached += strcmp(event, "detached") == 0;
	} while (strcmp(event, "behind") != 0);
	ck_assert_uint_eq(detached, 2);
	ck_assert_int_eq(bt_client_signal(box->client, SIGKILL, &err), 0);
	finish(box);
}
END_TEST

START_TEST(whoever_never_reads_is_hung_up_on_and_others_are_not)
{
	struct box *box = start_script("sleep 100");
	bt_auto_free char *path = bt_str_format("%s/monitor.sock", box->run_dir);
	bt_auto_close int fd = -EBADF;
	struct bt_client_status status;
	int r = 0;

	next_record(box, BT_JOURNAL_STARTED);
	fd = bt_sock_connect(path, SOCK_SEQPACKET);
	ck_assert_int_ge(fd, 0);
	for (int id = 1; id <= 20000 && r == 0; id++) {
		bt_auto_free char *text = bt_str_format("{\"op\":\"status\",\"id\":%d}", id);

		r = bt_sock_send(fd, text, strlen(text), NULL, 0);
	}
	/* Which of the two depends on whether all it had sent was read. */
	ck_assert(r == -EPIPE || r == -ECONNRESET);
	ck_assert_int_eq(bt_client_status(box->client, &status, &err), 0);
	ck_assert_int_eq(bt_client_signal(box->client, SIGKILL, &err), 0);
	finish(box);
}
END_TEST

static void note_code(void *data, const struct bt_client_event *event)
{
	if (event->kind == BT_CLIENT_EXEC_EXITED)
		*(int *)data = event->code;
}

START_TEST(what_a_monitor_told_before_it_went_is_heard_although_it_was_asked_something_then)
{
	static const char told[] = "{\"ev\":\"exec-exited\",\"exec\":\"e\",\"code\":7,\"at\":1}";
	struct bt_client *client;
	int pair[2], code = -1;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	ck_assert_int_eq(bt_client_create(pair[1], note_code, &code, &client), 0);
	ck_assert_int_eq(bt_sock_send(pair[0], told, strlen(told), NULL, 0), 0);
	ck_assert_int_eq(bt_client_ack(client, 1, true), 0);
	close(pair[0]);
	ck_assert_int_eq(bt_client_dispatch(client), 0);
	ck_assert_int_eq(code, 7);
	bt_client_destroy(client);
}
END_TEST

START_TEST(its_place_is_free_when_the_last_end_is_told_though_a_client_has_not_read)
{
	struct options opt = { .script = "yes" };
	int client;
	struct box *box = start_attached(&opt, false, &client);
	bt_auto_free char *sock = bt_str_format("%s/monitor.sock", box->run_dir);
	bt_auto_free char *rest = malloc(1 << 20);
	struct bt_client_status status;
	char c;

	next_record(box, BT_JOURNAL_STARTED);
	ck_assert_uint_eq(read_all(client, &c, 1), 1);
	ck_assert_int_eq(access(sock, F_OK), 0);
	ck_assert_int_eq(bt_client_signal(box->client, SIGKILL, &err), 0);
	ck_assert(next_record(box, BT_JOURNAL_EXITED).final);
	ck_assert_int_eq(access(sock, F_OK), -1);
	/* It serves all the same: the daemon, and the client up to its end. */
	ck_assert_int_eq(bt_client_status(box->client, &status, &err), 0);
	while (read_all(client, rest, 1 << 20) == 1 << 20)
		continue;
	bt_close(&client);
	finish(box);
}
END_TEST

static int collect(void *data, const struct bt_journal_record *record)
{
	struct bt_journal_record **next = data;

	*(*next)++ = *record;
	return 0;
}

START_TEST(what_happened_with_no_daemon_is_in_the_journal)
{
	struct options opt = { .script = "sleep 0.1; exit 4",
			       .restart = { BT_RESTART_ON_FAILURE, 1 } };
	struct box *box = start(&opt);
	struct bt_journal_record records[16], *end = records;
	bt_auto_free char *sock = bt_str_format("%s/monitor.sock", box->run_dir);

	bt_client_hangup(box->client);
	for (int i = 0; i < PATIENCE_MS / 20; i++) {
		end = records;
		ck_assert_int_eq(bt_journal_read(box->journal, 0, collect, &end, &err), 0);
		if (end > records && end[-1].final)
			break;
		usleep(20000);
	}
	ck_assert_int_eq(end - records, 4);
	ck_assert_int_eq(records[0].kind, BT_JOURNAL_STARTED);
	ck_assert_int_eq(records[0].monitor, box->monitor);
	ck_assert_int_eq(records[1].code, 4);
	ck_assert(!records[1].final && records[3].final);
	ck_assert_uint_eq(records[3].seq, 4);
	end = records;
	ck_assert_int_eq(bt_journal_read(box->journal, 3, collect, &end, &err), 0);
	ck_assert_int_eq(end - records, 1);
	finish(box);
}
END_TEST

/* The answer to `request`, on a connection of its own. */
static json_t *ask_raw(const struct box *box, const char *request)
{
	bt_auto_free char *path = bt_str_format("%s/monitor.sock", box->run_dir);
	bt_auto_close int fd = bt_sock_connect(path, SOCK_SEQPACKET);
	struct bt_message message = { 0 };

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bt_sock_send(fd, request, strlen(request), NULL, 0), 0);
	ck_assert_int_gt(bt_message_recv(fd, 0, &message), 0);
	return bt_take(message.json);
}

START_TEST(what_is_asked_too_late_is_not_done)
{
	struct box *box = start_script("sleep 600");
	bt_auto_free char *now =
		bt_str_format("{\"op\":\"signal\",\"signal\":0,\"id\":2,\"until\":%lld}",
			      (long long)(bt_time_monotonic_ns() + 600 * BT_TIME_NSEC_PER_SEC));
	json_auto_t *late = NULL, *in_time = NULL;

	next_record(box, BT_JOURNAL_STARTED);
	late = ask_raw(box, "{\"op\":\"signal\",\"signal\":9,\"id\":1,\"until\":1}");
	ck_assert_int_eq(bt_json_i64(late, "re", 0), 1);
	ck_assert_int_lt(bt_message_to_error(json_object_get(late, "error"), &err), 0);
	ck_assert_int_eq(err.errnum, ETIMEDOUT);
	in_time = ask_raw(box, now);
	ck_assert_int_eq(bt_json_i64(in_time, "re", 0), 2);
	ck_assert_ptr_null(json_object_get(in_time, "error"));
	ck_assert_int_eq(bt_client_signal(box->client, SIGKILL, &err), 0);
	ck_assert_int_eq(next_record(box, BT_JOURNAL_EXITED).code, 137);
	finish(box);
}
END_TEST

START_TEST(an_end_that_cannot_be_journalled_waits_until_the_daemon_has_it)
{
	struct options opt = { .script = "exit 3", .journal = "/dev/full" };
	struct box *box = start(&opt);
	struct bt_journal_record rec;
	struct bt_client_status status;

	next_record(box, BT_JOURNAL_STARTED);
	rec = next_record(box, BT_JOURNAL_EXITED);
	ck_assert_int_eq(rec.code, 3);
	ck_assert_int_eq(bt_client_ack(box->client, rec.seq - 1, true), 0);
	ck_assert_int_eq(bt_client_status(box->client, &status, &err), 0);
	ck_assert_int_eq(status.state, BT_CLIENT_ENDED);
	ck_assert_int_eq(bt_client_ack(box->client, rec.seq, true), 0);
	finish(box);
}
END_TEST

START_TEST(running_out_of_memory_is_told_as_such)
{
	struct options opt = { .script = "sleep 0.3; tail /dev/zero",
			       .limits = "\"memory\":{\"limit\":8388608}" };
	struct box *box;
	struct bt_journal_record rec;

	if (access("/sys/fs/cgroup/memory/memory.limit_in_bytes", F_OK) < 0 &&
	    access("/sys/fs/cgroup/memory.max", F_OK) < 0)
		return; /* the machine has no memory controller to be tested */
	box = start(&opt);
	next_record(box, BT_JOURNAL_STARTED);
	ck_assert_int_gt(next_record(box, BT_JOURNAL_OOM).at_ns, 0);
	rec = next_record(box, BT_JOURNAL_EXITED);
	ck_assert_int_eq(rec.code, 137);
	ck_assert(rec.oom);
	finish(box);
}
END_TEST

static const char *other_runtime(void)
{
	return access("/usr/sbin/runc", X_OK) == 0  ? "/usr/sbin/runc"
	       : access("/usr/bin/runc", X_OK) == 0 ? "/usr/bin/runc"
						    : NULL;
}

START_TEST(another_runtime_does_the_same)
{
	struct options opt = { .script =
				       "echo main > /tmp/file; echo out; echo err >&2; cat; exit 6",
			       .runtime = other_runtime(),
			       .open_stdin = true,
			       .stdin_once = true,
			       .restart = { BT_RESTART_ON_FAILURE, 1 } };
	bt_auto_free char *log = NULL;
	struct box *box;
	int fd, ours, theirs;
	char got[64] = { 0 };

	if (!opt.runtime)
		return; /* this machine has no other */
	box = start_attached(&opt, false, &fd);
	next_record(box, BT_JOURNAL_STARTED);
	expect(fd, "out\n");
	stream_pair(&ours, &theirs);
	ck_assert_msg(exec(box, "e1", "cat /tmp/file -; exit 5", theirs, true) == 0, "%s", err.msg);
	bt_close(&theirs);
	ck_assert_int_eq(shutdown(ours, SHUT_WR), 0);
	ck_assert_uint_eq(read_all(ours, got, sizeof(got)), 5);
	ck_assert_str_eq(got, "main\n");
	bt_close(&ours);
	ck_assert_int_eq(exec_exit(box).code, 5);
	ck_assert_int_eq(exec(box, "e2", NULL, -EBADF, false), -ENOENT);
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	bt_close(&fd);
	ck_assert_int_eq(next_record(box, BT_JOURNAL_EXITED).code, 6);
	next_record(box, BT_JOURNAL_STARTED);
	ck_assert_int_eq(bt_client_stop(box->client, SIGTERM, 0, &err), 0);
	ck_assert_int_eq(next_record(box, BT_JOURNAL_EXITED).code, 137);
	wait_gone(box);
	log = log_of(box);
	ck_assert_ptr_nonnull(strstr(log, "{\"log\":\"err\\n\",\"stream\":\"stderr\""));
	finish(box);
}
END_TEST

/* A runtime whose `start` returns long before its init becomes the program. */
static const char slow_runtime[] = "#!/bin/sh\n"
				   "dir=${2%/state}\n"
				   "case $7 in\n"
				   "create) mkfifo \"$dir/go\"\n"
				   "	(read x <\"$dir/go\"; sleep 0.3; exec sleep 600) &\n"
				   "	echo $! >\"$dir/init.pid\";;\n"
				   "start) echo go >\"$dir/go\";;\n"
				   "delete) rm -f \"$dir/go\";;\n"
				   "esac\n";

START_TEST(a_container_of_another_runtime_has_started_once_its_program_runs)
{
	bt_auto_free char *path = bt_str_format("%s/slow-runtime", dir);
	struct options opt = { .script = "true", .runtime = path };
	struct bt_other_init now;
	struct box *box;
	pid_t pid;

	ck_assert_int_eq(
		bt_io_create_file(AT_FDCWD, path, 0700, slow_runtime, strlen(slow_runtime)), 0);
	box = start(&opt);
	pid = next_record(box, BT_JOURNAL_STARTED).pid;
	/* Between two programs a process has no arguments for a moment. */
	do {
		bt_other_init_look(pid, &now);
	} while (now.len == 0);
	ck_assert_str_eq(now.cmdline, "sleep");
	ck_assert_int_eq(bt_client_signal(box->client, SIGKILL, &err), 0);
	ck_assert_int_eq(next_record(box, BT_JOURNAL_EXITED).code, 137);
	finish(box);
}
END_TEST

START_TEST(another_runtime_has_terminals_and_tells_its_failures)
{
	struct options opt = { .script = "stty size; read x",
			       .tty = true,
			       .open_stdin = true,
			       .runtime = other_runtime() };
	static const char *const args[] = { "/no/such", NULL };
	struct options missing = { .args = args, .runtime = other_runtime() };
	struct bt_journal_record rec;
	struct box *box;
	int fd;

	if (!opt.runtime)
		return;
	box = start_attached(&opt, false, &fd);
	next_record(box, BT_JOURNAL_STARTED);
	expect(fd, "\r\n");
	ck_assert_int_eq(write(fd, "\n", 1), 1);
	ck_assert_int_eq(next_record(box, BT_JOURNAL_EXITED).code, 0);
	bt_close(&fd);
	finish(box);
	box = start(&missing);
	rec = next_record(box, BT_JOURNAL_START_FAILED);
	ck_assert_int_eq(rec.code, 127);
	ck_assert_ptr_nonnull(strstr(rec.error.msg, "/no/such"));
	finish(box);
}
END_TEST

START_TEST(a_monitor_is_small)
{
	struct box *box = start_script("while read l; do :; done < /dev/zero & sleep 40");
	char path[64], *text = NULL, *pss;

	next_record(box, BT_JOURNAL_STARTED);
	ck_assert_int_eq(bt_client_signal(box->client, 0, &err), 0);
	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)box->monitor);
	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, path, 1u << 16, &text, NULL), 0);
	pss = strstr(text, "Pss:");
	ck_assert_ptr_nonnull(pss);
#ifndef __SANITIZE_ADDRESS__
	ck_assert_int_lt(atoi(pss + 4), 1500);
#endif
	free(text);
	ck_assert_int_eq(bt_client_signal(box->client, SIGKILL, &err), 0);
	finish(box);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("monitor/monitor");
	TCase *tc = tcase_create("monitor");
	SRunner *runner = srunner_create(suite);
	int failed;

	if (geteuid() != 0)
		return 77; /* skipped: containers need root */
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, a_container_runs_is_logged_and_its_exit_code_told);
	tcase_add_test(tc, a_signal_gives_128_and_its_number);
	tcase_add_test(tc, a_program_that_cannot_start_is_told_with_its_code);
	tcase_add_test(tc, nothing_of_the_output_is_lost_however_much_there_is);
	tcase_add_test(tc, a_client_that_never_reads_stops_the_output_and_one_that_goes_frees_it);
	tcase_add_test(tc, streams_are_framed_as_docker_frames_them);
	tcase_add_test(tc, the_end_of_a_clients_input_ends_that_of_the_container);
	tcase_add_test(tc, a_program_that_answers_more_than_it_reads_is_not_stuck_with_its_client);
	tcase_add_test(tc, a_client_that_goes_with_output_unread_ends_the_input_too);
	tcase_add_test(tc, input_that_stays_open_lets_go_of_a_client_that_ends_its_own);
	tcase_add_test(tc, a_client_attaches_later_and_detaches_by_keys);
	tcase_add_test(tc, stop_waits_for_its_time_and_then_kills);
	tcase_add_test(tc, on_failure_restarts_with_growing_delays_up_to_its_limit);
	tcase_add_test(tc, restart_on_request_starts_anew_whatever_the_policy);
	tcase_add_test(tc, stop_while_waiting_for_a_restart_is_final);
	tcase_add_test(tc, execs_run_in_the_container_with_their_own_input_and_output);
	tcase_add_test(tc, a_daemon_that_died_finds_everything_again);
	tcase_add_test(tc, what_happened_with_no_daemon_is_in_the_journal);
	tcase_add_test(tc, what_is_asked_too_late_is_not_done);
	tcase_add_test(tc, an_end_that_cannot_be_journalled_waits_until_the_daemon_has_it);
	tcase_add_test(tc,
		       a_daemon_that_does_not_read_gets_every_reply_and_learns_that_it_is_behind);
	tcase_add_test(tc, that_clients_detached_is_told_to_a_daemon_that_was_behind);
	tcase_add_test(tc, whoever_never_reads_is_hung_up_on_and_others_are_not);
	tcase_add_test(
		tc,
		what_a_monitor_told_before_it_went_is_heard_although_it_was_asked_something_then);
	tcase_add_test(tc,
		       its_place_is_free_when_the_last_end_is_told_though_a_client_has_not_read);
	tcase_add_test(tc, running_out_of_memory_is_told_as_such);
	tcase_add_test(tc, another_runtime_does_the_same);
	tcase_add_test(tc, a_container_of_another_runtime_has_started_once_its_program_runs);
	tcase_add_test(tc, another_runtime_has_terminals_and_tells_its_failures);
	tcase_add_test(tc, a_monitor_is_small);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
