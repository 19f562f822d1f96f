/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/plain.h"
#include "cli/platform_flag.h"
#include "cli/progress.h"
#include "cli/upload.h"
#include "client/target.h"

static int load(struct bt_cli *cli, const struct bt_args *args, int fd, struct bt_err *err)
{
	bool quiet = bt_args_bool(args, "quiet") || !isatty(STDOUT_FILENO);
	bt_auto_str struct bt_str target = { 0 };
	struct bt_http_conn conn;
	const char *text;
	struct bt_api *api;
	int r = bt_cli_api(cli, &api, err);

	bt_str_puts(&target, "/images/load");
	bt_target_add(&target, "quiet", quiet ? "1" : "0");
	for (size_t i = 0; r == 0 && (text = bt_args_item(args, "platform", i)); i++)
		r = bt_platform_flag_add(&target, "platform", text, err);
	struct bt_api_request req = { .method = "POST",
				      .target = bt_str_get(&target),
				      .type = "application/x-tar" };
	if (r == 0)
		r = bt_upload_fd(api, &req, fd, &conn, err);
	if (r < 0)
		return r;
	r = bt_progress_show(&conn, stdout, NULL, NULL, err);
	bt_api_keep(api, &conn);
	return r;
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	const char *path = bt_args_string(args, "input");
	bt_auto_close int own = path ? open(path, O_RDONLY | O_CLOEXEC) : -EBADF;
	struct bt_err err = { 0 };

	if (path && own < 0) {
		bt_plain_printf(stderr, "open %s: %s\n", path,
				errno == ENOENT ? "no such file or directory" : strerror(errno));
		return BT_CLI_FAILED;
	}
	if (!path && isatty(STDIN_FILENO)) {
		(void)fputs("requested load from stdin, but stdin is empty\n", stderr);
		return BT_CLI_FAILED;
	}
	return load(cli, args, path ? own : STDIN_FILENO, &err) < 0 ? bt_cli_fail(&err) : 0;
}

static const struct bt_flag flags[] = {
	{ 'i', BT_FLAG_STRING, "input", NULL, "Read from a file, not from standard input", NULL,
	  NULL },
	{ 0, BT_FLAG_LIST, "platform", "string", "Load only this platform", NULL, NULL },
	{ 'q', BT_FLAG_BOOL, "quiet", NULL, "Show no progress", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_load_command = {
	.names = "image load,load",
	.usage = "[OPTIONS]",
	.brief = "Load images from an archive",
	.flags = { flags },
	.run = run,
};
