/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_MONITOR_MONITOR_PRIVATE_H
#define BT_MONITOR_MONITOR_PRIVATE_H

/*
 * What the monitor's own files share; nobody else includes it. One process has
 * one struct bt_monitor. The parts:
 *
 *   monitor.c   reading the spawn message, making everything, the end
 *   life.c      runs of the container: start, stop, end, restart
 *   execs.c     further processes in it
 *   control.c   connections: requests in, replies and events out
 *   launcher.c  how processes are started, by our own runtime or another
 *   oom.c       kills for want of memory
 *   records.c   starts and ends: journalled, then told
 */

#include <jansson.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/list.h"
#include "logs/json_file.h"
#include "monitor/joined.h"
#include "monitor/journal.h"
#include "monitor/loop.h"
#include "monitor/message.h"
#include "monitor/protocol.h"
#include "monitor/stdio.h"
#include "sys/cgroup.h"

/* Records kept while the disk is full; past that the oldest are given up. */
#define BT_RECORDS_UNWRITTEN_MAX 4

enum bt_monitor_state {
	BT_MONITOR_STARTING,
	BT_MONITOR_RUNNING,
	BT_MONITOR_ENDING,  /* the init is dead; its output is not yet read to its end */
	BT_MONITOR_WAITING, /* for a restart */
	BT_MONITOR_ENDED,
};

/** A process that was started. Zeroed is none (as its pid says). */
struct bt_process {
	pid_t pid;
	int pidfd;      /* owned */
	int console_fd; /* owned: the terminal's master, or -EBADF */
};

/** One run of the container; one that has ended stays until its clients have gone. */
struct bt_run {
	struct bt_list link; /* in old_runs, or in no list */
	struct bt_monitor *monitor;
	struct bt_stdio stdio;
	struct bt_loop_source exit;
	pid_t pid; /* 0 once reaped */
	int pidfd; /* owned */
	int64_t started_at_ns;
	int64_t started_mono_ns;
	int code;
	bool oom, unhealthy;
};

struct bt_monitor {
	struct bt_loop loop;
	json_t *config;        /* owned: the spawn message */
	struct bt_spawn spawn; /* strings borrowed from it; restart and stop_* may be updated */
	int spec_fd, rootfs_fd, netns_fd, seccomp_fd; /* owned, or -EBADF */
	int journal_fd;                               /* owned */
	struct bt_joined joined;                      /* whose namespaces it shares */
	bool ran;                                     /* it has been started once */
	uint64_t seq;                                 /* of the last journal record */
	struct bt_journal_record unwritten[BT_RECORDS_UNWRITTEN_MAX]; /* oldest first */
	unsigned nunwritten;
	struct bt_loop_timer record_timer;
	struct bt_json_file *log; /* owned; NULL: no log */
	enum bt_monitor_state state;

	struct bt_run *run; /* owned; NULL before the first, and while waiting */
	struct bt_list old_runs;
	struct bt_loop_timer kill_timer;  /* the stop's time is over */
	struct bt_loop_timer grace_timer; /* output that does not end after the init's end */
	struct bt_loop_timer restart_timer;
	struct bt_loop_timer trim_timer;
	int64_t delay_ms; /* of the last restart */
	int restarts, last_code;
	bool stopping;      /* somebody asked for the end of this run … */
	bool restart_asked; /* … and for another one */

	bool other_ready;      /* another runtime: our mounts are made … */
	bool other_keeps_init; /* … and its processes execute no program */
	struct bt_loop_timer reap_timer;

	char *cgroup_path; /* owned, or NULL */
	struct bt_cgroup_oom oom;
	struct bt_loop_source oom_source;
	struct bt_loop_timer oom_timer;

	struct bt_list execs;
	struct bt_list conns;
	struct bt_loop_source listener;
	int listen_fd; /* owned */
};

/* ---- monitor.c ---------------------------------------------------------------- */

/** Something has ended: stop the loop where nothing is left to do. */
void bt_monitor_check_done(struct bt_monitor *m);

/* ---- life.c ------------------------------------------------------------------- */

/** Set timers and lists up. */
void bt_life_init(struct bt_monitor *m);

/** Make the object of the next run; clients may attach to its stdio. Returns 0 or -errno. */
bt_nodiscard int bt_life_prepare(struct bt_monitor *m);

/** Start the container. What became of it is journalled and told. */
void bt_life_start(struct bt_monitor *m);

/** Signal the init. A signal that ends containers of this one's kind counts as a stop. */
bt_nodiscard int bt_life_signal(struct bt_monitor *m, int signal, struct bt_err *err);

/** Its health check failed: end the run where the policy begins another one for that, by the stop
 * signal and after the stop's time by SIGKILL. 0 also where it goes on as it is. */
bt_nodiscard int bt_life_unhealthy(struct bt_monitor *m, struct bt_err *err);

/** Begin to stop; `again`: and then start, whatever the policy. */
bt_nodiscard int bt_life_stop(struct bt_monitor *m, int signal, int timeout, bool again,
			      struct bt_err *err);

/** Release everything. */
void bt_life_done(struct bt_monitor *m);

/* ---- oom.c -------------------------------------------------------------------- */

/** Watch the container's cgroup for kills, soon but not now: a start shall not wait for it. */
void bt_oom_watch(struct bt_monitor *m);

/** Count what has happened up to now; before the cgroup is removed. */
void bt_oom_check(struct bt_monitor *m);

/** Stop watching. */
void bt_oom_done(struct bt_monitor *m);

/* ---- records.c ---------------------------------------------------------------- */

/** Set the timer up. */
void bt_records_init(struct bt_monitor *m);

/** Number a record, append it to the journal, and tell it. One that cannot be written, as on a
 * full disk, is tried again until it can be, or until the daemon has it. */
void bt_records_add(struct bt_monitor *m, struct bt_journal_record *record);

/** The daemon has stored everything up to `seq`; or, not `stored`, only made events of it. */
void bt_records_acknowledged(struct bt_monitor *m, uint64_t seq, bool stored);

/* ---- execs.c ------------------------------------------------------------------ */

/** Carry out an "exec" request; adds "pid" to `reply`. */
bt_nodiscard int bt_execs_start(struct bt_monitor *m, struct bt_message *request, json_t *reply,
				struct bt_err *err);

/** Set the size of an exec's terminal. */
bt_nodiscard int bt_execs_resize(struct bt_monitor *m, const char *id, unsigned rows, unsigned cols,
				 struct bt_err *err);

/** A new array of {"exec","pid"}, at most `max`; NULL without memory. */
json_t *bt_execs_list(const struct bt_monitor *m, unsigned max);

/** Is one of them the process `pid`, and not reaped yet? */
bool bt_execs_have(const struct bt_monitor *m, pid_t pid);

/** Release everything. */
void bt_execs_done(struct bt_monitor *m);

/* ---- control.c ---------------------------------------------------------------- */

/** Listen in the container's directory. Returns 0 or -errno. */
bt_nodiscard int bt_control_listen(struct bt_monitor *m);

/** Nobody can connect any more, and another monitor can listen in the directory: the journal has
 * all there is to know, and who is connected still is served. More than once is fine. */
void bt_control_unlisten(struct bt_monitor *m);

/** Serve the connection `fd`, which is owned from now on. Returns 0 or -errno. */
bt_nodiscard int bt_control_add(struct bt_monitor *m, int fd);

/** Tell an event to every connection; takes over `event`, which may be NULL. */
void bt_control_tell(struct bt_monitor *m, json_t *event);

/** Close all connections and take the socket's name away. */
void bt_control_done(struct bt_monitor *m);

/* ---- launcher.c --------------------------------------------------------------- */

/** Start the container's init; without a terminal it gets `stdio`. After a failure nothing is
 * left of it. */
bt_nodiscard int bt_launcher_start(struct bt_monitor *m, const int stdio[3], struct bt_process *ret,
				   struct bt_err *err);

/** Run another process in it. `process_fd` is a memfd with an OCI process object. */
bt_nodiscard int bt_launcher_exec(struct bt_monitor *m, const char *exec_id, int process_fd,
				  bool tty, const int stdio[3], struct bt_process *ret,
				  struct bt_err *err);

/** The init is dead and reaped: kill what is left, remove the cgroup. Best effort: what cannot
 * be removed the daemon sweeps up. */
void bt_launcher_cleanup(struct bt_monitor *m);

#endif
