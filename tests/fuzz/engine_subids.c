/* SPDX-License-Identifier: Apache-2.0 */

/* /etc/subuid, and the kernel's own form of a map: "NAME\0text". */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "engine/subids.h"

static void check(const struct bt_id_range *ranges, int n)
{
	if (n > BT_ID_MAP_MAX)
		abort();
	for (int i = 0; i < n; i++) {
		uint32_t outside = bt_id_map_outside(ranges, (unsigned)n, ranges[i].inside);

		if (ranges[i].size == 0 || outside == UINT32_MAX)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	size_t len = strnlen(text, size);
	bt_auto_free char *name = strndup(text, len);
	bt_auto_free char *file = strndup(text + len + (len < size), size - len - (len < size));
	struct bt_id_range ranges[BT_ID_MAP_MAX];
	struct bt_err err = { 0 };
	int n;

	if (!name || !file)
		return 0;
	n = bt_subids_find(file, name, "1000", ranges, &err);
	if (n < 0 && err.msg[0] == '\0')
		abort();
	/* Put together from 0 on, each id inside has one outside, and back. */
	for (int i = 0; i < n; i++)
		if (bt_id_map_inside(ranges, (unsigned)n, ranges[i].outside) != ranges[i].inside)
			abort();
	check(ranges, n);
	if (bt_subids_next(file) < 100000)
		abort();
	check(ranges, bt_id_map_parse(file, ranges));
	return 0;
}
