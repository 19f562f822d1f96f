/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_CGROUP_CONTROLLER_H
#define BT_SYS_CGROUP_CONTROLLER_H

/*
 * The controllers of control groups, and what they are called in version 1 and in version 2.
 */

/** Controllers, as bits 1 << n. */
enum bt_cgroup_controller {
	BT_CGROUP_CPU,
	BT_CGROUP_CPUACCT, /* version 2: part of cpu */
	BT_CGROUP_CPUSET,
	BT_CGROUP_MEMORY,
	BT_CGROUP_DEVICES, /* version 2: a BPF program */
	BT_CGROUP_FREEZER, /* version 2: part of the core */
	BT_CGROUP_BLKIO,   /* version 2: "io" */
	BT_CGROUP_PIDS,
	BT_CGROUP_HUGETLB,
	BT_CGROUP_NET_CLS,  /* version 1 only */
	BT_CGROUP_NET_PRIO, /* version 1 only */
	BT_CGROUP_PERF_EVENT,
	BT_CGROUP_RDMA,
	BT_CGROUP_MISC,
	BT_CGROUP_CONTROLLERS_,
};

/** The kernel's name of a controller ("blkio" for BT_CGROUP_BLKIO), a constant. */
const char *bt_cgroup_controller_name(enum bt_cgroup_controller controller);

/** "io" for BT_CGROUP_BLKIO; NULL where version 2 has no such controller. A constant. */
const char *bt_cgroup_controller_v2_name(enum bt_cgroup_controller controller);

#endif
