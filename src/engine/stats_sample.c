/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/stats_sample.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/engine_private.h"
#include "engine/machine_time.h"

uint64_t bt_stats_sample_cpus(void)
{
	return bt_machine_time_now().cpus;
}

json_t *bt_stats_sample_parse_net(const char *text)
{
	json_t *out = json_object();

	while (text && *text) {
		unsigned long long v[8];
		char name[32];

		if (sscanf(text,
			   " %31[^:]: %llu %llu %llu %llu %*u %*u %*u %*u %llu %llu %llu %llu",
			   name, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) == 9 &&
		    strcmp(name, "lo") != 0)
			json_object_set_new(
				out, name,
				json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "rx_bytes",
					  (json_int_t)v[0], "rx_packets", (json_int_t)v[1],
					  "rx_errors", (json_int_t)v[2], "rx_dropped",
					  (json_int_t)v[3], "tx_bytes", (json_int_t)v[4],
					  "tx_packets", (json_int_t)v[5], "tx_errors",
					  (json_int_t)v[6], "tx_dropped", (json_int_t)v[7]));
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return out;
}

static bool shares_host_network(pid_t pid)
{
	struct stat own, theirs;
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	return stat("/proc/self/ns/net", &own) < 0 || stat(path, &theirs) < 0 ||
	       own.st_ino == theirs.st_ino;
}

static void read_networks(struct bt_stats_sample *s)
{
	bt_auto_free char *text = NULL;
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/net/dev", (int)s->pid);
	if (shares_host_network(s->pid) ||
	    bt_io_read_file(AT_FDCWD, path, 1u << 20, &text, NULL) < 0)
		return;
	s->networks = bt_stats_sample_parse_net(text);
}

void bt_stats_sample_read(struct bt_stats_sample *s)
{
	bt_auto_cgroup struct bt_cgroup group = { 0 };

	if (bt_cgroup_open(&s->container->engine->cgroups, s->cgroup, &group) < 0 ||
	    bt_cgroup_stats_read(&group, &s->group) < 0)
		return;
	s->read = true;
	s->cpu.at_ns = bt_time_now_ns();
	s->cpu.total = s->group.cpu_total_ns;
	s->cpu.user = s->group.cpu_user_ns;
	s->cpu.kernel = s->group.cpu_system_ns;
	s->cpu.system = bt_machine_time_now().total_ns;
	read_networks(s);
}

void bt_stats_sample_done(struct bt_stats_sample *s)
{
	bt_cgroup_stats_done(&s->group);
	json_decref(s->networks);
	free(s->name);
}

static json_t *time_text(int64_t ns)
{
	char text[BT_TIME_RFC3339_LEN];

	bt_time_rfc3339(ns, text);
	return json_string(text);
}

/* Docker's numbers are unsigned, a JSON integer of jansson's is not: what is too large for it is
 * written as this string, and put right in the text. */
#define UNLIMITED_MARK "<2^64-1>"

static json_t *number(uint64_t value)
{
	return value > INT64_MAX ? json_string(UNLIMITED_MARK) : json_integer((json_int_t)value);
}

static json_t *cpu_json(const struct bt_stats_cpu *cpu, const struct bt_cgroup_stats *group)
{
	json_t *usage = json_object();
	json_t *out = json_object();

	json_object_set_new(usage, "total_usage", number(cpu->total));
	if (group && group->npercpu > 0) {
		json_t *each = json_array();

		for (size_t i = 0; i < group->npercpu; i++)
			json_array_append_new(each, number(group->percpu_ns[i]));
		json_object_set_new(usage, "percpu_usage", each);
	}
	json_object_set_new(usage, "usage_in_kernelmode", number(cpu->kernel));
	json_object_set_new(usage, "usage_in_usermode", number(cpu->user));
	json_object_set_new(out, "cpu_usage", usage);
	if (cpu->at_ns > 0) {
		json_object_set_new(out, "system_cpu_usage", number(cpu->system));
		json_object_set_new(out, "online_cpus", number(bt_stats_sample_cpus()));
	}
	json_object_set_new(
		out, "throttling_data",
		json_pack("{s:o,s:o,s:o}", "periods", number(group ? group->throttle_periods : 0),
			  "throttled_periods", number(group ? group->throttled_periods : 0),
			  "throttled_time", number(group ? group->throttled_ns : 0)));
	return out;
}

static json_t *memory_json(const struct bt_stats_sample *s)
{
	const struct bt_cgroup_stats *g = &s->group;
	json_t *out = json_object(), *stats = json_object();
	struct sysinfo machine = { 0 };
	uint64_t total;

	(void)sysinfo(&machine);
	total = (uint64_t)machine.totalram * machine.mem_unit;
	for (size_t i = 0; i < g->nmemory_stat; i++)
		json_object_set_new(stats, g->memory_stat[i].name, number(g->memory_stat[i].value));
	json_object_set_new(out, "usage", number(g->memory_usage));
	if (!g->v2)
		json_object_set_new(out, "max_usage", number(g->memory_max_usage));
	json_object_set_new(out, "stats", stats);
	if (g->memory_failcnt > 0)
		json_object_set_new(out, "failcnt", number(g->memory_failcnt));
	/* No limit is the machine's memory. */
	json_object_set_new(out, "limit",
			    number(g->memory_limit < total ? g->memory_limit : total));
	return out;
}

/* What there is nothing of is an empty list in version 1, and null in version 2, as by Docker. */
static json_t *io_json(const struct bt_cgroup_io_list *list, bool v2)
{
	json_t *out;

	if (list->n == 0 && v2)
		return json_null();
	out = json_array();
	for (size_t i = 0; i < list->n; i++) {
		char op[16] = "";

		/* Docker writes them in lower case. */
		for (size_t k = 0; list->v[i].op[k] && k < sizeof(op) - 1; k++)
			op[k] = (char)(list->v[i].op[k] | 0x20);
		json_array_append_new(out, json_pack("{s:o,s:o,s:s,s:o}", "major",
						     number(list->v[i].major), "minor",
						     number(list->v[i].minor), "op", op, "value",
						     number(list->v[i].value)));
	}
	return out;
}

/* Kinds that no kernel tells any more. */
static const char *const io_untold[] = { "io_queue_recursive",     "io_service_time_recursive",
					 "io_wait_time_recursive", "io_merged_recursive",
					 "io_time_recursive",      "sectors_recursive" };

static void add_usage(const struct bt_stats_sample *s, json_t *out)
{
	static const struct bt_cgroup_io_list none;
	bool v2 = s->group.v2 || !s->read;
	json_t *pids = json_object(), *blkio = json_object();

	json_object_set_new(blkio, "io_service_bytes_recursive", io_json(&s->group.io_bytes, v2));
	json_object_set_new(blkio, "io_serviced_recursive", io_json(&s->group.io_ops, v2));
	for (size_t i = 0; i < sizeof(io_untold) / sizeof(io_untold[0]); i++)
		json_object_set_new(blkio, io_untold[i], io_json(&none, v2));
	if (s->read) {
		json_object_set_new(pids, "current", number(s->group.pids_current));
		/* Without a limit version 1 tells none, and version 2 the largest number. */
		if (s->group.v2 || s->group.pids_limit <= INT64_MAX)
			json_object_set_new(pids, "limit", number(s->group.pids_limit));
	}
	json_object_set_new(out, "pids_stats", pids);
	json_object_set_new(out, "blkio_stats", blkio);
	json_object_set_new(out, "num_procs", json_integer(0));
	json_object_set_new(out, "storage_stats", json_object());
}

static json_t *sample_json(const struct bt_stats_sample *s, const struct bt_stats_cpu *before)
{
	json_t *out = json_object();
	bt_auto_free char *name = bt_str_format("/%s", s->name ? s->name : "");

	json_object_set_new(out, "name", json_string(name ? name : ""));
	json_object_set_new(out, "id", json_string(s->container->id));
	json_object_set_new(out, "read", time_text(s->cpu.at_ns));
	json_object_set_new(out, "preread", time_text(before->at_ns));
	add_usage(s, out);
	json_object_set_new(out, "cpu_stats", cpu_json(&s->cpu, s->read ? &s->group : NULL));
	json_object_set_new(out, "precpu_stats", cpu_json(before, NULL));
	json_object_set_new(out, "memory_stats", s->read ? memory_json(s) : json_object());
	if (s->networks)
		json_object_set(out, "networks", s->networks);
	return out;
}

char *bt_stats_sample_text(const struct bt_stats_sample *s, const struct bt_stats_cpu *before)
{
	static const char mark[] = "\"" UNLIMITED_MARK "\"";
	json_auto_t *json = sample_json(s, before);
	bt_auto_free char *text = json_dumps(json, JSON_COMPACT);
	bt_auto_str struct bt_str out = { 0 };
	char *done = NULL;
	const char *p = text, *at;

	if (!text)
		return NULL;
	while ((at = strstr(p, mark))) {
		bt_str_add(&out, p, (size_t)(at - p));
		bt_str_puts(&out, "18446744073709551615");
		p = at + sizeof(mark) - 1;
	}
	bt_str_puts(&out, p);
	bt_str_putc(&out, '\n');
	return bt_str_steal(&out, &done) == 0 ? done : NULL;
}
