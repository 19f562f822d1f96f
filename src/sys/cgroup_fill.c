/* SPDX-License-Identifier: Apache-2.0 */

/* Version 2 keeps in one file what version 1 has in two, and counts swap alone: what is not given
 * is what the group has. */

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "sys/cgroup.h"
#include "sys/cgroup_files.h"

/* The number at `text`, or -1 for "max". */
static int parse_max(const char *text, struct bt_cgroup_num *ret)
{
	unsigned long long value;

	if (strcmp(text, "max") == 0) {
		*ret = (struct bt_cgroup_num){ .value = -1, .set = true };
		return 0;
	}
	if (bt_str_to_u64(text, &value) < 0 || value > INT64_MAX)
		return -EBADMSG;
	*ret = (struct bt_cgroup_num){ .value = (int64_t)value, .set = true };
	return 0;
}

/* "max 100000" or "25000 50000". */
static int fill_quota(int dir, struct bt_cgroup_limits *l)
{
	char text[64], *blank;
	int r;

	if (bt_cgroup_num_given(l->cpu_quota) == bt_cgroup_num_given(l->cpu_period))
		return 0;
	r = bt_cgroup_files_read(dir, "cpu.max", text, sizeof(text));
	if (r < 0)
		return r;
	blank = strchr(text, ' ');
	if (!blank)
		return -EBADMSG;
	*blank = '\0';
	if (bt_cgroup_num_given(l->cpu_quota))
		return parse_max(blank + 1, &l->cpu_period);
	return parse_max(text, &l->cpu_quota);
}

/* A limit of both together says nothing about swap without that of memory. */
static int fill_memory(int dir, struct bt_cgroup_limits *l)
{
	char text[64];
	int r;

	if (bt_cgroup_num_given(l->memory_limit) || !l->memory_swap.set ||
	    l->memory_swap.value <= 0)
		return 0;
	r = bt_cgroup_files_read(dir, "memory.max", text, sizeof(text));
	return r < 0 ? r : parse_max(text, &l->memory_limit);
}

int bt_cgroup_fill(const struct bt_cgroup *cg, struct bt_cgroup_limits *limits,
		   const char **ret_what)
{
	static const struct {
		enum bt_cgroup_controller controller;
		const char *what;
		int (*fill)(int dir, struct bt_cgroup_limits *limits);
	} fillers[] = {
		{ BT_CGROUP_CPU, "cpu", fill_quota },
		{ BT_CGROUP_MEMORY, "memory", fill_memory },
	};

	for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++) {
		int dir = bt_cgroup_dir(cg, fillers[i].controller), r;

		if (dir < 0 || !bt_cgroup_dir_is_v2(cg, fillers[i].controller))
			continue;
		r = fillers[i].fill(dir, limits);
		/* Until its controller is handed down the group has no limit. */
		if (r == 0 || r == -ENOENT)
			continue;
		if (ret_what)
			*ret_what = fillers[i].what;
		return r;
	}
	return 0;
}
