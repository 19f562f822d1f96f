/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/plain.h"
#include "client/target.h"
#include "codec/image_ref.h"

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	bt_auto_str struct bt_str target = { 0 };
	json_auto_t *answer = NULL;
	struct bt_err err = { 0 };
	const char *text;

	bt_str_puts(&target, "/commit");
	bt_target_add(&target, "container", args->pos[0]);
	if (args->npos > 1) {
		if (bt_image_ref_parse(args->pos[1], &ref, &err) < 0)
			return bt_cli_fail(&err);
		bt_auto_free char *repo = bt_str_format("%s/%s", ref.domain, ref.path);
		bt_target_add(&target, "repo", repo);
		bt_target_add(&target, "tag", bt_image_ref_tag_or_latest(&ref));
	}
	bt_target_add(&target, "comment", bt_args_string(args, "message"));
	bt_target_add(&target, "author", bt_args_string(args, "author"));
	if (!bt_args_bool(args, "pause") || bt_args_bool(args, "no-pause"))
		bt_target_add(&target, "pause", "0");
	for (size_t i = 0; (text = bt_args_item(args, "change", i)); i++)
		bt_target_add(&target, "changes", text);
	if (bt_cli_call(cli, "POST", bt_str_get(&target), NULL, &answer, &err) < 0)
		return bt_cli_fail(&err);
	text = json_string_value(json_object_get(answer, "Id"));
	bt_plain_printf(stdout, "%s\n", text ? text : "");
	return 0;
}

static const struct bt_flag flags[] = {
	{ 'a', BT_FLAG_STRING, "author", NULL, "Who made it", NULL, NULL },
	{ 'c', BT_FLAG_LIST, "change", NULL, "Apply a Dockerfile instruction", NULL, NULL },
	{ 'm', BT_FLAG_STRING, "message", NULL, "A message for the image's history", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "no-pause", NULL, "Do not pause the container meanwhile", NULL, NULL },
	{ 'p', BT_FLAG_BOOL, "pause", NULL, "Pause the container meanwhile", "true", NULL },
	{ 0 },
};

const struct bt_command bt_commit_command = {
	.names = "container commit,commit",
	.usage = "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]",
	.brief = "Make an image of a container's changes",
	.flags = { flags },
	.min = 1,
	.max = 2,
	.run = run,
};
