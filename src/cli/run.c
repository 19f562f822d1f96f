/* SPDX-License-Identifier: Apache-2.0 */

/* `run`: create, attach, wait, start, and carry what flows. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "cli/attach.h"
#include "cli/commands.h"
#include "cli/create.h"
#include "cli/json_set.h"
#include "cli/plain.h"
#include "cli/session.h"
#include "client/target.h"

struct run {
	struct bt_cli *cli;
	const struct bt_args *args;
	json_t *body;
	char id[65];
	bool detach;
	struct bt_session session;
	struct bt_http_conn attach, wait;
};

/* The exit code that docker gives for what the daemon says of a program that cannot start. */
static int code_of(const struct bt_err *err)
{
	static const char *const missing[] = { "executable file not found",
					       "no such file or directory",
					       "system cannot find the file specified" };

	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++)
		if (strstr(err->msg, missing[i]))
			return BT_CLI_NOT_FOUND;
	if (strstr(err->msg, "permission denied") || strstr(err->msg, "is a directory"))
		return BT_CLI_CANNOT_RUN;
	return BT_CLI_USAGE;
}

static bool flag_of(const json_t *body, const char *name)
{
	return json_is_true(json_object_get(body, name));
}

static void detach_streams(json_t *body)
{
	static const char *const names[] = { "AttachStdin", "AttachStdout", "AttachStderr",
					     "StdinOnce" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)json_object_set_new(body, names[i], json_false());
}

static int prepare(struct run *run, struct bt_err *err)
{
	const struct bt_args *args = run->args;
	struct bt_session *s = &run->session;
	bool proxy = bt_args_bool(args, "sig-proxy");

	if (run->detach && bt_args_given(args, "attach"))
		return bt_err_set(err, BT_ERR_CONFLICT, EINVAL,
				  "conflicting options: cannot specify both --attach and --detach");
	if (run->detach) {
		detach_streams(run->body);
		return 0;
	}
	*s = (struct bt_session){
		.cli = run->cli,
		.tty = flag_of(run->body, "Tty"),
		.in = flag_of(run->body, "AttachStdin"),
		.out = flag_of(run->body, "AttachStdout"),
		.err = flag_of(run->body, "AttachStderr"),
		.keys = bt_session_keys(run->cli, args),
		.kill = proxy && !flag_of(run->body, "Tty") ? "" : NULL,
	};
	return bt_session_prepare(s, err);
}

/* Ask to be attached and to be told the exit, both before the start, so that nothing is missed; the
 * two requests travel together. */
static int open_streams(struct run *run, struct bt_api *api, struct bt_err *err)
{
	bool rm = bt_args_bool(run->args, "rm");
	bt_auto_str struct bt_str attach = { 0 };
	bt_auto_str struct bt_str wait = { 0 };
	int r;

	bt_attach_target(&attach, run->id, &run->session);
	bt_str_printf(&wait, "/containers/%s/wait?condition=%s", run->id,
		      rm ? "removed" : "next-exit");
	struct bt_api_request areq = { .method = "POST",
				       .target = bt_str_get(&attach),
				       .upgrade = true };
	struct bt_api_request wreq = { .method = "POST", .target = bt_str_get(&wait) };
	r = bt_api_send(api, &areq, &run->attach, err);
	if (r == 0)
		r = bt_api_send(api, &wreq, &run->wait, err);
	if (r == 0)
		r = bt_api_answer(&run->attach, &areq, err);
	return r < 0 ? r : bt_api_answer(&run->wait, &wreq, err);
}

static int start(struct run *run, struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };

	bt_str_printf(&target, "/containers/%s/start", run->id);
	if (!run->detach)
		bt_target_add(&target, "detachKeys", run->session.keys);
	return bt_cli_call(run->cli, "POST", bt_str_get(&target), NULL, NULL, err);
}

static int run_detached(struct run *run)
{
	struct bt_err err = { 0 };

	if (start(run, &err) < 0) {
		bt_plain_printf(stdout, "%s\n", run->id);
		(void)bt_cli_fail_run(run->cli, run->args, &err);
		return code_of(&err);
	}
	bt_plain_printf(stdout, "%s\n", run->id);
	return 0;
}

static int run_attached(struct run *run, struct bt_api *api)
{
	bt_auto_free char *place = bt_str_format("/containers/%s", run->id);
	struct bt_session *s = &run->session;
	struct bt_err err = { 0 };
	int r;

	s->resize = place;
	if (s->kill)
		s->kill = place;
	if (open_streams(run, api, &err) < 0)
		return bt_cli_fail_run(run->cli, run->args, &err);
	if (start(run, &err) < 0) {
		(void)bt_cli_fail_run(run->cli, run->args, &err);
		return code_of(&err);
	}
	if (!s->out && !s->err)
		bt_plain_printf(stdout, "%s\n", run->id);
	bt_session_resize(s);
	r = bt_session_run(s, &run->attach, &err);
	if (r < 0 && r != -EPIPE)
		return bt_cli_fail_run(run->cli, run->args, &err);
	if (r == BT_STREAM_DETACHED)
		return 0;
	/* Nobody reads our output any more; what is still to come for it has no place. */
	bt_http_close(&run->attach);
	return bt_attach_exit_code(&run->wait);
}

static int run_command(struct bt_cli *cli, const struct bt_args *args)
{
	struct run run = { .cli = cli, .args = args, .detach = bt_args_bool(args, "detach") };
	struct bt_err err = { 0 };
	struct bt_api *api;
	int code;

	if (bt_create_body(cli, args, &run.body, &err) < 0)
		return bt_cli_fail_run(cli, args, &err);
	if (prepare(&run, &err) < 0)
		code = bt_cli_fail(&err);
	else if (bt_cli_api(cli, &api, &err) < 0 ||
		 bt_create_container(cli, args, run.body, run.id, &err) < 0)
		code = bt_cli_fail_run(cli, args, &err);
	else
		code = run.detach ? run_detached(&run) : run_attached(&run, api);
	bt_http_close(&run.attach);
	bt_http_close(&run.wait);
	json_decref(run.body);
	return code;
}

static const struct bt_flag flags[] = {
	{ 'd', BT_FLAG_BOOL, "detach", NULL, "Run in the background and print the id", NULL, NULL },
	{ 0, BT_FLAG_STRING, "detach-keys", NULL, "Keys that detach", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "sig-proxy", NULL, "Pass signals on to the program", "true", NULL },
	{ 0 },
};

const struct bt_command bt_run_command = {
	.names = "container run,run",
	.usage = "[OPTIONS] IMAGE [COMMAND] [ARG...]",
	.brief = "Create and run a new container from an image",
	.flags = { bt_create_flags, flags },
	.min = 1,
	.max = -1,
	.stops = true,
	.run = run_command,
};
