/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <microhttpd.h>

#include "api/answer.h"
#include "api/handlers.h"
#include "api/params.h"
#include "api/request.h"
#include "api/server.h"
#include "codec/json.h"
#include "engine/body_shape.h"
#include "engine/exec.h"

int bt_exec_api_create(struct bt_request *req, struct bt_err *err)
{
	const json_t *body;
	json_t *created;
	int r = bt_request_object(req, &body, err);

	if (r == 0)
		r = bt_exec_create(req->api->engine, req->name, body, &created, err);
	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_CREATED, created, err);
}

static int start_run(void *arg, int sock, const void *early, size_t len, struct bt_err *err)
{
	return bt_exec_start_run(arg, sock, early, len, err);
}

static void start_cancel(void *arg)
{
	bt_exec_start_cancel(arg);
}

/* ConsoleSize is [height, width]. */
static int console_size(const json_t *body, unsigned *ret_rows, unsigned *ret_cols,
			struct bt_err *err)
{
	json_t *size = NULL;
	json_int_t sides[2] = { 0, 0 };
	int r = bt_body_shape_check(BT_BODY_EXEC, body, err);

	if (r == 0)
		r = bt_json_get_arr(body, "ConsoleSize", &size, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < 2 && i < json_array_size(size); i++) {
		sides[i] = json_integer_value(json_array_get(size, i));
		if (sides[i] < 0 || sides[i] > UINT16_MAX)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid ConsoleSize");
	}
	*ret_rows = (unsigned)sides[0];
	*ret_cols = (unsigned)sides[1];
	return 0;
}

int bt_exec_api_start(struct bt_request *req, struct bt_err *err)
{
	bool detach = false, tty = false, is_tty;
	unsigned rows = 0, cols = 0;
	struct bt_exec_start *start;
	int r = bt_json_get_bool(req->body, "Detach", &detach, err);

	if (r >= 0)
		r = bt_json_get_bool(req->body, "Tty", &tty, err);
	if (r >= 0)
		r = console_size(req->body, &rows, &cols, err);
	if (r < 0)
		return r;
	r = bt_exec_start_open(req->api->engine, req->name, detach, tty, rows, cols, &is_tty,
			       &start, err);
	if (r < 0)
		return r;
	if (!detach)
		return bt_answer_hijack(req, is_tty,
					(struct bt_hijack){ start_run, start_cancel, start });
	r = bt_exec_start_run(start, -EBADF, NULL, 0, err);
	return r < 0 ? r : bt_answer_empty(req, MHD_HTTP_OK);
}

int bt_exec_api_resize(struct bt_request *req, struct bt_err *err)
{
	unsigned rows, cols;
	int r = bt_params_size(req, &rows, &cols, err);

	if (r == 0)
		r = bt_exec_resize(req->api->engine, req->name, rows, cols, err);
	return r < 0 ? r : bt_answer_empty(req, MHD_HTTP_OK);
}

int bt_exec_api_inspect(struct bt_request *req, struct bt_err *err)
{
	json_t *exec;
	int r = bt_exec_inspect(req->api->engine, req->name, &exec, err);

	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, exec, err);
}
