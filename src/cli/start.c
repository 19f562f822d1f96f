/* SPDX-License-Identifier: Apache-2.0 */

/* `start`: several in the background, or one with its streams. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "cli/attach.h"
#include "cli/commands.h"
#include "cli/multi.h"
#include "cli/plain.h"
#include "cli/refused.h"
#include "cli/session.h"
#include "client/target.h"

static int start_one(struct bt_cli *cli, const struct bt_args *args, const char *name,
		     struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };

	bt_multi_container(&target, name, "/start");
	bt_target_add(&target, "detachKeys", bt_session_keys(cli, args));
	return bt_cli_call(cli, "POST", bt_str_get(&target), NULL, NULL, err);
}

static int start_all(struct bt_cli *cli, const struct bt_args *args)
{
	bt_auto_str struct bt_str failed = { 0 };

	for (size_t i = 0; i < args->npos; i++) {
		struct bt_err err = { 0 };

		if (start_one(cli, args, args->pos[i], &err) < 0) {
			(void)bt_cli_fail(&err);
			bt_str_printf(&failed, "%s%s", failed.len ? ", " : "", args->pos[i]);
		} else {
			(void)printf("%s\n", args->pos[i]);
			(void)fflush(stdout);
		}
	}
	if (!failed.len)
		return 0;
	bt_plain_printf(stderr, "Error: failed to start containers: %s\n", bt_str_get(&failed));
	return BT_CLI_FAILED;
}

static int inspect(struct bt_cli *cli, const char *name, json_t **ret, struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };

	bt_multi_container(&target, name, "/json");
	return bt_cli_call(cli, "GET", bt_str_get(&target), NULL, ret, err);
}

/* Both before the start, so that nothing is missed. */
static int open_streams(struct bt_api *api, const char *id, const json_t *info,
			const struct bt_session *s, struct bt_http_conn *attach,
			struct bt_http_conn *wait, struct bt_err *err)
{
	bool rm = json_is_true(json_object_get(json_object_get(info, "HostConfig"), "AutoRemove"));
	bt_auto_str struct bt_str target = { 0 };
	bt_auto_str struct bt_str wait_target = { 0 };
	int r;

	bt_attach_target(&target, id, s);
	bt_str_printf(&wait_target, "/containers/%s/wait?condition=%s", id,
		      rm ? "removed" : "next-exit");
	struct bt_api_request areq = { .method = "POST",
				       .target = bt_str_get(&target),
				       .upgrade = true };
	struct bt_api_request wreq = { .method = "POST", .target = bt_str_get(&wait_target) };
	r = bt_api_open(api, &areq, attach, err);
	return r < 0 ? r : bt_api_open(api, &wreq, wait, err);
}

static int carry(struct bt_cli *cli, const struct bt_args *args, const json_t *info,
		 struct bt_session *s, struct bt_err *err)
{
	const char *id = json_string_value(json_object_get(info, "Id"));
	struct bt_http_conn attach = { .fd = -EBADF }, wait = { .fd = -EBADF };
	struct bt_api *api;
	int code = 0, r = bt_cli_api(cli, &api, err);

	if (r == 0)
		r = open_streams(api, id ? id : args->pos[0], info, s, &attach, &wait, err);
	if (r == 0)
		r = start_one(cli, args, args->pos[0], err);
	if (r >= 0) {
		bt_session_resize(s);
		r = bt_session_run(s, &attach, err);
	}
	bt_http_close(&attach);
	if (r == BT_STREAM_CLOSED)
		code = bt_attach_exit_code(&wait);
	else if (r < 0)
		code = bt_cli_fail(err);
	bt_http_close(&wait);
	return code;
}

static int start_attached(struct bt_cli *cli, const struct bt_args *args)
{
	bt_auto_free char *place = bt_str_format("/containers/%s", args->pos[0]);
	struct bt_err err = { 0 };
	json_auto_t *info = NULL;

	if (args->npos > 1) {
		(void)fputs("you cannot start and attach multiple containers at once\n", stderr);
		return BT_CLI_FAILED;
	}
	if (inspect(cli, args->pos[0], &info, &err) < 0)
		return bt_cli_fail(&err);
	const json_t *config = json_object_get(info, "Config");
	bool tty = json_is_true(json_object_get(config, "Tty"));
	struct bt_session session = {
		.cli = cli,
		.resize = place,
		.kill = bt_args_bool(args, "sig-proxy") && !tty ? place : NULL,
		.tty = tty,
		.in = bt_args_bool(args, "interactive") &&
		      json_is_true(json_object_get(config, "OpenStdin")),
		.out = true,
		.err = true,
		.keys = bt_session_keys(cli, args),
	};
	if (bt_session_prepare(&session, &err) < 0)
		return bt_cli_fail(&err);
	return carry(cli, args, info, &session, &err);
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	static const char *const refused[] = { "checkpoint", "checkpoint-dir" };

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (!bt_args_given(args, refused[i]))
			continue;
		bt_plain_printf(stderr, "--%s is not supported: %s\n", refused[i],
				bt_refused_why("checkpoint"));
		return BT_CLI_FAILED;
	}
	if (bt_args_bool(args, "attach") || bt_args_bool(args, "interactive"))
		return start_attached(cli, args);
	return start_all(cli, args);
}

static const struct bt_flag flags[] = {
	{ 'a', BT_FLAG_BOOL, "attach", NULL, "Attach to its output and pass signals on", NULL,
	  NULL },
	{ 0, BT_FLAG_STRING, "checkpoint", NULL, NULL, NULL, NULL },
	{ 0, BT_FLAG_STRING, "checkpoint-dir", NULL, NULL, NULL, NULL },
	{ 0, BT_FLAG_STRING, "detach-keys", NULL, "Keys that detach", NULL, NULL },
	{ 'i', BT_FLAG_BOOL, "interactive", NULL, "Attach its standard input", NULL, NULL },
	{ 0, BT_FLAG_BOOL, "sig-proxy", NULL, NULL, "true", NULL },
	{ 0 },
};

const struct bt_command bt_start_command = {
	.names = "container start,start",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.brief = "Start stopped containers",
	.flags = { flags },
	.min = 1,
	.max = -1,
	.run = run,
};
