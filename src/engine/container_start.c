/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_start.h"

#include "base/auto.h"
#include "base/lock.h"
#include "base/log.h"
#include "engine/container.h"
#include "engine/container_launch.h"
#include "engine/container_remove.h"
#include "engine/link_hosts.h"

static int launch(struct bt_container *c, const char *detach_keys, bool *ret_tried,
		  struct bt_err *err)
{
	bt_auto_lock(held, &c->op);

	return bt_container_launch(c, detach_keys, ret_tried, err);
}

int bt_container_start(struct bt_engine *engine, const char *ref, const char *detach_keys,
		       struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	bool tried = false;
	int r = bt_container_get(engine, ref, &c, err);

	if (r == 0)
		r = launch(c, detach_keys, &tried, err);
	if (r == 0)
		bt_link_hosts_refresh(c);
	if (r < 0 && tried && c->auto_remove) {
		struct bt_err ignored;

		if (bt_container_remove(engine, c->id, true, true, false, &ignored) < 0)
			bt_log_debug("remove container %.12s: %s", c->id, ignored.msg);
	}
	return r;
}
