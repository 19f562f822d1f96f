/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_event.h"

#include <stdio.h>

#include "base/time.h"
#include "codec/json_raw.h"
#include "engine/engine_private.h"
#include "engine/events.h"

void bt_container_event(struct bt_container *c, const char *action, json_t *extra)
{
	bt_container_event_at(c, action, extra, bt_time_now_ns());
}

void bt_container_event_at(struct bt_container *c, const char *action, json_t *extra, int64_t at_ns)
{
	/* Of a summary only these two become trees: a thousand ports are in it, too. */
	const struct bt_json_raw summary = bt_json_raw_of(c->summary);
	json_auto_t *labels = bt_json_raw_load(bt_json_raw_member(summary, "Labels"));
	json_t *image = bt_json_raw_load(bt_json_raw_member(summary, "Image"));
	json_t *attributes = json_object();

	json_object_update(attributes, labels);
	json_object_update(attributes, extra);
	json_decref(extra);
	json_object_set_new(attributes, "image", image ? image : json_string(""));
	pthread_mutex_lock(&c->lock);
	json_object_set_new(attributes, "name", json_string(c->name));
	pthread_mutex_unlock(&c->lock);
	bt_events_emit_at(c->engine, "container", action, c->id, attributes, at_ns);
}

void bt_container_event_record(struct bt_container *c, const struct bt_journal_record *rec,
			       int64_t ran_ns)
{
	char code[16], duration[24];

	if (rec->kind == BT_JOURNAL_STARTED)
		bt_container_event_at(c, "start", NULL, rec->at_ns);
	else if (rec->kind == BT_JOURNAL_OOM)
		bt_container_event_at(c, "oom", NULL, rec->at_ns);
	else if (rec->kind == BT_JOURNAL_RESTARTED)
		bt_container_event_at(c, "restart", NULL, rec->at_ns);
	/* Docker leaves unsaid that what never ran has ended. */
	if (rec->kind != BT_JOURNAL_EXITED)
		return;
	snprintf(code, sizeof(code), "%d", rec->code);
	snprintf(duration, sizeof(duration), "%lld", (long long)(ran_ns / BT_TIME_NSEC_PER_SEC));
	bt_container_event_at(c, "die",
			      json_pack("{s:s,s:s}", "exitCode", code, "execDuration", duration),
			      rec->at_ns);
}
