/* SPDX-License-Identifier: Apache-2.0 */

/* mountinfo: mount points are named by whoever mounts. */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "sys/cgroup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bt_auto_free char *text = strndup((const char *)data, size);
	struct bt_cgroup_host host;

	if (!text || bt_cgroup_host_parse(text, &host) < 0)
		return 0;
	if (host.n > BT_CGROUP_HIERARCHIES_MAX || host.unified >= (int)host.n)
		abort();
	for (unsigned c = 0; c < BT_CGROUP_CONTROLLERS_; c++)
		if (host.where[c] >= (int)host.n)
			abort();
	for (unsigned i = 0; i < host.n; i++)
		if (!host.v[i].mount_point || host.v[i].fd >= 0)
			abort();
	bt_cgroup_host_done(&host);
	return 0;
}
