/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/sock.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"
#include "monitor/attach.h"
#include "monitor/backlog.h"
#include "monitor/client.h"
#include "monitor/monitor_private.h"
#include "monitor/spawn_message.h"

#define CONNS_MAX 64
/* So many bytes may wait for a daemon that is slow. Past that it is told nothing but replies, and
 * that it is behind, once it has read: it looks at the journal and the files of execs then. */
#define SEND_BUFFER (1 << 20)
/* Each thread of the daemon waits for one reply. */
#define REPLIES_MAX 4096
/* A client that detached stands in no file. */
#define DETACHED_MAX 1024

struct conn {
	struct bt_list link;
	struct bt_loop_source source;
	struct bt_monitor *monitor;
	int fd;          /* owned */
	json_t *replies; /* an array of those that wait for room; owned */
	bool behind;     /* events were left out … */
	json_t *kept;    /* … and those of them that no file has wait here; an array, owned */
	bool hung_up;
};

/* ---- operations ---------------------------------------------------------------- */

static const char *state_name(enum bt_monitor_state state)
{
	switch (state) {
	case BT_MONITOR_STARTING:
		return "starting";
	case BT_MONITOR_RUNNING:
	case BT_MONITOR_ENDING:
		return "running";
	case BT_MONITOR_WAITING:
		return "waiting";
	case BT_MONITOR_ENDED:
		break;
	}
	return "ended";
}

static int op_status(struct bt_monitor *m, struct bt_message *request bt_unused, json_t *reply,
		     struct bt_err *err)
{
	json_t *more = json_pack(
		"{s:i, s:s, s:i, s:I, s:i, s:I, s:o}", "version", BT_PROTOCOL_VERSION, "state",
		state_name(m->state), "pid", m->run ? (int)m->run->pid : 0, "started_at",
		m->run ? (json_int_t)m->run->started_at_ns : 0, "restarts", m->restarts, "seq",
		(json_int_t)m->seq, "execs", bt_execs_list(m, BT_CLIENT_STATUS_EXECS));
	int r = json_object_update(reply, more);

	json_decref(more);
	return r < 0 ? bt_err_sys(err, -ENOMEM, "status") : 0;
}

static int op_signal(struct bt_monitor *m, struct bt_message *request, json_t *reply bt_unused,
		     struct bt_err *err)
{
	return bt_life_signal(m, (int)bt_json_i64(request->json, "signal", 0), err);
}

static int stop(struct bt_monitor *m, struct bt_message *request, bool again, struct bt_err *err)
{
	return bt_life_stop(m, (int)bt_json_i64(request->json, "signal", m->spawn.stop_signal),
			    (int)bt_json_i64(request->json, "timeout", m->spawn.stop_timeout),
			    again, err);
}

static int op_stop(struct bt_monitor *m, struct bt_message *request, json_t *reply bt_unused,
		   struct bt_err *err)
{
	return stop(m, request, false, err);
}

static int op_restart(struct bt_monitor *m, struct bt_message *request, json_t *reply bt_unused,
		      struct bt_err *err)
{
	return stop(m, request, true, err);
}

static int op_unhealthy(struct bt_monitor *m, struct bt_message *request bt_unused,
			json_t *reply bt_unused, struct bt_err *err)
{
	return bt_life_unhealthy(m, err);
}

static int op_resize(struct bt_monitor *m, struct bt_message *request, json_t *reply bt_unused,
		     struct bt_err *err)
{
	const char *exec = bt_json_str(request->json, "exec", NULL);
	unsigned rows = (unsigned)bt_json_i64(request->json, "rows", 0);
	unsigned cols = (unsigned)bt_json_i64(request->json, "cols", 0);
	int r;

	if (exec)
		return bt_execs_resize(m, exec, rows, cols, err);
	if (!m->run)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH, "container %s is not running",
				  m->spawn.id);
	r = bt_stdio_resize(&m->run->stdio, rows, cols);
	/* Without a terminal there is nothing to do, and Docker says no more. */
	if (r == -ENOTTY)
		r = 0;
	return r < 0 ? bt_err_sys(err, r, "resize the container's terminal") : 0;
}

static int op_attach(struct bt_monitor *m, struct bt_message *request, json_t *reply bt_unused,
		     struct bt_err *err)
{
	struct bt_spawn_client how = bt_spawn_message_client_decode(request->json);
	bt_auto_close int fd = bt_message_take_fd(request, BT_PROTOCOL_FD_CLIENT);
	bt_auto_str struct bt_str first = { 0 };
	int r = 0;

	if (fd < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "attach: no socket given");
	if (!m->run || m->state != BT_MONITOR_RUNNING)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH,
				  m->state == BT_MONITOR_WAITING
					  ? "container %s is restarting, wait until it runs"
					  : "container %s is not running",
				  m->spawn.id);
	if (how.logs && m->log)
		r = bt_backlog_read(m->spawn.log_path, m->log, &how, &first);
	if (r == 0)
		r = bt_attach_create(&m->run->stdio, bt_take_fd(&fd), &how, &first);
	if (r < 0)
		return bt_err_set(err, r == -EINVAL ? BT_ERR_INVALID : BT_ERR_SYSTEM, -r,
				  "attach: %s", strerror(-r));
	bt_control_tell(m, json_pack("{s:s}", "ev", "attached"));
	return 0;
}

static int op_update(struct bt_monitor *m, struct bt_message *request, json_t *reply bt_unused,
		     struct bt_err *err)
{
	const json_t *restart = bt_json_obj(request->json, "restart");

	if (restart && bt_spawn_message_restart_decode(restart, &m->spawn.restart) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "update: bad restart policy");
	m->spawn.stop_signal = (int)bt_json_i64(request->json, "stop_signal", m->spawn.stop_signal);
	m->spawn.stop_timeout =
		(int)bt_json_i64(request->json, "stop_timeout", m->spawn.stop_timeout);
	return 0;
}

static int op_ack(struct bt_monitor *m, struct bt_message *request, json_t *reply bt_unused,
		  struct bt_err *err bt_unused)
{
	bt_records_acknowledged(m, (uint64_t)bt_json_i64(request->json, "seq", 0),
				bt_json_bool(request->json, "stored", true));
	return 0;
}

static int op_reopen_log(struct bt_monitor *m, struct bt_message *request bt_unused,
			 json_t *reply bt_unused, struct bt_err *err)
{
	int r = m->log ? bt_json_file_reopen(m->log) : 0;

	return r < 0 ? bt_err_sys(err, r, "open %s again", m->spawn.log_path) : 0;
}

static const struct {
	const char *name;
	int (*fn)(struct bt_monitor *m, struct bt_message *request, json_t *reply,
		  struct bt_err *err);
} ops[] = {
	{ "status", op_status },         { "signal", op_signal },       { "stop", op_stop },
	{ "restart", op_restart },       { "resize", op_resize },       { "attach", op_attach },
	{ "exec", bt_execs_start },      { "update", op_update },       { "ack", op_ack },
	{ "reopen-log", op_reopen_log }, { "unhealthy", op_unhealthy },
};

static int carry_out(struct bt_monitor *m, struct bt_message *request, json_t *reply,
		     struct bt_err *err)
{
	const char *op = bt_json_str(request->json, "op", "");
	const int64_t until_ns = bt_json_i64(request->json, "until", INT64_MAX);

	/* We were stopped, or stuck: whoever asked was told that we do not answer. */
	if (bt_time_monotonic_ns() > until_ns)
		return bt_err_set(err, BT_ERR_SYSTEM, ETIMEDOUT,
				  "this container's monitor came too late to \"%s\"", op);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (strcmp(ops[i].name, op) == 0)
			return ops[i].fn(m, request, reply, err);
	return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, EOPNOTSUPP,
			  "this container's monitor does not know \"%s\"", op);
}

/* ---- connections ----------------------------------------------------------------- */

/* Hang up. The connection is released when the loop sees its end: whoever is inside it now may
 * go on. */
static void hang_up(struct conn *conn)
{
	conn->hung_up = true;
	(void)shutdown(conn->fd, SHUT_RDWR);
}

static void drop(struct conn *conn)
{
	bt_list_remove(&conn->link);
	bt_loop_remove(&conn->monitor->loop, &conn->source);
	bt_close(&conn->fd);
	json_decref(conn->replies);
	json_decref(conn->kept);
	free(conn);
}

static bool has_replies(const struct conn *conn)
{
	return json_array_size(conn->replies) > 0;
}

static void await_room(struct conn *conn)
{
	bt_loop_want(&conn->monitor->loop, &conn->source, EPOLLIN | EPOLLOUT);
}

/* Somebody waits for it: it is kept until there is room. */
static void send_reply(struct conn *conn, json_t *reply)
{
	int r = has_replies(conn) ? -EAGAIN : bt_message_send(conn->fd, reply, NULL, 0);

	if (r == 0)
		return;
	if (r != -EAGAIN || json_array_size(conn->replies) >= REPLIES_MAX ||
	    json_array_append(conn->replies, reply) < 0)
		hang_up(conn);
	else
		await_room(conn);
}

/* The daemon looks for itself, and finds all but this. */
static void leave_out(struct conn *conn, json_t *event)
{
	if (bt_str_eq(bt_json_str(event, "ev", NULL), "detached") &&
	    json_array_size(conn->kept) < DETACHED_MAX)
		(void)json_array_append(conn->kept, event);
	conn->behind = true;
}

/* NULL, for want of memory: the daemon has to look for itself. */
static void send_event(struct conn *conn, json_t *event)
{
	int r = -EAGAIN;

	if (conn->behind) {
		leave_out(conn, event);
		return;
	}
	if (event && !has_replies(conn))
		r = bt_message_send(conn->fd, event, NULL, 0);
	if (r == 0)
		return;
	if (r != -EAGAIN && r != -ENOMEM) {
		hang_up(conn);
		return;
	}
	leave_out(conn, event);
	await_room(conn);
}

/* Those that are sent are taken out of the array. */
static int send_all(const struct conn *conn, json_t *messages)
{
	int r = 0;

	while (r == 0 && json_array_size(messages) > 0) {
		r = bt_message_send(conn->fd, json_array_get(messages, 0), NULL, 0);
		if (r == 0)
			(void)json_array_remove(messages, 0);
	}
	return r;
}

/* There is room again. Returns 0, or -errno: -EAGAIN where it was filled. */
static int send_waiting(struct conn *conn)
{
	json_auto_t *behind = NULL;
	int r = send_all(conn, conn->replies);

	if (r == 0)
		r = send_all(conn, conn->kept);
	if (r < 0 || !conn->behind)
		return r;
	behind = json_pack("{s:s}", "ev", "behind");
	r = behind ? bt_message_send(conn->fd, behind, NULL, 0) : -EAGAIN;
	if (r == 0)
		conn->behind = false;
	return r;
}

static void on_room(struct conn *conn)
{
	int r = send_waiting(conn);

	if (r == 0)
		bt_loop_want(&conn->monitor->loop, &conn->source, EPOLLIN);
	else if (r != -EAGAIN && r != -ENOMEM)
		hang_up(conn);
}

static void answer(struct conn *conn, struct bt_message *request)
{
	int64_t id = bt_json_i64(request->json, "id", 0);
	json_auto_t *reply = json_pack("{s:I, s:b}", "re", (json_int_t)id, "ok", true);
	struct bt_err err = { 0 };

	if (carry_out(conn->monitor, request, reply, &err) < 0) {
		json_decref(reply);
		reply = json_pack("{s:I, s:o}", "re", (json_int_t)id, "error",
				  bt_message_from_error(&err));
	}
	if (id > 0 && !reply)
		hang_up(conn);
	else if (id > 0)
		send_reply(conn, reply);
}

static void on_conn(struct bt_loop_source *source, uint32_t events)
{
	struct conn *conn = bt_list_entry(source, struct conn, source);
	bt_auto_message struct bt_message request = { 0 };
	int r = 0;

	if (events & EPOLLOUT)
		on_room(conn);
	/* What it asked before it was hung up on, and nobody could answer, is not done. */
	if (!conn->hung_up)
		r = bt_message_recv(conn->fd, MSG_DONTWAIT, &request);
	if (r > 0)
		answer(conn, &request);
	else if (r != -EAGAIN && r != -EBADMSG && r != -EMSGSIZE && r != -ENOMEM)
		drop(conn);
}

int bt_control_add(struct bt_monitor *m, int fd)
{
	bt_auto_close int owned = fd;
	bt_auto_free struct conn *conn = calloc(1, sizeof(*conn));
	json_auto_t *replies = NULL, *kept = NULL;
	const int size = SEND_BUFFER;
	int r;

	if (!conn)
		return -ENOMEM;
	replies = json_array();
	kept = json_array();
	if (!replies || !kept)
		return -ENOMEM;
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	/* Without CAP_NET_ADMIN the smaller default has to do. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	r = bt_loop_add(&m->loop, &conn->source, fd, EPOLLIN, on_conn);
	if (r < 0)
		return r;
	conn->monitor = m;
	conn->fd = bt_take_fd(&owned);
	conn->replies = bt_take(replies);
	conn->kept = bt_take(kept);
	bt_list_append(&m->conns, &conn->link);
	(void)bt_take(conn);
	return 0;
}

static unsigned count_conns(const struct bt_monitor *m)
{
	unsigned n = 0;

	bt_list_foreach (it, (struct bt_list *)(uintptr_t)&m->conns)
		n++;
	return n;
}

static void on_listener(struct bt_loop_source *source, uint32_t events bt_unused)
{
	struct bt_monitor *m = bt_list_entry(source, struct bt_monitor, listener);
	bt_auto_close int fd = accept4(m->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || peer.uid != 0 ||
	    count_conns(m) >= CONNS_MAX)
		return;
	(void)(bt_control_add(m, bt_take_fd(&fd)) < 0); /* it is closed then, and tries again */
}

int bt_control_listen(struct bt_monitor *m)
{
	bt_auto_free char *path = bt_path_join(m->spawn.dir, "monitor.sock");
	int r = path ? bt_sock_listen(path, SOCK_SEQPACKET | SOCK_NONBLOCK, 0600) : -ENOMEM;

	if (r < 0)
		return r;
	m->listen_fd = r;
	return bt_loop_add(&m->loop, &m->listener, r, EPOLLIN, on_listener);
}

void bt_control_unlisten(struct bt_monitor *m)
{
	bt_auto_free char *path = NULL;

	if (m->listen_fd < 0)
		return;
	bt_loop_remove(&m->loop, &m->listener);
	path = bt_path_join(m->spawn.dir, "monitor.sock");
	if (path)
		(void)unlink(path);
	bt_close(&m->listen_fd);
}

void bt_control_done(struct bt_monitor *m)
{
	/* The name first: whoever sees a connection end finds nobody to connect to again. */
	bt_control_unlisten(m);
	bt_list_foreach (it, &m->conns)
		drop(bt_list_entry(it, struct conn, link));
}

/* ---- events ---------------------------------------------------------------------- */

void bt_control_tell(struct bt_monitor *m, json_t *event)
{
	bt_list_foreach (it, &m->conns)
		send_event(bt_list_entry(it, struct conn, link), event);
	json_decref(event);
}
