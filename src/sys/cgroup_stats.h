/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_CGROUP_STATS_H
#define BT_SYS_CGROUP_STATS_H

/*
 * What a group uses, read from either version into one struct. Numbers that a
 * version does not have are 0, and their lists empty.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "sys/cgroup.h"

/** No limit. */
#define BT_CGROUP_UNLIMITED UINT64_MAX

/** A line of memory.stat. */
struct bt_cgroup_counter {
	const char *name; /* borrowed from the stats */
	uint64_t value;
};

/** A line of blkio.throttle.io_service_bytes or the like, or a pair of io.stat. */
struct bt_cgroup_io_entry {
	uint32_t major, minor;
	const char *op; /* "Read", "Write", "Sync", "Async", "Discard", "Total": constants */
	uint64_t value;
};
struct bt_cgroup_io_list {
	struct bt_cgroup_io_entry *v;
	size_t n;
};

/** Zeroed is empty. Everything in it is owned by it. */
struct bt_cgroup_stats {
	uint32_t have; /* bits of the controllers that could be read */
	bool v2;       /* of the memory controller: names in memory_stat differ */

	uint64_t cpu_total_ns, cpu_user_ns, cpu_system_ns;
	uint64_t *percpu_ns; /* version 1 only */
	size_t npercpu;
	uint64_t throttle_periods, throttled_periods, throttled_ns;

	uint64_t memory_usage, memory_max_usage, memory_failcnt;
	uint64_t memory_limit; /* or BT_CGROUP_UNLIMITED */
	uint64_t swap_usage, swap_limit;
	struct bt_cgroup_counter *memory_stat;
	size_t nmemory_stat;

	uint64_t pids_current;
	uint64_t pids_limit; /* or BT_CGROUP_UNLIMITED */

	struct bt_cgroup_io_list io_bytes, io_ops;

	char *memory_text; /* what the names in memory_stat point into */
};

/** Read everything; controllers that are missing are left out of `have`. Returns 0, -ENODEV
 * when the group has gone, or -ENOMEM. */
bt_nodiscard int bt_cgroup_stats_read(const struct bt_cgroup *cg, struct bt_cgroup_stats *ret);

/** The value of a line of memory.stat, or 0. */
uint64_t bt_cgroup_stats_memory(const struct bt_cgroup_stats *stats, const char *name);

/** Release and leave it empty. */
void bt_cgroup_stats_done(struct bt_cgroup_stats *stats);

#define bt_auto_cgroup_stats bt_auto(bt_cgroup_stats_done)

/* The files' parsers, on text alone. */

/** "name value" lines, as memory.stat and cpu.stat have them. `text` is cut up in place and
 * must outlive *ret (owned array). Lines of another form are skipped. */
bt_nodiscard int bt_cgroup_stats_parse_counters(char *text, struct bt_cgroup_counter **ret,
						size_t *ret_n);
/** blkio of version 1: "8:0 Read 4096" lines; the closing "Total N" line is skipped. */
bt_nodiscard int bt_cgroup_stats_parse_blkio(const char *text, struct bt_cgroup_io_list *ret);
/** io.stat of version 2: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6". */
bt_nodiscard int bt_cgroup_stats_parse_io(const char *text, struct bt_cgroup_io_list *ret_bytes,
					  struct bt_cgroup_io_list *ret_ops);

#endif
