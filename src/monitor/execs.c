/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"
#include "monitor/attach.h"
#include "monitor/client.h"
#include "monitor/exec_file.h"
#include "monitor/monitor_private.h"
#include "monitor/spawn_message.h"
#include "runtime/launch.h"
#include "sys/pidfd.h"

#define EXECS_MAX 4096
/* How long output may go on after the process's end, where something that it left behind
 * holds the pipe. */
#define GRACE_MS 1000
/* How often it is asked whether one that cannot be watched is dead. */
#define ABANDONED_MS 20

/* One process beside the container's own. */
struct exec {
	struct bt_list link;
	struct bt_monitor *monitor;
	char *id; /* owned */
	struct bt_stdio stdio;
	struct bt_loop_source exit;
	struct bt_loop_timer grace;
	pid_t pid; /* 0 once reaped */
	int pidfd; /* owned */
	int code;
	bool told; /* of its end */
};

static void destroy(struct exec *exec)
{
	bt_list_remove(&exec->link);
	bt_loop_timer_clear(&exec->grace);
	bt_loop_remove(&exec->monitor->loop, &exec->exit);
	bt_close(&exec->pidfd);
	bt_stdio_done(&exec->stdio);
	free(exec->id);
	free(exec);
}

/* Dead, and its output read. */
static void end(struct exec *exec)
{
	struct bt_monitor *m = exec->monitor;
	int64_t now = bt_time_now_ns();

	bt_loop_timer_clear(&exec->grace);
	exec->told = true;
	/* Best effort: without it only a daemon that is away now does not learn the code. */
	(void)!bt_exec_file_ended(m->spawn.dir, exec->id, now, exec->code);
	/* Before its clients see the end: they ask the daemon for the code then. */
	bt_control_tell(m, json_pack("{s:s, s:s, s:i, s:I}", "ev", "exec-exited", "exec", exec->id,
				     "code", exec->code, "at", (json_int_t)now));
	bt_stdio_finish(&exec->stdio);
	if (exec->stdio.nclients == 0) {
		destroy(exec);
		bt_monitor_check_done(m);
	}
}

static void on_outputs_ended(struct bt_stdio *stdio)
{
	struct exec *exec = bt_list_entry(stdio, struct exec, stdio);

	if (exec->pid == 0 && !exec->told)
		end(exec);
}

static void on_idle(struct bt_stdio *stdio)
{
	struct exec *exec = bt_list_entry(stdio, struct exec, stdio);
	struct bt_monitor *m = exec->monitor;

	destroy(exec);
	bt_monitor_check_done(m);
}

static void on_detached(struct bt_stdio *stdio)
{
	struct exec *exec = bt_list_entry(stdio, struct exec, stdio);

	bt_control_tell(exec->monitor, json_pack("{s:s, s:s}", "ev", "detached", "exec", exec->id));
}

static const struct bt_stdio_events exec_events = {
	.ended = on_outputs_ended,
	.idle = on_idle,
	.detached = on_detached,
};

static void on_grace(struct bt_loop_timer *timer)
{
	end(bt_list_entry(timer, struct exec, grace));
}

static void on_exit_of_exec(struct bt_loop_source *source, uint32_t events bt_unused)
{
	struct exec *exec = bt_list_entry(source, struct exec, exit);
	struct bt_monitor *m = exec->monitor;
	siginfo_t info = { 0 };

	if (waitid(P_PIDFD, (id_t)exec->pidfd, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
		return;
	bt_fault_point("monitor-exec/reaped");
	exec->code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	exec->pid = 0;
	bt_loop_remove(&m->loop, &exec->exit);
	bt_stdio_drain(&exec->stdio);
	if (bt_stdio_has_ended(&exec->stdio))
		end(exec);
	else
		bt_loop_timer_set(&m->loop, &exec->grace, GRACE_MS);
}

static struct exec *find(const struct bt_monitor *m, const char *id)
{
	bt_list_foreach (it, (struct bt_list *)(uintptr_t)&m->execs) {
		struct exec *exec = bt_list_entry(it, struct exec, link);

		if (strcmp(exec->id, id) == 0)
			return exec;
	}
	return NULL;
}

static int create(struct bt_monitor *m, const char *id, struct exec **ret)
{
	struct exec *exec = calloc(1, sizeof(*exec));

	if (!exec)
		return -ENOMEM;
	exec->id = strdup(id);
	if (!exec->id) {
		free(exec);
		return -ENOMEM;
	}
	exec->monitor = m;
	exec->pidfd = -EBADF;
	bt_loop_timer_init(&exec->grace, on_grace);
	bt_stdio_init(&exec->stdio, &m->loop, &exec_events);
	/* Its input is for the client that started it, and for no other. */
	exec->stdio.stdin_once = true;
	bt_list_append(&m->execs, &exec->link);
	*ret = exec;
	return 0;
}

/* Start the process with pipes or a terminal, and watch it. */
static int run(struct exec *exec, struct bt_message *request, bool with_stdin, struct bt_err *err)
{
	bt_auto(bt_stdio_ends_done) struct bt_stdio_ends ends = { { -EBADF, -EBADF, -EBADF } };
	bt_auto_close int process_fd = bt_message_take_fd(request, "process");
	struct bt_process process = { .pidfd = -EBADF, .console_fd = -EBADF };
	struct bt_monitor *m = exec->monitor;
	int64_t rows = bt_json_i64(request->json, "rows", 0);
	int r = 0;

	if (process_fd < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "exec: no process given");
	if (!exec->stdio.tty)
		r = bt_stdio_pipes(&exec->stdio, with_stdin, &ends);
	if (r < 0)
		return bt_err_sys(err, r, "exec: make pipes");
	r = bt_launcher_exec(m, exec->id, process_fd, exec->stdio.tty, ends.fds, &process, err);
	if (r < 0)
		return r;
	exec->pid = process.pid;
	exec->pidfd = process.pidfd;
	bt_fault_point("monitor-exec/born");
	r = bt_loop_add(&m->loop, &exec->exit, exec->pidfd, EPOLLIN, on_exit_of_exec);
	if (r == 0 && exec->stdio.tty)
		r = bt_stdio_console(&exec->stdio, process.console_fd, with_stdin);
	if (r == 0 && exec->stdio.tty && rows > 0)
		r = bt_stdio_resize(&exec->stdio, (unsigned)rows,
				    (unsigned)bt_json_i64(request->json, "cols", 0));
	if (r == 0)
		r = bt_stdio_begin(&exec->stdio);
	return r < 0 ? bt_err_sys(err, r, "exec: watch the process") : 0;
}

static void tell_failure(struct bt_monitor *m, const char *id, const struct bt_err *err)
{
	(void)!bt_exec_file_ended(m->spawn.dir, id, bt_time_now_ns(),
				  bt_launch_exec_exit_code(err));
	bt_control_tell(m, json_pack("{s:s, s:s, s:o, s:i}", "ev", "exec-failed", "exec", id,
				     "error", bt_message_from_error(err), "code",
				     bt_launch_exec_exit_code(err)));
}

static int attach_client(struct exec *exec, struct bt_message *request, struct bt_err *err)
{
	struct bt_spawn_client how = bt_spawn_message_client_decode(request->json);
	int fd = bt_message_take_fd(request, BT_PROTOCOL_FD_CLIENT), r;

	if (fd < 0)
		return 0;
	r = bt_attach_create(&exec->stdio, fd, &how, NULL);
	return r < 0 ? bt_err_set(err, BT_ERR_INVALID, -r, "exec: attach: %s", strerror(-r)) : 0;
}

static void on_abandoned(struct bt_loop_timer *timer)
{
	struct exec *exec = bt_list_entry(timer, struct exec, grace);
	struct bt_monitor *m = exec->monitor;
	siginfo_t info = { 0 };

	if (waitid(P_PIDFD, (id_t)exec->pidfd, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0) {
		bt_loop_timer_set(&m->loop, &exec->grace, ABANDONED_MS);
		return;
	}
	destroy(exec);
	bt_monitor_check_done(m);
}

/* Its start was told to have failed. A process that runs nevertheless is killed, and reaped by and
 * by, without the watch that may be what failed; its client gets its end with the error. */
static void abandon(struct exec *exec)
{
	if (exec->pid == 0) {
		destroy(exec);
		return;
	}
	(void)!bt_pidfd_signal(exec->pidfd, exec->pid, SIGKILL);
	exec->told = true;
	bt_loop_remove(&exec->monitor->loop, &exec->exit);
	bt_stdio_done(&exec->stdio);
	bt_loop_timer_init(&exec->grace, on_abandoned);
	bt_loop_timer_set(&exec->monitor->loop, &exec->grace, ABANDONED_MS);
}

int bt_execs_start(struct bt_monitor *m, struct bt_message *request, json_t *reply,
		   struct bt_err *err)
{
	const char *id = bt_json_str(request->json, "exec", "");
	struct exec *exec;
	int r;

	if (m->state != BT_MONITOR_RUNNING)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH, "container %s is not running",
				  m->spawn.id);
	if (id[0] == '\0' || strlen(id) >= BT_CLIENT_EXEC_MAX || find(m, id))
		return bt_err_set(err, BT_ERR_CONFLICT, EEXIST, "exec \"%s\" runs already", id);
	r = create(m, id, &exec);
	if (r < 0)
		return bt_err_sys(err, r, "exec");
	exec->stdio.tty = bt_json_bool(request->json, "tty", false);
	r = attach_client(exec, request, err);
	if (r == 0)
		r = run(exec, request, bt_json_bool(request->json, "stdin", false), err);
	if (r < 0) {
		tell_failure(m, id, err);
		abandon(exec);
		return r;
	}
	bt_fault_point("monitor-exec/running");
	(void)!bt_exec_file_started(m->spawn.dir, id, bt_time_now_ns(), exec->pid);
	bt_control_tell(m, json_pack("{s:s, s:s, s:i}", "ev", "exec-started", "exec", id, "pid",
				     (int)exec->pid));
	return json_object_set_new(reply, "pid", json_integer(exec->pid)) < 0
		       ? bt_err_sys(err, -ENOMEM, "exec: answer")
		       : 0;
}

int bt_execs_resize(struct bt_monitor *m, const char *id, unsigned rows, unsigned cols,
		    struct bt_err *err)
{
	struct exec *exec = find(m, id);
	int r;

	if (!exec)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "no such exec: %s", id);
	r = bt_stdio_resize(&exec->stdio, rows, cols);
	return r < 0 ? bt_err_sys(err, r, "resize the terminal of exec %s", id) : 0;
}

json_t *bt_execs_list(const struct bt_monitor *m, unsigned max)
{
	json_t *list = json_array();
	unsigned n = 0;

	bt_list_foreach (it, (struct bt_list *)(uintptr_t)&m->execs) {
		struct exec *exec = bt_list_entry(it, struct exec, link);

		if (exec->pid == 0 || exec->told || n++ >= max)
			continue;
		if (json_array_append_new(list, json_pack("{s:s, s:i}", "exec", exec->id, "pid",
							  (int)exec->pid)) < 0)
			break;
	}
	return list;
}

bool bt_execs_have(const struct bt_monitor *m, pid_t pid)
{
	bt_list_foreach (it, (struct bt_list *)(uintptr_t)&m->execs) {
		if (bt_list_entry(it, struct exec, link)->pid == pid)
			return true;
	}
	return false;
}

void bt_execs_done(struct bt_monitor *m)
{
	bt_list_foreach (it, &m->execs)
		destroy(bt_list_entry(it, struct exec, link));
}
