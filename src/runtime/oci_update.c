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
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"
#include "runtime/cgroups.h"
#include "runtime/oci_cli.h"
#include "runtime/oci_update_flags.h"
#include "runtime/rdt.h"
#include "runtime/state.h"
#include "sys/cgroup_stats.h"

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
	struct bt_oci_update_flags flags = { 0 };
	struct bt_cgroups_owner owner;
	enum bt_state_status status;
	int r = bt_oci_update_flags_take(argc, argv, &flags, err);

	(void)ret_code;
	if (r == 0)
		r = bt_oci_cli_count(argv[0], argc - optind, 1, 1, err);
	if (r == 0)
		r = bt_state_load(cli->root, argv[optind], &state, err);
	if (r == 0 && flags.file != NULL)
		r = read_resources(flags.file, &state.arena, &flags.resources, err);
	if (r == 0)
		r = bt_state_status(&state, &status, err);
	if (r < 0)
		return r;
	/* Its groups are being made, or gone. */
	if (status == BT_STATE_CREATING || status == BT_STATE_STOPPED)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH, "container not running: %s",
				  bt_state_status_name(status));
	owner = bt_state_owner(&state);
	r = bt_state_cgroup(&state, &cg, err);
	if (r == 0)
		r = bt_cgroups_update(&owner, &cg, &flags.resources, err);
	if (r == 0 && flags.rdt.set)
		r = update_class(&state, &flags.rdt, err);
	return r < 0 ? bt_state_failed(&state, err) : 0;
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
