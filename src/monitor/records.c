/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "base/fault.h"
#include "monitor/monitor_private.h"

#define RETRY_MS 1000

static json_t *record_members(const struct bt_journal_record *rec)
{
	switch (rec->kind) {
	case BT_JOURNAL_STARTED:
		return json_pack("{s:s, s:I, s:i, s:I, s:i, s:i}", "ev", "started", "seq",
				 (json_int_t)rec->seq, "pid", (int)rec->pid, "at",
				 (json_int_t)rec->at_ns, "restarts", rec->restarts, "monitor",
				 (int)rec->monitor);
	case BT_JOURNAL_EXITED:
		return json_pack("{s:s, s:I, s:I, s:i, s:b, s:b, s:b, s:i, s:I}", "ev", "exited",
				 "seq", (json_int_t)rec->seq, "at", (json_int_t)rec->at_ns, "code",
				 rec->code, "oom", rec->oom, "final", rec->final, "stopped",
				 rec->stopped, "restarts", rec->restarts, "again_in",
				 (json_int_t)rec->again_in_ms);
	case BT_JOURNAL_START_FAILED:
		return json_pack("{s:s, s:I, s:I, s:o, s:i, s:b, s:i}", "ev", "start-failed", "seq",
				 (json_int_t)rec->seq, "at", (json_int_t)rec->at_ns, "error",
				 bt_message_from_error(&rec->error), "code", rec->code, "final",
				 rec->final, "restarts", rec->restarts);
	case BT_JOURNAL_OOM:
	case BT_JOURNAL_RESTARTED:
		return json_pack("{s:s, s:I, s:I}", "ev",
				 rec->kind == BT_JOURNAL_OOM ? "oom" : "restarted", "seq",
				 (json_int_t)rec->seq, "at", (json_int_t)rec->at_ns);
	}
	return NULL;
}

/* "kept" where it stands in the journal, and nobody need acknowledge it. */
static json_t *record_event(const struct bt_journal_record *rec)
{
	json_t *event = record_members(rec);

	(void)json_object_set_new(event, "kept", json_boolean(rec->kept));
	return event;
}

/* Write what could not be written before. True: nothing is left. */
static bool write_left(struct bt_monitor *m)
{
	while (m->nunwritten > 0 && bt_journal_append(m->journal_fd, &m->unwritten[0]) == 0)
		memmove(&m->unwritten[0], &m->unwritten[1],
			--m->nunwritten * sizeof(m->unwritten[0]));
	return m->nunwritten == 0;
}

static void on_retry(struct bt_loop_timer *timer)
{
	struct bt_monitor *m = bt_list_entry(timer, struct bt_monitor, record_timer);

	if (write_left(m))
		bt_monitor_check_done(m);
	else
		bt_loop_timer_set(&m->loop, timer, RETRY_MS);
}

void bt_records_init(struct bt_monitor *m)
{
	bt_loop_timer_init(&m->record_timer, on_retry);
}

static void keep(struct bt_monitor *m, const struct bt_journal_record *record)
{
	bool full = m->nunwritten == BT_RECORDS_UNWRITTEN_MAX;

	/* None of those that say how it stands is given up for one that does not. */
	if (full && (record->kind == BT_JOURNAL_OOM || record->kind == BT_JOURNAL_RESTARTED))
		return;
	if (full)
		memmove(&m->unwritten[0], &m->unwritten[1],
			--m->nunwritten * sizeof(m->unwritten[0]));
	m->unwritten[m->nunwritten++] = *record;
	bt_loop_timer_set(&m->loop, &m->record_timer, RETRY_MS);
}

void bt_records_add(struct bt_monitor *m, struct bt_journal_record *record)
{
	record->seq = ++m->seq;
	record->kept = write_left(m) && bt_journal_append(m->journal_fd, record) == 0;
	if (!record->kept)
		keep(m, record);
	bt_fault_point(record->kind == BT_JOURNAL_EXITED ? "monitor-end/journalled"
							 : "monitor/journalled");
	/* Whoever hears that it was the last run may start the next one at once. */
	if (record->final && record->kept)
		bt_control_unlisten(m);
	bt_control_tell(m, record_event(record));
}

void bt_records_acknowledged(struct bt_monitor *m, uint64_t seq, bool stored)
{
	if (!stored) {
		/* Without this line it becomes an event once more, which is no loss. */
		bt_ignore(bt_journal_append_told(m->journal_fd, seq));
		return;
	}
	while (m->nunwritten > 0 && m->unwritten[0].seq <= seq)
		memmove(&m->unwritten[0], &m->unwritten[1],
			--m->nunwritten * sizeof(m->unwritten[0]));
	bt_monitor_check_done(m);
}
