/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/platform_flag.h"

#include <errno.h>
#include <jansson.h>

#include "base/auto.h"
#include "client/target.h"
#include "codec/json.h"
#include "codec/platform.h"

int bt_platform_flag_add(struct bt_str *target, const char *name, const char *text,
			 struct bt_err *err)
{
	struct bt_platform platform;
	bt_auto_free char *value = NULL;
	json_auto_t *json = NULL;
	int r;

	if (!text || !*text)
		return 0;
	r = bt_platform_parse(text, &platform, err);
	if (r < 0)
		return r;
	json = json_pack("{ssssss*}", "architecture", platform.arch, "os", platform.os, "variant",
			 platform.variant[0] ? platform.variant : NULL);
	if (!json || bt_json_dump(json, &value, NULL) < 0)
		return bt_err_sys(err, -ENOMEM, "parse a platform");
	bt_target_add(target, name, value);
	return 0;
}
