/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/client.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/path.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"
#include "monitor/message.h"
#include "monitor/spawn_message.h"

/* A request that waits for its reply. Lives on the stack of its thread. */
struct call {
	struct bt_list link;
	pthread_cond_t replied; /* its own: a thousand may wait */
	uint64_t id;
	json_t *reply; /* a reference, once it is there */
	bool done;     /* also where there will be none */
};

struct bt_client {
	int fd;
	bt_client_fn fn;
	void *data;
	pthread_mutex_t lock; /* guards what follows, and the order of packets sent */
	pthread_cond_t exec_answered;
	struct bt_list calls;
	uint64_t next_id;
	unsigned execs;           /* asked for and not answered */
	int64_t exec_answered_ns; /* when one was, the last time */
	bool gone;
};

/* The monitor does what it is asked for one by one, and an exec takes it milliseconds: a stop waits
 * for no more than these. */
#define EXECS_AT_ONCE 8

int bt_client_create(int fd, bt_client_fn fn, void *data, struct bt_client **ret)
{
	bt_auto_close int owned = fd;
	struct bt_client *client = calloc(1, sizeof(*client));

	if (!client)
		return -ENOMEM;
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
		free(client);
		return -errno;
	}
	client->fd = bt_take_fd(&owned);
	client->fn = fn;
	client->data = data;
	bt_list_init(&client->calls);
	pthread_mutex_init(&client->lock, NULL);
	bt_lock_init_condition(&client->exec_answered);
	*ret = client;
	return 0;
}

void bt_client_destroy(struct bt_client *client)
{
	if (!client)
		return;
	bt_close(&client->fd);
	pthread_cond_destroy(&client->exec_answered);
	pthread_mutex_destroy(&client->lock);
	free(client);
}

int bt_client_fd(const struct bt_client *client)
{
	return client->fd;
}

bool bt_client_is_gone(struct bt_client *client)
{
	bt_auto_lock(held, &client->lock);

	return client->gone;
}

void bt_client_hangup(struct bt_client *client)
{
	(void)shutdown(client->fd, SHUT_RDWR);
	pthread_mutex_lock(&client->lock);
	client->gone = true;
	bt_list_foreach (it, &client->calls) {
		struct call *call = bt_list_entry(it, struct call, link);

		call->done = true;
		pthread_cond_signal(&call->replied);
	}
	pthread_cond_broadcast(&client->exec_answered);
	pthread_mutex_unlock(&client->lock);
}

int bt_client_connect(const char *dir, bt_client_fn fn, void *data, struct bt_client **ret,
		      struct bt_err *err)
{
	bt_auto_free char *path = bt_path_join(dir, "monitor.sock");
	int r = path ? bt_sock_connect(path, SOCK_SEQPACKET) : -ENOMEM;

	if (r >= 0)
		r = bt_client_create(r, fn, data, ret);
	return r < 0 ? bt_err_sys(err, r, "connect to the monitor in %s", dir) : 0;
}

/* ---- what arrives ----------------------------------------------------------- */

static void take_reply(struct bt_client *client, json_t **reply, uint64_t id)
{
	pthread_mutex_lock(&client->lock);
	bt_list_foreach (it, &client->calls) {
		struct call *call = bt_list_entry(it, struct call, link);

		/* Who answers twice is heard once. */
		if (call->id != id || call->done)
			continue;
		/* Given away, not shared: it is released in the other thread. */
		call->reply = *reply;
		*reply = NULL;
		call->done = true;
		pthread_cond_signal(&call->replied);
		break;
	}
	pthread_mutex_unlock(&client->lock);
}

static void read_record(const json_t *json, enum bt_journal_kind kind,
			struct bt_journal_record *rec)
{
	rec->kind = kind;
	rec->seq = (uint64_t)bt_json_i64(json, "seq", 0);
	rec->at_ns = bt_json_i64(json, "at", 0);
	rec->pid = (pid_t)bt_json_i64(json, "pid", 0);
	rec->monitor = (pid_t)bt_json_i64(json, "monitor", 0);
	rec->restarts = (int)bt_json_i64(json, "restarts", 0);
	rec->code = (int)bt_json_i64(json, "code", 0);
	rec->oom = bt_json_bool(json, "oom", false);
	rec->final = bt_json_bool(json, "final", false);
	rec->stopped = bt_json_bool(json, "stopped", false);
	rec->again_in_ms = bt_json_i64(json, "again_in", 0);
	rec->kept = bt_json_bool(json, "kept", false);
	if (kind == BT_JOURNAL_START_FAILED)
		bt_message_to_error(json_object_get(json, "error"), &rec->error);
}

static const struct {
	const char *name;
	enum bt_client_event_kind kind;
	enum bt_journal_kind record;
} event_names[] = {
	{ "started", BT_CLIENT_RECORD, BT_JOURNAL_STARTED },
	{ "exited", BT_CLIENT_RECORD, BT_JOURNAL_EXITED },
	{ "start-failed", BT_CLIENT_RECORD, BT_JOURNAL_START_FAILED },
	{ "oom", BT_CLIENT_OOM, BT_JOURNAL_OOM },
	{ "exec-started", BT_CLIENT_EXEC_STARTED, 0 },
	{ "exec-failed", BT_CLIENT_EXEC_FAILED, 0 },
	{ "exec-exited", BT_CLIENT_EXEC_EXITED, 0 },
	{ "attached", BT_CLIENT_ATTACHED, 0 },
	{ "detached", BT_CLIENT_DETACHED, 0 },
	{ "restarted", BT_CLIENT_RESTARTED, BT_JOURNAL_RESTARTED },
	{ "behind", BT_CLIENT_BEHIND, 0 },
};

static void take_event(struct bt_client *client, const json_t *json, const char *name)
{
	struct bt_client_event event = { .at_ns = bt_json_i64(json, "at", 0),
					 .pid = (pid_t)bt_json_i64(json, "pid", 0),
					 .code = (int)bt_json_i64(json, "code", 0) };
	const char *exec = bt_json_str(json, "exec", "");

	if (strlen(exec) >= sizeof(event.exec))
		return;
	memcpy(event.exec, exec, strlen(exec) + 1);
	for (size_t i = 0; i < sizeof(event_names) / sizeof(event_names[0]); i++) {
		if (strcmp(event_names[i].name, name) != 0)
			continue;
		event.kind = event_names[i].kind;
		/* Older monitors do not journal these. */
		if (event_names[i].record != BT_JOURNAL_STARTED && bt_json_i64(json, "seq", 0) > 0)
			event.kind = BT_CLIENT_RECORD;
		if (event.kind == BT_CLIENT_RECORD)
			read_record(json, event_names[i].record, &event.record);
		if (event.kind == BT_CLIENT_EXEC_FAILED)
			bt_message_to_error(json_object_get(json, "error"), &event.error);
		if (client->fn)
			client->fn(client->data, &event);
		return;
	}
}

int bt_client_dispatch(struct bt_client *client)
{
	for (;;) {
		bt_auto_message struct bt_message message = { 0 };
		int r = bt_message_recv(client->fd, MSG_DONTWAIT, &message);
		int64_t id;

		if (r == -EAGAIN)
			return 1;
		/* The reset is told once, and before what still lies in the queue: the monitor
		 * ended without having read all that it was sent. What it said is heard. */
		if (r == -EBADMSG || r == -ECONNRESET)
			continue;
		if (r <= 0)
			return r;
		id = bt_json_i64(message.json, "re", 0);
		if (id > 0)
			take_reply(client, &message.json, (uint64_t)id);
		else
			take_event(client, message.json, bt_json_str(message.json, "ev", ""));
	}
}

/* ---- requests --------------------------------------------------------------- */

#define ROOM_MS 1000

/* Send, waiting for room where the monitor is slow: packets are small and it never sleeps. Under
 * lock, which is let go of while it waits: others have an answer to take. -EPIPE: the connection
 * has ended. */
static int send_packet(struct bt_client *client, const json_t *json, const int *fds, size_t nfds)
{
	for (int tries = 0;; tries++) {
		int r = client->gone ? -EPIPE : bt_message_send(client->fd, json, fds, nfds);

		if (r != -EAGAIN || tries == ROOM_MS)
			return r;
		pthread_mutex_unlock(&client->lock);
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		pthread_mutex_lock(&client->lock);
	}
}

static struct timespec timespec_of(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / BT_TIME_NSEC_PER_SEC,
				  .tv_nsec = ns % BT_TIME_NSEC_PER_SEC };
}

static void call_init(struct call *call, uint64_t id)
{
	*call = (struct call){ .id = id };
	bt_lock_init_condition(&call->replied);
}

/* Send a request and wait. A monitor that reads it when nobody waits any more does not do it.
 * Returns 0 with *ret_reply a new reference, or -errno. */
static int exchange(struct bt_client *client, json_t *request, const int *fds, size_t nfds,
		    json_t **ret_reply)
{
	const int64_t until_ns = bt_time_monotonic_ns() + BT_CLIENT_TIMEOUT_MS * 1000000ll;
	const struct timespec until = timespec_of(until_ns);
	struct call call;
	int r = 0;

	pthread_mutex_lock(&client->lock);
	call_init(&call, ++client->next_id);
	bt_list_append(&client->calls, &call.link);
	if (json_object_set_new(request, "id", json_integer((json_int_t)call.id)) < 0 ||
	    json_object_set_new(request, "until", json_integer((json_int_t)until_ns)) < 0)
		r = -ENOMEM;
	if (r == 0)
		r = send_packet(client, request, fds, nfds);
	/* Whoever dispatches sees the end, too, and does first what has to be done. */
	if (r == -EPIPE && !client->gone)
		r = 0;
	while (r == 0 && !call.done)
		r = -pthread_cond_timedwait(&call.replied, &client->lock, &until);
	if (call.done)
		r = call.reply ? 0 : -EPIPE;
	bt_list_remove(&call.link);
	pthread_mutex_unlock(&client->lock);
	pthread_cond_destroy(&call.replied);
	if (r == 0)
		*ret_reply = call.reply;
	return r;
}

static int does_not_answer(struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_SYSTEM, ETIMEDOUT,
			  "the container's monitor does not answer: it was given %d seconds",
			  BT_CLIENT_TIMEOUT_MS / 1000);
}

/* Make a request: takes over `request`, which may be NULL for want of memory. `ret_reply` may
 * be NULL, else it gets a new reference on success. */
static int request(struct bt_client *client, json_t *request, const int *fds, size_t nfds,
		   json_t **ret_reply, struct bt_err *err)
{
	json_auto_t *owned = request;
	json_auto_t *reply = NULL;
	const json_t *error;
	int r;

	if (!owned)
		return bt_err_sys(err, -ENOMEM, "ask the monitor");
	r = exchange(client, owned, fds, nfds, &reply);
	if (r == -EPIPE)
		return bt_err_set(err, BT_ERR_UNAVAILABLE, EPIPE,
				  "the container's monitor hung up before it answered");
	if (r == -ETIMEDOUT || r == -EAGAIN)
		return does_not_answer(err);
	if (r < 0)
		return bt_err_sys(err, r, "ask the container's monitor");
	error = json_object_get(reply, "error");
	if (error)
		return bt_message_to_error(error, err);
	if (ret_reply)
		*ret_reply = json_incref(reply);
	return 0;
}

int bt_client_signal(struct bt_client *client, int signal, struct bt_err *err)
{
	return request(client, json_pack("{s:s, s:i}", "op", "signal", "signal", signal), NULL, 0,
		       NULL, err);
}

int bt_client_stop(struct bt_client *client, int signal, int timeout, struct bt_err *err)
{
	return request(
		client,
		json_pack("{s:s, s:i, s:i}", "op", "stop", "signal", signal, "timeout", timeout),
		NULL, 0, NULL, err);
}

int bt_client_restart(struct bt_client *client, int signal, int timeout, struct bt_err *err)
{
	return request(
		client,
		json_pack("{s:s, s:i, s:i}", "op", "restart", "signal", signal, "timeout", timeout),
		NULL, 0, NULL, err);
}

int bt_client_unhealthy(struct bt_client *client, struct bt_err *err)
{
	return request(client, json_pack("{s:s}", "op", "unhealthy"), NULL, 0, NULL, err);
}

int bt_client_resize(struct bt_client *client, const char *exec, unsigned rows, unsigned cols,
		     struct bt_err *err)
{
	return request(client,
		       json_pack("{s:s, s:i, s:i, s:s*}", "op", "resize", "rows", (int)rows, "cols",
				 (int)cols, "exec", exec),
		       NULL, 0, NULL, err);
}

int bt_client_reopen_log(struct bt_client *client, struct bt_err *err)
{
	return request(client, json_pack("{s:s}", "op", "reopen-log"), NULL, 0, NULL, err);
}

int bt_client_ack(struct bt_client *client, uint64_t seq, bool stored)
{
	json_auto_t *json = json_pack("{s:s, s:I, s:b}", "op", "ack", "seq", (json_int_t)seq,
				      "stored", (int)stored);
	int r;

	if (!json)
		return -ENOMEM;
	pthread_mutex_lock(&client->lock);
	r = send_packet(client, json, NULL, 0);
	pthread_mutex_unlock(&client->lock);
	return r;
}

int bt_client_update(struct bt_client *client, const struct bt_client_update *update,
		     struct bt_err *err)
{
	json_t *json = json_pack("{s:s}", "op", "update");
	bool ok = json;

	if (update->restart)
		ok = json_object_set_new(json, "restart",
					 bt_spawn_message_restart(update->restart)) == 0 &&
		     ok;
	if (update->stop_signal)
		ok = json_object_set_new(json, "stop_signal", json_integer(*update->stop_signal)) ==
			     0 &&
		     ok;
	if (update->stop_timeout)
		ok = json_object_set_new(json, "stop_timeout",
					 json_integer(*update->stop_timeout)) == 0 &&
		     ok;
	if (!ok) {
		json_decref(json);
		json = NULL;
	}
	return request(client, json, NULL, 0, NULL, err);
}

int bt_client_attach(struct bt_client *client, const struct bt_spawn_client *how, int fd,
		     struct bt_err *err)
{
	json_t *json = json_pack("{s:s, s:[s]}", "op", "attach", "fds", BT_PROTOCOL_FD_CLIENT);

	if (json && bt_spawn_message_client(how, json) < 0) {
		json_decref(json);
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "attach: bad detach keys");
	}
	return request(client, json, &fd, 1, NULL, err);
}

static json_t *exec_message(const struct bt_client_exec *exec)
{
	json_t *json =
		json_pack("{s:s, s:s, s:b, s:i, s:i, s:[s, s*]}", "op", "exec", "exec", exec->exec,
			  "tty", exec->tty, "rows", (int)exec->rows, "cols", (int)exec->cols, "fds",
			  "process", exec->fd >= 0 ? BT_PROTOCOL_FD_CLIENT : NULL);

	if (json && exec->fd >= 0 && bt_spawn_message_client(&exec->client, json) < 0) {
		json_decref(json);
		return NULL;
	}
	return json;
}

/* One that waits for its turn waits for as long as others have theirs. */
static int begin_exec(struct bt_client *client)
{
	const int64_t begun_ns = bt_time_monotonic_ns();

	bt_auto_lock(held, &client->lock);
	while (client->execs >= EXECS_AT_ONCE && !client->gone) {
		const int64_t last_ns =
			client->exec_answered_ns > begun_ns ? client->exec_answered_ns : begun_ns;
		const int64_t until_ns = last_ns + BT_CLIENT_TIMEOUT_MS * 1000000ll;
		const struct timespec until = timespec_of(until_ns);

		if (bt_time_monotonic_ns() >= until_ns)
			return -ETIMEDOUT;
		(void)pthread_cond_timedwait(&client->exec_answered, &client->lock, &until);
	}
	client->execs++;
	return 0;
}

static void end_exec(struct bt_client *client, bool answered)
{
	bt_auto_lock(held, &client->lock);

	client->execs--;
	if (answered)
		client->exec_answered_ns = bt_time_monotonic_ns();
	pthread_cond_signal(&client->exec_answered);
}

int bt_client_exec(struct bt_client *client, const struct bt_client_exec *exec, pid_t *ret_pid,
		   struct bt_err *err)
{
	bt_auto_close int process = bt_io_memfd("process", exec->process, strlen(exec->process));
	int fds[2] = { process, exec->fd };
	json_auto_t *reply = NULL;
	json_t *json;
	int r;

	if (process < 0)
		return bt_err_sys(err, process, "exec: memfd");
	json = exec_message(exec);
	if (!json)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "exec: bad detach keys or id");
	if (begin_exec(client) < 0) {
		json_decref(json);
		return does_not_answer(err);
	}
	r = request(client, json, fds, exec->fd >= 0 ? 2 : 1, &reply, err);
	end_exec(client, r != -ETIMEDOUT);
	if (r < 0)
		return r;
	*ret_pid = (pid_t)bt_json_i64(reply, "pid", 0);
	return 0;
}

static int read_state(const char *name, enum bt_client_state *ret)
{
	static const char *const names[] = {
		[BT_CLIENT_STARTING] = "starting",
		[BT_CLIENT_RUNNING] = "running",
		[BT_CLIENT_WAITING] = "waiting",
		[BT_CLIENT_ENDED] = "ended",
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0) {
			*ret = (enum bt_client_state)i;
			return 0;
		}
	}
	return -EPROTO;
}

static void read_execs(const json_t *list, struct bt_client_status *status)
{
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		const char *exec = bt_json_str(item, "exec", "");

		if (status->nexecs == BT_CLIENT_STATUS_EXECS || strlen(exec) >= BT_CLIENT_EXEC_MAX)
			continue;
		strcpy(status->execs[status->nexecs].exec, exec);
		status->execs[status->nexecs++].pid = (pid_t)bt_json_i64(item, "pid", 0);
	}
}

int bt_client_status(struct bt_client *client, struct bt_client_status *ret, struct bt_err *err)
{
	json_auto_t *reply = NULL;
	enum bt_client_state state;
	int r = request(client, json_pack("{s:s}", "op", "status"), NULL, 0, &reply, err);

	if (r < 0)
		return r;
	if (read_state(bt_json_str(reply, "state", ""), &state) < 0)
		return bt_err_set(err, BT_ERR_SYSTEM, EPROTO,
				  "the monitor is in a state that is not known here");
	*ret = (struct bt_client_status){
		.version = (int)bt_json_i64(reply, "version", 0),
		.state = state,
		.pid = (pid_t)bt_json_i64(reply, "pid", 0),
		.started_at_ns = bt_json_i64(reply, "started_at", 0),
		.restarts = (int)bt_json_i64(reply, "restarts", 0),
		.seq = (uint64_t)bt_json_i64(reply, "seq", 0),
	};
	read_execs(json_object_get(reply, "execs"), ret);
	return 0;
}
