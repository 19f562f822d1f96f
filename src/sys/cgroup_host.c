/* SPDX-License-Identifier: Apache-2.0 */

/* Which hierarchies the machine has: struct bt_cgroup_host of sys/cgroup.h. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "sys/cgroup.h"
#include "sys/cgroup_controller.h"
#include "sys/cgroup_files.h"
#include "sys/mountinfo.h"

#define MOUNTINFO_MAX (16u << 20)
#define FIELDS_MAX    64

/* Which controllers, and which name, the super options of a version 1 mount tell. */
static void read_options(char *options, uint32_t *ret_controllers, const char **ret_name)
{
	char *save = NULL;

	for (char *o = strtok_r(options, ",", &save); o; o = strtok_r(NULL, ",", &save)) {
		const char *name = bt_str_after(o, "name=");

		if (name)
			*ret_name = name;
		for (unsigned c = 0; c < BT_CGROUP_CONTROLLERS_; c++)
			if (strcmp(o, bt_cgroup_controller_name(c)) == 0)
				*ret_controllers |= 1u << c;
	}
}

/* The same hierarchy may be mounted at several places: the first one counts. */
static bool is_known(const struct bt_cgroup_host *host, bool v2, uint32_t controllers,
		     const char *name)
{
	for (unsigned i = 0; i < host->n; i++) {
		const struct bt_cgroup_hierarchy *h = &host->v[i];

		if (v2 ? h->v2
		       : !h->v2 && h->controllers == controllers && bt_str_eq(h->name, name))
			return true;
	}
	return false;
}

static int add_hierarchy(struct bt_cgroup_host *host, const char *mount_point, bool v2,
			 uint32_t controllers, const char *name)
{
	struct bt_cgroup_hierarchy *h = &host->v[host->n];

	if (is_known(host, v2, controllers, name))
		return 0;
	if (host->n == BT_CGROUP_HIERARCHIES_MAX)
		return -E2BIG;
	*h = (struct bt_cgroup_hierarchy){ .fd = -EBADF, .v2 = v2, .controllers = controllers };
	h->mount_point = strdup(mount_point);
	h->name = name ? strdup(name) : NULL;
	host->n++;
	if (!h->mount_point || (name && !h->name))
		return -ENOMEM;
	if (v2)
		host->unified = (int)(host->n - 1);
	for (unsigned c = 0; c < BT_CGROUP_CONTROLLERS_; c++)
		if (controllers & (1u << c) && host->where[c] < 0)
			host->where[c] = (int8_t)(host->n - 1);
	host->controllers |= controllers;
	return 0;
}

/* One line: id parent major:minor root mountpoint options [tags…] - type source superoptions */
static int parse_line(char *line, struct bt_cgroup_host *host)
{
	char *fields[FIELDS_MAX], *save = NULL;
	const char *name = NULL;
	uint32_t controllers = 0;
	unsigned n = 0, dash = 6;

	for (char *f = strtok_r(line, " ", &save); f && n < FIELDS_MAX;
	     f = strtok_r(NULL, " ", &save))
		fields[n++] = f;
	while (dash < n && strcmp(fields[dash], "-") != 0)
		dash++;
	if (dash + 3 >= n)
		return 0;
	if (strcmp(fields[dash + 1], "cgroup") != 0 && strcmp(fields[dash + 1], "cgroup2") != 0)
		return 0;
	bt_mountinfo_unescape(fields[4]);
	if (strcmp(fields[dash + 1], "cgroup2") == 0)
		return add_hierarchy(host, fields[4], true, 0, NULL);
	read_options(fields[dash + 3], &controllers, &name);
	return add_hierarchy(host, fields[4], false, controllers, name);
}

int bt_cgroup_host_parse(const char *text, struct bt_cgroup_host *ret)
{
	bt_auto_cgroup_host struct bt_cgroup_host host = { .unified = -1 };
	bt_auto_free char *copy = strdup(text);
	char *save = NULL;
	int r = 0;

	if (!copy)
		return -ENOMEM;
	memset(host.where, -1, sizeof(host.where));
	for (char *line = strtok_r(copy, "\n", &save); line && r == 0;
	     line = strtok_r(NULL, "\n", &save))
		r = parse_line(line, &host);
	if (r < 0)
		return r;
	*ret = bt_take_struct(host);
	return 0;
}

/* Give the unified hierarchy its controllers: what cgroup.controllers lists, and what
 * version 2 has in its core. Version 1 was first: a controller is in one place only. */
static int read_unified(struct bt_cgroup_host *host)
{
	const uint32_t core = 1u << BT_CGROUP_CPUACCT | 1u << BT_CGROUP_DEVICES |
			      1u << BT_CGROUP_FREEZER | 1u << BT_CGROUP_PERF_EVENT;
	struct bt_cgroup_hierarchy *h = &host->v[host->unified];
	uint32_t listed = core;
	char text[512], *save = NULL;
	int r = bt_cgroup_files_read(h->fd, "cgroup.controllers", text, sizeof(text));

	if (r < 0)
		return r;
	for (char *t = strtok_r(text, " ", &save); t; t = strtok_r(NULL, " ", &save))
		for (unsigned c = 0; c < BT_CGROUP_CONTROLLERS_; c++)
			if (bt_str_eq(t, bt_cgroup_controller_v2_name(c)))
				listed |= 1u << c;
	for (unsigned c = 0; c < BT_CGROUP_CONTROLLERS_; c++) {
		if (!(listed & 1u << c) || host->where[c] >= 0)
			continue;
		host->where[c] = (int8_t)host->unified;
		h->controllers |= 1u << c;
	}
	host->controllers |= listed;
	return 0;
}

int bt_cgroup_host_open(struct bt_cgroup_host *ret)
{
	bt_auto_cgroup_host struct bt_cgroup_host host = { 0 };
	bt_auto_free char *text = NULL;
	int r;

	r = bt_io_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL);
	if (r < 0)
		return r;
	r = bt_cgroup_host_parse(text, &host);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < host.n; i++) {
		host.v[i].fd = open(host.v[i].mount_point, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (host.v[i].fd < 0)
			return -errno;
	}
	r = host.unified >= 0 ? read_unified(&host) : 0;
	if (r < 0)
		return r;
	*ret = bt_take_struct(host);
	return 0;
}

void bt_cgroup_host_done(struct bt_cgroup_host *host)
{
	for (unsigned i = 0; i < host->n; i++) {
		bt_close(&host->v[i].fd);
		free(host->v[i].mount_point);
		free(host->v[i].name);
	}
	*host = (struct bt_cgroup_host){ 0 };
}

bool bt_cgroup_host_is_v2(const struct bt_cgroup_host *host)
{
	return host->n == 1 && host->unified == 0;
}

bool bt_cgroup_host_has_v1(const struct bt_cgroup_host *host)
{
	return host->n > (host->unified >= 0 ? 1u : 0u);
}
