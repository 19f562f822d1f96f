/* SPDX-License-Identifier: Apache-2.0 */

/* As Documentation/admin-guide/cgroup-v2.rst of the kernel has it. */

#include "sys/cgroup_v2.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "sys/cgroup_files.h"

#define DEFAULT_PERIOD 100000
#define SHARES_MIN     2
#define SHARES_MAX     262144

uint64_t bt_cgroup_v2_weight(uint64_t shares)
{
	if (shares == 0)
		return 0;
	if (shares < SHARES_MIN)
		shares = SHARES_MIN;
	if (shares > SHARES_MAX)
		shares = SHARES_MAX;
	return 1 + (shares - SHARES_MIN) * 9999 / (SHARES_MAX - SHARES_MIN);
}

uint64_t bt_cgroup_v2_io_weight(uint64_t weight)
{
	if (weight == 0)
		return 0;
	return weight < 10 ? 1 : 1 + (weight - 10) * 9999 / 990;
}

int bt_cgroup_v2_swap(int64_t memory_swap, int64_t memory, int64_t *ret)
{
	if (memory == -1 && memory_swap == 0) {
		/* Version 1 has no limit of swap where memory has none. */
		*ret = -1;
		return 0;
	}
	if (memory_swap == -1 || memory_swap == 0) {
		*ret = memory_swap;
		return 0;
	}
	if (memory <= 0 || memory_swap < memory)
		return -EINVAL;
	*ret = memory_swap - memory;
	return 0;
}

/* "memory.high" and reclaim could make room, but the caller asked not to disturb what runs. */
static int check_usage(int dir, const struct bt_cgroup_limits *l)
{
	uint64_t usage;
	int r;

	if (!l->memory_check_before_update || !bt_cgroup_num_given(l->memory_limit) ||
	    l->memory_limit.value < 0)
		return 0;
	r = bt_cgroup_files_read_u64(dir, "memory.current", &usage);
	if (r < 0)
		return r == -ENOENT ? -EOPNOTSUPP : r;
	return usage > (uint64_t)l->memory_limit.value ? -EBUSY : 0;
}

/* Version 1 limits memory and swap together, version 2 swap alone. */
static int set_swap(int dir, const struct bt_cgroup_limits *l)
{
	int64_t memory = l->memory_limit.set ? l->memory_limit.value : 0;
	int64_t both = l->memory_swap.set ? l->memory_swap.value : 0;
	int64_t swap;
	int r = bt_cgroup_v2_swap(both, memory, &swap);

	if (r < 0)
		return r;
	if (swap == 0 && both <= 0)
		return 0;
	r = bt_cgroup_files_write_max(dir, "memory.swap.max", swap);
	/* Without swap none can be used: no limit and no swap hold by themselves. */
	return r == -EOPNOTSUPP && swap <= 0 ? 0 : r;
}

/* The first limit that only version 1 has, or NULL. */
static const char *first_foreign(const struct bt_cgroup_limits *l)
{
	if (bt_cgroup_num_given(l->memory_kernel))
		return "memory.kernel";
	if (bt_cgroup_num_given(l->memory_kernel_tcp))
		return "memory.kernelTCP";
	if (l->memory_swappiness.set)
		return "memory.swappiness";
	return l->oom_kill_disable ? "memory.disableOOMKiller" : NULL;
}

int bt_cgroup_v2_memory(int dir, const struct bt_cgroup_limits *l, const char **ret_what)
{
	int r;

	*ret_what = first_foreign(l);
	if (*ret_what)
		return -EOPNOTSUPP;
	*ret_what = "memory.limit";
	r = check_usage(dir, l);
	if (r < 0)
		return r;
	*ret_what = "memory.swap";
	r = set_swap(dir, l);
	if (r < 0)
		return r;
	*ret_what = "memory.limit";
	if (bt_cgroup_num_given(l->memory_limit))
		r = bt_cgroup_files_write_max(dir, "memory.max", l->memory_limit.value);
	if (r < 0)
		return r;
	*ret_what = "memory.reservation";
	if (bt_cgroup_num_given(l->memory_reservation))
		r = bt_cgroup_files_write_max(dir, "memory.low", l->memory_reservation.value);
	return r;
}

static int set_quota(int dir, const struct bt_cgroup_limits *l, const char **ret_what)
{
	int64_t period = bt_cgroup_num_given(l->cpu_period) ? l->cpu_period.value : DEFAULT_PERIOD;
	int r = 0;

	*ret_what = "cpu.quota";
	if (bt_cgroup_num_given(l->cpu_quota) && l->cpu_quota.value > 0)
		r = bt_cgroup_files_printf(dir, "cpu.max", "%" PRId64 " %" PRId64,
					   l->cpu_quota.value, period);
	else if (bt_cgroup_num_given(l->cpu_quota) || bt_cgroup_num_given(l->cpu_period))
		r = bt_cgroup_files_printf(dir, "cpu.max", "max %" PRId64, period);
	if (r < 0 || !l->cpu_burst.set)
		return r;
	*ret_what = "cpu.burst";
	return bt_cgroup_files_printf(dir, "cpu.max.burst", "%" PRId64, l->cpu_burst.value);
}

int bt_cgroup_v2_cpu(int dir, const struct bt_cgroup_limits *l, const char **ret_what)
{
	int r = 0;

	*ret_what = "cpu.realtimeRuntime";
	if (bt_cgroup_num_given(l->cpu_rt_runtime) || bt_cgroup_num_given(l->cpu_rt_period))
		return -EOPNOTSUPP;
	*ret_what = "cpu.idle";
	if (l->cpu_idle.set)
		r = bt_cgroup_files_printf(dir, "cpu.idle", "%" PRId64, l->cpu_idle.value);
	if (r < 0)
		return r;
	*ret_what = "cpu.shares";
	/* An idle group has the least weight, and refuses any other. */
	if (bt_cgroup_num_given(l->cpu_shares) && l->cpu_shares.value > 0 &&
	    !bt_cgroup_num_given(l->cpu_idle))
		r = bt_cgroup_files_printf(dir, "cpu.weight", "%" PRIu64,
					   bt_cgroup_v2_weight((uint64_t)l->cpu_shares.value));
	return r < 0 ? r : set_quota(dir, l, ret_what);
}

static int set_io_weight(int dir, const struct bt_cgroup_limits *l)
{
	uint64_t weight = (uint64_t)l->blkio_weight.value;
	int r;

	if (!bt_cgroup_num_given(l->blkio_weight))
		return 0;
	r = bt_cgroup_files_printf(dir, "io.bfq.weight", "%" PRIu64, weight);
	if (r != -EOPNOTSUPP)
		return r;
	return bt_cgroup_files_printf(dir, "io.weight", "%" PRIu64, bt_cgroup_v2_io_weight(weight));
}

static int set_io_weights(int dir, const struct bt_cgroup_blkio_list *list)
{
	int r = 0;

	for (size_t i = 0; i < list->n && r == 0; i++) {
		r = bt_cgroup_files_printf(dir, "io.bfq.weight", "%" PRId64 ":%" PRId64 " %" PRIu64,
					   list->v[i].major, list->v[i].minor, list->v[i].value);
		if (r == -EOPNOTSUPP)
			r = bt_cgroup_files_printf(dir, "io.weight",
						   "%" PRId64 ":%" PRId64 " %" PRIu64,
						   list->v[i].major, list->v[i].minor,
						   bt_cgroup_v2_io_weight(list->v[i].value));
	}
	return r;
}

static int set_io_max(int dir, const char *key, const struct bt_cgroup_blkio_list *list)
{
	int r = 0;

	for (size_t i = 0; i < list->n && r == 0; i++) {
		const struct bt_cgroup_blkio_device *dev = &list->v[i];

		/* 0 lifts the limit in version 1. */
		if (dev->value == 0)
			r = bt_cgroup_files_printf(dir, "io.max", "%" PRId64 ":%" PRId64 " %s=max",
						   dev->major, dev->minor, key);
		else
			r = bt_cgroup_files_printf(dir, "io.max",
						   "%" PRId64 ":%" PRId64 " %s=%" PRIu64,
						   dev->major, dev->minor, key, dev->value);
	}
	return r;
}

int bt_cgroup_v2_blkio(int dir, const struct bt_cgroup_limits *l, const char **ret_what)
{
	const struct {
		const char *what, *key;
		const struct bt_cgroup_blkio_list *list;
	} throttles[] = {
		{ "blockIO.throttleReadBpsDevice", "rbps", &l->blkio_read_bps },
		{ "blockIO.throttleWriteBpsDevice", "wbps", &l->blkio_write_bps },
		{ "blockIO.throttleReadIOPSDevice", "riops", &l->blkio_read_iops },
		{ "blockIO.throttleWriteIOPSDevice", "wiops", &l->blkio_write_iops },
	};
	int r;

	*ret_what = "blockIO.weight";
	r = set_io_weight(dir, l);
	if (r < 0)
		return r;
	*ret_what = "blockIO.weightDevice";
	r = set_io_weights(dir, &l->blkio_weights);
	for (size_t i = 0; r == 0 && i < sizeof(throttles) / sizeof(throttles[0]); i++) {
		*ret_what = throttles[i].what;
		r = set_io_max(dir, throttles[i].key, throttles[i].list);
	}
	return r;
}

int bt_cgroup_v2_hugetlb(int dir, const struct bt_cgroup_limits *l, const char **ret_what)
{
	*ret_what = "hugepageLimits";
	for (size_t i = 0; i < l->nhugetlb; i++) {
		char file[96];
		int r;

		(void)snprintf(file, sizeof(file), "hugetlb.%s.max", l->hugetlb[i].page_size);
		r = bt_cgroup_files_printf(dir, file, "%" PRIu64, l->hugetlb[i].limit);
		if (r < 0)
			return r;
		(void)snprintf(file, sizeof(file), "hugetlb.%s.rsvd.max", l->hugetlb[i].page_size);
		r = bt_cgroup_files_printf(dir, file, "%" PRIu64, l->hugetlb[i].limit);
		if (r < 0 && r != -EOPNOTSUPP)
			return r;
	}
	return 0;
}

int bt_cgroup_v2_unified(int dir, const struct bt_cgroup_limits *l, const char **ret_what)
{
	*ret_what = "unified";
	for (size_t i = 0; i < l->nunified; i++) {
		const struct bt_cgroup_pair *pair = &l->unified[i];
		int r;

		/* Names come from a specification and must stay in the directory. */
		if (strchr(pair->key, '/') || pair->key[0] == '.' || !strchr(pair->key, '.'))
			return -EINVAL;
		r = bt_cgroup_files_write(dir, pair->key, pair->value);
		if (r < 0)
			return r;
	}
	return 0;
}
