/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_pause.h"

#include <errno.h>

#include "base/auto.h"
#include "base/log.h"
#include "engine/container_cgroup.h"
#include "engine/container_event.h"
#include "engine/container_row.h"
#include "engine/health.h"

static int check_pause(const struct bt_container *c, bool pause, struct bt_err *err)
{
	if (pause && c->state.status == BT_CONTAINER_RESTARTING)
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "Container %s is restarting, wait until the container is running",
				  c->id);
	if (!bt_container_is_running(c))
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH, "container %s is not running",
				  c->id);
	if (pause && c->state.status == BT_CONTAINER_PAUSED)
		return bt_err_set(err, BT_ERR_CONFLICT, EALREADY, "Container %s is already paused",
				  c->id);
	if (!pause && c->state.status != BT_CONTAINER_PAUSED)
		return bt_err_set(err, BT_ERR_CONFLICT, EALREADY, "Container %s is not paused",
				  c->id);
	return 0;
}

/* Called with c->lock held, after the kernel has done it. A pause that cannot be recorded (a full
 * disk) is taken back: nobody would know how the container came to stand still. One that is over
 * is over, whatever the record says until it is written again. */
static int record(struct bt_container *c, bool pause, struct bt_err *err)
{
	enum bt_container_status before = c->state.status;
	int r;

	c->state.status = pause ? BT_CONTAINER_PAUSED : BT_CONTAINER_RUNNING;
	r = bt_container_row_state(c, err);
	if (r == 0)
		return 0;
	if (!pause) {
		bt_log_warn("container %.12s goes on: %s", c->id, err->msg);
		return 0;
	}
	c->state.status = before;
	return r;
}

int bt_container_pause(struct bt_engine *engine, const char *ref, bool pause, struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	int r = bt_container_get(engine, ref, &c, err);

	if (r < 0)
		return r;
	bt_auto_lock(op, &c->op);
	pthread_mutex_lock(&c->lock);
	r = check_pause(c, pause, err);
	pthread_mutex_unlock(&c->lock);
	if (r == 0)
		r = bt_container_cgroup_freeze(c, pause, err);
	if (r < 0)
		return r;
	pthread_mutex_lock(&c->lock);
	/* It may have ended meanwhile. */
	if (bt_container_is_running(c))
		r = record(c, pause, err);
	pthread_mutex_unlock(&c->lock);
	if (r < 0) {
		bt_discard(bt_container_cgroup_freeze(c, false, BT_ERR_IGNORED));
		return r;
	}
	if (pause)
		bt_health_end(c);
	else
		bt_health_begin(c, false);
	bt_container_event(c, pause ? "pause" : "unpause", NULL);
	return 0;
}
