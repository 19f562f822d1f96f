/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "cli/check.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/platform_flag.h"
#include "cli/progress.h"
#include "client/auth.h"
#include "client/target.h"
#include "codec/image_ref.h"

static int push(struct bt_cli *cli, const struct bt_args *args, const struct bt_image_ref *ref,
		const char *name, struct bt_err *err)
{
	bool hub = strcmp(ref->domain, "docker.io") == 0;
	bt_auto_str struct bt_str target = { 0 };
	bt_auto_str struct bt_str header = { 0 };
	struct bt_http_conn conn;
	struct bt_api *api;
	int r = bt_cli_api(cli, &api, err);

	if (r == 0)
		r = bt_auth_header(&cli->config, args->pos[0], &header, err);
	if (r < 0)
		return r;
	bt_str_puts(&target, "/images/");
	bt_target_path(&target, hub ? ref->path : name);
	bt_str_puts(&target, "/push");
	if (!bt_args_bool(args, "all-tags"))
		bt_target_add(&target, "tag", bt_image_ref_tag_or_latest(ref));
	r = bt_platform_flag_add(&target, "platform", bt_args_string(args, "platform"), err);
	if (r < 0)
		return r;
	struct bt_api_request req = { .method = "POST",
				      .target = bt_str_get(&target),
				      .extra = bt_str_get(&header) };
	r = bt_api_open(api, &req, &conn, err);
	if (r < 0)
		return r;
	r = bt_progress_show(&conn, bt_args_bool(args, "quiet") ? NULL : stdout, NULL, NULL, err);
	bt_api_keep(api, &conn);
	return r;
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	struct bt_err err = { 0 };
	bool all = bt_args_bool(args, "all-tags");

	if (bt_image_ref_parse(args->pos[0], &ref, &err) < 0)
		return bt_cli_fail(&err);
	bt_auto_free char *name = bt_str_format("%s/%s", ref.domain, ref.path);
	if (!name)
		return BT_CLI_FAILED;
	if (all && ref.tag) {
		(void)fputs("tag can't be used with --all-tags/-a\n", stderr);
		return BT_CLI_FAILED;
	}
	if (!all && !ref.tag && !bt_args_bool(args, "quiet"))
		(void)printf("Using default tag: latest\n");
	if (push(cli, args, &ref, name, &err) < 0)
		return bt_cli_fail(&err);
	if (bt_args_bool(args, "quiet"))
		(void)printf("%s:%s\n", name, bt_image_ref_tag_or_latest(&ref));
	return 0;
}

static const struct bt_flag flags[] = {
	{ 'a', BT_FLAG_BOOL, "all-tags", NULL, "Push every tag of the repository", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "disable-content-trust", NULL,
	  "Only true is known: there is no content trust", "true", bt_check_no_trust },
	{ 0, BT_FLAG_STRING, "platform", NULL, "Push only this platform", NULL, NULL },
	{ 'q', BT_FLAG_BOOL, "quiet", NULL, "Print only the name at the end", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_push_command = {
	.names = "image push,push",
	.usage = "[OPTIONS] NAME[:TAG]",
	.brief = "Upload an image to a registry",
	.flags = { flags },
	.min = 1,
	.max = 1,
	.run = run,
};
