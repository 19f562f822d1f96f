/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_revive.h"

#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/time.h"
#include "engine/container.h"
#include "engine/container_row.h"
#include "engine/container_start.h"
#include "engine/engine_private.h"
#include "engine/host_config.h"
#include "engine/jget.h"
#include "engine/monitor_link.h"
#include "monitor/restart.h"

static void set_reviving(struct bt_container *c, bool reviving)
{
	bt_auto_lock(held, &c->lock);

	c->reviving = reviving;
}

/* Somebody may have started it meanwhile, or removes it, or has asked for its end. */
static bool is_still_wanted(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);

	return c->state.status == BT_CONTAINER_EXITED && c->awaiting;
}

static void set_awaiting(struct bt_container *c, bool awaiting)
{
	bt_auto_lock(held, &c->lock);

	if (awaiting && !c->awaiting)
		atomic_fetch_add(&c->engine->awaiting, 1);
	else if (!awaiting && c->awaiting)
		atomic_fetch_sub(&c->engine->awaiting, 1);
	c->awaiting = awaiting;
}

static bool has_ended(pid_t pid)
{
	bt_auto_close int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd end = { .fd = fd, .events = POLLIN };

	return fd < 0 || poll(&end, 1, 0) > 0;
}

/* Will `other` be in another state without anybody asking for it: is it between two runs, is its
 * end not known yet, did it begin a run since, does it go? */
static bool is_on_its_way(struct bt_container *other, int64_t since_ns)
{
	bt_auto_lock(held, &other->lock);

	switch (other->state.status) {
	case BT_CONTAINER_RESTARTING:
	case BT_CONTAINER_REMOVING:
		return true;
	case BT_CONTAINER_RUNNING:
	case BT_CONTAINER_PAUSED:
		return other->state.started_ns >= since_ns || has_ended(other->state.pid);
	case BT_CONTAINER_CREATED:
	case BT_CONTAINER_EXITED:
	case BT_CONTAINER_DEAD:
		break;
	}
	return other->kept || other->going || other->reviving || other->awaiting;
}

/* Is one of those that `c` joins on its way? */
static bool waits_for_others(struct bt_container *c, int64_t since_ns)
{
	static const char *const modes[] = { "NetworkMode", "PidMode", "IpcMode" };
	bt_auto_settings struct bt_container_settings s = { 0 };
	bool waits = false;

	if (bt_container_row_settings(c, &s, BT_ERR_IGNORED) < 0)
		return false;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]) && !waits; i++) {
		const char *ref = bt_host_config_container(bt_jget_text(s.host_config, modes[i]));
		bt_auto_container struct bt_container *other = NULL;

		waits = ref && bt_container_get(c->engine, ref, &other, BT_ERR_IGNORED) == 0 &&
			is_on_its_way(other, since_ns);
	}
	return waits;
}

/* By the second thread. Those it joins are looked at before and after, for a failure may be of
 * either moment; what they do next comes after `awaiting` was set, and so is not missed. */
static void start(struct bt_container *c)
{
	int64_t now_ns = bt_time_now_ns();
	bool waits = waits_for_others(c, now_ns);
	struct bt_err err;
	int r;

	if (is_still_wanted(c)) {
		set_reviving(c, true);
		r = bt_container_start(c->engine, c->id, NULL, &err);
		if (r < 0)
			bt_log_warn("restart container %.12s: %s", c->id, err.msg);
		waits = r < 0 && (waits || waits_for_others(c, now_ns));
	} else {
		waits = false;
	}
	set_reviving(c, false);
	if (!waits)
		set_awaiting(c, false);
}

/* Whatever kills monitors may kill the next one, too. */
static void start_slowly(struct bt_container *c)
{
	nanosleep(&(struct timespec){ .tv_nsec = BT_RESTART_DELAY_MIN_MS * 1000000L }, NULL);
	start(c);
}

static void start_sharing(struct bt_container *c)
{
	bt_auto_settings struct bt_container_settings s = { 0 };

	if (bt_container_row_settings(c, &s, BT_ERR_IGNORED) == 0 &&
	    bt_host_config_shares(s.host_config))
		start(c);
	else
		set_awaiting(c, false);
}

void bt_container_revive_lost(struct bt_container *c, int64_t ran_ns, bool stopped)
{
	struct bt_restart_end end = { .stopped = stopped, .ran_ms = ran_ns / 1000000 };
	int64_t delay_ms = 0;
	bool again;

	pthread_mutex_lock(&c->lock);
	end.code = c->state.exit_code;
	end.restarts = c->state.restart_count;
	again = bt_restart_decide(&c->restart, &end, &delay_ms);
	if (again)
		c->state.restart_count++;
	c->reviving = again;
	pthread_mutex_unlock(&c->lock);
	set_awaiting(c, again);
	if (again)
		bt_links_later(c, end.ran_ms < BT_RESTART_STEADY_MS ? start_slowly : start);
}

void bt_container_revive_failed(struct bt_container *c)
{
	set_awaiting(c, true);
	bt_links_later(c, start_sharing);
}

static bool is_awaiting(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);

	return c->awaiting;
}

/* By the second thread. */
static void start_those_that_wait(struct bt_container *c)
{
	struct bt_container **all = NULL;
	ssize_t n = bt_container_all(c->engine, &all);

	for (ssize_t i = 0; i < n; i++)
		if (is_awaiting(all[i]))
			start(all[i]);
	if (n >= 0)
		bt_container_unref_all(all, n);
}

void bt_container_revive_others(struct bt_container *c)
{
	if (atomic_load(&c->engine->awaiting) > 0)
		bt_links_later(c, start_those_that_wait);
}

void bt_container_revive_never(struct bt_container *c)
{
	set_awaiting(c, false);
}
