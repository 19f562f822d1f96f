/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/exec_table.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/container_event.h"
#include "engine/engine_private.h"
#include "monitor/exec_file.h"

/* How long an ended one is remembered, as with Docker. */
#define KEEP_NS (300 * BT_TIME_NSEC_PER_SEC)
/* How often those that are older are looked for. */
#define SWEEP_NS       (10 * BT_TIME_NSEC_PER_SEC)
#define FORGET_AT_ONCE 128
#define CODE_KILLED    137

struct bt_execs {
	const char *exec_root;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* one has started, ended, or will not be started */
	struct bt_map map;      /* id → struct bt_exec, a reference */
	int64_t swept_ns;
};

struct bt_execs *bt_exec_table_create(const char *exec_root)
{
	struct bt_execs *execs = calloc(1, sizeof(*execs));

	if (!execs)
		return NULL;
	bt_lock_init_condition(&execs->changed);
	execs->exec_root = exec_root;
	pthread_mutex_init(&execs->lock, NULL);
	return execs;
}

/* Where the container's monitor lives; owned. */
static char *run_dir(const struct bt_execs *execs, const char *container)
{
	return bt_str_format("%s/containers/%s", execs->exec_root, container);
}

void bt_exec_table_destroy(struct bt_execs *execs)
{
	size_t pos = 0;
	void *value;

	if (!execs)
		return;
	while (bt_map_next(&execs->map, &pos, NULL, &value))
		bt_exec_table_unref(value);
	bt_map_done(&execs->map);
	pthread_cond_destroy(&execs->changed);
	pthread_mutex_destroy(&execs->lock);
	free(execs);
}

void bt_exec_table_unref(struct bt_exec *exec)
{
	if (!exec || atomic_fetch_sub_explicit(&exec->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(exec->config);
	free(exec);
}

static struct bt_exec *exec_ref(struct bt_exec *exec)
{
	atomic_fetch_add_explicit(&exec->refs, 1, memory_order_relaxed);
	return exec;
}

static void remove_file(const struct bt_execs *execs, const struct bt_exec *exec)
{
	bt_auto_free char *dir = run_dir(execs, exec->container);

	if (dir)
		bt_exec_file_remove(dir, exec->id);
}

/* Those of `container`, or where it is NULL those of anybody that ended before `ended_before`.
 * Under the lock. Returns how many were found, at most FORGET_AT_ONCE. */
static size_t collect(const struct bt_execs *execs, const char *container, int64_t ended_before,
		      struct bt_exec **ret)
{
	size_t pos = 0, n = 0;
	void *value;

	while (n < FORGET_AT_ONCE && bt_map_next(&execs->map, &pos, NULL, &value)) {
		struct bt_exec *exec = value;
		bool ours = container && strcmp(exec->container, container) == 0;
		bool old = !container && exec->status.ended && exec->status.ended_ns < ended_before;

		if (ours || old)
			ret[n++] = exec;
	}
	return n;
}

/* Forget them. A map must not change while it is walked, so it goes by the hundred. */
static void forget(struct bt_execs *execs, const char *container, int64_t ended_before)
{
	struct bt_exec *found[FORGET_AT_ONCE];
	size_t n;

	do {
		n = collect(execs, container, ended_before, found);
		for (size_t i = 0; i < n; i++) {
			bt_map_remove(&execs->map, found[i]->id);
			remove_file(execs, found[i]);
			bt_exec_table_unref(found[i]);
		}
	} while (n == FORGET_AT_ONCE);
}

static void forget_old(struct bt_execs *execs)
{
	int64_t now = bt_time_monotonic_ns();

	if (now - execs->swept_ns < SWEEP_NS)
		return;
	execs->swept_ns = now;
	forget(execs, NULL, now - KEEP_NS);
}

/* Without its file it is an exec like any other, but the next daemon will not know it. */
static void write_file(const struct bt_execs *execs, const struct bt_exec *exec)
{
	bt_auto_free char *dir = run_dir(execs, exec->container);
	int r = dir ? bt_exec_file_create(dir, exec->id, exec->config) : -ENOMEM;

	if (r < 0)
		bt_log_warn("record exec %.12s of container %.12s: %s", exec->id, exec->container,
			    strerror(-r));
}

/* A new one of one reference, in no table; NULL without memory. */
static struct bt_exec *exec_new(const char *id, const char *container, const char *config)
{
	bt_auto_exec struct bt_exec *exec = calloc(1, sizeof(*exec));

	if (!exec)
		return NULL;
	atomic_init(&exec->refs, 1);
	exec->config = strdup(config);
	if (!exec->config)
		return NULL;
	memcpy(exec->id, id, sizeof(exec->id));
	memcpy(exec->container, container, sizeof(exec->container));
	return bt_take(exec);
}

int bt_exec_table_add(struct bt_execs *execs, const char *container, const char *config,
		      struct bt_exec **ret, struct bt_err *err)
{
	char id[BT_RAND_ID_LEN + 1];
	struct bt_exec *exec = NULL;
	int r = bt_rand_id(id);

	if (r == 0)
		exec = exec_new(id, container, config);
	if (!exec)
		return bt_err_sys(err, r < 0 ? r : -ENOMEM, "create exec");
	write_file(execs, exec);
	bt_auto_lock(held, &execs->lock);
	forget_old(execs);
	r = bt_map_put(&execs->map, exec->id, exec, NULL);
	if (r < 0) {
		remove_file(execs, exec);
		bt_exec_table_unref(exec);
		return bt_err_sys(err, r, "create exec");
	}
	*ret = exec_ref(exec);
	return 0;
}

int bt_exec_table_get(struct bt_execs *execs, const char *id, struct bt_exec **ret,
		      struct bt_err *err)
{
	struct bt_exec *exec;

	bt_auto_lock(held, &execs->lock);
	exec = bt_map_get(&execs->map, id);
	if (!exec)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "No such exec instance: %s", id);
	*ret = exec_ref(exec);
	return 0;
}

int bt_exec_table_claim(struct bt_execs *execs, struct bt_exec *exec, struct bt_err *err)
{
	bt_auto_lock(held, &execs->lock);

	if (exec->status.ended)
		return bt_err_set(err, BT_ERR_CONFLICT, EALREADY, "exec command %s has already run",
				  exec->id);
	if (exec->status.claimed)
		return bt_err_set(err, BT_ERR_CONFLICT, EALREADY,
				  "exec command %s is already running", exec->id);
	exec->status.claimed = true;
	return 0;
}

void bt_exec_table_unclaim(struct bt_execs *execs, struct bt_exec *exec)
{
	bt_auto_lock(held, &execs->lock);

	exec->status.claimed = false;
	pthread_cond_broadcast(&execs->changed);
}

void bt_exec_table_status(struct bt_execs *execs, const struct bt_exec *exec,
			  struct bt_exec_table_status *ret)
{
	bt_auto_lock(held, &execs->lock);

	*ret = exec->status;
}

void bt_exec_table_wait_started(struct bt_execs *execs, const struct bt_exec *exec, int timeout_ms,
				struct bt_exec_table_status *ret)
{
	int64_t end_ns = bt_time_monotonic_ns() + timeout_ms * 1000000ll;
	struct timespec until = { .tv_sec = end_ns / BT_TIME_NSEC_PER_SEC,
				  .tv_nsec = end_ns % BT_TIME_NSEC_PER_SEC };
	int r = 0;

	bt_auto_lock(held, &execs->lock);
	while (exec->status.claimed && !exec->status.running && !exec->status.ended && r == 0)
		r = pthread_cond_timedwait(&execs->changed, &execs->lock, &until);
	*ret = exec->status;
}

int bt_execs_put(struct bt_execs *execs, const char *id, const char *container, const char *config,
		 const struct bt_exec_table_status *status)
{
	struct bt_exec *exec = exec_new(id, container, config);
	void *old = NULL;
	int r;

	if (!exec)
		return -ENOMEM;
	exec->status = *status;
	bt_auto_lock(held, &execs->lock);
	r = bt_map_put(&execs->map, exec->id, exec, &old);
	bt_exec_table_unref(r < 0 ? exec : old);
	return r;
}

void bt_exec_table_event_started(struct bt_container *c, const char *id, pid_t pid)
{
	struct bt_execs *execs = c->engine->execs;
	struct bt_exec *exec;

	bt_auto_lock(held, &execs->lock);
	exec = bt_map_get(&execs->map, id);
	/* It may have ended before we learned that it runs. */
	if (exec && !exec->status.ended) {
		exec->status.running = true;
		exec->status.pid = pid;
		pthread_cond_broadcast(&execs->changed);
	}
}

/* Under the lock. false where it had ended before. */
static bool end(struct bt_exec *exec, int code)
{
	if (exec->status.ended)
		return false;
	exec->status.ended = true;
	exec->status.running = false;
	exec->status.code = code;
	exec->status.ended_ns = bt_time_monotonic_ns();
	return true;
}

/* For whoever starts after us: that it was told. */
static void record_told(const struct bt_execs *execs, const char *container, const char *id)
{
	bt_auto_free char *dir = run_dir(execs, container);

	if (dir)
		(void)!bt_exec_file_told(dir, id);
}

void bt_exec_table_event_ended(struct bt_container *c, const char *id, int code, int64_t at_ns)
{
	struct bt_execs *execs = c->engine->execs;
	struct bt_exec *exec;
	char text[16];
	bool now;

	pthread_mutex_lock(&execs->lock);
	exec = bt_map_get(&execs->map, id);
	now = exec && end(exec, code);
	pthread_cond_broadcast(&execs->changed);
	pthread_mutex_unlock(&execs->lock);
	if (!now)
		return;
	bt_fault_point("exec/ended");
	snprintf(text, sizeof(text), "%d", code);
	bt_container_event_at(c, "exec_die", json_pack("{s:s,s:s}", "execID", id, "exitCode", text),
			      at_ns > 0 ? at_ns : bt_time_now_ns());
	record_told(execs, c->id, id);
}

void bt_exec_event_failed(struct bt_container *c, const char *id, int code)
{
	bt_auto_free char *dir = run_dir(c->engine->execs, c->id);
	int64_t now = bt_time_now_ns();

	if (dir)
		(void)!bt_exec_file_ended(dir, id, now, code);
	bt_exec_table_event_ended(c, id, code, now);
}

void bt_exec_table_container_ended(struct bt_container *c)
{
	struct bt_execs *execs = c->engine->execs;
	size_t pos = 0;
	void *value;

	bt_auto_lock(held, &execs->lock);
	while (bt_map_next(&execs->map, &pos, NULL, &value)) {
		struct bt_exec *exec = value;

		if (exec->status.claimed && strcmp(exec->container, c->id) == 0)
			(void)end(exec, CODE_KILLED);
	}
	pthread_cond_broadcast(&execs->changed);
}

void bt_exec_table_container_removed(struct bt_container *c)
{
	struct bt_execs *execs = c->engine->execs;

	bt_auto_lock(held, &execs->lock);
	forget(execs, c->id, 0);
}

json_t *bt_exec_table_ids_of(const struct bt_container *c)
{
	struct bt_execs *execs = c->engine->execs;
	json_t *out = NULL;
	size_t pos = 0;
	void *value;

	bt_auto_lock(held, &execs->lock);
	while (bt_map_next(&execs->map, &pos, NULL, &value)) {
		struct bt_exec *exec = value;

		if (exec->status.ended || strcmp(exec->container, c->id) != 0)
			continue;
		if (!out)
			out = json_array();
		json_array_append_new(out, json_string(exec->id));
	}
	return out ? out : json_null();
}
