/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_CGROUP_V2_H
#define BT_SYS_CGROUP_V2_H

/*
 * Limits in version 2, and how those of version 1 are converted. Private to
 * sys/cgroup*.c: bt_cgroup_limit() decides what goes where. Setters are as in
 * sys/cgroup_v1.h.
 */

#include <stdint.h>

#include "base/attr.h"
#include "sys/cgroup_limits.h"

/** Memory, swap and reservation. What only version 1 has is -EOPNOTSUPP. */
int bt_cgroup_v2_memory(int dir, const struct bt_cgroup_limits *limits, const char **ret_what);
/** Weight, quota and period, burst, idle. Real time is -EOPNOTSUPP. */
int bt_cgroup_v2_cpu(int dir, const struct bt_cgroup_limits *limits, const char **ret_what);
/** Weights and throttles. */
int bt_cgroup_v2_blkio(int dir, const struct bt_cgroup_limits *limits, const char **ret_what);
/** Huge pages and their reservation. */
int bt_cgroup_v2_hugetlb(int dir, const struct bt_cgroup_limits *limits, const char **ret_what);
/** Files by their names. */
int bt_cgroup_v2_unified(int dir, const struct bt_cgroup_limits *limits, const char **ret_what);
/** Device rules, as a program (sys/cgroup_v2_devices.c). */
int bt_cgroup_v2_devices(int dir, const struct bt_cgroup_limits *limits, const char **ret_what);

/** cpu.weight for shares of 2 to 262144 (0: 0, not set), as runc computes it. */
uint64_t bt_cgroup_v2_weight(uint64_t shares);
/** io.weight for a weight of 10 to 1000 (0: 0, not set). */
uint64_t bt_cgroup_v2_io_weight(uint64_t weight);
/** memory.swap.max for memory and swap together and for memory, each -1 (no limit) or 0 (not
 * set). Returns 0 or -EINVAL. */
bt_nodiscard int bt_cgroup_v2_swap(int64_t memory_swap, int64_t memory, int64_t *ret);

#endif
