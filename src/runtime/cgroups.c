/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/cgroups.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "runtime/systemd_scope.h"

/* What every container may do whatever the rules say: make nodes of any device
 * (opening them is another matter), and use those that its /dev has anyway, its
 * terminals, and the tap driver, as runc allows them. */
static const struct bt_cgroup_device_rule always_allowed[] = {
	{ true, 'c', -1, -1, BT_CGROUP_ACCESS_MKNOD },
	{ true, 'b', -1, -1, BT_CGROUP_ACCESS_MKNOD },
	{ true, 'c', 1, 3, 7 },
	{ true, 'c', 1, 8, 7 },
	{ true, 'c', 1, 7, 7 },
	{ true, 'c', 5, 0, 7 },
	{ true, 'c', 1, 5, 7 },
	{ true, 'c', 1, 9, 7 },
	{ true, 'c', 136, -1, 7 },
	{ true, 'c', 5, 2, 7 },
	{ true, 'c', 10, 200, 7 },
};
#define NALWAYS (sizeof(always_allowed) / sizeof(always_allowed[0]))

/** Arrays in the form that sys/cgroup.h takes; owned. */
struct converted {
	struct bt_cgroup_limits limits;
	struct bt_cgroup_device_rule *devices;
	struct bt_cgroup_blkio_device *blkio;
	struct bt_cgroup_hugetlb *hugetlb;
	struct bt_cgroup_net_prio *net_prio;
	struct bt_cgroup_rdma *rdma;
	struct bt_cgroup_pair *unified;
};

static void converted_done(struct converted *c)
{
	free(c->devices);
	free(c->blkio);
	free(c->hugetlb);
	free(c->net_prio);
	free(c->rdma);
	free(c->unified);
}

static struct bt_cgroup_num from_i64(struct bt_oci_i64 n)
{
	return (struct bt_cgroup_num){ .value = n.value, .set = n.set };
}

static struct bt_cgroup_num from_u64(struct bt_oci_u64 n)
{
	int64_t value = n.value > INT64_MAX ? INT64_MAX : (int64_t)n.value;

	return (struct bt_cgroup_num){ .value = value, .set = n.set };
}

static void convert_memory(const struct bt_oci_memory *m, struct bt_cgroup_limits *to)
{
	to->memory_limit = from_i64(m->limit);
	to->memory_reservation = from_i64(m->reservation);
	to->memory_swap = from_i64(m->swap);
	to->memory_kernel = from_i64(m->kernel);
	to->memory_kernel_tcp = from_i64(m->kernel_tcp);
	to->memory_swappiness = from_u64(m->swappiness);
	to->oom_kill_disable = m->disable_oom_killer;
	to->memory_check_before_update = m->check_before_update;
}

static void convert_cpu(const struct bt_oci_cpu *c, struct bt_cgroup_limits *to)
{
	to->cpu_shares = from_u64(c->shares);
	to->cpu_quota = from_i64(c->quota);
	to->cpu_period = from_u64(c->period);
	to->cpu_burst = from_u64(c->burst);
	to->cpu_rt_runtime = from_i64(c->realtime_runtime);
	to->cpu_rt_period = from_u64(c->realtime_period);
	to->cpu_idle = from_i64(c->idle);
	to->cpus = c->cpus;
	to->mems = c->mems;
}

static struct bt_cgroup_blkio_list take_list(const struct bt_oci_blkio_list *from, bool weights,
					     struct bt_cgroup_blkio_device **next)
{
	struct bt_cgroup_blkio_list list = { .v = *next };

	for (size_t i = 0; i < from->n; i++) {
		const struct bt_oci_blkio_device *d = &from->v[i];

		if (weights && !d->weight.set)
			continue;
		*(*next)++ = (struct bt_cgroup_blkio_device){
			.major = d->major,
			.minor = d->minor,
			.value = weights ? d->weight.value : d->rate,
		};
		list.n++;
	}
	return list;
}

static int convert_blkio(const struct bt_oci_blkio *b, struct converted *c)
{
	size_t n = b->weight_device.n + b->read_bps.n + b->write_bps.n + b->read_iops.n +
		   b->write_iops.n;
	struct bt_cgroup_blkio_device *next;

	c->limits.blkio_weight = from_u64(b->weight);
	c->limits.blkio_leaf_weight = from_u64(b->leaf_weight);
	if (n == 0)
		return 0;
	c->blkio = next = calloc(n, sizeof(*next));
	if (next == NULL)
		return -ENOMEM;
	c->limits.blkio_weights = take_list(&b->weight_device, true, &next);
	c->limits.blkio_read_bps = take_list(&b->read_bps, false, &next);
	c->limits.blkio_write_bps = take_list(&b->write_bps, false, &next);
	c->limits.blkio_read_iops = take_list(&b->read_iops, false, &next);
	c->limits.blkio_write_iops = take_list(&b->write_iops, false, &next);
	return 0;
}

static int convert_devices(const struct bt_oci_resources *res, struct converted *c)
{
	size_t n = 0;

	c->devices = calloc(res->ndevices + NALWAYS, sizeof(*c->devices));
	if (c->devices == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < res->ndevices; i++) {
		const struct bt_oci_device_rule *rule = &res->devices[i];

		c->devices[n++] = (struct bt_cgroup_device_rule){
			.allow = rule->allow,
			.type = rule->type,
			.major = rule->major,
			.minor = rule->minor,
			.access = rule->access,
		};
	}
	memcpy(c->devices + n, always_allowed, sizeof(always_allowed));
	c->limits.devices = c->devices;
	c->limits.ndevices = n + NALWAYS;
	return 0;
}

static int convert_rest(const struct bt_oci_resources *res, struct converted *c)
{
	struct bt_cgroup_limits *to = &c->limits;

	c->hugetlb = calloc(res->nhugepages + 1, sizeof(*c->hugetlb));
	c->net_prio = calloc(res->nnet_priorities + 1, sizeof(*c->net_prio));
	c->rdma = calloc(res->nrdma + 1, sizeof(*c->rdma));
	c->unified = calloc(res->unified.n + 1, sizeof(*c->unified));
	if (!c->hugetlb || !c->net_prio || !c->rdma || !c->unified)
		return -ENOMEM;
	for (size_t i = 0; i < res->nhugepages; i++)
		c->hugetlb[i] = (struct bt_cgroup_hugetlb){ res->hugepages[i].page_size,
							    res->hugepages[i].limit };
	for (size_t i = 0; i < res->nnet_priorities; i++)
		c->net_prio[i] = (struct bt_cgroup_net_prio){ res->net_priorities[i].name,
							      res->net_priorities[i].priority };
	for (size_t i = 0; i < res->nrdma; i++)
		c->rdma[i] = (struct bt_cgroup_rdma){ res->rdma[i].device,
						      from_u64(res->rdma[i].hca_handles),
						      from_u64(res->rdma[i].hca_objects) };
	for (size_t i = 0; i < res->unified.n; i++)
		c->unified[i] =
			(struct bt_cgroup_pair){ res->unified.v[i].key, res->unified.v[i].value };
	to->hugetlb = c->hugetlb;
	to->nhugetlb = res->nhugepages;
	to->net_prio = c->net_prio;
	to->nnet_prio = res->nnet_priorities;
	to->rdma = c->rdma;
	to->nrdma = res->nrdma;
	to->unified = c->unified;
	to->nunified = res->unified.n;
	to->pids = from_i64(res->pids_limit);
	to->net_class_id = from_u64(res->net_class_id);
	return 0;
}

static int convert(const struct bt_oci_resources *res, bool devices, struct converted *ret,
		   struct bt_err *err)
{
	int r;

	convert_memory(&res->memory, &ret->limits);
	convert_cpu(&res->cpu, &ret->limits);
	r = convert_blkio(&res->blkio, ret);
	if (r == 0)
		r = convert_rest(res, ret);
	if (r == 0 && devices && res->ndevices > 0)
		r = convert_devices(res, ret);
	return r < 0 ? bt_err_sys(err, r, "linux.resources") : 0;
}

static int limit(const struct bt_cgroup *cg, const struct bt_cgroup_limits *limits,
		 struct bt_err *err)
{
	const char *what = NULL;
	int r = bt_cgroup_limit(cg, limits, &what);

	if (r == -EOPNOTSUPP)
		return bt_err_set(
			err, BT_ERR_INVALID, EOPNOTSUPP,
			"linux.resources.%s: this machine has no such control group limit",
			what != NULL ? what : "?");
	if (r < 0)
		return bt_err_sys(err, r, "linux.resources.%s", what != NULL ? what : "?");
	return 0;
}

int bt_cgroups_host(const struct bt_cgroup_host **ret, struct bt_err *err)
{
	static struct bt_cgroup_host host;
	static bool known;
	int r = known ? 0 : bt_cgroup_host_open(&host);

	if (r < 0)
		return bt_err_sys(err, r, "find the control groups of this machine");
	known = true;
	*ret = &host;
	return 0;
}

static int find_unit(const struct bt_cgroups_owner *owner, struct bt_systemd_unit *ret,
		     struct bt_err *err)
{
	return bt_systemd_unit_parse(owner->spec->linux_.cgroups_path, owner->id, ret, err);
}

static int scope_path(const struct bt_cgroups_owner *owner, char **ret, struct bt_err *err)
{
	struct bt_systemd_unit unit;
	int r = find_unit(owner, &unit, err);

	if (r < 0)
		return r;
	*ret = strdup(unit.path);
	return *ret != NULL ? 0 : bt_err_sys(err, -ENOMEM, "linux.cgroupsPath");
}

int bt_cgroups_path(const struct bt_cgroups_owner *owner, char **ret, struct bt_err *err)
{
	const char *path = owner->spec->linux_.cgroups_path;
	bt_auto_free char *joined = NULL;

	if (owner->systemd)
		return scope_path(owner, ret, err);
	if (path == NULL || *path == '\0')
		/* One directory, so that none of ours stays as an empty parent. */
		joined = bt_str_format("/berth-%s", owner->id);
	else
		joined = bt_path_join("/", path);
	if (joined == NULL)
		return bt_err_sys(err, -ENOMEM, "linux.cgroupsPath");
	*ret = bt_path_clean(joined);
	if (*ret == NULL)
		return bt_err_sys(err, -ENOMEM, "linux.cgroupsPath");
	if (strcmp(*ret, "/") == 0) {
		free(bt_take(*ret));
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "linux.cgroupsPath: the root group cannot be a container's");
	}
	return 0;
}

static int start_scope(const struct bt_cgroups_owner *owner, const struct bt_cgroup_host *host,
		       pid_t *ret_placeholder, struct bt_err *err)
{
	bt_auto(converted_done) struct converted c = { 0 };
	struct bt_systemd_unit unit;
	int r = find_unit(owner, &unit, err);

	if (r == 0)
		r = convert(&owner->spec->linux_.resources, true, &c, err);
	return r < 0 ? r
		     : bt_systemd_scope_start(&unit, owner->id, &c.limits,
					      bt_cgroup_host_is_v2(host), ret_placeholder, err);
}

/* The end of a container is that of all processes in its group: those of somebody else must not be
 * there. And its init would stand still in a group that is frozen. Systemd's scopes are new, or not
 * to be had. */
static int check_unused(const struct bt_cgroup_host *host, const char *path, struct bt_err *err)
{
	bt_auto_cgroup struct bt_cgroup cg = { 0 };
	int r = bt_cgroup_open(host, path, &cg);

	if (r == 0)
		r = bt_cgroup_pids_any(&cg);
	if (r > 0)
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "linux.cgroupsPath: container's cgroup is not empty: processes "
				  "found in %s",
				  path);
	if (r == 0 && bt_cgroup_freeze_is_on(&cg) > 0)
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "linux.cgroupsPath: container's cgroup unexpectedly frozen: %s",
				  path);
	/* One that is not there, or is being removed at this moment, is nobody's. */
	return bt_err_is_shortage(r) ? bt_err_sys(err, r, "linux.cgroupsPath: look into %s", path)
				     : 0;
}

int bt_cgroups_begin(const struct bt_cgroups_owner *owner, const struct bt_cgroup_host *host,
		     struct bt_cgroup *ret, pid_t *ret_placeholder, struct bt_err *err)
{
	bt_auto_free char *path = NULL;
	pid_t placeholder = 0;
	int r = bt_cgroups_path(owner, &path, err);

	if (r == 0)
		r = owner->systemd ? start_scope(owner, host, &placeholder, err)
				   : check_unused(host, path, err);
	if (r < 0)
		return r;
	r = bt_cgroup_begin(host, path, ret);
	if (r == 0) {
		*ret_placeholder = placeholder;
		return 0;
	}
	if (placeholder > 0) {
		bt_systemd_scope_release(&placeholder);
		bt_ignore(bt_cgroups_remove(owner, 1000, BT_ERR_IGNORED));
	}
	return bt_err_sys(err, r, "linux.cgroupsPath: make control group %s", path);
}

int bt_cgroups_complete(const struct bt_cgroups_owner *owner, struct bt_cgroup *cg,
			struct bt_err *err)
{
	bt_auto(converted_done) struct converted c = { 0 };
	int r = bt_cgroup_complete(cg);

	if (r < 0)
		return bt_err_sys(err, r, "linux.cgroupsPath: make control group %s", cg->path);
	r = convert(&owner->spec->linux_.resources, true, &c, err);
	return r < 0 ? r : limit(cg, &c.limits, err);
}

static bool asks_memory(const struct bt_oci_resources *res)
{
	const struct bt_oci_memory *m = &res->memory;

	return m->limit.set || m->reservation.set || m->swap.set || m->kernel.set ||
	       m->kernel_tcp.set || m->swappiness.set || m->disable_oom_killer;
}

static bool asks_cpu(const struct bt_oci_resources *res)
{
	const struct bt_oci_cpu *c = &res->cpu;

	return c->shares.set || c->quota.set || c->burst.set || c->period.set ||
	       c->realtime_runtime.set || c->realtime_period.set || c->cpus || c->mems ||
	       c->idle.set;
}

static bool asks_pids(const struct bt_oci_resources *res)
{
	return res->pids_limit.set;
}

static bool asks_blkio(const struct bt_oci_resources *res)
{
	const struct bt_oci_blkio *b = &res->blkio;

	return b->weight.set || b->leaf_weight.set || b->weight_device.n > 0 || b->read_bps.n > 0 ||
	       b->write_bps.n > 0 || b->read_iops.n > 0 || b->write_iops.n > 0;
}

static bool asks_huge_pages(const struct bt_oci_resources *res)
{
	return res->nhugepages > 0;
}

static bool asks_network(const struct bt_oci_resources *res)
{
	return res->net_class_id.set || res->nnet_priorities > 0;
}

static bool asks_rdma(const struct bt_oci_resources *res)
{
	return res->nrdma > 0;
}

static bool asks_unified(const struct bt_oci_resources *res)
{
	return res->unified.n > 0;
}

const char *bt_cgroups_first_limit(const struct bt_oci_resources *res)
{
	static const struct {
		const char *name;
		bool (*asked)(const struct bt_oci_resources *res);
	} limits[] = {
		{ "memory", asks_memory },
		{ "cpu", asks_cpu },
		{ "pids", asks_pids },
		{ "blockIO", asks_blkio },
		{ "hugepageLimits", asks_huge_pages },
		{ "network", asks_network },
		{ "rdma", asks_rdma },
		{ "unified", asks_unified },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (limits[i].asked(res))
			return limits[i].name;
	}
	return NULL;
}

int bt_cgroups_update(const struct bt_cgroups_owner *owner, const struct bt_cgroup *cg,
		      const struct bt_oci_resources *res, struct bt_err *err)
{
	bt_auto(converted_done) struct converted c = { 0 };
	struct bt_systemd_unit unit;
	const char *what;
	int r = convert(res, false, &c, err);

	if (r < 0 || !owner->systemd)
		return r < 0 ? r : limit(cg, &c.limits, err);
	r = bt_cgroup_fill(cg, &c.limits, &what);
	if (r < 0)
		return bt_err_sys(err, r, "linux.resources.%s", what);
	r = find_unit(owner, &unit, err);
	if (r == 0)
		r = bt_systemd_scope_update(&unit, &c.limits, bt_cgroup_host_is_v2(cg->host), err);
	return r < 0 ? r : limit(cg, &c.limits, err);
}

static int stop_scope(const struct bt_cgroups_owner *owner, struct bt_err *err)
{
	struct bt_systemd_unit unit;
	int r = find_unit(owner, &unit, err);

	return r < 0 ? r : bt_systemd_scope_stop(&unit, err);
}

static int kill_and_remove(const struct bt_cgroup_host *host, const char *path, int timeout_ms)
{
	bt_auto_cgroup struct bt_cgroup cg = { 0 };
	int r = bt_cgroup_open(host, path, &cg);

	if (r == -ENOENT)
		return 0;
	if (r == 0 && bt_cgroup_pids_any(&cg) != 0)
		r = bt_cgroup_kill(&cg, SIGKILL);
	return r < 0 ? r : bt_cgroup_remove(&cg, timeout_ms);
}

int bt_cgroups_remove(const struct bt_cgroups_owner *owner, int timeout_ms, struct bt_err *err)
{
	const struct bt_cgroup_host *host;
	bt_auto_free char *path = NULL;
	int r = bt_cgroups_host(&host, err);

	if (r == 0)
		r = bt_cgroups_path(owner, &path, err);
	if (r < 0)
		return r;
	/* As a rule nobody is left in it. */
	r = bt_cgroup_remove_empty(host, path);
	if (r < 0)
		r = kill_and_remove(host, path, timeout_ms);
	if (r < 0)
		return bt_err_sys(err, r, "remove control group %s", path);
	return owner->systemd ? stop_scope(owner, err) : 0;
}
