/* SPDX-License-Identifier: Apache-2.0 */

/* `logs`: what a container printed. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/multi.h"
#include "client/stream.h"
#include "client/target.h"

static int add_time(struct bt_str *target, const char *name, const char *text, struct bt_err *err)
{
	if (bt_target_add_time(target, name, text) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid value for \"%s\": failed to parse value as time or "
				  "duration: \"%s\"",
				  name, text);
	return 0;
}

static int make_target(const struct bt_args *args, struct bt_str *target, struct bt_err *err)
{
	int r;

	bt_multi_container(target, args->pos[0], "/logs?stdout=1&stderr=1");
	bt_target_add_flag(target, "follow", bt_args_bool(args, "follow"));
	bt_target_add_flag(target, "timestamps", bt_args_bool(args, "timestamps"));
	bt_target_add_flag(target, "details", bt_args_bool(args, "details"));
	bt_target_add(target, "tail", bt_args_string(args, "tail"));
	r = add_time(target, "since", bt_args_string(args, "since"), err);
	return r < 0 ? r : add_time(target, "until", bt_args_string(args, "until"), err);
}

/* Newer daemons say whether the stream has frames; older ones must be asked for the container's
 * terminal. */
static int has_frames(struct bt_cli *cli, const char *name, const struct bt_http_conn *conn,
		      bool *ret, struct bt_err *err)
{
	const char *type = bt_http_head_get(&conn->head, "Content-Type");
	bt_auto_str struct bt_str target = { 0 };
	json_auto_t *info = NULL;
	int r;

	if (type && strncasecmp(type, "application/vnd.docker.", 23) == 0) {
		*ret = strcasecmp(type, "application/vnd.docker.multiplexed-stream") == 0;
		return 0;
	}
	bt_multi_container(&target, name, "/json");
	r = bt_cli_call(cli, "GET", bt_str_get(&target), NULL, &info, err);
	if (r < 0)
		return r;
	*ret = !json_is_true(json_object_get(json_object_get(info, "Config"), "Tty"));
	return 0;
}

static int show(struct bt_cli *cli, const struct bt_args *args, struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };
	struct bt_http_conn conn = { .fd = -EBADF };
	struct bt_stream stream = {
		.conn = &conn, .in = -1, .out = STDOUT_FILENO, .err = STDERR_FILENO, .signals = -1
	};
	struct bt_api *api;
	int r = make_target(args, &target, err);

	if (r == 0)
		r = bt_cli_api(cli, &api, err);
	if (r < 0)
		return r;
	struct bt_api_request req = { .method = "GET", .target = bt_str_get(&target) };
	r = bt_api_open(api, &req, &conn, err);
	if (r == 0)
		r = has_frames(cli, args->pos[0], &conn, &stream.mux, err);
	if (r == 0)
		r = bt_stream_run(&stream, err);
	bt_http_close(&conn);
	return r;
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	struct bt_err err = { 0 };
	int r = show(cli, args, &err);

	/* A reader that has seen enough (head) is no failure. */
	return r < 0 && r != -EPIPE ? bt_cli_fail(&err) : 0;
}

static const struct bt_flag flags[] = {
	{ 0, BT_FLAG_BOOL, "details", NULL, "Show the labels that the log driver keeps", NULL,
	  NULL },
	{ 'f', BT_FLAG_BOOL, "follow", NULL, "Go on with what comes", NULL, NULL },
	{ 0, BT_FLAG_STRING, "since", NULL, "Begin at a time, or so long ago (42m)", NULL, NULL },
	{ 'n', BT_FLAG_STRING, "tail", NULL, "So many lines from the end", "all", NULL },
	{ 't', BT_FLAG_BOOL, "timestamps", NULL, "Show when each line came", NULL, NULL },
	{ 0, BT_FLAG_STRING, "until", NULL, "End at a time, or so long ago (42m)", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_logs_command = {
	.names = "container logs,logs",
	.usage = "[OPTIONS] CONTAINER",
	.brief = "Show what a container printed",
	.flags = { flags },
	.min = 1,
	.max = 1,
	.run = run,
};
