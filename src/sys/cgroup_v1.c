/* SPDX-License-Identifier: Apache-2.0 */

/* As Documentation/admin-guide/cgroup-v1 of the kernel has it. */

#include "sys/cgroup_v1.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/cgroup_files.h"

#define SWAPPINESS_MAX 100

static int write_num(int dir, const char *file, struct bt_cgroup_num num)
{
	return num.set ? bt_cgroup_files_printf(dir, file, "%" PRId64, num.value) : 0;
}

/* The limit of memory and swap together must never be below that of memory, so which is
 * written first depends on what stands there. */
static int set_memory_and_swap(int dir, struct bt_cgroup_num memory, struct bt_cgroup_num swap,
			       const char **ret_what)
{
	int r;

	*ret_what = "memory.limit";
	r = write_num(dir, "memory.limit_in_bytes", memory);
	if (r == -EINVAL && memory.set && swap.set) {
		*ret_what = "memory.swap";
		r = write_num(dir, "memory.memsw.limit_in_bytes", swap);
		if (r < 0)
			return r;
		*ret_what = "memory.limit";
		return write_num(dir, "memory.limit_in_bytes", memory);
	}
	if (r < 0)
		return r;
	*ret_what = "memory.swap";
	return write_num(dir, "memory.memsw.limit_in_bytes", swap);
}

/* 0 means "not given" to those who write the field always, but for the swappiness. */
static int set_other_memory(int dir, const struct bt_cgroup_limits *l, const char **ret_what)
{
	int r;

	*ret_what = "memory.reservation";
	r = l->memory_reservation.value == 0
		    ? 0
		    : write_num(dir, "memory.soft_limit_in_bytes", l->memory_reservation);
	if (r < 0)
		return r;
	*ret_what = "memory.kernel"; /* newer kernels answer ENOTSUP themselves */
	if (l->memory_kernel.set && l->memory_kernel.value != 0)
		r = write_num(dir, "memory.kmem.limit_in_bytes", l->memory_kernel);
	if (r < 0)
		return r;
	*ret_what = "memory.kernelTCP";
	if (l->memory_kernel_tcp.set && l->memory_kernel_tcp.value != 0)
		r = write_num(dir, "memory.kmem.tcp.limit_in_bytes", l->memory_kernel_tcp);
	if (r < 0)
		return r;
	*ret_what = "memory.disableOOMKiller";
	if (l->oom_kill_disable)
		r = bt_cgroup_files_write(dir, "memory.oom_control", "1");
	if (r < 0)
		return r;
	*ret_what = "memory.swappiness";
	if (l->memory_swappiness.set && l->memory_swappiness.value > SWAPPINESS_MAX)
		return -EINVAL;
	return write_num(dir, "memory.swappiness", l->memory_swappiness);
}

int bt_cgroup_v1_memory(int dir, const struct bt_cgroup_limits *l, const char **ret_what)
{
	struct bt_cgroup_num memory = l->memory_limit, swap = l->memory_swap;
	int r;

	memory.set = memory.set && memory.value != 0;
	swap.set = swap.set && swap.value != 0;
	if (memory.set && memory.value == -1 && !swap.set)
		swap = (struct bt_cgroup_num){ .value = -1, .set = true };
	r = set_memory_and_swap(dir, memory, swap, ret_what);
	/* Without swap accounting nothing can exceed the limit of memory anyway. */
	if (r == -EOPNOTSUPP && !l->memory_swap.set)
		r = 0;
	if (r < 0)
		return r;
	return set_other_memory(dir, l, ret_what);
}

/* Shares outside 2 to 262144 are clamped by the kernel in silence, quota and period depend
 * on each other: a smaller period may be refused until the quota is smaller too. */
static int set_quota(int dir, const struct bt_cgroup_limits *l, const char **ret_what)
{
	struct bt_cgroup_num period = l->cpu_period, quota = l->cpu_quota;
	int r;

	period.set = period.set && period.value != 0;
	quota.set = quota.set && quota.value != 0;
	*ret_what = "cpu.period";
	r = write_num(dir, "cpu.cfs_period_us", period);
	if (r == -EINVAL && period.set && quota.set) {
		*ret_what = "cpu.quota";
		r = write_num(dir, "cpu.cfs_quota_us", quota);
		if (r < 0)
			return r;
		*ret_what = "cpu.period";
		return write_num(dir, "cpu.cfs_period_us", period);
	}
	if (r < 0)
		return r;
	*ret_what = "cpu.quota";
	return write_num(dir, "cpu.cfs_quota_us", quota);
}

int bt_cgroup_v1_cpu(int dir, const struct bt_cgroup_limits *l, const char **ret_what)
{
	int r;

	*ret_what = "cpu.shares";
	r = l->cpu_shares.value == 0 ? 0 : write_num(dir, "cpu.shares", l->cpu_shares);
	if (r < 0)
		return r;
	r = set_quota(dir, l, ret_what);
	if (r < 0)
		return r;
	*ret_what = "cpu.burst";
	r = write_num(dir, "cpu.cfs_burst_us", l->cpu_burst);
	if (r < 0)
		return r;
	*ret_what = "cpu.realtimePeriod";
	r = write_num(dir, "cpu.rt_period_us", l->cpu_rt_period);
	if (r < 0)
		return r;
	*ret_what = "cpu.realtimeRuntime";
	r = write_num(dir, "cpu.rt_runtime_us", l->cpu_rt_runtime);
	if (r < 0)
		return r;
	*ret_what = "cpu.idle";
	return write_num(dir, "cpu.idle", l->cpu_idle);
}

/* The scheduler that knows weights was CFQ, and is BFQ now, with files of its name. */
static int write_weight(int dir, const char *file, struct bt_cgroup_num weight)
{
	char name[64];
	int r;

	if (!weight.set || weight.value == 0)
		return 0;
	(void)snprintf(name, sizeof(name), "blkio.bfq.%s", file);
	r = write_num(dir, name, weight);
	if (r != -EOPNOTSUPP)
		return r;
	(void)snprintf(name, sizeof(name), "blkio.%s", file);
	return write_num(dir, name, weight);
}

static int write_devices(int dir, const char *file, const struct bt_cgroup_blkio_list *list)
{
	int r = 0;

	for (size_t i = 0; i < list->n && r == 0; i++)
		r = bt_cgroup_files_printf(dir, file, "%" PRId64 ":%" PRId64 " %" PRIu64,
					   list->v[i].major, list->v[i].minor, list->v[i].value);
	return r;
}

int bt_cgroup_v1_blkio(int dir, const struct bt_cgroup_limits *l, const char **ret_what)
{
	const struct {
		const char *what, *file;
		const struct bt_cgroup_blkio_list *list;
	} throttles[] = {
		{ "blockIO.throttleReadBpsDevice", "blkio.throttle.read_bps_device",
		  &l->blkio_read_bps },
		{ "blockIO.throttleWriteBpsDevice", "blkio.throttle.write_bps_device",
		  &l->blkio_write_bps },
		{ "blockIO.throttleReadIOPSDevice", "blkio.throttle.read_iops_device",
		  &l->blkio_read_iops },
		{ "blockIO.throttleWriteIOPSDevice", "blkio.throttle.write_iops_device",
		  &l->blkio_write_iops },
	};
	int r;

	*ret_what = "blockIO.weight";
	r = write_weight(dir, "weight", l->blkio_weight);
	if (r < 0)
		return r;
	*ret_what = "blockIO.leafWeight";
	if (l->blkio_leaf_weight.set && l->blkio_leaf_weight.value != 0)
		r = write_num(dir, "blkio.leaf_weight", l->blkio_leaf_weight);
	if (r < 0)
		return r;
	*ret_what = "blockIO.weightDevice";
	r = write_devices(dir, "blkio.bfq.weight_device", &l->blkio_weights);
	if (r == -EOPNOTSUPP)
		r = write_devices(dir, "blkio.weight_device", &l->blkio_weights);
	for (size_t i = 0; r == 0 && i < sizeof(throttles) / sizeof(throttles[0]); i++) {
		*ret_what = throttles[i].what;
		r = write_devices(dir, throttles[i].file, throttles[i].list);
	}
	return r;
}

int bt_cgroup_v1_hugetlb(int dir, const struct bt_cgroup_limits *l, const char **ret_what)
{
	*ret_what = "hugepageLimits";
	for (size_t i = 0; i < l->nhugetlb; i++) {
		char file[96];
		int r;

		(void)snprintf(file, sizeof(file), "hugetlb.%s.limit_in_bytes",
			       l->hugetlb[i].page_size);
		r = bt_cgroup_files_printf(dir, file, "%" PRIu64, l->hugetlb[i].limit);
		if (r < 0)
			return r;
		/* Reservations have a limit of their own since Linux 5.7. */
		(void)snprintf(file, sizeof(file), "hugetlb.%s.rsvd.limit_in_bytes",
			       l->hugetlb[i].page_size);
		r = bt_cgroup_files_printf(dir, file, "%" PRIu64, l->hugetlb[i].limit);
		if (r < 0 && r != -EOPNOTSUPP)
			return r;
	}
	return 0;
}

int bt_cgroup_v1_net_cls(int dir, const struct bt_cgroup_limits *l, const char **ret_what)
{
	*ret_what = "network.classID";
	return write_num(dir, "net_cls.classid", l->net_class_id);
}

int bt_cgroup_v1_net_prio(int dir, const struct bt_cgroup_limits *l, const char **ret_what)
{
	int r = 0;

	*ret_what = "network.priorities";
	for (size_t i = 0; i < l->nnet_prio && r == 0; i++)
		r = bt_cgroup_files_printf(dir, "net_prio.ifpriomap", "%s %u",
					   l->net_prio[i].interface, l->net_prio[i].priority);
	return r;
}

/* ---- devices ------------------------------------------------------------------- */

static int write_number(char *buf, size_t size, int64_t number)
{
	return number < 0 ? snprintf(buf, size, "*") : snprintf(buf, size, "%" PRId64, number);
}

/* A file of rules, opened once for all that go there. */
static int write_text(int dir, int *fd, const char *file, const char *text)
{
	size_t len = strlen(text);

	if (*fd < 0)
		*fd = openat(dir, file, O_WRONLY | O_CLOEXEC);
	if (*fd < 0)
		return errno == ENOENT ? -EOPNOTSUPP : -errno;
	return write(*fd, text, len) == (ssize_t)len ? 0 : -errno;
}

/* The descriptors of devices.allow and devices.deny, owned. */
struct rule_files {
	int allow, deny;
};

static void rule_files_done(struct rule_files *files)
{
	bt_close(&files->allow);
	bt_close(&files->deny);
}

static int write_rule(int dir, struct rule_files *files, const struct bt_cgroup_device_rule *rule,
		      char type)
{
	char major[24], minor[24], text[64] = "a";

	(void)write_number(major, sizeof(major), rule->major);
	(void)write_number(minor, sizeof(minor), rule->minor);
	if (type != 'a')
		(void)snprintf(text, sizeof(text), "%c %s:%s %s%s%s", type, major, minor,
			       rule->access & BT_CGROUP_ACCESS_READ ? "r" : "",
			       rule->access & BT_CGROUP_ACCESS_WRITE ? "w" : "",
			       rule->access & BT_CGROUP_ACCESS_MKNOD ? "m" : "");
	return rule->allow ? write_text(dir, &files->allow, "devices.allow", text)
			   : write_text(dir, &files->deny, "devices.deny", text);
}

/* May both rules be about one access to one device? */
static bool rules_meet(const struct bt_cgroup_device_rule *a, const struct bt_cgroup_device_rule *b)
{
	return (a->type == 'a' || b->type == 'a' || a->type == b->type) &&
	       (a->major < 0 || b->major < 0 || a->major == b->major) &&
	       (a->minor < 0 || b->minor < 0 || a->minor == b->minor) && a->access & b->access;
}

/* Is everything that `b` is about something that `a` is about? */
static bool rule_covers(const struct bt_cgroup_device_rule *a,
			const struct bt_cgroup_device_rule *b)
{
	return (a->type == 'a' || a->type == b->type) && (a->major < 0 || a->major == b->major) &&
	       (a->minor < 0 || a->minor == b->minor) && (a->access & b->access) == b->access;
}

/* Does rule `i` only say again what holds already? */
static bool is_repeated(const struct bt_cgroup_device_rule *rules, size_t i)
{
	for (size_t k = i; k-- > 0;) {
		if (rules[k].allow == rules[i].allow && rule_covers(&rules[k], &rules[i]))
			return true;
		if (rules[k].allow != rules[i].allow && rules_meet(&rules[k], &rules[i]))
			return false;
	}
	return false;
}

int bt_cgroup_v1_devices(int dir, const struct bt_cgroup_limits *l, const char **ret_what)
{
	const uint8_t all = BT_CGROUP_ACCESS_READ | BT_CGROUP_ACCESS_WRITE | BT_CGROUP_ACCESS_MKNOD;
	bt_auto(rule_files_done) struct rule_files files = { .allow = -EBADF, .deny = -EBADF };

	*ret_what = "devices";
	for (size_t i = 0; i < l->ndevices; i++) {
		const struct bt_cgroup_device_rule *rule = &l->devices[i];
		bool whole = rule->major < 0 && rule->minor < 0 && rule->access == all;
		int r = 0;

		if (is_repeated(l->devices, i))
			continue;
		/* The kernel reads type 'a' as everything, whatever stands behind it. */
		if (rule->type == 'a' && !whole) {
			r = write_rule(dir, &files, rule, 'b');
			if (r == 0)
				r = write_rule(dir, &files, rule, 'c');
		} else {
			r = write_rule(dir, &files, rule, rule->type);
		}
		if (r < 0)
			return r;
	}
	return 0;
}
