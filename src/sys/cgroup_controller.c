/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/cgroup_controller.h"

#include <stddef.h>

/* Names in version 1's mount options and, where they differ, in version 2. */
static const struct {
	const char *v1, *v2;
} names[BT_CGROUP_CONTROLLERS_] = {
	[BT_CGROUP_CPU] = { "cpu", "cpu" },
	[BT_CGROUP_CPUACCT] = { "cpuacct", NULL },
	[BT_CGROUP_CPUSET] = { "cpuset", "cpuset" },
	[BT_CGROUP_MEMORY] = { "memory", "memory" },
	[BT_CGROUP_DEVICES] = { "devices", NULL },
	[BT_CGROUP_FREEZER] = { "freezer", NULL },
	[BT_CGROUP_BLKIO] = { "blkio", "io" },
	[BT_CGROUP_PIDS] = { "pids", "pids" },
	[BT_CGROUP_HUGETLB] = { "hugetlb", "hugetlb" },
	[BT_CGROUP_NET_CLS] = { "net_cls", NULL },
	[BT_CGROUP_NET_PRIO] = { "net_prio", NULL },
	[BT_CGROUP_PERF_EVENT] = { "perf_event", NULL },
	[BT_CGROUP_RDMA] = { "rdma", "rdma" },
	[BT_CGROUP_MISC] = { "misc", "misc" },
};

const char *bt_cgroup_controller_name(enum bt_cgroup_controller controller)
{
	return names[controller].v1;
}

const char *bt_cgroup_controller_v2_name(enum bt_cgroup_controller controller)
{
	return names[controller].v2;
}
