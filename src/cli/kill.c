/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/commands.h"
#include "cli/multi.h"
#include "client/target.h"

static void target(const struct bt_args *args, const char *name, struct bt_str *to)
{
	bt_multi_container(to, name, "/kill");
	bt_target_add(to, "signal", bt_args_string(args, "signal"));
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	static const struct bt_multi multi = { .method = "POST", .target = target };

	return bt_multi_run(cli, args, &multi);
}

static const struct bt_flag flags[] = {
	{ 's', BT_FLAG_STRING, "signal", NULL, "The signal to send", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_kill_command = {
	.names = "container kill,kill",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.brief = "Kill running containers, or send them a signal",
	.flags = { flags },
	.min = 1,
	.max = -1,
	.run = run,
};
