/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/commands.h"
#include "cli/multi.h"

static void target(const struct bt_args *args bt_unused, const char *name, struct bt_str *to)
{
	bt_multi_container(to, name, "/unpause");
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	static const struct bt_multi multi = { .method = "POST", .target = target };

	return bt_multi_run(cli, args, &multi);
}

const struct bt_command bt_unpause_command = {
	.names = "container unpause,unpause",
	.usage = "CONTAINER [CONTAINER...]",
	.brief = "Let the processes of paused containers go on",
	.min = 1,
	.max = -1,
	.run = run,
};
