/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/container_files.h"
#include "engine/engine_private.h"
#include "engine/exec_events.h"
#include "engine/exec_table.h"
#include "engine/jget.h"
#include "monitor/client.h"
#include "monitor/exec_file.h"

#define CODE_KILLED 137

struct restore {
	struct bt_container *container;
	const char *dir;
	const struct bt_client_status *status; /* NULL: no monitor */
	bool unsettled;
};

/* One file: the exec stands in the table as it does there, but for an end that was not told. */
static int restore_one(void *data, const char *id)
{
	struct restore *restore = data;
	struct bt_container *c = restore->container;
	bt_auto_exec_file struct bt_exec_file file = { 0 };
	int r = strlen(id) == BT_RAND_ID_LEN ? bt_exec_file_read(restore->dir, id, &file) : -EINVAL;
	json_auto_t *config = r == 0 ? bt_jget_load(file.config) : NULL;
	const struct bt_exec_table_status status = { .claimed = file.started || file.ended,
						     .running = file.started && !file.ended,
						     .pid = file.pid,
						     .ended = file.ended && file.told,
						     .code = file.code,
						     .ended_ns = bt_time_monotonic_ns() };

	if (r == -ENOMEM)
		return r;
	/* Torn at its creation: nobody has been told of it. */
	if (r < 0 || !config) {
		bt_exec_file_remove(restore->dir, id);
		return 0;
	}
	r = bt_execs_put(c->engine->execs, id, c->id, file.config, &status);
	restore->unsettled |= file.started && !file.ended;
	if (r == 0 && file.ended && !file.told)
		bt_exec_table_event_ended(c, id, file.code, file.ended_ns);
	return r;
}

bool bt_exec_restore(struct bt_container *c)
{
	bt_auto_free char *dir = bt_container_files_run_dir(c->engine, c->id);
	struct restore restore = { .container = c, .dir = dir };
	int r = dir ? bt_exec_file_each(dir, restore_one, &restore) : -ENOMEM;

	if (r < 0)
		bt_log_warn("know the execs of container %.12s again: %s", c->id, strerror(-r));
	return restore.unsettled;
}

/* Where there are more than an answer holds, the others are taken to run: their ends are told. */
static bool runs(const struct bt_client_status *status, const char *id)
{
	for (unsigned i = 0; status && i < status->nexecs; i++)
		if (strcmp(status->execs[i].exec, id) == 0)
			return true;
	return status && status->nexecs == BT_CLIENT_STATUS_EXECS;
}

static int settle_one(void *data, const char *id)
{
	const struct restore *restore = data;
	bt_auto_exec_file struct bt_exec_file file = { 0 };

	/* Read after the monitor was asked: what it no longer runs has its end in there. */
	if (bt_exec_file_read(restore->dir, id, &file) < 0 || !file.started || file.told ||
	    (!file.ended && runs(restore->status, id)))
		return 0;
	if (!file.ended)
		(void)!bt_exec_file_ended(restore->dir, id, bt_time_now_ns(), CODE_KILLED);
	bt_exec_table_event_ended(restore->container, id, file.ended ? file.code : CODE_KILLED,
				  file.ended_ns);
	return 0;
}

void bt_exec_restore_end(struct bt_container *c, const char *id)
{
	bt_auto_free char *dir = bt_container_files_run_dir(c->engine, c->id);
	bt_auto_exec_file struct bt_exec_file file = { 0 };

	if (dir && bt_exec_file_read(dir, id, &file) == 0 && file.ended)
		bt_exec_table_event_ended(c, id, file.code, file.ended_ns);
}

void bt_exec_restore_settle(struct bt_container *c, struct bt_client *client)
{
	bt_auto_free char *dir = bt_container_files_run_dir(c->engine, c->id);
	bt_auto_free struct bt_client_status *status = malloc(sizeof(*status));
	struct restore restore = { .container = c, .dir = dir };

	if (!dir || !status)
		return;
	/* Where its connection ends meanwhile, what follows from that settles them. */
	if (client && bt_client_status(client, status, BT_ERR_IGNORED) < 0)
		return;
	if (client)
		restore.status = status;
	(void)!bt_exec_file_each(dir, settle_one, &restore);
}
