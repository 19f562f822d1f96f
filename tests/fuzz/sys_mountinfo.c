/* SPDX-License-Identifier: Apache-2.0 */

/* mountinfo: what lies below the first mount of the text. Mount points are named by whoever mounts.
 */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "sys/mountinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bt_auto_free char *text = strndup((const char *)data, size);
	bt_auto_mountinfo struct bt_mountinfo_list list = { 0 };
	uint64_t top;
	size_t all;

	if (!text || bt_mountinfo_parse(text, &list) < 0 || list.n == 0)
		return 0;
	top = list.v[0].id;
	all = list.n;
	bt_mountinfo_keep_below(&list, top);
	if (list.n >= all)
		abort();
	for (size_t i = 0; i < list.n; i++)
		if (list.v[i].id == top || list.v[i].point[0] == '/')
			abort();
	return 0;
}
