/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>

#include "base/auto.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/multi.h"
#include "cli/plain.h"
#include "client/target.h"

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	bt_auto_str struct bt_str target = { 0 };
	struct bt_err err = { 0 };

	if (!*args->pos[0] || !*args->pos[1]) {
		(void)fputs("Error: Neither old nor new names may be empty\n", stderr);
		return BT_CLI_FAILED;
	}
	bt_multi_container(&target, args->pos[0], "/rename");
	bt_target_add(&target, "name", args->pos[1]);
	if (bt_cli_call(cli, "POST", bt_str_get(&target), NULL, NULL, &err) < 0) {
		(void)bt_cli_fail(&err);
		bt_plain_printf(stderr, "Error: failed to rename container named %s\n",
				args->pos[0]);
		return BT_CLI_FAILED;
	}
	return 0;
}

const struct bt_command bt_rename_command = {
	.names = "container rename,rename",
	.usage = "CONTAINER NEW_NAME",
	.brief = "Rename a container",
	.min = 2,
	.max = 2,
	.run = run,
};
