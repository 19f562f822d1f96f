/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/multi.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "cli/plain.h"
#include "client/target.h"

/* Calls under way at the same time. */
#define PARALLEL   32
#define ANSWER_MAX (16u << 20)

struct call {
	struct bt_http_conn conn;
	struct bt_err err;
	int r;
};

void bt_multi_container(struct bt_str *target, const char *name, const char *rest)
{
	bt_str_puts(target, "/containers/");
	/* The slash that the API puts before names is none of the path's. */
	bt_target_segment(target, *name == '/' ? name + 1 : name);
	bt_str_puts(target, rest);
}

static void begin(struct bt_api *api, const struct bt_args *args, const struct bt_multi *multi,
		  const char *name, struct call *call)
{
	bt_auto_str struct bt_str target = { 0 };

	multi->target(args, name, &target);
	struct bt_api_request req = { .method = multi->method, .target = bt_str_get(&target) };
	*call = (struct call){ .conn.fd = -EBADF };
	call->r = bt_api_send(api, &req, &call->conn, &call->err);
}

static void finish(struct bt_api *api, const struct bt_args *args, const struct bt_multi *multi,
		   const char *name, struct call *call)
{
	bt_auto_str struct bt_str target = { 0 };
	bt_auto_free char *text = NULL;
	json_auto_t *answer = NULL;

	multi->target(args, name, &target);
	struct bt_api_request req = { .method = multi->method, .target = bt_str_get(&target) };
	if (call->r == 0)
		call->r = bt_api_answer(&call->conn, &req, &call->err);
	if (call->r == 0)
		call->r = bt_http_read_all(&call->conn, ANSWER_MAX, &text, NULL, &call->err);
	if (call->r == 0 && multi->done) {
		answer = json_loads(text, 0, NULL);
		call->r = multi->done(args, name, answer, &call->err);
	} else if (call->r == 0) {
		(void)printf("%s\n", name);
	}
	bt_api_keep(api, &call->conn);
}

/* Keep what a failure says for the end; nothing has a code, so that it is one. */
static bool failed(const struct bt_args *args, const struct bt_multi *multi,
		   const struct call *call, struct bt_str *messages)
{
	if (call->r >= 0)
		return false;
	bt_str_printf(messages, "%s\n", call->err.msg);
	return !multi->excused || !multi->excused(args, &call->err);
}

int bt_multi_run(struct bt_cli *cli, const struct bt_args *args, const struct bt_multi *multi)
{
	bt_auto_free struct call *calls = calloc(PARALLEL, sizeof(*calls));
	bt_auto_str struct bt_str messages = { 0 };
	struct bt_err err = { 0 };
	struct bt_api *api;
	int code = 0;

	if (!calls || bt_cli_api(cli, &api, &err) < 0)
		return bt_cli_fail(&err);
	/* Each takes the place, and the connection, of the one that is answered. */
	for (size_t at = 0; at < args->npos + PARALLEL; at++) {
		const size_t oldest = at - PARALLEL;
		struct call *call = &calls[at % PARALLEL];

		if (at >= PARALLEL && oldest < args->npos) {
			finish(api, args, multi, args->pos[oldest], call);
			if (failed(args, multi, call, &messages))
				code = BT_CLI_FAILED;
		}
		if (at < args->npos)
			begin(api, args, multi, args->pos[at], call);
	}
	(void)fflush(stdout);
	bt_plain_put(stderr, bt_str_get(&messages));
	return code;
}
