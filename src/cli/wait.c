/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/multi.h"

static void target(const struct bt_args *args bt_unused, const char *name, struct bt_str *to)
{
	bt_multi_container(to, name, "/wait");
}

static int done(const struct bt_args *args bt_unused, const char *name bt_unused,
		const json_t *answer, struct bt_err *err)
{
	const json_t *why = json_object_get(json_object_get(answer, "Error"), "Message");
	const json_t *code = json_object_get(answer, "StatusCode");

	if (json_is_string(why))
		return bt_err_set(err, BT_ERR_SYSTEM, EIO, "%s", json_string_value(why));
	if (!json_is_integer(code))
		return bt_err_set(err, BT_ERR_SYSTEM, EBADMSG,
				  "wait: the daemon's answer has no exit code");
	(void)printf("%lld\n", (long long)json_integer_value(code));
	return 0;
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	static const struct bt_multi multi = { .method = "POST", .target = target, .done = done };

	return bt_multi_run(cli, args, &multi);
}

const struct bt_command bt_wait_command = {
	.names = "container wait,wait",
	.usage = "CONTAINER [CONTAINER...]",
	.brief = "Wait until containers stop, and print their exit codes",
	.min = 1,
	.max = -1,
	.run = run,
};
