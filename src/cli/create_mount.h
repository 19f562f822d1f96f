/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_CREATE_MOUNT_H
#define BT_CLI_CREATE_MOUNT_H

/*
 * --mount, -v and --tmpfs of run and create.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "cli/args.h"

/** Parse one --mount into the API's Mount object (a new reference; `ret` may be NULL). */
bt_nodiscard int bt_create_mount_parse(const char *text, json_t **ret, struct bt_err *err);

/** The same as a flag's check. */
bt_nodiscard int bt_create_mount_check(const char *text, struct bt_err *err);

/** Set what the three flags say: Binds, Mounts and Tmpfs in `host`, Volumes in `config`. */
bt_nodiscard int bt_create_mount_fill(const struct bt_args *args, json_t *config, json_t *host,
				      struct bt_err *err);

#endif
