/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/commands.h"
#include "cli/multi.h"
#include "cli/stop.h"

static void target(const struct bt_args *args, const char *name, struct bt_str *to)
{
	bt_stop_target(args, name, "/restart", to);
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	static const struct bt_multi multi = { .method = "POST", .target = target };

	return bt_multi_run(cli, args, &multi);
}

const struct bt_command bt_restart_command = {
	.names = "container restart,restart",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.brief = "Restart containers",
	.flags = { bt_stop_flags },
	.min = 1,
	.max = -1,
	.run = run,
};
