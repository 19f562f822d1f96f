/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>

#include "cli/commands.h"
#include "cli/multi.h"
#include "cli/plain.h"
#include "cli/platform_flag.h"
#include "client/target.h"
#include "codec/platform.h"

/* The slashes of a name stay what they are. */
static void target(const struct bt_args *args, const char *name, struct bt_str *to)
{
	const char *platform;

	bt_str_puts(to, "/images/");
	bt_target_path(to, name);
	bt_target_add_flag(to, "force", bt_args_bool(args, "force"));
	bt_target_add_flag(to, "noprune", bt_args_bool(args, "no-prune"));
	for (size_t i = 0; (platform = bt_args_item(args, "platform", i)); i++)
		bt_discard(bt_platform_flag_add(to, "platforms", platform, BT_ERR_IGNORED));
}

static int done(const struct bt_args *args bt_unused, const char *name bt_unused,
		const json_t *answer, struct bt_err *err bt_unused)
{
	const json_t *item;
	size_t i;

	json_array_foreach (answer, i, item) {
		const char *deleted = json_string_value(json_object_get(item, "Deleted"));
		const char *untagged = json_string_value(json_object_get(item, "Untagged"));

		if (deleted)
			bt_plain_printf(stdout, "Deleted: %s\n", deleted);
		else if (untagged)
			bt_plain_printf(stdout, "Untagged: %s\n", untagged);
	}
	return 0;
}

static bool excused(const struct bt_args *args, const struct bt_err *err)
{
	return bt_args_bool(args, "force") && err->kind == BT_ERR_NOT_FOUND;
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	static const struct bt_multi multi = {
		.method = "DELETE", .target = target, .done = done, .excused = excused
	};

	struct bt_platform platform;
	struct bt_err err = { 0 };
	const char *text;

	for (size_t i = 0; (text = bt_args_item(args, "platform", i)); i++)
		if (bt_platform_parse(text, &platform, &err) < 0)
			return bt_cli_fail(&err);
	return bt_multi_run(cli, args, &multi);
}

static const struct bt_flag flags[] = {
	{ 'f', BT_FLAG_BOOL, "force", NULL, "Remove it although it is used or has more names", NULL,
	  NULL },
	{ 0, BT_FLAG_LIST, "platform", "strings", "Remove only this platform", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "no-prune", NULL, "Keep parents that have no name", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_rmi_command = {
	.names = "image rm,image remove,rmi",
	.usage = "[OPTIONS] IMAGE [IMAGE...]",
	.brief = "Remove images",
	.flags = { flags },
	.min = 1,
	.max = -1,
	.run = run,
};
