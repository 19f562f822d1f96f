/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/commands.h"
#include "cli/multi.h"
#include "client/target.h"

static void target(const struct bt_args *args, const char *name, struct bt_str *to)
{
	bt_multi_container(to, name, "");
	bt_target_add_flag(to, "force", bt_args_bool(args, "force"));
	bt_target_add_flag(to, "link", bt_args_bool(args, "link"));
	bt_target_add_flag(to, "v", bt_args_bool(args, "volumes"));
}

static bool excused(const struct bt_args *args, const struct bt_err *err)
{
	return bt_args_bool(args, "force") && err->kind == BT_ERR_NOT_FOUND;
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	static const struct bt_multi multi = { .method = "DELETE",
					       .target = target,
					       .excused = excused };

	return bt_multi_run(cli, args, &multi);
}

static const struct bt_flag flags[] = {
	{ 'f', BT_FLAG_BOOL, "force", NULL, "Kill it first where it runs", NULL, NULL },
	{ 'l', BT_FLAG_BOOL, "link", NULL, "Remove a link", NULL, NULL },
	{ 'v', BT_FLAG_BOOL, "volumes", NULL, "Remove its anonymous volumes", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_rm_command = {
	.names = "container rm,container remove,rm",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.brief = "Remove containers",
	.flags = { flags },
	.min = 1,
	.max = -1,
	.run = run,
};
