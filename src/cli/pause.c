/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/commands.h"
#include "cli/multi.h"

static void target(const struct bt_args *args bt_unused, const char *name, struct bt_str *to)
{
	bt_multi_container(to, name, "/pause");
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	static const struct bt_multi multi = { .method = "POST", .target = target };

	return bt_multi_run(cli, args, &multi);
}

const struct bt_command bt_pause_command = {
	.names = "container pause,pause",
	.usage = "CONTAINER [CONTAINER...]",
	.brief = "Pause all processes of containers",
	.min = 1,
	.max = -1,
	.run = run,
};
