/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>

#include "base/auto.h"
#include "base/time.h"
#include "monitor/monitor_private.h"
#include "runtime/cgroups.h"

void bt_oom_check(struct bt_monitor *m)
{
	struct bt_journal_record record = { .kind = BT_JOURNAL_OOM, .at_ns = bt_time_now_ns() };

	if (m->oom.fd < 0 || bt_cgroup_oom_read(&m->oom) <= 0)
		return;
	if (m->run)
		m->run->oom = true;
	bt_records_add(m, &record);
}

static void on_oom(struct bt_loop_source *source, uint32_t events bt_unused)
{
	bt_oom_check(bt_list_entry(source, struct bt_monitor, oom_source));
}

/* Without a memory controller there is nothing to watch, and none of this can fail a start. */
static void begin(struct bt_loop_timer *timer)
{
	struct bt_monitor *m = bt_list_entry(timer, struct bt_monitor, oom_timer);
	bt_auto_cgroup struct bt_cgroup cg = { 0 };
	const struct bt_cgroup_host *host;

	if (!m->run || !m->cgroup_path)
		return;
	if (bt_cgroups_host(&host, BT_ERR_IGNORED) < 0 ||
	    bt_cgroup_open_one(host, m->cgroup_path, BT_CGROUP_MEMORY, &cg) < 0 ||
	    bt_cgroup_oom_open(&cg, &m->oom) < 0)
		return;
	if (bt_loop_add(&m->loop, &m->oom_source, m->oom.fd, EPOLLIN | EPOLLPRI, on_oom) < 0)
		bt_oom_done(m);
}

void bt_oom_watch(struct bt_monitor *m)
{
	bt_loop_timer_init(&m->oom_timer, begin);
	bt_loop_timer_set(&m->loop, &m->oom_timer, 0);
}

void bt_oom_done(struct bt_monitor *m)
{
	bt_loop_timer_clear(&m->oom_timer);
	bt_loop_remove(&m->loop, &m->oom_source);
	if (m->oom.fd >= 0)
		bt_cgroup_oom_done(&m->oom);
	m->oom.fd = -EBADF;
}
