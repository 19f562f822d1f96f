/* SPDX-License-Identifier: Apache-2.0 */

/* `import`: a root file system as an image. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/import.h"
#include "cli/plain.h"
#include "cli/progress.h"
#include "cli/upload.h"
#include "client/target.h"

int bt_import_fd(struct bt_cli *cli, const char *target, int fd, struct bt_err *err)
{
	struct bt_api_request req = { .method = "POST",
				      .target = target,
				      .type = fd >= 0 ? "application/x-tar" : NULL };
	struct bt_http_conn conn = { .fd = -EBADF };
	struct bt_api *api;
	int r = bt_cli_api(cli, &api, err);

	if (r < 0)
		return r;
	r = fd >= 0 ? bt_upload_fd(api, &req, fd, &conn, err) : bt_api_open(api, &req, &conn, err);
	if (r == 0)
		r = bt_progress_show(&conn, stdout, NULL, NULL, err);
	bt_api_keep(api, &conn);
	return r;
}

/* The last colon parts the tag off, unless a slash follows it. */
static void add_name(struct bt_str *target, const char *name)
{
	const char *colon = strrchr(name, ':');
	bt_auto_free char *repo = NULL;

	if (colon && strchr(colon, '/'))
		colon = NULL;
	repo = strndup(name, colon ? (size_t)(colon - name) : strlen(name));
	bt_target_add(target, "repo", repo);
	bt_target_add(target, "tag", colon ? colon + 1 : NULL);
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	const char *source = args->pos[0], *text;
	bool url = bt_str_after(source, "http://") || bt_str_after(source, "https://");
	bt_auto_str struct bt_str target = { 0 };
	bt_auto_close int own = -EBADF;
	struct bt_err err = { 0 };
	int fd = url ? -1 : STDIN_FILENO;

	if (!url && strcmp(source, "-") != 0) {
		fd = own = open(source, O_RDONLY | O_CLOEXEC);
		if (own < 0) {
			bt_plain_printf(stderr, "open %s: %s\n", source,
					errno == ENOENT ? "no such file or directory"
							: strerror(errno));
			return BT_CLI_FAILED;
		}
	}
	bt_str_puts(&target, "/images/create");
	bt_target_add(&target, "fromSrc", url ? source : "-");
	if (args->npos > 1)
		add_name(&target, args->pos[1]);
	bt_target_add(&target, "message", bt_args_string(args, "message"));
	bt_target_add(&target, "platform", bt_args_string(args, "platform"));
	for (size_t i = 0; (text = bt_args_item(args, "change", i)); i++)
		bt_target_add(&target, "changes", text);
	return bt_import_fd(cli, bt_str_get(&target), fd, &err) < 0 ? bt_cli_fail(&err) : 0;
}

static const struct bt_flag flags[] = {
	{ 'c', BT_FLAG_LIST, "change", NULL, "Apply a Dockerfile instruction", NULL, NULL },
	{ 'm', BT_FLAG_STRING, "message", NULL, "A message for the image's history", NULL, NULL },
	{ 0, BT_FLAG_STRING, "platform", NULL, "The image's platform", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_import_command = {
	.names = "image import,import",
	.usage = "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]",
	.brief = "Make an image of a root file system's archive",
	.flags = { flags },
	.min = 1,
	.max = 2,
	.run = run,
};
