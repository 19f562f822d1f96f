/* SPDX-License-Identifier: Apache-2.0 */

/* `exec`: a further program in a running container. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "cli/check.h"
#include "cli/commands.h"
#include "cli/create.h"
#include "cli/json_set.h"
#include "cli/multi.h"
#include "cli/session.h"
#include "cli/terminal.h"

static int make_body(const struct bt_args *args, json_t **ret, struct bt_err *err)
{
	bool detach = bt_args_bool(args, "detach");
	json_auto_t *body = json_object();
	unsigned rows, cols;
	int r;

	bt_json_set_string_flag(body, "User", args, "user");
	bt_json_set_string_flag(body, "WorkingDir", args, "workdir");
	bt_json_set_string_flag(body, "DetachKeys", args, "detach-keys");
	bt_json_set_bool_flag(body, "Privileged", args, "privileged");
	bt_json_set_bool_flag(body, "Tty", args, "tty");
	bt_json_set_bool_flag(body, "Detach", args, "detach");
	if (!detach && bt_args_bool(args, "interactive"))
		(void)json_object_set_new(body, "AttachStdin", json_true());
	(void)json_object_set_new(body, "AttachStdout", json_boolean(!detach));
	(void)json_object_set_new(body, "AttachStderr", json_boolean(!detach));
	if (bt_args_bool(args, "tty") && bt_terminal_size(&rows, &cols))
		(void)json_object_set_new(body, "ConsoleSize",
					  json_pack("[ii]", (int)rows, (int)cols));
	for (size_t i = 1; i < args->npos; i++)
		bt_json_set_append(body, "Cmd", args->pos[i]);
	r = bt_create_config_env(args, body, err);
	if (r == 0)
		*ret = json_incref(body);
	return r;
}

static int create(struct bt_cli *cli, const struct bt_args *args, char ret_id[65],
		  struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };
	json_auto_t *body = NULL;
	json_auto_t *answer = NULL;
	const char *id;
	int r = make_body(args, &body, err);

	bt_multi_container(&target, args->pos[0], "/exec");
	if (r == 0)
		r = bt_cli_call(cli, "POST", bt_str_get(&target), body, &answer, err);
	if (r < 0)
		return r;
	id = json_string_value(json_object_get(answer, "Id"));
	if (!id || strlen(id) != 64)
		return bt_err_set(err, BT_ERR_SYSTEM, EPROTO, "exec ID empty");
	(void)strcpy(ret_id, id);
	return 0;
}

static int exit_code(struct bt_cli *cli, const char *id)
{
	bt_auto_free char *target = bt_str_format("/exec/%s/json", id);
	json_auto_t *info = NULL;
	struct bt_err err = { 0 };

	if (!target || bt_cli_call(cli, "GET", target, NULL, &info, &err) < 0)
		return bt_cli_fail(&err);
	return (int)json_integer_value(json_object_get(info, "ExitCode"));
}

static int run_attached(struct bt_cli *cli, const char *id, struct bt_session *s)
{
	bt_auto_free char *place = bt_str_format("/exec/%s", id);
	bt_auto_free char *target = bt_str_format("/exec/%s/start", id);
	struct bt_http_conn conn = { .fd = -EBADF };
	json_auto_t *body = json_pack("{s:b, s:b}", "Detach", 0, "Tty", s->tty);
	struct bt_err err = { 0 };
	struct bt_api *api;
	unsigned rows, cols;
	int r = bt_cli_api(cli, &api, &err);

	s->resize = place;
	if (s->tty && bt_terminal_size(&rows, &cols))
		(void)json_object_set_new(body, "ConsoleSize",
					  json_pack("[ii]", (int)rows, (int)cols));
	struct bt_api_request req = {
		.method = "POST", .target = target, .json = body, .upgrade = true
	};
	if (r == 0)
		r = bt_api_open(api, &req, &conn, &err);
	if (r == 0) {
		bt_session_resize(s);
		r = bt_session_run(s, &conn, &err);
	}
	bt_http_close(&conn);
	if (r == BT_STREAM_DETACHED) {
		(void)fputs("read escape sequence\n", stderr);
		return 0;
	}
	return r < 0 && r != -EPIPE ? bt_cli_fail(&err) : exit_code(cli, id);
}

static int run_detached(struct bt_cli *cli, const char *id, bool tty)
{
	bt_auto_free char *target = bt_str_format("/exec/%s/start", id);
	json_auto_t *body = json_pack("{s:b, s:b}", "Detach", 1, "Tty", tty);
	struct bt_err err = { 0 };

	if (!target || bt_cli_call(cli, "POST", target, body, NULL, &err) < 0)
		return bt_cli_fail(&err);
	return 0;
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	bool detach = bt_args_bool(args, "detach");
	struct bt_session session = {
		.cli = cli,
		.tty = bt_args_bool(args, "tty"),
		.in = bt_args_bool(args, "interactive") && !detach,
		.out = true,
		.err = true,
		.keys = bt_session_keys(cli, args),
	};
	struct bt_err err = { 0 };
	char id[65];

	if (!detach && bt_session_prepare(&session, &err) < 0)
		return bt_cli_fail(&err);
	if (create(cli, args, id, &err) < 0)
		return bt_cli_fail(&err);
	return detach ? run_detached(cli, id, session.tty) : run_attached(cli, id, &session);
}

static const struct bt_flag flags[] = {
	{ 'd', BT_FLAG_BOOL, "detach", NULL, "Run in the background", NULL, NULL },
	{ 0, BT_FLAG_STRING, "detach-keys", NULL, "Keys that detach", NULL, NULL },
	{ 'e', BT_FLAG_LIST, "env", NULL, "An environment variable", NULL, bt_check_env },
	{ 0, BT_FLAG_LIST, "env-file", NULL, "Read environment variables from a file", NULL, NULL },
	{ 'i', BT_FLAG_BOOL, "interactive", NULL, "Keep standard input open", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "privileged", NULL, "Give all privileges", NULL, NULL },
	{ 't', BT_FLAG_BOOL, "tty", NULL, "Allocate a terminal", NULL, NULL },
	{ 'u', BT_FLAG_STRING, "user", NULL, "User, as NAME or UID[:GROUP]", NULL, NULL },
	{ 'w', BT_FLAG_STRING, "workdir", NULL, "Working directory", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_exec_command = {
	.names = "container exec,exec",
	.usage = "[OPTIONS] CONTAINER COMMAND [ARG...]",
	.brief = "Run a further program in a running container",
	.flags = { flags },
	.min = 2,
	.max = -1,
	.stops = true,
	.run = run,
};
