/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>

#include "base/auto.h"
#include "engine/container_cgroup.h"
#include "engine/container_event.h"
#include "engine/container_inspect.h"
#include "engine/engine_private.h"
#include "engine/ps.h"
#include "engine/top_table.h"

static int not_running(const struct bt_container *c, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_CONFLICT, ESRCH, "container %s is not running", c->id);
}

static int check_running(struct bt_container *c, struct bt_err *err)
{
	bt_auto_lock(held, &c->lock);

	if (c->state.status == BT_CONTAINER_RESTARTING)
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "Container %s is restarting, wait until the container is running",
				  c->id);
	return bt_container_is_running(c) ? 0 : not_running(c, err);
}

int bt_container_top(struct bt_engine *engine, const char *ref, const char *ps_args, json_t **ret,
		     struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	bt_auto_free pid_t *pids = NULL;
	bt_auto_free char *text = NULL;
	size_t n = 0;
	int r = bt_container_get(engine, ref, &c, err);

	if (r < 0)
		return r;
	bt_container_await_start(c);
	r = check_running(c, err);
	if (r == 0)
		r = bt_container_cgroup_pids(c, &pids, &n, err);
	/* It ended a moment ago: without a process ps would say how it is used. */
	if (r == 0 && n == 0)
		r = not_running(c, err);
	if (r == 0)
		r = bt_ps_run(ps_args, pids, n, &text, err);
	if (r == 0)
		r = bt_top_table_parse(text, pids, n, ret, err);
	if (r == 0)
		bt_container_event(c, "top", NULL);
	return r;
}
