/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/stop.h"

#include "cli/check.h"
#include "cli/commands.h"
#include "cli/multi.h"
#include "client/target.h"

void bt_stop_target(const struct bt_args *args, const char *name, const char *action,
		    struct bt_str *to)
{
	bt_multi_container(to, name, action);
	bt_target_add(to, "signal", bt_args_string(args, "signal"));
	bt_target_add(to, "t",
		      bt_args_given(args, "timeout") ? bt_args_string(args, "timeout")
						     : bt_args_string(args, "time"));
}

static void target(const struct bt_args *args, const char *name, struct bt_str *to)
{
	bt_stop_target(args, name, "/stop", to);
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	static const struct bt_multi multi = { .method = "POST", .target = target };

	return bt_multi_run(cli, args, &multi);
}

const struct bt_flag bt_stop_flags[] = {
	{ 's', BT_FLAG_STRING, "signal", NULL, "The signal that asks it to stop", NULL, NULL },
	{ 't', BT_FLAG_STRING, "timeout", "int", "Seconds to wait before it is killed", NULL,
	  bt_check_int },
	{ 0, BT_FLAG_STRING, "time", "int", NULL, NULL, bt_check_int },
	{ 0 },
};

const struct bt_command bt_stop_command = {
	.names = "container stop,stop",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.brief = "Stop running containers",
	.flags = { bt_stop_flags },
	.min = 1,
	.max = -1,
	.run = run,
};
