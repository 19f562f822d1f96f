/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_MONITOR_FIXTURE_H
#define BT_TESTS_MONITOR_FIXTURE_H

/*
 * A monitor in the test's own process, with a directory of its own, and the daemon's end of a
 * connection to it. Its loop runs where the test waits for something that the monitor says.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../suite.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "codec/json.h"
#include "monitor/monitor_private.h"

static char dir[] = "/tmp/test_monitor.XXXXXX";
static struct bt_monitor m;
static int daemon_fd;      /* the daemon's end */
static struct bt_str told; /* the events that came while something else was waited for: "ev ev " */

/** A path in the directory, owned. */
static inline char *in_dir(const char *name)
{
	char *path = bt_str_format("%s/%s", dir, name);

	ck_assert_ptr_nonnull(path);
	return path;
}

/** A monitor of nothing but a loop: records go nowhere, nobody is connected. */
static inline void init_monitor(void)
{
	m = (struct bt_monitor){ .spec_fd = -EBADF,
				 .rootfs_fd = -EBADF,
				 .netns_fd = -EBADF,
				 .seccomp_fd = -EBADF,
				 .journal_fd = -EBADF,
				 .listen_fd = -EBADF,
				 .oom = { .fd = -EBADF, .dir = -EBADF },
				 .state = BT_MONITOR_RUNNING,
				 .spawn = { .id = "box",
					    .dir = dir,
					    .log_driver = "none",
					    .stop_signal = SIGTERM,
					    .stop_timeout = 10 } };
	ck_assert_int_eq(bt_loop_init(&m.loop), 0);
	bt_list_init(&m.conns);
	bt_list_init(&m.execs);
	bt_life_init(&m);
	bt_records_init(&m);
}

/** Another daemon's end. */
static inline int connect_daemon(void)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	ck_assert_int_eq(bt_control_add(&m, ends[0]), 0);
	return ends[1];
}

static inline void setup_monitor(void)
{
	bt_auto_free char *journal = NULL;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	journal = in_dir("journal");
	init_monitor();
	m.journal_fd = bt_journal_open(journal);
	ck_assert_int_ge(m.journal_fd, 0);
	daemon_fd = connect_daemon();
}

static inline void teardown_monitor(void)
{
	bt_oom_done(&m);
	bt_execs_done(&m);
	bt_life_done(&m);
	bt_json_file_close(m.log);
	bt_control_done(&m);
	bt_joined_done(&m.joined);
	free(m.cgroup_path);
	bt_close(&m.spec_fd);
	bt_close(&m.netns_fd);
	bt_close(&m.journal_fd);
	bt_close(&m.loop.fd);
	bt_close(&daemon_fd);
	bt_str_done(&told);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

/* ---- what is said ------------------------------------------------------------------- */

static bool heard;

static inline void on_heard(struct bt_loop_source *source, uint32_t events)
{
	(void)source;
	(void)events;
	heard = m.loop.stop = true;
}

/** Run the monitor until the test's descriptor can be read or has ended, or the monitor is over. */
static inline void run_until_readable(int fd)
{
	struct bt_loop_source ear = { 0 };
	bool over = m.loop.stop;

	heard = m.loop.stop = false;
	ck_assert_int_eq(bt_loop_add(&m.loop, &ear, fd, EPOLLIN, on_heard), 0);
	ck_assert_int_eq(bt_loop_run(&m.loop), 0);
	bt_loop_remove(&m.loop, &ear);
	m.loop.stop = over || !heard;
}

/** The next message to a daemon, for which the monitor runs; NULL where it has hung up. */
static inline json_t *next_message(int fd)
{
	bt_auto_message struct bt_message message = { 0 };
	int r = bt_message_recv(fd, MSG_DONTWAIT, &message);

	if (r == -EAGAIN) {
		run_until_readable(fd);
		r = bt_message_recv(fd, MSG_DONTWAIT, &message);
	}
	ck_assert_int_ge(r, 0);
	return r > 0 ? json_incref(message.json) : NULL;
}

/** The next event of a kind, or answer ("re"); others are added to `told`. The caller releases
 * it. */
static inline json_t *next_of(int fd, const char *kind)
{
	for (;;) {
		json_t *message = next_message(fd);
		const char *ev = bt_json_str(message, "ev", NULL);

		ck_assert_msg(message != NULL, "hung up on before \"%s\"", kind);
		if (ev ? strcmp(ev, kind) == 0 : strcmp(kind, "re") == 0)
			return message;
		bt_str_printf(&told, "%s ", ev ? ev : "re");
		json_decref(message);
	}
}

/** Send a request (JSON in single quotes) with a descriptor of this role (NULL: none). */
static inline void send_request(int fd, const char *text, const char *role, int given)
{
	bt_auto_free char *copy = strdup(text);
	json_auto_t *json = NULL;

	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	json = json_loads(copy, 0, NULL);
	ck_assert_msg(json != NULL, "test's own JSON is wrong: %s", copy);
	if (role)
		ck_assert_int_eq(json_object_set_new(json, "fds", json_pack("[s]", role)), 0);
	ck_assert_int_eq(bt_message_send(fd, json, &given, role ? 1 : 0), 0);
}

/** Ask, and have the answer. The caller releases it. */
static inline json_t *ask(const char *text)
{
	send_request(daemon_fd, text, NULL, -EBADF);
	return next_of(daemon_fd, "re");
}

/** An answer says "ok". Releases it. */
static inline void check_ok(json_t *reply)
{
	bt_auto_free char *text = json_dumps(reply, 0);

	ck_assert_msg(bt_json_bool(reply, "ok", false), "%s", text);
	json_decref(reply);
}

/** An answer is an error of this kind whose message has these words. Releases it. */
static inline void check_refused(json_t *reply, enum bt_err_kind kind, const char *words)
{
	bt_auto_free char *text = json_dumps(reply, 0);
	struct bt_err why = { 0 };

	ck_assert_msg(json_object_get(reply, "ok") == NULL, "%s", text);
	ck_assert_int_lt(bt_message_to_error(json_object_get(reply, "error"), &why), 0);
	check_err(&why, kind, words);
	json_decref(reply);
}

/** A number of a message. */
static inline int64_t number_of(const json_t *message, const char *member)
{
	int64_t value = bt_json_i64(message, member, INT64_MIN);

	ck_assert_msg(value != INT64_MIN, "no %s in the message", member);
	return value;
}

#endif
