/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/time.h"
#include "monitor/attach.h"
#include "monitor/monitor_private.h"
#include "monitor/other_runtime.h"
#include "monitor/restart.h"
#include "runtime/launch.h"
#include "sys/pidfd.h"

/* How long output may go on after the init's end: somebody outside may hold the pipe. */
#define GRACE_MS 2000
/* When nothing has happened for so long, memory that was used for copying is given back. */
#define TRIM_MS 3000
#define REAP_MS 5000

static void end_run(struct bt_monitor *m);

/* ---- the object of a run ------------------------------------------------------- */

static void destroy_run(struct bt_run *run)
{
	if (!run)
		return;
	bt_list_remove(&run->link);
	bt_loop_remove(&run->monitor->loop, &run->exit);
	bt_close(&run->pidfd);
	bt_stdio_done(&run->stdio);
	free(run);
}

static void on_outputs_ended(struct bt_stdio *stdio)
{
	struct bt_run *run = bt_list_entry(stdio, struct bt_run, stdio);
	struct bt_monitor *m = run->monitor;

	if (m->run == run && m->state == BT_MONITOR_ENDING)
		end_run(m);
}

static void on_idle(struct bt_stdio *stdio)
{
	struct bt_run *run = bt_list_entry(stdio, struct bt_run, stdio);
	struct bt_monitor *m = run->monitor;

	destroy_run(run);
	bt_monitor_check_done(m);
}

static void on_detached(struct bt_stdio *stdio)
{
	struct bt_run *run = bt_list_entry(stdio, struct bt_run, stdio);

	bt_control_tell(run->monitor, json_pack("{s:s}", "ev", "detached"));
}

static void on_burst(struct bt_stdio *stdio)
{
	struct bt_run *run = bt_list_entry(stdio, struct bt_run, stdio);

	bt_loop_timer_set(&run->monitor->loop, &run->monitor->trim_timer, TRIM_MS);
}

static const struct bt_stdio_events run_events = {
	.ended = on_outputs_ended,
	.idle = on_idle,
	.detached = on_detached,
	.burst = on_burst,
};

int bt_life_prepare(struct bt_monitor *m)
{
	struct bt_run *run = calloc(1, sizeof(*run));

	if (!run)
		return -ENOMEM;
	bt_list_init(&run->link);
	run->monitor = m;
	run->pidfd = -EBADF;
	bt_stdio_init(&run->stdio, &m->loop, &run_events);
	run->stdio.tty = m->spawn.tty;
	run->stdio.log = m->log;
	run->stdio.stdin_once = m->spawn.stdin_once;
	m->run = run;
	return 0;
}

/* The run is over: clients get what is left for them and their end. */
static void retire_run(struct bt_monitor *m)
{
	struct bt_run *run = bt_take(m->run);

	bt_list_append(&m->old_runs, &run->link);
	bt_stdio_finish(&run->stdio);
	if (run->stdio.nclients == 0)
		destroy_run(run);
}

/* ---- the end of a run ----------------------------------------------------------- */

static void on_restart(struct bt_loop_timer *timer)
{
	struct bt_monitor *m = bt_list_entry(timer, struct bt_monitor, restart_timer);

	m->restarts++;
	bt_life_start(m);
}

static void schedule_restart(struct bt_monitor *m, bool asked)
{
	struct bt_journal_record record = { .kind = BT_JOURNAL_RESTARTED };

	m->state = BT_MONITOR_WAITING;
	if (!asked) {
		bt_loop_timer_set(&m->loop, &m->restart_timer, m->delay_ms);
		return;
	}
	m->restarts = 0;
	m->delay_ms = 0;
	bt_life_start(m);
	/* Who asked for it waits until it runs again; that there is no more to wait for is told by
	 * the final record. */
	record.at_ns = bt_time_now_ns();
	if (m->state != BT_MONITOR_ENDED)
		bt_records_add(m, &record);
}

/* The init is dead and its output read: decide, record, tell. */
static void end_run(struct bt_monitor *m)
{
	const struct bt_run *run = m->run;
	struct bt_restart_end end = {
		.code = run->code,
		.stopped = m->stopping,
		.unhealthy = run->unhealthy,
		.restarts = m->restarts,
		.ran_ms = (bt_time_monotonic_ns() - run->started_mono_ns) / 1000000,
	};
	bool asked = m->restart_asked;
	bool again = asked || bt_restart_decide(&m->spawn.restart, &end, &m->delay_ms);
	struct bt_journal_record record = { .kind = BT_JOURNAL_EXITED,
					    .at_ns = bt_time_now_ns(),
					    .code = run->code,
					    .oom = run->oom,
					    .final = !again,
					    .stopped = m->stopping,
					    .restarts = m->restarts,
					    .again_in_ms = again && !asked ? m->delay_ms : 0 };

	bt_loop_timer_clear(&m->grace_timer);
	bt_loop_timer_clear(&m->kill_timer);
	m->last_code = run->code;
	m->stopping = m->restart_asked = false;
	m->state = again ? BT_MONITOR_WAITING : BT_MONITOR_ENDED;
	retire_run(m);
	bt_records_add(m, &record);
	bt_fault_point("monitor-end/told");
	if (again)
		schedule_restart(m, asked);
	else
		bt_monitor_check_done(m);
}

static void on_grace(struct bt_loop_timer *timer)
{
	end_run(bt_list_entry(timer, struct bt_monitor, grace_timer));
}

static void on_exit_of_init(struct bt_loop_source *source, uint32_t events bt_unused)
{
	struct bt_run *run = bt_list_entry(source, struct bt_run, exit);
	struct bt_monitor *m = run->monitor;
	siginfo_t info = { 0 };

	if (waitid(P_PIDFD, (id_t)run->pidfd, &info, WEXITED | WNOHANG) < 0 && errno != ECHILD)
		return;
	if (info.si_pid == 0 && errno != ECHILD)
		return;
	run->code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	run->pid = 0;
	bt_loop_remove(&m->loop, &run->exit);
	m->state = BT_MONITOR_ENDING;
	bt_oom_check(m);
	bt_oom_done(m);
	bt_fault_point("monitor-end/reaped");
	bt_launcher_cleanup(m);
	bt_fault_point("monitor-end/cleaned");
	bt_stdio_drain(&run->stdio);
	if (bt_stdio_has_ended(&run->stdio))
		end_run(m);
	else
		bt_loop_timer_set(&m->loop, &m->grace_timer, GRACE_MS);
}

/* ---- the start of a run ---------------------------------------------------------- */

static int launch(struct bt_monitor *m, struct bt_process *ret, struct bt_err *err)
{
	bt_auto(bt_stdio_ends_done) struct bt_stdio_ends ends = { { -EBADF, -EBADF, -EBADF } };
	struct bt_stdio *stdio = &m->run->stdio;
	int r = 0;

	if (!m->spawn.tty)
		r = bt_stdio_pipes(stdio, m->spawn.open_stdin, &ends);
	if (r < 0)
		return bt_err_sys(err, r, "make the container's pipes");
	r = bt_launcher_start(m, ends.fds, ret, err);
	if (r < 0)
		return r;
	if (m->spawn.tty) {
		r = bt_stdio_console(stdio, bt_take_fd(&ret->console_fd), m->spawn.open_stdin);
		if (r < 0)
			return bt_err_sys(err, r, "use the container's terminal");
	}
	return 0;
}

static void start_failed(struct bt_monitor *m, const struct bt_err *err)
{
	struct bt_journal_record record = { .kind = BT_JOURNAL_START_FAILED,
					    .at_ns = bt_time_now_ns(),
					    .code = bt_launch_exit_code(err),
					    .final = true,
					    .restarts = m->restarts,
					    .error = *err };

	m->state = BT_MONITOR_ENDED;
	m->last_code = record.code;
	m->stopping = m->restart_asked = false;
	if (m->run)
		retire_run(m);
	bt_records_add(m, &record);
	bt_monitor_check_done(m);
}

/* The process runs: watch it and its output. */
static int adopt(struct bt_monitor *m, struct bt_process *process)
{
	struct bt_run *run = m->run;
	int r;

	run->pid = process->pid;
	run->pidfd = bt_take_fd(&process->pidfd);
	run->started_at_ns = bt_time_now_ns();
	run->started_mono_ns = bt_time_monotonic_ns();
	r = bt_loop_add(&m->loop, &run->exit, run->pidfd, EPOLLIN, on_exit_of_init);
	return r < 0 ? r : bt_stdio_begin(&run->stdio);
}

/* One that nobody could watch, with its control group. */
static void end_process(struct bt_monitor *m, struct bt_process *process)
{
	if (process->pid > 0) {
		if (m->run)
			bt_loop_remove(&m->loop, &m->run->exit);
		(void)kill(process->pid, SIGKILL);
		(void)waitpid(process->pid, NULL, 0);
		bt_launcher_cleanup(m);
	}
	bt_close(&process->pidfd);
	bt_close(&process->console_fd);
}

void bt_life_start(struct bt_monitor *m)
{
	struct bt_process process = { .pidfd = -EBADF, .console_fd = -EBADF };
	struct bt_journal_record record = { .kind = BT_JOURNAL_STARTED };
	struct bt_err err = { 0 };
	int r;

	m->state = BT_MONITOR_STARTING;
	r = m->run ? 0 : bt_life_prepare(m);
	r = r < 0 ? bt_err_sys(&err, r, "prepare a run") : launch(m, &process, &err);
	if (r == 0) {
		r = adopt(m, &process);
		if (r < 0)
			(void)bt_err_sys(&err, r, "watch the container");
	}
	if (r < 0) {
		end_process(m, &process);
		start_failed(m, &err);
		return;
	}
	bt_fault_point("monitor/started");
	m->state = BT_MONITOR_RUNNING;
	record.at_ns = m->run->started_at_ns;
	record.pid = m->run->pid;
	record.monitor = getpid();
	record.restarts = m->restarts;
	bt_records_add(m, &record);
	bt_oom_watch(m);
	bt_fault_point("monitor/done");
	bt_loop_timer_set(&m->loop, &m->trim_timer, TRIM_MS);
	if (m->spawn.runtime)
		bt_loop_timer_set(&m->loop, &m->reap_timer, REAP_MS);
}

/* ---- stopping -------------------------------------------------------------------- */

static int send_signal(const struct bt_run *run, int signal)
{
	return bt_pidfd_signal(run->pidfd, run->pid, signal);
}

static int not_running(const struct bt_monitor *m, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_CONFLICT, ESRCH, "container %s is not running", m->spawn.id);
}

/* Asked while a restart was awaited: it starts now, or never again. */
static void stop_waiting(struct bt_monitor *m, bool again)
{
	struct bt_journal_record record = { .kind = BT_JOURNAL_EXITED,
					    .at_ns = bt_time_now_ns(),
					    .code = m->last_code,
					    .final = true,
					    .stopped = true,
					    .restarts = m->restarts };

	bt_loop_timer_clear(&m->restart_timer);
	if (again) {
		schedule_restart(m, true);
		return;
	}
	m->state = BT_MONITOR_ENDED;
	bt_records_add(m, &record);
	bt_monitor_check_done(m);
}

int bt_life_signal(struct bt_monitor *m, int signal, struct bt_err *err)
{
	bool ends = signal == SIGKILL || signal == m->spawn.stop_signal;
	int r;

	/* Nobody is there who could take it, but what it asks for can be done. */
	if (m->state == BT_MONITOR_WAITING && ends) {
		stop_waiting(m, false);
		return 0;
	}
	if (m->state != BT_MONITOR_RUNNING)
		return not_running(m, err);
	r = send_signal(m->run, signal);
	if (r == -ESRCH)
		return not_running(m, err);
	if (r < 0)
		return bt_err_sys(err, r, "send signal %d", signal);
	if (ends)
		m->stopping = true;
	return 0;
}

static void on_kill(struct bt_loop_timer *timer)
{
	struct bt_monitor *m = bt_list_entry(timer, struct bt_monitor, kill_timer);

	if (m->run && m->run->pid > 0)
		(void)send_signal(m->run, SIGKILL);
}

int bt_life_stop(struct bt_monitor *m, int signal, int timeout, bool again, struct bt_err *err)
{
	int r;

	if (m->state == BT_MONITOR_WAITING) {
		stop_waiting(m, again);
		return 0;
	}
	if (m->state != BT_MONITOR_RUNNING && m->state != BT_MONITOR_ENDING)
		return not_running(m, err);
	m->stopping = true;
	m->restart_asked = again;
	if (m->state == BT_MONITOR_ENDING)
		return 0;
	r = send_signal(m->run, signal);
	if (r < 0 && r != -ESRCH)
		return bt_err_sys(err, r, "send signal %d", signal);
	if (timeout >= 0)
		bt_loop_timer_set(&m->loop, &m->kill_timer, (int64_t)timeout * 1000);
	return 0;
}

int bt_life_unhealthy(struct bt_monitor *m, struct bt_err *err)
{
	struct bt_restart_end end = { .unhealthy = true, .code = 1, .restarts = m->restarts };
	int64_t delay_ms = m->delay_ms;
	int r;

	if (m->state != BT_MONITOR_RUNNING)
		return not_running(m, err);
	/* More checks may fail while it ends. And one that would not come back is better than none.
	 */
	if (m->stopping || m->run->unhealthy ||
	    !bt_restart_decide(&m->spawn.restart, &end, &delay_ms))
		return 0;
	r = send_signal(m->run, m->spawn.stop_signal);
	if (r < 0 && r != -ESRCH)
		return bt_err_sys(err, r, "send signal %d", m->spawn.stop_signal);
	m->run->unhealthy = true;
	if (m->spawn.stop_timeout >= 0)
		bt_loop_timer_set(&m->loop, &m->kill_timer, (int64_t)m->spawn.stop_timeout * 1000);
	return 0;
}

/* ---- all of it -------------------------------------------------------------------- */

/* Another runtime's remains become our children, and nobody tells when they end. */
static void on_reap(struct bt_loop_timer *timer)
{
	struct bt_monitor *m = bt_list_entry(timer, struct bt_monitor, reap_timer);

	bt_other_runtime_reap(m);
	bt_loop_timer_set(&m->loop, timer, REAP_MS);
}

static void on_trim(struct bt_loop_timer *timer)
{
	struct bt_monitor *m = bt_list_entry(timer, struct bt_monitor, trim_timer);

	bt_stdio_trim();
	if (m->log)
		bt_json_file_trim(m->log);
}

void bt_life_init(struct bt_monitor *m)
{
	bt_list_init(&m->old_runs);
	bt_loop_timer_init(&m->kill_timer, on_kill);
	bt_loop_timer_init(&m->grace_timer, on_grace);
	bt_loop_timer_init(&m->restart_timer, on_restart);
	bt_loop_timer_init(&m->trim_timer, on_trim);
	bt_loop_timer_init(&m->reap_timer, on_reap);
}

void bt_life_done(struct bt_monitor *m)
{
	destroy_run(bt_take(m->run));
	bt_list_foreach (it, &m->old_runs)
		destroy_run(bt_list_entry(it, struct bt_run, link));
}
