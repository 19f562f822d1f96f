/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_apply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/catch_up.h"
#include "engine/container_cgroup.h"
#include "engine/container_event.h"
#include "engine/container_files.h"
#include "engine/container_mounts.h"
#include "engine/container_networks.h"
#include "engine/container_remove.h"
#include "engine/container_revive.h"
#include "engine/container_row.h"
#include "engine/container_waiter.h"
#include "engine/engine_private.h"
#include "engine/exec_events.h"
#include "engine/health.h"
#include "engine/missed.h"
#include "engine/monitor_link.h"
#include "engine/network.h"
#include "engine/network_names.h"

/* How an end looks that nobody saw: killed with its monitor; or found dead by a new daemon, as
 * after the machine went down. */
#define CODE_KILLED 137
#define CODE_LOST   255

static void apply_started(struct bt_container_state *s, const struct bt_journal_record *rec)
{
	s->status = BT_CONTAINER_RUNNING;
	s->pid = rec->pid;
	s->exit_code = 0;
	s->oom_killed = false;
	s->manually_stopped = false;
	s->started_ns = rec->at_ns;
	s->restart_count = rec->restarts;
	free(bt_take(s->error));
}

/* Somebody ended the wait for a restart. Its program had ended before: that is its end. */
static void apply_given_up(struct bt_container_state *s, const struct bt_journal_record *rec)
{
	s->status = BT_CONTAINER_EXITED;
	s->manually_stopped = rec->stopped;
}

static void apply_exited(struct bt_container_state *s, const struct bt_journal_record *rec)
{
	s->status = rec->final ? BT_CONTAINER_EXITED : BT_CONTAINER_RESTARTING;
	s->pid = 0;
	s->exit_code = rec->code;
	s->oom_killed = rec->oom;
	s->manually_stopped = rec->stopped;
	s->finished_ns = rec->at_ns;
	/* Docker counts a restart when it is decided on. */
	if (rec->again_in_ms > 0)
		s->restart_count = rec->restarts + 1;
}

/* Docker leaves a container that never ran in "created". */
static void apply_start_failed(struct bt_container_state *s, const struct bt_journal_record *rec)
{
	if (!rec->final)
		s->status = BT_CONTAINER_RESTARTING;
	else
		s->status = s->started_ns == 0 ? BT_CONTAINER_CREATED : BT_CONTAINER_EXITED;
	s->pid = 0;
	s->exit_code = rec->code;
	free(s->error);
	s->error = strdup(rec->error.msg);
}

bool bt_container_apply_gives_up(const struct bt_container_state *s,
				 const struct bt_journal_record *rec)
{
	return rec->kind == BT_JOURNAL_EXITED && rec->final && s->status == BT_CONTAINER_RESTARTING;
}

bool bt_container_apply_to_state(struct bt_container_state *s, const struct bt_journal_record *rec)
{
	if (rec->seq <= s->journal_seq)
		return false;
	s->journal_seq = rec->seq;
	if (rec->kind == BT_JOURNAL_OOM)
		s->oom_killed = true;
	if (rec->kind == BT_JOURNAL_OOM || rec->kind == BT_JOURNAL_RESTARTED)
		return true;
	/* Its removal has begun: only its end is still of interest. */
	if (s->status == BT_CONTAINER_REMOVING) {
		s->pid = rec->kind == BT_JOURNAL_STARTED ? rec->pid : 0;
		return true;
	}
	switch (rec->kind) {
	case BT_JOURNAL_STARTED:
		apply_started(s, rec);
		break;
	case BT_JOURNAL_EXITED:
		if (bt_container_apply_gives_up(s, rec))
			apply_given_up(s, rec);
		else
			apply_exited(s, rec);
		break;
	case BT_JOURNAL_START_FAILED:
		apply_start_failed(s, rec);
		break;
	case BT_JOURNAL_OOM:
	case BT_JOURNAL_RESTARTED:
		break;
	}
	return true;
}

static void auto_remove(struct bt_container *c)
{
	struct bt_err err;
	int r = bt_container_remove(c->engine, c->id, true, true, false, &err);

	if (r < 0 && err.kind != BT_ERR_NOT_FOUND && err.kind != BT_ERR_CONFLICT)
		bt_log_warn("remove container %.12s: %s", c->id, err.msg);
}

static void write_state(const struct bt_container *c)
{
	struct bt_err err;

	/* The journal still has what could not be stored: the next start reads it again. */
	if (bt_container_row_state(c, &err) < 0)
		bt_log_error("record the state of container %.12s: %s", c->id, err.msg);
}

static bool is_end(const struct bt_journal_record *rec)
{
	return rec->kind == BT_JOURNAL_EXITED || rec->kind == BT_JOURNAL_START_FAILED;
}

/* How long the program ran that ended. */
static int64_t ran_ns(const struct bt_container *c, const struct bt_journal_record *rec)
{
	return c->state.started_ns ? rec->at_ns - c->state.started_ns : 0;
}

/* What it had while it ran. */
static void let_go(struct bt_container *c)
{
	struct bt_err err;

	bt_fault_point("end/let-go");
	bt_network_detach(c->engine, c->id);
	if (bt_container_mounts_release(c, &err) < 0)
		bt_log_warn("%s", err.msg);
}

/* What a record meant for the state that it was applied to. */
struct meaning {
	bool changed;  /* it was not applied before */
	bool gives_up; /* it ends a wait for a restart, and no program */
	bool fails;    /* its monitor could not make a restart, and nobody had asked for an end */
	bool kept;     /* a restart asked for this end */
	bool tried;    /* a revival's start failed: it waits on, or gives up, and tells of that */
	bool stopped;  /* `stop` or `restart` asked for this end */
	bool killed;   /* their patience had ended */
};

/* What everybody else learns, after the state is stored. */
static void publish(struct bt_container *c, const struct bt_journal_record *rec,
		    const struct meaning *m)
{
	if (m->killed)
		bt_container_event_at(c, "kill", json_pack("{s:s}", "signal", "9"), rec->at_ns);
	/* It runs, or its monitor goes on to try. */
	if (rec->kind == BT_JOURNAL_STARTED || (is_end(rec) && !rec->final))
		bt_container_set_awaiting(c, false);
	if (is_end(rec)) {
		bt_health_end(c);
		bt_exec_table_container_ended(c);
	}
	/* Its end was told when it ended. */
	if (!m->gives_up)
		bt_container_event_record(c, rec, ran_ns(c, rec));
	if (is_end(rec) && rec->final)
		let_go(c);
	if (m->stopped)
		bt_container_event(c, "stop", NULL);
	if (rec->kind == BT_JOURNAL_STARTED)
		bt_health_begin(c, true);
	if (rec->kind == BT_JOURNAL_STARTED || (is_end(rec) && rec->final && !m->tried))
		bt_container_revive_others(c);
	/* The name server may be another one since: now there is a way to its namespace. */
	if (rec->kind == BT_JOURNAL_STARTED && rec->restarts > 0)
		bt_links_later(c, bt_network_names_refresh);
	if (rec->kind == BT_JOURNAL_RESTARTED)
		bt_container_waiters_restarted(c);
}

static void blank_networks(struct bt_container_state *s)
{
	char *blank = bt_container_networks_blank(s->networks);

	free(s->networks);
	s->networks = blank;
}

/* A first start stands in the journal, which is read again after a crash, and whatever changes the
 * state next stores it too; what ends a container that is removed at its end goes with its row.
 * This keeps two transactions out of every `run`. */
bool bt_container_apply_stores(const struct bt_container *c, const struct bt_journal_record *rec)
{
	if (!rec->kept)
		return true;
	if (rec->kind == BT_JOURNAL_STARTED)
		return rec->restarts > 0;
	return !(rec->final && c->auto_remove);
}

/* Was that the end that `stop` or `restart` asked for? The monitor sends the last signal, and tells
 * only of the end: where their patience had ended, that signal is told here. Under lock, together
 * with the end: who asks later means another one. */
static void take_stop(struct bt_container *c, const struct bt_journal_record *rec,
		      struct meaning *m)
{
	if (rec->kind == BT_JOURNAL_START_FAILED && !rec->final)
		return;
	m->stopped = c->stopping;
	m->killed = m->stopped && !m->gives_up && rec->code == CODE_KILLED && c->kill_at_ns != 0 &&
		    rec->at_ns >= c->kill_at_ns;
	c->stopping = false;
	c->kill_at_ns = 0;
}

/* Under lock. */
static void change_by_end(struct bt_container *c, const struct bt_journal_record *rec,
			  struct meaning *m)
{
	take_stop(c, rec, m);
	c->ends++;
	c->ending = true;
	if (rec->final)
		blank_networks(&c->state);
	if (m->fails)
		bt_container_mark_awaiting(c, true);
}

static struct meaning change(struct bt_container *c, const struct bt_journal_record *rec,
			     bool stores)
{
	struct meaning m = { 0 };

	bt_auto_lock(held, &c->lock);
	m.gives_up = bt_container_apply_gives_up(&c->state, rec);
	m.fails = rec->kind == BT_JOURNAL_START_FAILED && rec->final && !c->stopping &&
		  c->state.status == BT_CONTAINER_RESTARTING;
	m.tried = rec->kind == BT_JOURNAL_START_FAILED && c->reviving;
	m.changed = bt_container_apply_to_state(&c->state, rec);
	if (m.changed && is_end(rec))
		change_by_end(c, rec, &m);
	if (m.changed && stores)
		write_state(c);
	bt_fault_point("end/stored");
	m.kept = c->kept;
	return m;
}

/* What begins where nothing of it is left. */
static void follow_last_end(struct bt_container *c, const struct meaning *m)
{
	bt_container_waiters_restarted(c);
	if (m->fails)
		bt_container_revive_failed(c);
	if (c->auto_remove && !m->kept)
		bt_links_later(c, auto_remove);
}

bool bt_container_apply(struct bt_container *c, const struct bt_journal_record *rec)
{
	const bool stores = bt_container_apply_stores(c, rec);
	const struct meaning m = change(c, rec, stores);

	if (!m.changed)
		return true;
	publish(c, rec, &m);
	if (!is_end(rec))
		return stores;
	bt_container_waiters_exit(c);
	if (rec->final)
		follow_last_end(c, &m);
	return stores;
}

struct replay {
	struct bt_container *container;
	struct bt_missed *missed;
};

static int replay_one(void *data, const struct bt_journal_record *rec)
{
	const struct replay *replay = data;
	struct bt_container *c = replay->container;
	bool gives_up = bt_container_apply_gives_up(&c->state, rec);

	if (!bt_container_apply_to_state(&c->state, rec))
		return 0;
	if (is_end(rec) && rec->final)
		blank_networks(&c->state);
	if (!rec->told && !gives_up)
		bt_missed_add(replay->missed, c, rec, ran_ns(c, rec));
	return 0;
}

int bt_container_apply_replay(struct bt_container *c, struct bt_missed *missed, struct bt_err *err)
{
	struct replay replay = { c, missed };
	bt_auto_free char *path = bt_container_files_journal(c->engine, c->id);
	uint64_t before = c->state.journal_seq;
	int r;

	if (!path)
		return bt_err_sys(err, -ENOMEM, "read the journal");
	r = bt_journal_read(path, before, replay_one, &replay, err);
	return r < 0 ? r : c->state.journal_seq != before;
}

static int publish_one(void *data, const struct bt_journal_record *rec)
{
	(void)bt_container_apply(data, rec);
	return 0;
}

/* An end that is in no journal. */
static void apply_lost(struct bt_container *c, int code)
{
	struct bt_journal_record lost = {
		.kind = BT_JOURNAL_EXITED, .at_ns = bt_time_now_ns(), .code = code, .final = true
	};

	bt_container_cgroup_destroy(c);
	pthread_mutex_lock(&c->lock);
	lost.seq = c->state.journal_seq + 1;
	pthread_mutex_unlock(&c->lock);
	(void)bt_container_apply(c, &lost);
}

/* The journal has been read: what it does not say, nobody saw. */
static bool is_lost(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);

	return bt_container_is_alive(c);
}

/* Read what its journal has still. Is there no end? */
static bool ended_unseen(struct bt_container *c)
{
	bt_auto_free char *path = bt_container_files_journal(c->engine, c->id);
	struct bt_err err;
	uint64_t seq;

	pthread_mutex_lock(&c->lock);
	seq = c->state.journal_seq;
	pthread_mutex_unlock(&c->lock);
	if (path && bt_journal_read(path, seq, publish_one, c, &err) < 0)
		bt_log_warn("container %.12s: %s", c->id, err.msg);
	if (is_lost(c))
		return true;
	bt_container_waiters_exit(c);
	return false;
}

static int64_t started_ns(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);

	return c->state.started_ns;
}

void bt_container_apply_gone(struct bt_container *c)
{
	int64_t ran_ns = bt_time_now_ns() - started_ns(c);
	bool again;

	if (!ended_unseen(c))
		return;
	again = bt_container_revive_decide(c, CODE_KILLED, ran_ns);
	apply_lost(c, CODE_KILLED);
	if (again)
		bt_container_revive_lost(c, ran_ns);
}

void bt_container_apply_found_dead(struct bt_container *c)
{
	if (ended_unseen(c))
		apply_lost(c, CODE_LOST);
}

void bt_container_apply_oom(struct bt_container *c)
{
	pthread_mutex_lock(&c->lock);
	c->state.oom_killed = true;
	pthread_mutex_unlock(&c->lock);
	bt_container_event(c, "oom", NULL);
}

void bt_container_apply_detached(struct bt_container *c, const char *exec)
{
	if (exec[0] == '\0')
		bt_container_event(c, "detach", NULL);
	else
		bt_container_event(c, "exec_detach", json_pack("{s:s}", "execID", exec));
}

void bt_container_apply_restarted(struct bt_container *c)
{
	bt_container_event(c, "restart", NULL);
	bt_container_waiters_restarted(c);
}

const struct bt_links_events bt_container_apply_events = {
	.record = bt_container_apply,
	.oom = bt_container_apply_oom,
	.detached = bt_container_apply_detached,
	.restarted = bt_container_apply_restarted,
	.behind = bt_catch_up,
	.gone = bt_container_apply_gone,
};
