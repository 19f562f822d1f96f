/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_CGROUP_V1_H
#define BT_SYS_CGROUP_V1_H

/*
 * Limits in version 1. Private to sys/cgroup*.c: bt_cgroup_limit() decides what goes
 * where. Each function sets those of `limits` that are given in `dir`, the group in its
 * controller's hierarchy, and names in *ret_what the one at work, for the case that it
 * fails. They return 0 or -errno; a file that is missing is -EOPNOTSUPP.
 */

#include "sys/cgroup_limits.h"

/** Memory with swap, reservation, kernel memory, swappiness and the OOM killer. */
int bt_cgroup_v1_memory(int dir, const struct bt_cgroup_limits *limits, const char **ret_what);
/** Shares, quota and period, burst, real time, idle. */
int bt_cgroup_v1_cpu(int dir, const struct bt_cgroup_limits *limits, const char **ret_what);
/** Weights and throttles. */
int bt_cgroup_v1_blkio(int dir, const struct bt_cgroup_limits *limits, const char **ret_what);
/** Huge pages, and where the kernel has it their reservation. */
int bt_cgroup_v1_hugetlb(int dir, const struct bt_cgroup_limits *limits, const char **ret_what);
/** The class of network packets. */
int bt_cgroup_v1_net_cls(int dir, const struct bt_cgroup_limits *limits, const char **ret_what);
/** Priorities of network interfaces. */
int bt_cgroup_v1_net_prio(int dir, const struct bt_cgroup_limits *limits, const char **ret_what);
/** Device rules, in their order. */
int bt_cgroup_v1_devices(int dir, const struct bt_cgroup_limits *limits, const char **ret_what);

#endif
