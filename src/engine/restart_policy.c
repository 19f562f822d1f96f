/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/restart_policy.h"

#include <string.h>

#include "engine/jget.h"

struct bt_restart bt_restart_policy_of(const json_t *hc)
{
	static const char *const names[] = {
		[BT_RESTART_NO] = "no",
		[BT_RESTART_ON_FAILURE] = "on-failure",
		[BT_RESTART_ALWAYS] = "always",
		[BT_RESTART_UNLESS_STOPPED] = "unless-stopped",
		[BT_RESTART_ON_UNHEALTHY] = "on-unhealthy",
	};
	const json_t *policy = json_object_get(hc, "RestartPolicy");
	const char *name = bt_jget_text(policy, "Name");
	struct bt_restart out = { .policy = BT_RESTART_NO };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			out.policy = (enum bt_restart_policy)i;
	out.max = (int)bt_jget_int(policy, "MaximumRetryCount");
	return out;
}
