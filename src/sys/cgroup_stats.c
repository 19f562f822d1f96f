/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/cgroup_stats.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "sys/cgroup_files.h"

#define TEXT_MAX (1u << 20)
#define LIST_MAX 65536

/* ---- the files' forms ------------------------------------------------------------ */

static bool to_u64(const char *text, uint64_t *ret)
{
	unsigned long long value;

	if (bt_str_to_u64(text, &value) < 0)
		return false;
	*ret = value;
	return true;
}

int bt_cgroup_stats_parse_counters(char *text, struct bt_cgroup_counter **ret, size_t *ret_n)
{
	bt_auto_free struct bt_cgroup_counter *list = NULL;
	size_t lines = 1, n = 0;
	char *save = NULL;

	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	if (lines > LIST_MAX)
		return -E2BIG;
	list = calloc(lines, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *blank = strchr(line, ' ');

		if (!blank || !to_u64(blank + 1, &list[n].value))
			continue;
		*blank = '\0';
		list[n++].name = line;
	}
	*ret = bt_take(list);
	*ret_n = n;
	return 0;
}

static int add_entry(struct bt_cgroup_io_list *list, uint32_t major, uint32_t minor, const char *op,
		     uint64_t value)
{
	struct bt_cgroup_io_entry *v;

	if (list->n == LIST_MAX)
		return -E2BIG;
	/* Room doubles at each power of two. */
	if ((list->n & (list->n - 1)) == 0) {
		v = realloc(list->v, (list->n ? list->n * 2 : 1) * sizeof(*v));
		if (!v)
			return -ENOMEM;
		list->v = v;
	}
	list->v[list->n++] = (struct bt_cgroup_io_entry){
		.major = major, .minor = minor, .op = op, .value = value
	};
	return 0;
}

static const char *operation(const char *name)
{
	static const char *const names[] = { "Read", "Write", "Sync", "Async", "Discard", "Total" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return names[i];
	return NULL;
}

int bt_cgroup_stats_parse_blkio(const char *text, struct bt_cgroup_io_list *ret)
{
	struct bt_cgroup_io_list list = { 0 };
	int r = 0;

	for (const char *line = text; *line && r == 0;
	     line += strcspn(line, "\n"), line += !!*line) {
		unsigned major, minor;
		char op[16], digits[24];
		uint64_t value;

		/* Blanks by name: white space in a format goes on to the next line. */
		if (sscanf(line, "%u:%u%*1[ ]%15[A-Za-z]%*1[ ]%23[0-9]", &major, &minor, op,
			   digits) == 4 &&
		    operation(op) && to_u64(digits, &value))
			r = add_entry(&list, major, minor, operation(op), value);
	}
	if (r < 0) {
		free(list.v);
		return r;
	}
	*ret = list;
	return 0;
}

/* One "key=value" of io.stat. */
static int add_io_word(const char *word, uint32_t major, uint32_t minor,
		       struct bt_cgroup_io_list *bytes, struct bt_cgroup_io_list *ops)
{
	static const struct {
		const char *key, *op;
		bool bytes;
	} keys[] = {
		{ "rbytes=", "Read", true },    { "wbytes=", "Write", true },
		{ "dbytes=", "Discard", true }, { "rios=", "Read", false },
		{ "wios=", "Write", false },    { "dios=", "Discard", false },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *digits = bt_str_after(word, keys[i].key);
		uint64_t value;

		if (digits && to_u64(digits, &value))
			return add_entry(keys[i].bytes ? bytes : ops, major, minor, keys[i].op,
					 value);
	}
	return 0;
}

static int parse_io_line(char *line, struct bt_cgroup_io_list *bytes, struct bt_cgroup_io_list *ops)
{
	char *save = NULL, *word = strtok_r(line, " ", &save);
	unsigned major, minor;
	int r = 0;

	if (!word || sscanf(word, "%u:%u", &major, &minor) != 2)
		return 0;
	while (r == 0 && (word = strtok_r(NULL, " ", &save)))
		r = add_io_word(word, major, minor, bytes, ops);
	return r;
}

int bt_cgroup_stats_parse_io(const char *text, struct bt_cgroup_io_list *ret_bytes,
			     struct bt_cgroup_io_list *ret_ops)
{
	bt_auto_free char *copy = strdup(text);
	struct bt_cgroup_io_list bytes = { 0 }, ops = { 0 };
	char *save = NULL;
	int r = 0;

	if (!copy)
		return -ENOMEM;
	for (char *line = strtok_r(copy, "\n", &save); line && r == 0;
	     line = strtok_r(NULL, "\n", &save))
		r = parse_io_line(line, &bytes, &ops);
	if (r < 0) {
		free(bytes.v);
		free(ops.v);
		return r;
	}
	*ret_bytes = bytes;
	*ret_ops = ops;
	return 0;
}

/* ---- reading --------------------------------------------------------------------- */

/* A number that may not be there: 0 then. */
static void read_num(int dir, const char *file, uint64_t *ret)
{
	uint64_t value;

	if (bt_cgroup_files_read_u64(dir, file, &value) == 0)
		*ret = value;
}

static void read_key(int dir, const char *file, const char *key, uint64_t factor, uint64_t *ret)
{
	uint64_t value;

	if (bt_cgroup_files_read_key(dir, file, key, &value) == 0)
		*ret = value * factor;
}

/* A "key value" file, read once for all of its keys. */
struct keys {
	char *text; /* owned; what the names point into */
	struct bt_cgroup_counter *v;
	size_t n;
};

static void keys_done(struct keys *keys)
{
	free(keys->text);
	free(keys->v);
}

/* What a kernel does not tell is nothing; what it could not be asked for is an error. */
static int read_text(int dir, const char *file, char **ret)
{
	int r = bt_io_read_file(dir, file, TEXT_MAX, ret, NULL);

	return bt_err_is_shortage(r) ? r : 0;
}

/* A file that cannot be read has no keys. */
static int keys_read(int dir, const char *file, struct keys *ret)
{
	int r = read_text(dir, file, &ret->text);

	if (r == 0 && ret->text)
		r = bt_cgroup_stats_parse_counters(ret->text, &ret->v, &ret->n);
	return bt_err_is_shortage(r) ? r : 0;
}

static void take_key(const struct keys *keys, const char *key, uint64_t factor, uint64_t *ret)
{
	for (size_t i = 0; i < keys->n; i++)
		if (strcmp(keys->v[i].name, key) == 0)
			*ret = keys->v[i].value * factor;
}

static int read_percpu(int dir, struct bt_cgroup_stats *stats)
{
	bt_auto_free char *text = NULL;
	char *save = NULL;
	size_t n = 1;
	int r = read_text(dir, "cpuacct.usage_percpu", &text);

	if (r < 0 || !text)
		return r;
	for (const char *p = text; *p; p++)
		n += *p == ' ';
	stats->percpu_ns = calloc(n, sizeof(*stats->percpu_ns));
	if (!stats->percpu_ns)
		return -ENOMEM;
	for (char *t = strtok_r(text, " \n", &save); t; t = strtok_r(NULL, " \n", &save))
		if (to_u64(t, &stats->percpu_ns[stats->npercpu]))
			stats->npercpu++;
	return 0;
}

static int read_cpuacct_v1(int dir, struct bt_cgroup_stats *stats)
{
	const long ticks = sysconf(_SC_CLK_TCK);
	const uint64_t tick_ns = 1000000000u / (uint64_t)(ticks > 0 ? ticks : 100);

	read_num(dir, "cpuacct.usage", &stats->cpu_total_ns);
	read_num(dir, "cpuacct.usage_user", &stats->cpu_user_ns);
	read_num(dir, "cpuacct.usage_sys", &stats->cpu_system_ns);
	if (stats->cpu_user_ns + stats->cpu_system_ns == 0) {
		read_key(dir, "cpuacct.stat", "user", tick_ns, &stats->cpu_user_ns);
		read_key(dir, "cpuacct.stat", "system", tick_ns, &stats->cpu_system_ns);
	}
	return read_percpu(dir, stats);
}

static int read_cpu(const struct bt_cgroup *cg, struct bt_cgroup_stats *stats)
{
	int cpu = bt_cgroup_dir(cg, BT_CGROUP_CPU);
	int acct = bt_cgroup_dir(cg, BT_CGROUP_CPUACCT);
	bt_auto(keys_done) struct keys keys = { 0 };
	int r = 0;

	if (cpu >= 0) {
		bool v2 = bt_cgroup_dir_is_v2(cg, BT_CGROUP_CPU);

		stats->have |= 1u << BT_CGROUP_CPU;
		r = keys_read(cpu, "cpu.stat", &keys);
		take_key(&keys, "nr_periods", 1, &stats->throttle_periods);
		take_key(&keys, "nr_throttled", 1, &stats->throttled_periods);
		take_key(&keys, v2 ? "throttled_usec" : "throttled_time", v2 ? 1000 : 1,
			 &stats->throttled_ns);
	}
	if (acct < 0 || r < 0)
		return r;
	stats->have |= 1u << BT_CGROUP_CPUACCT;
	if (!bt_cgroup_dir_is_v2(cg, BT_CGROUP_CPUACCT))
		return read_cpuacct_v1(acct, stats);
	if (!keys.text)
		r = keys_read(acct, "cpu.stat", &keys);
	take_key(&keys, "usage_usec", 1000, &stats->cpu_total_ns);
	take_key(&keys, "user_usec", 1000, &stats->cpu_user_ns);
	take_key(&keys, "system_usec", 1000, &stats->cpu_system_ns);
	return r;
}

/* Version 1 counts memory and swap together, version 2 swap alone; the stats have swap. */
static void read_memory_numbers(int dir, struct bt_cgroup_stats *stats)
{
	uint64_t usage = 0, limit = 0;

	if (stats->v2) {
		read_num(dir, "memory.current", &stats->memory_usage);
		read_num(dir, "memory.peak", &stats->memory_max_usage);
		read_num(dir, "memory.max", &stats->memory_limit);
		read_num(dir, "memory.swap.current", &stats->swap_usage);
		read_num(dir, "memory.swap.max", &stats->swap_limit);
		read_key(dir, "memory.events", "max", 1, &stats->memory_failcnt);
		return;
	}
	read_num(dir, "memory.usage_in_bytes", &stats->memory_usage);
	read_num(dir, "memory.max_usage_in_bytes", &stats->memory_max_usage);
	read_num(dir, "memory.limit_in_bytes", &stats->memory_limit);
	read_num(dir, "memory.failcnt", &stats->memory_failcnt);
	read_num(dir, "memory.memsw.usage_in_bytes", &usage);
	read_num(dir, "memory.memsw.limit_in_bytes", &limit);
	stats->swap_usage = usage > stats->memory_usage ? usage - stats->memory_usage : 0;
	if (limit == BT_CGROUP_UNLIMITED)
		stats->swap_limit = limit;
	else
		stats->swap_limit = limit > stats->memory_limit ? limit - stats->memory_limit : 0;
}

static int read_memory(const struct bt_cgroup *cg, struct bt_cgroup_stats *stats)
{
	int dir = bt_cgroup_dir(cg, BT_CGROUP_MEMORY);
	int r;

	if (dir < 0)
		return 0;
	stats->v2 = bt_cgroup_dir_is_v2(cg, BT_CGROUP_MEMORY);
	r = bt_io_read_file(dir, "memory.stat", TEXT_MAX, &stats->memory_text, NULL);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	stats->have |= 1u << BT_CGROUP_MEMORY;
	read_memory_numbers(dir, stats);
	return bt_cgroup_stats_parse_counters(stats->memory_text, &stats->memory_stat,
					      &stats->nmemory_stat);
}

static void read_pids(const struct bt_cgroup *cg, struct bt_cgroup_stats *stats)
{
	int dir = bt_cgroup_dir(cg, BT_CGROUP_PIDS);

	if (dir < 0 || bt_cgroup_files_read_u64(dir, "pids.current", &stats->pids_current) < 0)
		return;
	stats->have |= 1u << BT_CGROUP_PIDS;
	read_num(dir, "pids.max", &stats->pids_limit);
}

/* BFQ counts below its own names, and where it is not used its files are empty. */
static int read_blkio_file(int dir, const char *bfq, const char *throttle,
			   struct bt_cgroup_io_list *ret)
{
	const char *files[] = { bfq, throttle };

	for (size_t i = 0; i < 2 && ret->n == 0; i++) {
		bt_auto_free char *text = NULL;
		int r = read_text(dir, files[i], &text);

		if (r == 0 && text)
			r = bt_cgroup_stats_parse_blkio(text, ret);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_io(const struct bt_cgroup *cg, struct bt_cgroup_stats *stats)
{
	int dir = bt_cgroup_dir(cg, BT_CGROUP_BLKIO);
	bt_auto_free char *text = NULL;
	int r;

	if (dir < 0)
		return 0;
	if (!bt_cgroup_dir_is_v2(cg, BT_CGROUP_BLKIO)) {
		stats->have |= 1u << BT_CGROUP_BLKIO;
		r = read_blkio_file(dir, "blkio.bfq.io_service_bytes_recursive",
				    "blkio.throttle.io_service_bytes_recursive", &stats->io_bytes);
		return r < 0 ? r
			     : read_blkio_file(dir, "blkio.bfq.io_serviced_recursive",
					       "blkio.throttle.io_serviced_recursive",
					       &stats->io_ops);
	}
	r = read_text(dir, "io.stat", &text);
	if (r < 0 || !text)
		return r;
	stats->have |= 1u << BT_CGROUP_BLKIO;
	return bt_cgroup_stats_parse_io(text, &stats->io_bytes, &stats->io_ops);
}

int bt_cgroup_stats_read(const struct bt_cgroup *cg, struct bt_cgroup_stats *ret)
{
	bt_auto_cgroup_stats struct bt_cgroup_stats stats = { 0 };
	int r = read_cpu(cg, &stats);

	if (r == 0)
		r = read_memory(cg, &stats);
	if (r == 0)
		r = read_io(cg, &stats);
	if (r < 0)
		return r;
	read_pids(cg, &stats);
	*ret = bt_take_struct(stats);
	return 0;
}

uint64_t bt_cgroup_stats_memory(const struct bt_cgroup_stats *stats, const char *name)
{
	for (size_t i = 0; i < stats->nmemory_stat; i++)
		if (strcmp(stats->memory_stat[i].name, name) == 0)
			return stats->memory_stat[i].value;
	return 0;
}

void bt_cgroup_stats_done(struct bt_cgroup_stats *stats)
{
	free(stats->percpu_ns);
	free(stats->memory_stat);
	free(stats->memory_text);
	free(stats->io_bytes.v);
	free(stats->io_ops.v);
	*stats = (struct bt_cgroup_stats){ 0 };
}
