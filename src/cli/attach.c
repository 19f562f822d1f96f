/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/attach.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "cli/commands.h"
#include "cli/plain.h"
#include "client/target.h"

#define ANSWER_MAX (64u << 10)

void bt_attach_target(struct bt_str *target, const char *id, const struct bt_session *session)
{
	bt_str_puts(target, "/containers/");
	bt_target_segment(target, id);
	bt_str_puts(target, "/attach?stream=1");
	bt_target_add_flag(target, "stdin", session->in);
	bt_target_add_flag(target, "stdout", session->out);
	bt_target_add_flag(target, "stderr", session->err);
	bt_target_add(target, "detachKeys", session->keys);
}

int bt_attach_exit_code(struct bt_http_conn *wait)
{
	bt_auto_free char *text = NULL;
	json_auto_t *answer = NULL;
	struct bt_err err = { 0 };
	const json_t *error;

	if (bt_http_read_all(wait, ANSWER_MAX, &text, NULL, &err) < 0) {
		bt_plain_printf(stderr, "error waiting for container: %s\n", err.msg);
		return BT_CLI_USAGE;
	}
	answer = json_loads(text, 0, NULL);
	error = json_object_get(json_object_get(answer, "Error"), "Message");
	if (!answer || json_is_string(error)) {
		bt_plain_printf(stderr, "Error waiting for container: %s\n",
				json_is_string(error) ? json_string_value(error)
						      : "unexpected EOF");
		return BT_CLI_USAGE;
	}
	return (int)json_integer_value(json_object_get(answer, "StatusCode"));
}

/* What the container is: refuse what cannot be attached to. */
static int inspect(struct bt_cli *cli, const char *name, json_t **ret, struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };
	const json_t *state;
	int r;

	bt_str_puts(&target, "/containers/");
	bt_target_segment(&target, name);
	bt_str_puts(&target, "/json");
	r = bt_cli_call(cli, "GET", bt_str_get(&target), NULL, ret, err);
	if (r < 0)
		return r;
	state = json_object_get(*ret, "State");
	if (!json_is_true(json_object_get(state, "Running")))
		return bt_err_set(err, BT_ERR_CONFLICT, EINVAL,
				  "cannot attach to a stopped container, start it first");
	if (json_is_true(json_object_get(state, "Paused")))
		return bt_err_set(err, BT_ERR_CONFLICT, EINVAL,
				  "cannot attach to a paused container, unpause it first");
	if (json_is_true(json_object_get(state, "Restarting")))
		return bt_err_set(
			err, BT_ERR_CONFLICT, EINVAL,
			"cannot attach to a restarting container, wait until it is running");
	return 0;
}

static int open_wait(struct bt_api *api, const char *name, struct bt_http_conn *ret,
		     struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };

	bt_str_puts(&target, "/containers/");
	bt_target_segment(&target, name);
	bt_str_puts(&target, "/wait");
	struct bt_api_request req = { .method = "POST", .target = bt_str_get(&target) };
	return bt_api_open(api, &req, ret, err);
}

static int attach(struct bt_cli *cli, const char *name, struct bt_session *s, struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };
	struct bt_http_conn conn = { .fd = -EBADF }, wait = { .fd = -EBADF };
	struct bt_api *api;
	int code = 0, r;

	bt_attach_target(&target, name, s);
	struct bt_api_request req = { .method = "POST",
				      .target = bt_str_get(&target),
				      .upgrade = true };
	r = bt_cli_api(cli, &api, err);
	if (r == 0)
		r = open_wait(api, name, &wait, err);
	if (r == 0)
		r = bt_api_open(api, &req, &conn, err);
	if (r == 0) {
		bt_session_resize(s);
		r = bt_session_run(s, &conn, err);
	}
	if (r == BT_STREAM_DETACHED)
		(void)fputs("read escape sequence\n", stderr);
	if (r == BT_STREAM_CLOSED)
		code = bt_attach_exit_code(&wait);
	else if (r < 0)
		code = bt_cli_fail(err);
	bt_http_close(&conn);
	bt_http_close(&wait);
	return code;
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	bt_auto_free char *place = bt_str_format("/containers/%s", args->pos[0]);
	struct bt_err err = { 0 };
	json_auto_t *info = NULL;

	if (inspect(cli, args->pos[0], &info, &err) < 0)
		return bt_cli_fail(&err);
	const json_t *config = json_object_get(info, "Config");
	bool tty = json_is_true(json_object_get(config, "Tty"));
	bool in = json_is_true(json_object_get(config, "OpenStdin"));
	struct bt_session session = {
		.cli = cli,
		.resize = place,
		.kill = bt_args_bool(args, "sig-proxy") && !tty ? place : NULL,
		.tty = tty,
		.in = in && !bt_args_bool(args, "no-stdin"),
		.out = true,
		.err = true,
		.keys = bt_session_keys(cli, args),
	};
	if (bt_session_prepare(&session, &err) < 0)
		return bt_cli_fail(&err);
	return attach(cli, args->pos[0], &session, &err);
}

static const struct bt_flag flags[] = {
	{ 0, BT_FLAG_STRING, "detach-keys", NULL, "Keys that detach", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "no-stdin", NULL, "Do not attach standard input", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "sig-proxy", NULL, "Pass signals on to the program", "true", NULL },
	{ 0 },
};

const struct bt_command bt_attach_command = {
	.names = "container attach,attach",
	.usage = "[OPTIONS] CONTAINER",
	.brief = "Attach to the input and output of a running container",
	.flags = { flags },
	.min = 1,
	.max = 1,
	.run = run,
};
