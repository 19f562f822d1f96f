/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/limits.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/plan.h"

/* The most between `have` and `wanted`, which was refused, that may be had; and have it: nobody may
 * go beyond fs.nr_open, and without CAP_SYS_RESOURCE nobody beyond what there is. Asked of the
 * kernel, since there may be no procfs in sight, or one that somebody else has made. */
static rlim_t raise_hard(__rlimit_resource_t type, rlim_t have, rlim_t wanted)
{
	for (rlim_t step = 1; wanted - have > 1;) {
		struct rlimit try = { .rlim_cur = have + step, .rlim_max = have + step };

		if (setrlimit(type, &try) < 0)
			wanted = have + step;
		else
			have += step;
		step = (wanted - have) / 2;
	}
	return have;
}

static int set_rlimit(const struct bt_oci_rlimit *limit, char warning[BT_SYNC_WARNING_LEN],
		      struct bt_err *err)
{
	struct rlimit want = { .rlim_cur = limit->soft, .rlim_max = limit->hard }, now;
	__rlimit_resource_t type = (__rlimit_resource_t)limit->type;

	if (setrlimit(type, &want) == 0)
		return 0;
	if (errno != EPERM || getrlimit(type, &now) < 0)
		return bt_err_sys(err, -errno, "process.rlimits: set limit %d to %llu:%llu",
				  limit->type, (unsigned long long)limit->soft,
				  (unsigned long long)limit->hard);
	if (want.rlim_max > now.rlim_max)
		want.rlim_max = raise_hard(type, now.rlim_max, want.rlim_max);
	if (want.rlim_cur > want.rlim_max)
		want.rlim_cur = want.rlim_max;
	if (setrlimit(type, &want) < 0)
		return bt_err_sys(err, -errno, "process.rlimits: set limit %d", limit->type);
	bt_plan_warn(warning,
		     "process.rlimits: limit %d is reduced to %llu, the most this machine allows",
		     limit->type, (unsigned long long)want.rlim_max);
	return 0;
}

/* As sched_setattr(2) takes it; linux/sched/types.h cannot be had beside sched.h. */
struct scheduler {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static int set_scheduler(const struct bt_oci_scheduler *s, struct bt_err *err)
{
	struct scheduler attr = {
		.size = sizeof(attr),
		.policy = s->policy,
		.flags = s->flags,
		.nice = s->nice,
		.priority = s->priority,
		.runtime = s->runtime,
		.deadline = s->deadline,
		.period = s->period,
	};

	if (syscall(SYS_sched_setattr, 0, &attr, 0) < 0)
		return bt_err_sys(err, -errno, "process.scheduler");
	return 0;
}

int bt_limits_apply(const struct bt_oci_process *process, char warning[BT_SYNC_WARNING_LEN],
		    struct bt_err *err)
{
	const struct bt_oci_io_priority *io = &process->io_priority;
	int r = 0;

	for (size_t i = 0; i < process->nrlimits && r == 0; i++) {
		if (process->rlimits[i].type != RLIMIT_NPROC)
			r = set_rlimit(&process->rlimits[i], warning, err);
	}
	if (r == 0 && process->scheduler.set)
		r = set_scheduler(&process->scheduler, err);
	if (r == 0 && io->set &&
	    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		    (io->class << IOPRIO_CLASS_SHIFT) | io->priority) < 0)
		r = bt_err_sys(err, -errno, "process.ioPriority");
	return r;
}

int bt_limits_count(const struct bt_oci_process *process, char warning[BT_SYNC_WARNING_LEN],
		    struct bt_err *err)
{
	int r = 0;

	for (size_t i = 0; i < process->nrlimits && r == 0; i++) {
		if (process->rlimits[i].type == RLIMIT_NPROC)
			r = set_rlimit(&process->rlimits[i], warning, err);
	}
	return r;
}

int bt_limits_personality(const struct bt_oci_personality *p, struct bt_err *err)
{
	if (!p->set)
		return 0;
	if (p->flags.n > 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "linux.personality.flags: %s is not known", p->flags.v[0]);
	if (personality(p->domain) < 0)
		return bt_err_sys(err, -errno, "linux.personality");
	return 0;
}

/* "0-3,7": ranges in any order. */
static int parse_cpus(const char *list, cpu_set_t *ret)
{
	CPU_ZERO(ret);
	while (*list != '\0') {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (end == list)
			return -EINVAL;
		if (*end == '-') {
			list = end + 1;
			last = strtoul(list, &end, 10);
			if (end == list)
				return -EINVAL;
		}
		if (last < first || last >= CPU_SETSIZE)
			return -EINVAL;
		for (unsigned long cpu = first; cpu <= last; cpu++)
			CPU_SET(cpu, ret);
		if (*end != ',' && *end != '\0')
			return -EINVAL;
		list = *end == ',' ? end + 1 : end;
	}
	return 0;
}

int bt_limits_memory_policy(const struct bt_oci_memory_policy *p, struct bt_err *err)
{
	cpu_set_t nodes;

	if (!p->set)
		return 0;
	/* Nodes are listed, and laid out in memory, as processors are. */
	if (parse_cpus(p->nodes != NULL ? p->nodes : "", &nodes) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "linux.memoryPolicy.nodes: \"%s\" is no list of nodes", p->nodes);
	if (syscall(SYS_set_mempolicy, p->mode | p->mode_flags,
		    CPU_COUNT(&nodes) > 0 ? &nodes : NULL,
		    CPU_COUNT(&nodes) > 0 ? CPU_SETSIZE + 1ul : 0ul) < 0)
		return bt_err_sys(err, -errno, "linux.memoryPolicy");
	return 0;
}

int bt_limits_affinity(const char *list, const char *field, struct bt_err *err)
{
	cpu_set_t set;

	if (list == NULL || *list == '\0')
		return 0;
	if (parse_cpus(list, &set) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "%s: \"%s\" is no list of processors", field, list);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		return bt_err_sys(err, -errno, "%s: %s", field, list);
	return 0;
}
