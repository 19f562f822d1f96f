/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_apply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/container_cgroup.h"
#include "engine/container_event.h"
#include "engine/container_files.h"
#include "engine/container_networks.h"
#include "engine/container_remove.h"
#include "engine/container_row.h"
#include "engine/container_waiter.h"
#include "engine/engine_private.h"
#include "engine/exec_events.h"
#include "engine/health.h"
#include "engine/monitor_link.h"
#include "engine/network.h"

/* 128 + SIGKILL: how an end looks that nobody saw. */
#define CODE_KILLED 137

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

static void apply_exited(struct bt_container_state *s, const struct bt_journal_record *rec)
{
	s->status = rec->final ? BT_CONTAINER_EXITED : BT_CONTAINER_RESTARTING;
	s->pid = 0;
	s->exit_code = rec->code;
	s->oom_killed = rec->oom;
	s->manually_stopped = rec->stopped;
	s->finished_ns = rec->at_ns;
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

bool bt_container_state_apply(struct bt_container_state *s, const struct bt_journal_record *rec)
{
	if (rec->seq <= s->journal_seq)
		return false;
	s->journal_seq = rec->seq;
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
		apply_exited(s, rec);
		break;
	case BT_JOURNAL_START_FAILED:
		apply_start_failed(s, rec);
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

/* What everybody else learns, after the state is stored. */
static void publish(struct bt_container *c, const struct bt_journal_record *rec)
{
	char code[16], duration[24];
	int64_t ran = c->state.started_ns ? (rec->at_ns - c->state.started_ns) : 0;

	if (rec->kind == BT_JOURNAL_STARTED) {
		bt_container_event(c, "start", NULL);
		bt_health_begin(c, true);
		return;
	}
	bt_health_end(c);
	bt_exec_container_ended(c);
	snprintf(code, sizeof(code), "%d", rec->code);
	snprintf(duration, sizeof(duration), "%lld", (long long)(ran / BT_TIME_NSEC_PER_SEC));
	bt_container_event(c, "die",
			   json_pack("{s:s,s:s}", "exitCode", code, "execDuration", duration));
	if (!rec->final)
		return;
	bt_network_detach(c->engine, c->id);
	if (rec->stopped)
		bt_container_event(c, "stop", NULL);
}

static void blank_networks(struct bt_container_state *s)
{
	char *blank = bt_container_networks_blank(s->networks);

	free(s->networks);
	s->networks = blank;
}

void bt_container_apply(struct bt_container *c, const struct bt_journal_record *rec)
{
	bool ended = rec->kind != BT_JOURNAL_STARTED;
	bool changed;

	pthread_mutex_lock(&c->lock);
	changed = bt_container_state_apply(&c->state, rec);
	if (changed && ended && rec->final)
		blank_networks(&c->state);
	if (changed)
		write_state(c);
	pthread_mutex_unlock(&c->lock);
	if (!changed)
		return;
	publish(c, rec);
	if (!ended)
		return;
	bt_container_waiters_exit(c);
	if (!rec->final)
		return;
	bt_container_waiters_restarted(c);
	if (c->auto_remove)
		bt_links_later(c, auto_remove);
}

static int replay_one(void *data, const struct bt_journal_record *rec)
{
	struct bt_container *c = data;

	(void)bt_container_state_apply(&c->state, rec);
	return 0;
}

int bt_container_replay(struct bt_container *c, struct bt_err *err)
{
	bt_auto_free char *path = bt_container_files_journal(c->engine, c->id);
	uint64_t before = c->state.journal_seq;
	int r;

	if (!path)
		return bt_err_sys(err, -ENOMEM, "read the journal");
	r = bt_journal_read(path, before, replay_one, c, err);
	return r < 0 ? r : c->state.journal_seq != before;
}

static int publish_one(void *data, const struct bt_journal_record *rec)
{
	bt_container_apply(data, rec);
	return 0;
}

/* An end that is in no journal: the monitor was killed, and its container with it. */
static void apply_lost(struct bt_container *c)
{
	struct bt_journal_record lost = { .kind = BT_JOURNAL_EXITED,
					  .at_ns = bt_time_now_ns(),
					  .code = CODE_KILLED,
					  .final = true };

	bt_container_cgroup_destroy(c);
	pthread_mutex_lock(&c->lock);
	lost.seq = c->state.journal_seq + 1;
	pthread_mutex_unlock(&c->lock);
	bt_container_apply(c, &lost);
}

void bt_container_apply_gone(struct bt_container *c)
{
	bt_auto_free char *path = bt_container_files_journal(c->engine, c->id);
	struct bt_err err;
	enum bt_container_status status;
	uint64_t seq;

	pthread_mutex_lock(&c->lock);
	seq = c->state.journal_seq;
	pthread_mutex_unlock(&c->lock);
	if (path && bt_journal_read(path, seq, publish_one, c, &err) < 0)
		bt_log_warn("container %.12s: %s", c->id, err.msg);
	pthread_mutex_lock(&c->lock);
	status = c->state.status;
	pthread_mutex_unlock(&c->lock);
	if (status == BT_CONTAINER_RUNNING || status == BT_CONTAINER_PAUSED ||
	    status == BT_CONTAINER_RESTARTING)
		apply_lost(c);
	else
		bt_container_waiters_exit(c);
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
	.gone = bt_container_apply_gone,
};
