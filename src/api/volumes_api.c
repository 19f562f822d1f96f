/* SPDX-License-Identifier: Apache-2.0 */

#include <microhttpd.h>

#include "api/answer.h"
#include "api/handlers.h"
#include "api/params.h"
#include "api/request.h"
#include "api/server.h"
#include "base/auto.h"
#include "base/str.h"
#include "engine/volumes.h"

/* A volume is 200 bytes, and its labels may be long. */
#define LIST_MAX (512u << 20)

int bt_volumes_api_list(struct bt_request *req, struct bt_err *err)
{
	bt_auto_filters struct bt_filters *filters = NULL;
	bt_auto_str struct bt_str list = { .max = LIST_MAX };
	int r = bt_params_filters(req, &filters, err);

	if (r == 0)
		r = bt_volumes_list(req->api->engine, filters, &list, err);
	return r < 0 ? r : bt_answer_json_text(req, MHD_HTTP_OK, &list, err);
}

int bt_volumes_api_inspect(struct bt_request *req, struct bt_err *err)
{
	json_t *volume;
	int r = bt_volumes_inspect(req->api->engine, req->name, &volume, err);

	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, volume, err);
}

int bt_volumes_api_create(struct bt_request *req, struct bt_err *err)
{
	const json_t *body;
	json_t *volume;
	int r = bt_request_object(req, &body, err);

	if (r == 0)
		r = bt_volumes_create(req->api->engine, body, &volume, err);
	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_CREATED, volume, err);
}

int bt_volumes_api_remove(struct bt_request *req, struct bt_err *err)
{
	bool force = bt_query_bool(&req->query, "force", false);
	int r = bt_volumes_remove(req->api->engine, req->name, force, err);

	return r < 0 ? r : bt_answer_empty(req, MHD_HTTP_NO_CONTENT);
}

int bt_volumes_api_rename(struct bt_request *req, struct bt_err *err)
{
	const char *name = bt_query_text(&req->query, "name");
	int r = bt_volumes_rename(req->api->engine, req->name, name, err);

	return r < 0 ? r : bt_answer_empty(req, MHD_HTTP_NO_CONTENT);
}

int bt_volumes_api_prune(struct bt_request *req, struct bt_err *err)
{
	bt_auto_filters struct bt_filters *filters = NULL;
	json_t *pruned;
	int r = bt_params_filters(req, &filters, err);

	/* Before API 1.42 named volumes went, too. */
	if (r == 0)
		r = bt_volumes_prune(req->api->engine, filters, req->version < 42, &pruned, err);
	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, pruned, err);
}
