/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/time.h"
#include "engine/container_cgroup.h"
#include "engine/engine_private.h"
#include "engine/stats_sample.h"

struct bt_stats {
	struct bt_container *container;
	char *cgroup; /* its path, owned */
	bool stream, one_shot, done;
	int timer; /* streaming: each second */
};

int bt_stats_open(struct bt_engine *engine, const char *ref, bool stream, bool one_shot,
		  struct bt_stats **ret, struct bt_err *err)
{
	const struct itimerspec each_second = { .it_interval = { .tv_sec = 1 },
						.it_value = { .tv_nsec = 1 } };
	bt_auto_container struct bt_container *c = NULL;
	struct bt_stats *stats;
	int r = bt_container_get(engine, ref, &c, err);

	if (r < 0)
		return r;
	stats = calloc(1, sizeof(*stats));
	if (!stats)
		return bt_err_sys(err, -ENOMEM, "read statistics");
	stats->container = bt_container_ref(c);
	stats->stream = stream;
	stats->one_shot = one_shot;
	stats->timer = -EBADF;
	r = bt_container_cgroup_path(c, &stats->cgroup, err);
	if (r == 0 && stream) {
		stats->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
		if (stats->timer < 0 || timerfd_settime(stats->timer, 0, &each_second, NULL) < 0)
			r = bt_err_sys(err, -errno, "read statistics");
	}
	if (r < 0) {
		bt_stats_close(stats);
		return r;
	}
	*ret = stats;
	return 0;
}

int bt_stats_fd(const struct bt_stats *stats)
{
	return stats->timer;
}

/* What the sample is compared with: the last one, or the moment of the start. */
static struct bt_stats_cpu previous(struct bt_container *c, const struct bt_stats_cpu *now)
{
	struct bt_stats_cpu last;
	uint64_t age;

	pthread_mutex_lock(&c->lock);
	last = c->last_cpu;
	c->last_cpu = *now;
	if (last.at_ns < c->state.started_ns)
		last = (struct bt_stats_cpu){ .at_ns = c->state.started_ns };
	pthread_mutex_unlock(&c->lock);
	if (last.system == 0 && last.at_ns > 0 && now->at_ns > last.at_ns) {
		/* All processors together run as long as it is, each. */
		age = (uint64_t)(now->at_ns - last.at_ns) * bt_stats_sample_cpus();
		last.system = now->system > age ? now->system - age : 0;
	}
	return last;
}

static int take(struct bt_stats *stats, char **ret)
{
	struct bt_container *c = stats->container;
	struct bt_stats_sample sample = { .container = c, .cgroup = stats->cgroup };
	struct bt_stats_cpu before = { 0 };
	bool running, removed;

	pthread_mutex_lock(&c->lock);
	running = bt_container_is_running(c);
	removed = c->removed;
	sample.pid = c->state.pid;
	sample.name = strdup(c->name);
	pthread_mutex_unlock(&c->lock);
	if (removed) {
		free(sample.name);
		return -ENODATA;
	}
	if (running)
		bt_stats_sample_read(&sample);
	if (running && !stats->one_shot)
		before = previous(c, &sample.cpu);
	*ret = bt_stats_sample_text(&sample, &before);
	bt_stats_sample_done(&sample);
	return *ret ? 1 : -ENOMEM;
}

int bt_stats_next(struct bt_stats *stats, char **ret)
{
	uint64_t ticks;

	if (stats->done)
		return -ENODATA;
	if (!stats->stream)
		stats->done = true;
	else if (read(stats->timer, &ticks, sizeof(ticks)) < 0)
		return errno == EAGAIN ? 0 : -errno;
	return take(stats, ret);
}

void bt_stats_close(struct bt_stats *stats)
{
	if (!stats)
		return;
	bt_container_unref(stats->container);
	free(stats->cgroup);
	bt_close(&stats->timer);
	free(stats);
}
