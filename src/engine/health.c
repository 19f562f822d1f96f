/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/health.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/thread.h"
#include "base/time.h"
#include "engine/container_event.h"
#include "engine/container_row.h"
#include "engine/engine_private.h"
#include "engine/health_probe.h"
#include "engine/health_state.h"
#include "engine/jget.h"

#define STACK_SIZE (256u << 10)

/* A container that is checked. */
struct item {
	struct bt_list link; /* in bt_health.items */
	struct bt_container *container;
	struct bt_health_config config;
	int64_t due; /* CLOCK_MONOTONIC */
	int64_t started_ns;
	bool probing; /* a thread is at it; it looks at `gone` when it is done */
	bool gone;
};

struct bt_health {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* on CLOCK_MONOTONIC */
	pthread_t thread;
	bool running, stopping;
	unsigned probes;
	struct bt_list items;
	void (*on_unhealthy)(struct bt_container *container);
};

/* What a probing thread gets. */
struct probe_job {
	struct bt_health *health;
	struct item *item;
};

struct bt_health *bt_health_create(void (*on_unhealthy)(struct bt_container *container))
{
	struct bt_health *health = calloc(1, sizeof(*health));

	if (!health)
		return NULL;
	pthread_mutex_init(&health->lock, NULL);
	bt_lock_init_condition(&health->changed);
	bt_list_init(&health->items);
	health->on_unhealthy = on_unhealthy;
	return health;
}

static void free_item(struct item *item)
{
	bt_container_unref(item->container);
	free(item);
}

/* With c->lock held. Returns whether its status is another than it was. */
static bool set(struct bt_container *c, json_t *health)
{
	json_auto_t *old = bt_jget_load(c->state.health);
	struct bt_err err;

	free(c->state.health);
	c->state.health = bt_jget_dump(health);
	if (bt_container_row_state(c, &err) < 0)
		bt_log_warn("record the state of container %.12s: %s", c->id, err.msg);
	return old && strcmp(bt_jget_text(old, "Status"), bt_jget_text(health, "Status")) != 0;
}

static bool is_gone(struct bt_health *health, const struct item *item)
{
	bt_auto_lock(held, &health->lock);

	return item->gone;
}

/* Set State.Health to what a probe found, and publish where its status changed. False where the
 * container is no longer checked: whoever ended that takes c->lock afterwards, so that his word is
 * the last. */
static bool store_found(struct bt_health *health, const struct item *item, json_t *found)
{
	struct bt_container *c = item->container;
	bt_auto_free char *action =
		bt_str_format("health_status: %s", bt_jget_text(found, "Status"));
	bool counts, changed;

	pthread_mutex_lock(&c->lock);
	counts = !is_gone(health, item);
	changed = counts && set(c, found);
	pthread_mutex_unlock(&c->lock);
	if (changed && action)
		bt_container_event(c, action, NULL);
	return counts;
}

static int64_t next_interval(const struct item *item, const json_t *health)
{
	int64_t age = bt_time_now_ns() - item->started_ns;

	if (age < item->config.start_period &&
	    strcmp(bt_jget_text(health, "Status"), "starting") == 0)
		return item->config.start_interval;
	return item->config.interval;
}

static json_t *run_probe(const struct item *item)
{
	struct bt_container *c = item->container;
	bt_auto_free char *output = NULL;
	struct bt_health_probe probe = { .start_ns = bt_time_now_ns() };
	json_auto_t *before = NULL;

	probe.code = bt_health_probe_run(c, item->config.timeout, &output);
	probe.end_ns = bt_time_now_ns();
	probe.output = output ? output : "";
	pthread_mutex_lock(&c->lock);
	before = bt_jget_load(c->state.health);
	pthread_mutex_unlock(&c->lock);
	return bt_health_state_apply(before, &item->config, &probe,
				     probe.start_ns - item->started_ns);
}

static void *probe_thread(void *data)
{
	struct probe_job *job = data;
	struct bt_health *health = job->health;
	struct item *item = job->item;
	json_auto_t *result = run_probe(item);

	free(job);
	if (result && store_found(health, item, result) &&
	    strcmp(bt_jget_text(result, "Status"), "unhealthy") == 0)
		health->on_unhealthy(item->container);
	pthread_mutex_lock(&health->lock);
	item->probing = false;
	item->due = bt_time_monotonic_ns() + next_interval(item, result);
	if (item->gone)
		free_item(item);
	health->probes--;
	pthread_cond_broadcast(&health->changed);
	pthread_mutex_unlock(&health->lock);
	return NULL;
}

/* Under the lock. One that cannot be started now is tried again after its interval. */
static void begin_probe(struct bt_health *health, struct item *item)
{
	struct probe_job *job = calloc(1, sizeof(*job));

	item->probing = true;
	if (job) {
		job->health = health;
		job->item = item;
		health->probes++;
		if (bt_thread_detach(STACK_SIZE, probe_thread, job) == 0)
			return;
		health->probes--;
		free(job);
	}
	item->probing = false;
	item->due = bt_time_monotonic_ns() + item->config.interval;
}

/* Under the lock: begin what is due; returns when the next one is, or -1. */
static int64_t begin_due(struct bt_health *health)
{
	int64_t now = bt_time_monotonic_ns(), next = -1;

	bt_list_foreach (it, &health->items) {
		struct item *item = bt_list_entry(it, struct item, link);

		if (!item->probing && item->due <= now)
			begin_probe(health, item);
		if (!item->probing && (next < 0 || item->due < next))
			next = item->due;
	}
	return next;
}

static void *keep_time(void *data)
{
	struct bt_health *health = data;

	pthread_mutex_lock(&health->lock);
	while (!health->stopping) {
		int64_t next = begin_due(health);
		struct timespec at = { .tv_sec = next / BT_TIME_NSEC_PER_SEC,
				       .tv_nsec = next % BT_TIME_NSEC_PER_SEC };

		if (next < 0)
			pthread_cond_wait(&health->changed, &health->lock);
		else
			pthread_cond_timedwait(&health->changed, &health->lock, &at);
	}
	pthread_mutex_unlock(&health->lock);
	return NULL;
}

/* Under the lock. The thread is there only where something is checked. */
static int ensure_thread(struct bt_health *health)
{
	int r;

	if (health->running)
		return 0;
	r = bt_thread_start(&health->thread, STACK_SIZE, keep_time, health);
	health->running = r == 0;
	return r;
}

/* It is as if nothing had been found yet. What was found stays to be read, as with Docker: why a
 * container was restarted, say. */
static void set_fresh(struct bt_container *c)
{
	json_auto_t *before = NULL, *health = NULL;
	json_t *log;

	bt_auto_lock(held, &c->lock);
	before = bt_jget_load(c->state.health);
	log = json_object_get(before, "Log");
	health = json_pack("{s:s,s:i,s:o}", "Status", "starting", "FailingStreak", 0, "Log",
			   json_is_array(log) ? json_incref(log) : json_array());
	(void)set(c, health);
}

static int add(struct bt_container *c, const struct bt_health_config *config)
{
	struct bt_health *health = c->engine->health;
	struct item *item = calloc(1, sizeof(*item));
	int r;

	if (!item)
		return -ENOMEM;
	item->container = bt_container_ref(c);
	item->config = *config;
	pthread_mutex_lock(&c->lock);
	item->started_ns = c->state.started_ns;
	pthread_mutex_unlock(&c->lock);
	item->due = bt_time_monotonic_ns() +
		    (config->start_period > 0 ? config->start_interval : config->interval);
	bt_auto_lock(held, &health->lock);
	r = ensure_thread(health);
	if (r < 0) {
		free_item(item);
		return r;
	}
	bt_list_append(&health->items, &item->link);
	pthread_cond_broadcast(&health->changed);
	return 0;
}

void bt_health_begin(struct bt_container *c, bool fresh)
{
	bt_auto_settings struct bt_container_settings s = { 0 };
	struct bt_health_config config;
	struct bt_err err;
	int r;

	if (!c->has_health)
		return;
	bt_health_end(c);
	r = bt_container_row_settings(c, &s, &err);
	if (r == 0 && bt_health_state_config(s.config, &config)) {
		if (fresh)
			set_fresh(c);
		r = add(c, &config);
	}
	if (r < 0)
		bt_log_warn("check the health of container %.12s: %s", c->id, strerror(-r));
}

/* Out of the list; one that is being probed is freed by its thread. */
static bool drop(struct bt_health *health, const struct bt_container *c)
{
	bool found = false;

	bt_auto_lock(held, &health->lock);
	bt_list_foreach (it, &health->items) {
		struct item *item = bt_list_entry(it, struct item, link);

		if (item->container != c)
			continue;
		found = true;
		bt_list_remove(&item->link);
		item->gone = true;
		if (!item->probing)
			free_item(item);
	}
	return found;
}

void bt_health_end(struct bt_container *c)
{
	json_auto_t *health = NULL;

	if (!c->has_health || !drop(c->engine->health, c))
		return;
	/* Docker says "unhealthy" of what it does not check at present. */
	pthread_mutex_lock(&c->lock);
	health = bt_jget_load(c->state.health);
	if (health) {
		json_object_set_new(health, "Status", json_string("unhealthy"));
		free(c->state.health);
		c->state.health = bt_jget_dump(health);
	}
	pthread_mutex_unlock(&c->lock);
}

void bt_health_destroy(struct bt_health *health)
{
	if (!health)
		return;
	pthread_mutex_lock(&health->lock);
	health->stopping = true;
	pthread_cond_broadcast(&health->changed);
	bt_list_foreach (it, &health->items) {
		struct item *item = bt_list_entry(it, struct item, link);

		bt_list_remove(&item->link);
		item->gone = true;
		if (!item->probing)
			free_item(item);
	}
	while (health->probes > 0)
		pthread_cond_wait(&health->changed, &health->lock);
	pthread_mutex_unlock(&health->lock);
	if (health->running)
		pthread_join(health->thread, NULL);
	pthread_cond_destroy(&health->changed);
	pthread_mutex_destroy(&health->lock);
	free(health);
}
