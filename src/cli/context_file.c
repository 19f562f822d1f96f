/* SPDX-License-Identifier: Apache-2.0 */

/* `context export, import`: a context as one file. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/context_default.h"
#include "cli/plain.h"
#include "client/context.h"
#include "client/context_tar.h"

static int write_file(const char *path, const struct bt_str *data, struct bt_err *err)
{
	bt_auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : bt_io_write_all(fd, data->p, data->len);

	/* docker's words for what is there already. */
	if (r == -EEXIST)
		return bt_err_set(err, BT_ERR_CONFLICT, EEXIST, "open %s: file exists", path);
	return r < 0 ? bt_err_sys(err, r, "open %s", path) : 0;
}

static int write_out(const struct bt_str *data, struct bt_err *err)
{
	int r;

	if (isatty(STDOUT_FILENO))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "cowardly refusing to export to a terminal, specify a file path");
	r = bt_io_write_all(STDOUT_FILENO, data->p, data->len);
	return r < 0 ? bt_err_sys(err, r, "write output") : 0;
}

static int run_export(struct bt_cli *cli, const struct bt_args *args)
{
	const char *name = args->pos[0];
	bt_auto_free char *path =
		args->npos > 1 ? strdup(args->pos[1]) : bt_str_format("%s.dockercontext", name);
	json_auto_t *meta = NULL;
	json_auto_t *tls = NULL;
	bt_auto_str struct bt_str data = { .max = BT_CONTEXT_TAR_MAX };
	struct bt_err err = { 0 };

	if ((strcmp(name, "default") != 0 && bt_context_check_name(name, &err) < 0) ||
	    bt_context_default_get(cli, name, &meta, &tls, &err) < 0 ||
	    bt_context_tar_write(meta, tls, &data, &err) < 0)
		return bt_cli_fail(&err);
	if (path && strcmp(path, "-") == 0)
		return write_out(&data, &err) < 0 ? bt_cli_fail(&err) : 0;
	if (!path || write_file(path, &data, &err) < 0)
		return bt_cli_fail(&err);
	bt_plain_printf(stderr, "Written file \"%s\"\n", path);
	return 0;
}

static int read_archive(const char *path, char **ret, size_t *ret_len, struct bt_err *err)
{
	int r = strcmp(path, "-") == 0
			? bt_io_read_fd(STDIN_FILENO, BT_CONTEXT_TAR_MAX, ret, ret_len)
			: bt_io_read_file(AT_FDCWD, path, BT_CONTEXT_TAR_MAX, ret, ret_len);

	if (r == -ENOENT)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
				  "open %s: no such file or directory", path);
	return r < 0 ? bt_err_sys(err, r, "open %s", path) : 0;
}

static int run_import(struct bt_cli *cli, const struct bt_args *args)
{
	const char *name = args->pos[0];
	bt_auto_free char *data = NULL;
	json_auto_t *meta = NULL;
	json_auto_t *tls = NULL;
	struct bt_err err = { 0 };
	size_t len;

	if (bt_context_check_name(name, &err) < 0)
		return bt_cli_fail(&err);
	if (bt_context_exists(&cli->config, name)) {
		bt_plain_printf(stderr, "context \"%s\" already exists\n", name);
		return BT_CLI_FAILED;
	}
	if (read_archive(args->pos[1], &data, &len, &err) < 0 ||
	    bt_context_tar_read(data, len, &meta, &tls, &err) < 0)
		return bt_cli_fail(&err);
	(void)json_object_set_new(meta, "Name", json_string(name));
	if (bt_context_put(&cli->config, meta, tls, &err) < 0)
		return bt_cli_fail(&err);
	(void)printf("%s\n", name);
	(void)fflush(stdout);
	bt_plain_printf(stderr, "Successfully imported context \"%s\"\n", name);
	return 0;
}

const struct bt_command bt_context_file_export_command = {
	.names = "context export",
	.usage = "CONTEXT [FILE|-]",
	.brief = "Write a context into a file, with its keys",
	.min = 1,
	.max = 2,
	.run = run_export,
};

const struct bt_command bt_context_file_import_command = {
	.names = "context import",
	.usage = "CONTEXT FILE|-",
	.brief = "Make a context of such a file",
	.min = 2,
	.max = 2,
	.run = run_import,
};
