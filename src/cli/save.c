/* SPDX-License-Identifier: Apache-2.0 */

/* `save` and `export`: an archive to a file or a pipe. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/multi.h"
#include "cli/platform_flag.h"
#include "cli/upload.h"
#include "client/target.h"

/* The file appears whole or not at all: it is written beside its place and renamed. */
static int to_file(struct bt_http_conn *conn, const char *path, struct bt_err *err)
{
	bt_auto_free char *temp = bt_str_format("%s.%d.tmp", path, (int)getpid());
	bt_auto_close int fd =
		temp ? open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
	int r;

	if (fd < 0)
		return bt_err_sys(err, temp ? -errno : -ENOMEM, "create %s", path);
	r = bt_upload_download(conn, fd, err);
	if (r == 0 && rename(temp, path) < 0)
		r = bt_err_sys(err, -errno, "rename %s", path);
	if (r < 0)
		(void)unlink(temp);
	return r;
}

static int fetch(struct bt_cli *cli, const struct bt_args *args, const char *target,
		 struct bt_err *err)
{
	const char *path = bt_args_string(args, "output");
	struct bt_api_request req = { .method = "GET", .target = target };
	struct bt_http_conn conn;
	struct bt_api *api;
	int r = bt_cli_api(cli, &api, err);

	if (r == 0)
		r = bt_api_open(api, &req, &conn, err);
	if (r < 0)
		return r;
	r = path ? to_file(&conn, path, err) : bt_upload_download(&conn, STDOUT_FILENO, err);
	bt_api_keep(api, &conn);
	return r;
}

/* An archive is nothing for a terminal. */
static bool refuses_terminal(const struct bt_args *args)
{
	if (bt_args_string(args, "output") || !isatty(STDOUT_FILENO))
		return false;
	(void)fputs("cowardly refusing to save to a terminal. Use the -o flag or redirect\n",
		    stderr);
	return true;
}

static int run_save(struct bt_cli *cli, const struct bt_args *args)
{
	bt_auto_str struct bt_str target = { 0 };
	struct bt_err err = { 0 };
	const char *text;

	if (refuses_terminal(args))
		return BT_CLI_FAILED;
	bt_str_puts(&target, "/images/get");
	for (size_t i = 0; i < args->npos; i++)
		bt_target_add(&target, "names", args->pos[i]);
	for (size_t i = 0; (text = bt_args_item(args, "platform", i)); i++)
		if (bt_platform_flag_add(&target, "platform", text, &err) < 0)
			return bt_cli_fail(&err);
	return fetch(cli, args, bt_str_get(&target), &err) < 0 ? bt_cli_fail(&err) : 0;
}

static int run_export(struct bt_cli *cli, const struct bt_args *args)
{
	bt_auto_str struct bt_str target = { 0 };
	struct bt_err err = { 0 };

	if (refuses_terminal(args))
		return BT_CLI_FAILED;
	bt_multi_container(&target, args->pos[0], "/export");
	return fetch(cli, args, bt_str_get(&target), &err) < 0 ? bt_cli_fail(&err) : 0;
}

#define OUTPUT_FLAG                                                                             \
	{                                                                                       \
		'o', BT_FLAG_STRING, "output", NULL, "Write to a file, not to standard output", \
			NULL, NULL                                                              \
	}

static const struct bt_flag save_flags[] = {
	OUTPUT_FLAG,
	{ 0, BT_FLAG_LIST, "platform", "string", "Save only this platform", NULL, NULL },
	{ 0 },
};
static const struct bt_flag export_flags[] = { OUTPUT_FLAG, { 0 } };

const struct bt_command bt_save_command = {
	.names = "image save,save",
	.usage = "[OPTIONS] IMAGE [IMAGE...]",
	.brief = "Save images as an archive",
	.flags = { save_flags },
	.min = 1,
	.max = -1,
	.run = run_save,
};

const struct bt_command bt_save_export_command = {
	.names = "container export,export",
	.usage = "[OPTIONS] CONTAINER",
	.brief = "Save a container's file system as an archive",
	.flags = { export_flags },
	.min = 1,
	.max = 1,
	.run = run_export,
};
