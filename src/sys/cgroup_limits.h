/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_CGROUP_LIMITS_H
#define BT_SYS_CGROUP_LIMITS_H

/*
 * What a control group may use, as data: in the terms of the OCI specification's
 * linux.resources, that is of version 1. bt_cgroup_limit() of sys/cgroup.h sets them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A number that may be absent. */
struct bt_cgroup_num {
	int64_t value;
	bool set;
};

/** Is it there, and not the 0 that stands for "not given"? */
static inline bool bt_cgroup_num_given(struct bt_cgroup_num num)
{
	return num.set && num.value != 0;
}

struct bt_cgroup_device_rule {
	bool allow;
	char type;            /* 'a', 'b' or 'c' */
	int64_t major, minor; /* -1: all */
	uint8_t access;       /* BT_CGROUP_ACCESS_* */
};
#define BT_CGROUP_ACCESS_READ  1u
#define BT_CGROUP_ACCESS_WRITE 2u
#define BT_CGROUP_ACCESS_MKNOD 4u

/** A number for a block device: a weight, bytes or operations in a second. */
struct bt_cgroup_blkio_device {
	int64_t major, minor;
	uint64_t value;
};
struct bt_cgroup_blkio_list {
	const struct bt_cgroup_blkio_device *v;
	size_t n;
};

struct bt_cgroup_hugetlb {
	const char *page_size; /* "2MB", "64KB", "1GB" */
	uint64_t limit;
};

struct bt_cgroup_net_prio {
	const char *interface;
	uint32_t priority;
};

struct bt_cgroup_rdma {
	const char *device;
	struct bt_cgroup_num hca_handles, hca_objects;
};

struct bt_cgroup_pair {
	const char *key, *value;
};

/** Zeroed: nothing is limited or changed. All pointers are borrowed. A 0 means "not given"
 * too, but for swappiness, burst and idle: many callers write every field. */
struct bt_cgroup_limits {
	/* Bytes; -1: no limit. `memory_swap` is memory and swap together. */
	struct bt_cgroup_num memory_limit, memory_reservation, memory_swap;
	/* Version 1 only: -EOPNOTSUPP on version 2. (Linux 5.16 dropped memory_kernel.) */
	struct bt_cgroup_num memory_kernel, memory_kernel_tcp, memory_swappiness;
	bool oom_kill_disable;
	/* Version 2: -EBUSY where more than the limit is in use already, as version 1 answers
	 * by itself. */
	bool memory_check_before_update;

	struct bt_cgroup_num cpu_shares;                       /* 2 to 262144 */
	struct bt_cgroup_num cpu_quota, cpu_period, cpu_burst; /* microseconds; quota -1: none */
	struct bt_cgroup_num cpu_rt_runtime, cpu_rt_period;    /* microseconds; version 1 only */
	struct bt_cgroup_num cpu_idle;
	const char *cpus, *mems; /* "0-3,7" */

	struct bt_cgroup_num pids; /* below 0: no limit; 0: as not set */

	struct bt_cgroup_num blkio_weight, blkio_leaf_weight; /* 10 to 1000; leaf: ignored on 2 */
	struct bt_cgroup_blkio_list blkio_weights;
	struct bt_cgroup_blkio_list blkio_read_bps, blkio_write_bps;
	struct bt_cgroup_blkio_list blkio_read_iops, blkio_write_iops;

	const struct bt_cgroup_hugetlb *hugetlb;
	size_t nhugetlb;
	struct bt_cgroup_num net_class_id;
	const struct bt_cgroup_net_prio *net_prio;
	size_t nnet_prio;
	const struct bt_cgroup_rdma *rdma;
	size_t nrdma;

	/* Files of version 2 to write as they are, after everything else. */
	const struct bt_cgroup_pair *unified;
	size_t nunified;

	/* In order, later ones win. On version 2 what no rule names is denied; on version 1 it
	 * is as in the parent. */
	const struct bt_cgroup_device_rule *devices;
	size_t ndevices;
};

#endif
