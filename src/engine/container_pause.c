/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_pause.h"

#include <errno.h>

#include "engine/container_cgroup.h"
#include "engine/container_event.h"
#include "engine/container_row.h"
#include "engine/health.h"

static int check_pause(const struct bt_container *c, bool pause, struct bt_err *err)
{
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
	if (bt_container_is_running(c)) {
		c->state.status = pause ? BT_CONTAINER_PAUSED : BT_CONTAINER_RUNNING;
		r = bt_container_row_state(c, err);
	}
	pthread_mutex_unlock(&c->lock);
	if (pause)
		bt_health_end(c);
	else
		bt_health_begin(c, false);
	if (r == 0)
		bt_container_event(c, pause ? "pause" : "unpause", NULL);
	return r;
}
