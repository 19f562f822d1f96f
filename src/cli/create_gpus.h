/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_CREATE_GPUS_H
#define BT_CLI_CREATE_GPUS_H

/*
 * --gpus: "all", "2", "device=0,1", "count=1,driver=x,\"capabilities=a,b\"" as a member
 * of HostConfig.DeviceRequests.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

/** Parse in docker's words. Returns 0 with a new object, or -EINVAL. */
bt_nodiscard int bt_create_gpus_parse(const char *text, json_t **ret, struct bt_err *err);

/** Whether one --gpus can be read. Returns 0 or -EINVAL. */
bt_nodiscard int bt_create_gpus_check(const char *text, struct bt_err *err);

#endif
