/* SPDX-License-Identifier: Apache-2.0 */

/* update and events of the OCI command line. */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/size.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"
#include "runtime/cgroups.h"
#include "runtime/oci_cli.h"
#include "runtime/rdt.h"
#include "runtime/state.h"
#include "sys/cgroup_stats.h"

enum flag {
	RESOURCES = 256,
	BLKIO_WEIGHT,
	CPU_PERIOD,
	CPU_QUOTA,
	CPU_BURST,
	CPU_SHARE,
	CPU_RT_PERIOD,
	CPU_RT_RUNTIME,
	CPU_IDLE,
	CPUSET_CPUS,
	CPUSET_MEMS,
	KERNEL_MEMORY,
	MEMORY,
	MEMORY_RESERVATION,
	MEMORY_SWAP,
	PIDS_LIMIT,
	L3_CACHE,
	MEM_BW,
};

static const struct option update_flags[] = {
	{ "resources", required_argument, NULL, 'r' },
	{ "blkio-weight", required_argument, NULL, BLKIO_WEIGHT },
	{ "cpu-period", required_argument, NULL, CPU_PERIOD },
	{ "cpu-quota", required_argument, NULL, CPU_QUOTA },
	{ "cpu-burst", required_argument, NULL, CPU_BURST },
	{ "cpu-share", required_argument, NULL, CPU_SHARE },
	{ "cpu-rt-period", required_argument, NULL, CPU_RT_PERIOD },
	{ "cpu-rt-runtime", required_argument, NULL, CPU_RT_RUNTIME },
	{ "cpu-idle", required_argument, NULL, CPU_IDLE },
	{ "cpuset-cpus", required_argument, NULL, CPUSET_CPUS },
	{ "cpuset-mems", required_argument, NULL, CPUSET_MEMS },
	{ "kernel-memory", required_argument, NULL, KERNEL_MEMORY },
	{ "kernel-memory-tcp", required_argument, NULL, KERNEL_MEMORY },
	{ "memory", required_argument, NULL, MEMORY },
	{ "memory-reservation", required_argument, NULL, MEMORY_RESERVATION },
	{ "memory-swap", required_argument, NULL, MEMORY_SWAP },
	{ "pids-limit", required_argument, NULL, PIDS_LIMIT },
	{ "l3-cache-schema", required_argument, NULL, L3_CACHE },
	{ "mem-bw-schema", required_argument, NULL, MEM_BW },
	{ 0 },
};

static int set_i64(struct bt_oci_i64 *to, const char *text, struct bt_err *err)
{
	long long value;
	int r = bt_oci_cli_number("update", text, INT64_MIN, INT64_MAX, &value, err);

	if (r == 0)
		*to = (struct bt_oci_i64){ .value = value, .set = true };
	return r;
}

static int set_u64(struct bt_oci_u64 *to, const char *text, struct bt_err *err)
{
	long long value;
	int r = bt_oci_cli_number("update", text, 0, INT64_MAX, &value, err);

	if (r == 0)
		*to = (struct bt_oci_u64){ .value = (uint64_t)value, .set = true };
	return r;
}

static int set_bytes(struct bt_oci_i64 *to, const char *text, struct bt_err *err)
{
	int64_t value;

	/* -1: no limit. */
	if (strcmp(text, "-1") == 0)
		value = -1;
	else if (bt_size_parse(text, &value) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid size: '%s'", text);
	*to = (struct bt_oci_i64){ .value = value, .set = true };
	return 0;
}

static int take_flag(int flag, struct bt_oci_resources *res, struct bt_oci_intel_rdt *rdt,
		     struct bt_err *err)
{
	switch (flag) {
	case BLKIO_WEIGHT:
		return set_u64(&res->blkio.weight, optarg, err);
	case CPU_PERIOD:
		return set_u64(&res->cpu.period, optarg, err);
	case CPU_QUOTA:
		return set_i64(&res->cpu.quota, optarg, err);
	case CPU_BURST:
		return set_u64(&res->cpu.burst, optarg, err);
	case CPU_SHARE:
		return set_u64(&res->cpu.shares, optarg, err);
	case CPU_RT_PERIOD:
		return set_u64(&res->cpu.realtime_period, optarg, err);
	case CPU_RT_RUNTIME:
		return set_i64(&res->cpu.realtime_runtime, optarg, err);
	case CPU_IDLE:
		return set_i64(&res->cpu.idle, optarg, err);
	case CPUSET_CPUS:
		res->cpu.cpus = optarg;
		return 0;
	case CPUSET_MEMS:
		res->cpu.mems = optarg;
		return 0;
	/* The kernel has no such limit any more, and runc ignores the flag as well. */
	case KERNEL_MEMORY:
		return 0;
	case MEMORY:
		return set_bytes(&res->memory.limit, optarg, err);
	case MEMORY_RESERVATION:
		return set_bytes(&res->memory.reservation, optarg, err);
	case MEMORY_SWAP:
		return set_bytes(&res->memory.swap, optarg, err);
	case PIDS_LIMIT:
		return set_i64(&res->pids_limit, optarg, err);
	case L3_CACHE:
		rdt->l3_cache_schema = optarg;
		rdt->set = true;
		return 0;
	case MEM_BW:
		rdt->mem_bw_schema = optarg;
		rdt->set = true;
		return 0;
	default:
		return -EINVAL;
	}
}

static int read_resources(const char *path, struct bt_arena *arena, struct bt_oci_resources *ret,
			  struct bt_err *err)
{
	bt_auto_free char *text = NULL;
	size_t len;
	int r;

	if (strcmp(path, "-") == 0)
		r = bt_io_read_fd(STDIN_FILENO, BT_OCI_SPEC_TEXT_MAX, &text, &len);
	else
		r = bt_io_read_file(AT_FDCWD, path, BT_OCI_SPEC_TEXT_MAX, &text, &len);
	if (r < 0)
		return bt_err_sys(err, r, "--resources: read %s", path);
	return bt_oci_resources_parse(text, len, arena, ret, err);
}

static int update_class(const struct bt_state *state, struct bt_oci_intel_rdt *rdt,
			struct bt_err *err)
{
	const struct bt_oci_intel_rdt *now = &state->spec.linux_.intel_rdt;
	bt_auto_free char *root = NULL;
	int r = bt_rdt_root(&root, err);

	if (r < 0)
		return r;
	if (!now->set)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "linux.intelRdt: container %s has no class of service to change",
				  state->id);
	rdt->clos_id = now->clos_id;
	return bt_rdt_update(root, rdt, state->id, err);
}

int bt_oci_update(const struct bt_oci_cli *cli, int argc, char **argv, int *ret_code,
		  struct bt_err *err)
{
	bt_auto_state struct bt_state state = { 0 };
	bt_auto_cgroup struct bt_cgroup cg = { 0 };
	struct bt_oci_resources res = { .set = true };
	struct bt_oci_intel_rdt rdt = { 0 };
	struct bt_cgroups_owner owner;
	const char *file = NULL;
	int flag, r = 0;

	(void)ret_code;
	while ((flag = bt_oci_cli_flag(argc, argv, "+r:", update_flags, err)) != -1) {
		if (flag == 'r')
			file = optarg;
		else
			r = take_flag(flag, &res, &rdt, err);
		if (r < 0)
			return r;
	}
	r = bt_oci_cli_count(argv[0], argc - optind, 1, 1, err);
	if (r == 0)
		r = bt_state_load(cli->root, argv[optind], &state, err);
	if (r == 0 && file != NULL)
		r = read_resources(file, &state.arena, &res, err);
	if (r == 0)
		r = bt_state_cgroup(&state, &cg, err);
	if (r < 0)
		return r;
	owner = bt_state_owner(&state);
	r = bt_cgroups_update(&owner, &cg, &res, err);
	return r < 0 || !rdt.set ? r : update_class(&state, &rdt, err);
}

/* ---- events ------------------------------------------------------------------ */

static json_t *number(uint64_t value)
{
	/* "No limit" is the largest number that JSON's readers agree upon. */
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *memory_json(const struct bt_cgroup_stats *s)
{
	json_t *raw = json_object();

	for (size_t i = 0; i < s->nmemory_stat && raw != NULL; i++) {
		if (json_object_set_new(raw, s->memory_stat[i].name,
					number(s->memory_stat[i].value)) < 0) {
			json_decref(raw);
			raw = NULL;
		}
	}
	return json_pack("{s:o, s:{s:o, s:o, s:o, s:o}, s:{s:o, s:o}, s:o}", "cache",
			 number(bt_cgroup_stats_memory(s, s->v2 ? "file" : "cache")), "usage",
			 "limit", number(s->memory_limit), "usage", number(s->memory_usage), "max",
			 number(s->memory_max_usage), "failcnt", number(s->memory_failcnt), "swap",
			 "limit", number(s->swap_limit), "usage", number(s->swap_usage), "raw",
			 raw);
}

/* An array that lacks something is none, so that what is made of it fails. */
static void add(json_t **array, json_t *item)
{
	if (json_array_append_new(*array, item) == 0)
		return;
	json_decref(*array);
	*array = NULL;
}

static json_t *io_json(const struct bt_cgroup_io_list *list)
{
	json_t *json = json_array();

	for (size_t i = 0; i < list->n && json != NULL; i++) {
		const struct bt_cgroup_io_entry *e = &list->v[i];

		add(&json, json_pack("{s:i, s:i, s:s, s:o}", "major", (int)e->major, "minor",
				     (int)e->minor, "op", e->op, "value", number(e->value)));
	}
	return json;
}

static json_t *stats_json(const struct bt_state *state, const struct bt_cgroup_stats *s)
{
	json_t *percpu = json_array();

	for (size_t i = 0; i < s->npercpu && percpu != NULL; i++)
		add(&percpu, number(s->percpu_ns[i]));
	return json_pack("{s:s, s:s, s:{s:{s:{s:o, s:o, s:o, s:o}, s:{s:o, s:o, s:o}}, s:o, "
			 "s:{s:o, s:o}, s:{s:o, s:o}}}",
			 "type", "stats", "id", state->id, "data", "cpu", "usage", "total",
			 number(s->cpu_total_ns), "percpu", percpu, "kernel",
			 number(s->cpu_system_ns), "user", number(s->cpu_user_ns), "throttling",
			 "periods", number(s->throttle_periods), "throttledPeriods",
			 number(s->throttled_periods), "throttledTime", number(s->throttled_ns),
			 "memory", memory_json(s), "pids", "current", number(s->pids_current),
			 "limit", number(s->pids_limit), "blkio", "ioServiceBytesRecursive",
			 io_json(&s->io_bytes), "ioServicedRecursive", io_json(&s->io_ops));
}

static int print_stats(const struct bt_state *state, const struct bt_cgroup *cg, struct bt_err *err)
{
	bt_auto_cgroup_stats struct bt_cgroup_stats stats = { 0 };
	json_auto_t *json = NULL;
	int r = bt_cgroup_stats_read(cg, &stats);

	if (r < 0)
		return bt_err_sys(err, r, "read what %s uses", state->id);
	json = stats_json(state, &stats);
	if (json == NULL || json_dumpf(json, stdout, JSON_COMPACT) < 0)
		return bt_err_sys(err, -ENOMEM, "print what %s uses", state->id);
	(void)putchar('\n');
	return fflush(stdout) == 0 ? 0 : bt_err_sys(err, -errno, "print what %s uses", state->id);
}

int bt_oci_events(const struct bt_oci_cli *cli, int argc, char **argv, int *ret_code,
		  struct bt_err *err)
{
	static const struct option flags[] = { { "interval", required_argument, NULL, 'i' },
					       { "stats", no_argument, NULL, 's' },
					       { 0 } };
	bt_auto_state struct bt_state state = { 0 };
	bt_auto_cgroup struct bt_cgroup cg = { 0 };
	int64_t interval = 5 * BT_TIME_NSEC_PER_SEC;
	enum bt_state_status status;
	bool once = false;
	int flag, r;

	(void)ret_code;
	while ((flag = bt_oci_cli_flag(argc, argv, "+", flags, err)) != -1) {
		if (flag == 's')
			once = true;
		else if (flag != 'i')
			return -EINVAL;
		else if (bt_time_duration_parse(optarg, &interval) < 0 || interval <= 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "duration interval must be greater than 0");
	}
	r = bt_oci_cli_count(argv[0], argc - optind, 1, 1, err);
	if (r == 0)
		r = bt_state_load(cli->root, argv[optind], &state, err);
	if (r < 0)
		return r;
	r = bt_state_status(&state, &status, err);
	if (r < 0)
		return r;
	if (status == BT_STATE_STOPPED)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH,
				  "container with id %s is not running", state.id);
	r = bt_state_cgroup(&state, &cg, err);
	if (r == 0)
		r = print_stats(&state, &cg, err);
	while (r == 0 && !once && status != BT_STATE_STOPPED) {
		(void)usleep((useconds_t)(interval / 1000));
		r = print_stats(&state, &cg, err);
		if (r == 0)
			r = bt_state_status(&state, &status, err);
	}
	return r;
}
