/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/publish_policy.h"

#include <errno.h>
#include <string.h>

#include "codec/json.h"

int bt_publish_policy_parse(const char *text, enum bt_publish_policy *ret, struct bt_err *err)
{
	static const char *const names[] = { "all", "host-firewall", "loopback" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) != 0)
			continue;
		*ret = (enum bt_publish_policy)i;
		return 0;
	}
	return bt_err_set(err, BT_ERR_INVALID, EINVAL,
			  "invalid publish policy \"%s\": use one of all, host-firewall, loopback",
			  text);
}

int bt_publish_policy_of(const char *fallback, const json_t *config, enum bt_publish_policy *ret,
			 struct bt_err *err)
{
	const char *own = bt_json_str(bt_json_obj(config, "Labels"), BT_PUBLISH_POLICY_LABEL, NULL);

	return bt_publish_policy_parse(own ? own : fallback ? fallback : "all", ret, err);
}
