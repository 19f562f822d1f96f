/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_revive.h"

#include <time.h>

#include "base/auto.h"
#include "base/log.h"
#include "engine/container.h"
#include "engine/container_row.h"
#include "engine/container_start.h"
#include "engine/engine_private.h"
#include "engine/host_config.h"
#include "engine/monitor_link.h"
#include "monitor/restart.h"

static void set_reviving(struct bt_container *c, bool reviving)
{
	bt_auto_lock(held, &c->lock);

	c->reviving = reviving;
}

/* Somebody may have started it meanwhile, or removes it. */
static bool is_still_wanted(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);

	return c->state.status == BT_CONTAINER_EXITED;
}

/* By the second thread. */
static void start(struct bt_container *c)
{
	struct bt_err err;

	if (!is_still_wanted(c))
		return;
	set_reviving(c, true);
	if (bt_container_start(c->engine, c->id, NULL, &err) < 0)
		bt_log_warn("restart container %.12s: %s", c->id, err.msg);
	set_reviving(c, false);
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
	pthread_mutex_unlock(&c->lock);
	if (again)
		bt_links_later(c, end.ran_ms < BT_RESTART_STEADY_MS ? start_slowly : start);
}

void bt_container_revive_failed(struct bt_container *c)
{
	bt_links_later(c, start_sharing);
}
