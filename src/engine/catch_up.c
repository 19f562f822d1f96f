/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/catch_up.h"

#include "base/auto.h"
#include "base/log.h"
#include "engine/container_apply.h"
#include "engine/container_files.h"
#include "engine/engine_private.h"
#include "engine/exec_events.h"
#include "engine/monitor_link.h"

struct catch_up {
	struct bt_container *container;
	struct bt_client *client;
};

static int apply_one(void *data, const struct bt_journal_record *record)
{
	struct catch_up *catch_up = data;
	bool stored = bt_container_apply(catch_up->container, record);

	(void)!bt_client_ack(catch_up->client, record->seq, stored);
	return 0;
}

/* The monitor is asked, so this is not for the thread that takes its answers. */
static void settle_execs(struct bt_container *c)
{
	bt_auto_link struct bt_link *link = bt_link_get(c);

	/* Where it has gone, they went with their container. */
	if (link)
		bt_exec_restore_settle(c, bt_link_client(link));
}

void bt_catch_up(struct bt_container *c, struct bt_client *client)
{
	struct catch_up catch_up = { c, client };
	bt_auto_free char *path = bt_container_files_journal(c->engine, c->id);
	struct bt_err err;
	uint64_t seq;

	pthread_mutex_lock(&c->lock);
	seq = c->state.journal_seq;
	pthread_mutex_unlock(&c->lock);
	if (!path || bt_journal_read(path, seq, apply_one, &catch_up, &err) < 0)
		bt_log_warn("container %.12s: %s", c->id, path ? err.msg : "no memory");
	bt_links_later(c, settle_execs);
}
