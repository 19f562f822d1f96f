/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CPU_REALTIME_H
#define BT_ENGINE_CPU_REALTIME_H

/*
 * Processor time for real-time programs (sched-rt-group.txt; version 1 only): a
 * group has what its parent gives away, so that the groups above a container's
 * need the daemon's budget, `cpu-rt-period` and `cpu-rt-runtime`, first.
 */

#include <jansson.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "sys/cgroup.h"

/** The daemon's budget in microseconds; 0: none. */
struct bt_cpu_realtime {
	int64_t period, runtime;
};

/** Do HostConfig's period and runtime make sense together? Kind INVALID, in Docker's words. */
bt_nodiscard int bt_cpu_realtime_check(const json_t *host_config, struct bt_err *err);

/** Before a container that asks for a runtime starts: make the groups above `group`, its path in
 * every hierarchy, and give them the budget. INVALID where there is none, or less than is asked
 * for. */
bt_nodiscard int bt_cpu_realtime_prepare(const struct bt_cgroup_host *host, const char *group,
					 const struct bt_cpu_realtime *budget,
					 const json_t *host_config, struct bt_err *err);

#endif
