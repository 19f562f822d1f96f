/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_STATS_SAMPLE_H
#define BT_ENGINE_STATS_SAMPLE_H

/*
 * One sample of a container, and the JSON that Docker makes of it.
 */

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#include "engine/container.h"
#include "engine/stats.h"
#include "sys/cgroup_stats.h"

struct bt_stats_sample {
	/* given */
	struct bt_container *container; /* borrowed */
	const char *cgroup;             /* borrowed */
	pid_t pid;
	char *name; /* owned */
	/* read */
	bool read;
	struct bt_stats_cpu cpu;
	struct bt_cgroup_stats group;
	json_t *networks; /* owned; NULL: shares the host's */
};

/** Read the control group, the machine's processors and the interfaces. What cannot be read stays
 * zero: the container may have ended. */
void bt_stats_sample_read(struct bt_stats_sample *sample);
/** Docker's object beside `before`, as text with "\n"; owned. NULL without memory. */
char *bt_stats_sample_text(const struct bt_stats_sample *sample, const struct bt_stats_cpu *before);
/** Release what it owns. */
void bt_stats_sample_done(struct bt_stats_sample *sample);

/** How many processors the machine has. */
uint64_t bt_stats_sample_cpus(void);

/** The interfaces of a /proc/<pid>/net/dev, without the loopback; a new object. */
json_t *bt_stats_sample_parse_net(const char *text);

#endif
