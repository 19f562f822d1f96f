/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "sys/cgroup_stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bt_auto_free char *text = strndup((const char *)data, size);
	struct bt_cgroup_counter *counters = NULL;
	struct bt_cgroup_io_list list = { 0 }, bytes = { 0 }, ops = { 0 };
	size_t n = 0;

	if (!text)
		return 0;
	(void)!bt_cgroup_stats_parse_blkio(text, &list);
	(void)!bt_cgroup_stats_parse_io(text, &bytes, &ops);
	for (size_t i = 0; i < list.n; i++)
		if (!list.v[i].op)
			abort();
	for (size_t i = 0; i < bytes.n; i++)
		if (!bytes.v[i].op)
			abort();
	free(list.v);
	free(bytes.v);
	free(ops.v);
	if (bt_cgroup_stats_parse_counters(text, &counters, &n) == 0)
		for (size_t i = 0; i < n; i++)
			if (strchr(counters[i].name, ' '))
				abort();
	free(counters);
	return 0;
}
