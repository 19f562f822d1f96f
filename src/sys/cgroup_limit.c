/* SPDX-License-Identifier: Apache-2.0 */

/* Which limits go where: each group of them to the version that has the controller. */

#include <errno.h>
#include <string.h>

#include "sys/cgroup.h"
#include "sys/cgroup_delegate.h"
#include "sys/cgroup_files.h"
#include "sys/cgroup_v1.h"
#include "sys/cgroup_v2.h"

static bool wants_memory(const struct bt_cgroup_limits *l)
{
	return l->memory_limit.set || l->memory_reservation.set || l->memory_swap.set ||
	       l->memory_kernel.set || l->memory_kernel_tcp.set || l->memory_swappiness.set ||
	       l->oom_kill_disable;
}

static bool wants_cpu(const struct bt_cgroup_limits *l)
{
	return l->cpu_shares.set || l->cpu_quota.set || l->cpu_period.set || l->cpu_burst.set ||
	       l->cpu_rt_runtime.set || l->cpu_rt_period.set || l->cpu_idle.set;
}

static bool wants_cpuset(const struct bt_cgroup_limits *l)
{
	return l->cpus || l->mems;
}

static bool wants_pids(const struct bt_cgroup_limits *l)
{
	return l->pids.set && l->pids.value != 0;
}

static bool wants_blkio(const struct bt_cgroup_limits *l)
{
	return l->blkio_weight.set || l->blkio_leaf_weight.set || l->blkio_weights.n > 0 ||
	       l->blkio_read_bps.n > 0 || l->blkio_write_bps.n > 0 || l->blkio_read_iops.n > 0 ||
	       l->blkio_write_iops.n > 0;
}

static bool wants_hugetlb(const struct bt_cgroup_limits *l)
{
	return l->nhugetlb > 0;
}

static bool wants_net_cls(const struct bt_cgroup_limits *l)
{
	return l->net_class_id.set;
}

static bool wants_net_prio(const struct bt_cgroup_limits *l)
{
	return l->nnet_prio > 0;
}

static bool wants_rdma(const struct bt_cgroup_limits *l)
{
	return l->nrdma > 0;
}

static bool wants_devices(const struct bt_cgroup_limits *l)
{
	return l->ndevices > 0;
}

/* The files of cpuset, pids and rdma are the same in both versions. */

static int set_cpuset(int dir, const struct bt_cgroup_limits *l, const char **ret_what)
{
	int r = 0;

	*ret_what = "cpu.cpus";
	if (l->cpus)
		r = bt_cgroup_files_write(dir, "cpuset.cpus", l->cpus);
	if (r < 0 || !l->mems)
		return r;
	*ret_what = "cpu.mems";
	return bt_cgroup_files_write(dir, "cpuset.mems", l->mems);
}

static int set_pids(int dir, const struct bt_cgroup_limits *l, const char **ret_what)
{
	*ret_what = "pids.limit";
	return bt_cgroup_files_write_max(dir, "pids.max", l->pids.value);
}

static int set_rdma(int dir, const struct bt_cgroup_limits *l, const char **ret_what)
{
	*ret_what = "rdma";
	for (size_t i = 0; i < l->nrdma; i++) {
		const struct bt_cgroup_rdma *rdma = &l->rdma[i];
		int r = 0;

		if (rdma->hca_handles.set)
			r = bt_cgroup_files_printf(dir, "rdma.max", "%s hca_handle=%lld",
						   rdma->device,
						   (long long)rdma->hca_handles.value);
		if (r == 0 && rdma->hca_objects.set)
			r = bt_cgroup_files_printf(dir, "rdma.max", "%s hca_object=%lld",
						   rdma->device,
						   (long long)rdma->hca_objects.value);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Sets one group of limits in `dir`; *ret_what names the one at work. */
typedef int (*setter)(int dir, const struct bt_cgroup_limits *limits, const char **ret_what);

static const struct {
	enum bt_cgroup_controller controller;
	const char *what;
	bool (*wants)(const struct bt_cgroup_limits *limits);
	setter v1, v2; /* NULL: that version cannot */
} setters[] = {
	{ BT_CGROUP_DEVICES, "devices", wants_devices, bt_cgroup_v1_devices, bt_cgroup_v2_devices },
	{ BT_CGROUP_MEMORY, "memory", wants_memory, bt_cgroup_v1_memory, bt_cgroup_v2_memory },
	{ BT_CGROUP_CPU, "cpu", wants_cpu, bt_cgroup_v1_cpu, bt_cgroup_v2_cpu },
	{ BT_CGROUP_CPUSET, "cpu.cpus", wants_cpuset, set_cpuset, set_cpuset },
	{ BT_CGROUP_PIDS, "pids", wants_pids, set_pids, set_pids },
	{ BT_CGROUP_BLKIO, "blockIO", wants_blkio, bt_cgroup_v1_blkio, bt_cgroup_v2_blkio },
	{ BT_CGROUP_HUGETLB, "hugepageLimits", wants_hugetlb, bt_cgroup_v1_hugetlb,
	  bt_cgroup_v2_hugetlb },
	{ BT_CGROUP_NET_CLS, "network.classID", wants_net_cls, bt_cgroup_v1_net_cls, NULL },
	{ BT_CGROUP_NET_PRIO, "network.priorities", wants_net_prio, bt_cgroup_v1_net_prio, NULL },
	{ BT_CGROUP_RDMA, "rdma", wants_rdma, set_rdma, set_rdma },
};

/* Version 2: a file that is not there may only wait for its controller to be handed down. */
static int set_v2(const struct bt_cgroup *cg, unsigned i, int dir,
		  const struct bt_cgroup_limits *limits, const char **ret_what)
{
	int r = setters[i].v2(dir, limits, ret_what);

	if (r != -EOPNOTSUPP)
		return r;
	bt_cgroup_delegate(cg->host->v[cg->host->unified].fd, cg->path,
			   1u << setters[i].controller);
	return setters[i].v2(dir, limits, ret_what);
}

static int set_unified(const struct bt_cgroup *cg, const struct bt_cgroup_limits *limits,
		       const char **ret_what)
{
	int dir = bt_cgroup_clone_fd(cg);
	int r;

	*ret_what = "unified";
	if (dir < 0)
		return -EOPNOTSUPP;
	r = bt_cgroup_v2_unified(dir, limits, ret_what);
	if (r != -EOPNOTSUPP)
		return r;
	bt_cgroup_delegate(cg->host->v[cg->host->unified].fd, cg->path,
			   cg->host->v[cg->host->unified].controllers);
	return bt_cgroup_v2_unified(dir, limits, ret_what);
}

/* `limits` is complete: see bt_cgroup_fill(). */
static int set_limits(const struct bt_cgroup *cg, const struct bt_cgroup_limits *limits,
		      const char **ret_what)
{
	const char *what = "";
	int r = 0;

	for (unsigned i = 0; i < sizeof(setters) / sizeof(setters[0]) && r == 0; i++) {
		bool v2 = bt_cgroup_dir_is_v2(cg, setters[i].controller);
		int dir = bt_cgroup_dir(cg, setters[i].controller);

		if (!setters[i].wants(limits))
			continue;
		what = setters[i].what;
		if (dir < 0 || (v2 && !setters[i].v2))
			r = -EOPNOTSUPP;
		else if (v2)
			r = set_v2(cg, i, dir, limits, &what);
		else
			r = setters[i].v1(dir, limits, &what);
	}
	if (r == 0 && limits->nunified > 0)
		r = set_unified(cg, limits, &what);
	if (r < 0 && ret_what)
		*ret_what = what;
	return r;
}

int bt_cgroup_limit(const struct bt_cgroup *cg, const struct bt_cgroup_limits *limits,
		    const char **ret_what)
{
	struct bt_cgroup_limits whole = *limits;
	int r = bt_cgroup_fill(cg, &whole, ret_what);

	return r < 0 ? r : set_limits(cg, &whole, ret_what);
}
