/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/pull.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "cli/check.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "client/auth.h"
#include "client/target.h"
#include "codec/image_ref.h"

int bt_pull_image(struct bt_cli *cli, const char *image, const char *platform, bool all, FILE *out,
		  struct bt_err *err)
{
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	bt_auto_str struct bt_str target = { 0 };
	bt_auto_str struct bt_str header = { 0 };
	struct bt_http_conn conn;
	struct bt_api *api;
	int r = bt_cli_api(cli, &api, err);

	if (r == 0)
		r = bt_image_ref_parse(image, &ref, err);
	if (r == 0)
		r = bt_auth_header(&cli->config, image, &header, err);
	if (r < 0)
		return r;
	bt_auto_free char *name = bt_str_format("%s/%s", ref.domain, ref.path);
	if (!name)
		return bt_err_sys(err, -ENOMEM, "pull");
	bt_str_puts(&target, "/images/create");
	bt_target_add(&target, "fromImage", name);
	if (!all)
		bt_target_add(&target, "tag",
			      ref.digest ? ref.digest : bt_image_ref_tag_or_latest(&ref));
	bt_target_add(&target, "platform", platform && *platform ? platform : NULL);
	struct bt_api_request req = { .method = "POST",
				      .target = bt_str_get(&target),
				      .extra = bt_str_get(&header) };
	r = bt_api_open(api, &req, &conn, err);
	if (r < 0)
		return r;
	r = bt_progress_show(&conn, out, NULL, NULL, err);
	bt_api_keep(api, &conn);
	return r;
}

/* The name in full, as it is printed at the end: "docker.io/library/alpine:latest". */
static char *full_name(const struct bt_image_ref *ref)
{
	const char *tag = bt_image_ref_tag_or_latest(ref);

	return bt_str_format("%s/%s%s%s%s%s", ref->domain, ref->path, tag ? ":" : "",
			     tag ? tag : "", ref->digest ? "@" : "",
			     ref->digest ? ref->digest : "");
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	bool quiet = bt_args_bool(args, "quiet"), all = bt_args_bool(args, "all-tags");
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	struct bt_err err = { 0 };

	if (bt_image_ref_parse(args->pos[0], &ref, &err) < 0)
		return bt_cli_fail(&err);
	if (all && (ref.tag || ref.digest)) {
		(void)fprintf(stderr, "tag can't be used with --all-tags/-a\n");
		return BT_CLI_FAILED;
	}
	if (!all && !ref.tag && !ref.digest && !quiet)
		(void)printf("Using default tag: latest\n");
	if (bt_pull_image(cli, args->pos[0], bt_args_string(args, "platform"), all,
			  quiet ? NULL : stdout, &err) < 0)
		return bt_cli_fail(&err);
	bt_auto_free char *name = full_name(&ref);
	(void)printf("%s\n", name ? name : args->pos[0]);
	return 0;
}

static const struct bt_flag flags[] = {
	{ 'a', BT_FLAG_BOOL, "all-tags", NULL, "Pull every tag of the repository", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "disable-content-trust", NULL,
	  "Only true is known: there is no content trust", "true", bt_check_no_trust },
	{ 0, BT_FLAG_STRING, "platform", NULL, "Platform, where the image has several", NULL,
	  NULL },
	{ 'q', BT_FLAG_BOOL, "quiet", NULL, "Print only the name at the end", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_pull_command = {
	.names = "image pull,pull",
	.usage = "[OPTIONS] NAME[:TAG|@DIGEST]",
	.brief = "Download an image from a registry",
	.flags = { flags },
	.min = 1,
	.max = 1,
	.run = run,
};
