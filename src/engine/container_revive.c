/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_revive.h"

#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/time.h"
#include "engine/container.h"
#include "engine/container_launch.h"
#include "engine/container_row.h"
#include "engine/engine_private.h"
#include "engine/host_config.h"
#include "engine/jget.h"
#include "engine/link_hosts.h"
#include "engine/monitor_link.h"
#include "monitor/restart.h"

/* Its start begins, where it is wanted still: somebody may have started it meanwhile, or removes
 * it, or has asked for its end. It is counted now, not with the end that it follows from: it may be
 * taken back. */
static bool begin(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);

	/* From here on it is tried again for others' news alone. */
	c->due = false;
	/* There is no other run of these. */
	if (c->state.status == BT_CONTAINER_CREATED || c->state.status == BT_CONTAINER_DEAD)
		bt_container_mark_awaiting(c, false);
	if (c->state.status != BT_CONTAINER_EXITED || !c->awaiting)
		return false;
	if (c->uncounted)
		c->state.restart_count++;
	c->uncounted = false;
	c->reviving = true;
	return true;
}

static void end(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);

	c->reviving = false;
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
	return other->coming > 0 || other->going > 0 || other->reviving || other->awaiting;
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

/* Whether it is wanted still is asked under `op`: whoever takes the start back from then on finds
 * it begun, and waits for it (bt_container_await_start()). Returns 1 where it is not. */
static int try_to_start(struct bt_container *c, struct bt_err *err)
{
	bool tried = false;
	int r = 1;

	bt_auto_lock(held, &c->op);
	if (begin(c)) {
		bt_fault_point("revive/begun");
		r = bt_container_launch(c, NULL, &tried, err);
		end(c);
	}
	return r;
}

/* By the second thread. Those it joins are looked at before and after, for a failure may be of
 * either moment; what they do next comes after `awaiting` was set, and so is not missed. */
static void start(struct bt_container *c)
{
	int64_t now_ns = bt_time_now_ns();
	bool waits = waits_for_others(c, now_ns);
	struct bt_err err;
	int r = try_to_start(c, &err);

	if (r == 0)
		bt_link_hosts_refresh(c);
	if (r >= 0)
		return;
	bt_log_warn("restart container %.12s: %s", c->id, err.msg);
	if ((waits || waits_for_others(c, now_ns)) && bt_container_is_awaiting(c))
		return;
	bt_container_set_awaiting(c, false);
	/* Who waits for this one waits in vain. */
	bt_container_revive_others(c);
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
	    bt_host_config_shares(s.host_config)) {
		start(c);
		return;
	}
	bt_container_set_awaiting(c, false);
	/* As above. */
	bt_container_revive_others(c);
}

bool bt_container_revive_decide(struct bt_container *c, int code, int64_t ran_ns)
{
	struct bt_restart_end end = { .code = code, .ran_ms = ran_ns / 1000000 };
	int64_t delay_ms = 0;
	bool again;

	bt_auto_lock(held, &c->lock);
	end.stopped = c->stopping;
	end.restarts = c->state.restart_count;
	again = bt_restart_decide(&c->restart, &end, &delay_ms);
	bt_container_mark_awaiting(c, again);
	c->uncounted = again;
	return again;
}

void bt_container_revive_lost(struct bt_container *c, int64_t ran_ns)
{
	bt_links_later(c, ran_ns / 1000000 < BT_RESTART_STEADY_MS ? start_slowly : start);
}

void bt_container_revive_failed(struct bt_container *c)
{
	bt_links_later(c, start_sharing);
}

/* Who is due has a start to come that sees this news, too. */
static bool waits_for_news(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);

	return c->awaiting && !c->due;
}

/* By the second thread. */
static void start_those_that_wait(struct bt_container *c)
{
	struct bt_container **all = NULL;
	ssize_t n = bt_container_all(c->engine, &all);

	for (ssize_t i = 0; i < n; i++)
		if (waits_for_news(all[i]))
			start(all[i]);
	if (n >= 0)
		bt_container_unref_all(all, n);
}

void bt_container_revive_others(struct bt_container *c)
{
	if (atomic_load(&c->engine->awaiting) > 0)
		bt_links_later(c, start_those_that_wait);
}
