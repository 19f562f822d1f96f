/* SPDX-License-Identifier: Apache-2.0 */

/* /proc/PID/uid_map and gid_map: what was read says the same in both directions. */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "sys/id_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bt_auto_free char *text = strndup((const char *)data, size);
	struct bt_id_range ranges[BT_ID_MAP_MAX];
	int n = text ? bt_id_map_parse(text, ranges) : 0;

	if (n > BT_ID_MAP_MAX)
		abort();
	/* Ranges may overlap here, which the kernel refuses: so each by itself. */
	for (int i = 0; i < n; i++) {
		uint32_t last = ranges[i].size - 1;

		if (ranges[i].size == 0)
			abort();
		if (bt_id_map_outside(&ranges[i], 1, ranges[i].inside) != ranges[i].outside ||
		    bt_id_map_inside(&ranges[i], 1, ranges[i].outside) != ranges[i].inside)
			abort();
		if (bt_id_map_outside(&ranges[i], 1, ranges[i].inside + last) !=
		    ranges[i].outside + last)
			abort();
	}
	return 0;
}
