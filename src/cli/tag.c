/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "base/auto.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "client/target.h"
#include "codec/image_ref.h"

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	bt_auto_str struct bt_str target = { 0 };
	bt_auto_free char *repo = NULL;
	struct bt_err err = { 0 };

	if (bt_image_ref_parse(args->pos[1], &ref, &err) < 0) {
		(void)bt_err_context(&err,
				     "Error parsing reference: \"%s\" is not a valid "
				     "repository/tag",
				     args->pos[1]);
		return bt_cli_fail(&err);
	}
	repo = bt_str_format("%s/%s", ref.domain, ref.path);
	bt_str_puts(&target, "/images/");
	bt_target_path(&target, args->pos[0]);
	bt_str_puts(&target, "/tag");
	bt_target_add(&target, "repo", repo);
	bt_target_add(&target, "tag", bt_image_ref_tag_or_latest(&ref));
	if (bt_cli_call(cli, "POST", bt_str_get(&target), NULL, NULL, &err) < 0)
		return bt_cli_fail(&err);
	return 0;
}

const struct bt_command bt_tag_command = {
	.names = "image tag,tag",
	.usage = "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
	.brief = "Give an image a further name",
	.min = 2,
	.max = 2,
	.run = run,
};
