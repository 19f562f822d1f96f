/* SPDX-License-Identifier: Apache-2.0 */

/* `manifest inspect`: what a registry says an image is, as the daemon reaches the registry. */

#include <errno.h>
#include <stdio.h>

#include "base/auto.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "client/auth.h"
#include "client/target.h"
#include "codec/image_ref.h"
#include "codec/json.h"

#define INDENT 3

static int fetch(struct bt_cli *cli, const char *name, json_t **ret, struct bt_err *err)
{
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	bt_auto_str struct bt_str target = { 0 };
	bt_auto_str struct bt_str header = { 0 };
	struct bt_api *api;
	int r = bt_cli_api(cli, &api, err);

	if (r == 0)
		r = bt_image_ref_parse(name, &ref, err);
	if (r == 0)
		r = bt_auth_header(&cli->config, name, &header, err);
	if (r < 0)
		return r;
	bt_str_puts(&target, "/distribution/");
	bt_target_path(&target, name);
	bt_str_puts(&target, "/manifest");
	return bt_api_call_with(api,
				&(struct bt_api_request){ .method = "GET",
							  .target = bt_str_get(&target),
							  .extra = bt_str_get(&header) },
				ret, err) < 0
		       ? -err->errnum
		       : 0;
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	json_auto_t *manifest = NULL;
	bt_auto_free char *text = NULL;
	struct bt_err err = { 0 };

	if (fetch(cli, args->pos[0], &manifest, &err) < 0)
		return bt_cli_fail(&err);
	text = json_dumps(manifest, JSON_INDENT(INDENT));
	if (!text) {
		(void)bt_err_sys(&err, -ENOMEM, "print a manifest");
		return bt_cli_fail(&err);
	}
	(void)puts(text);
	return 0;
}

const struct bt_command bt_manifest_inspect_command = {
	.names = "manifest inspect",
	.usage = "MANIFEST",
	.brief = "Show an image's manifest, or index of manifests, as its registry has it",
	.min = 1,
	.max = 1,
	.run = run,
};
