/* SPDX-License-Identifier: Apache-2.0 */

#include <microhttpd.h>

#include "api/answer.h"
#include "api/compat.h"
#include "api/handlers.h"
#include "api/params.h"
#include "api/request.h"
#include "api/server.h"
#include "base/auto.h"
#include "base/str.h"
#include "engine/container_inspect.h"

/* A container is a kilobyte or two, and its labels may be long. */
#define LIST_MAX (512u << 20)

int bt_containers_list_get(struct bt_request *req, struct bt_err *err)
{
	bt_auto_filters struct bt_filters *filters = NULL;
	struct bt_list_options opt = { .all = bt_query_bool(&req->query, "all", false),
				       .size = bt_query_bool(&req->query, "size", false) };
	bt_auto_str struct bt_str list = { .max = LIST_MAX };
	int r = bt_query_i64(&req->query, "limit", 0, &opt.limit, err);

	if (r == 0)
		r = bt_params_filters(req, &filters, err);
	if (r < 0)
		return r;
	opt.filters = filters;
	r = bt_container_list(req->api->engine, &opt, &list, err);
	return r < 0 ? r : bt_answer_json_text(req, MHD_HTTP_OK, &list, err);
}

int bt_containers_list_inspect(struct bt_request *req, struct bt_err *err)
{
	bool size = bt_query_bool(&req->query, "size", false);
	json_auto_t *container = NULL;
	int r = bt_container_inspect(req->api->engine, req->name, size, &container, err);

	if (r == 0)
		r = bt_compat_container(container, req->version, err);
	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, bt_take(container), err);
}

int bt_containers_list_top(struct bt_request *req, struct bt_err *err)
{
	const char *ps_args = bt_query_text(&req->query, "ps_args");
	json_t *top;
	int r = bt_container_top(req->api->engine, req->name, ps_args, &top, err);

	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, top, err);
}
