/* SPDX-License-Identifier: Apache-2.0 */

#include <microhttpd.h>

#include "api/answer.h"
#include "api/handlers.h"
#include "api/params.h"
#include "api/request.h"
#include "api/server.h"
#include "base/auto.h"
#include "engine/body_shape.h"
#include "engine/network.h"

int bt_networks_list(struct bt_request *req, struct bt_err *err)
{
	bt_auto_filters struct bt_filters *filters = NULL;
	json_t *list;
	int r = bt_params_filters(req, &filters, err);

	if (r == 0)
		r = bt_network_list(req->api->engine, filters, &list, err);
	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, list, err);
}

int bt_networks_inspect(struct bt_request *req, struct bt_err *err)
{
	json_t *network;
	int r = bt_network_inspect(req->api->engine, req->name, &network, err);

	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, network, err);
}

int bt_networks_create(struct bt_request *req, struct bt_err *err)
{
	const json_t *body;
	json_t *created;
	int r = bt_request_object(req, &body, err);

	if (r == 0)
		r = bt_body_shape_check(BT_BODY_NETWORK_CREATE, body, err);
	if (r == 0)
		r = bt_network_create(req->api->engine, body, &created, err);
	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_CREATED, created, err);
}

int bt_networks_remove(struct bt_request *req, struct bt_err *err)
{
	int r = bt_network_remove(req->api->engine, req->name, err);

	return r < 0 ? r : bt_answer_empty(req, MHD_HTTP_NO_CONTENT);
}

int bt_networks_prune(struct bt_request *req, struct bt_err *err)
{
	bt_auto_filters struct bt_filters *filters = NULL;
	json_t *deleted;
	int r = bt_params_filters(req, &filters, err);

	if (r == 0)
		r = bt_network_prune(req->api->engine, filters, &deleted, err);
	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, deleted, err);
}

int bt_networks_connect(struct bt_request *req, struct bt_err *err)
{
	const json_t *body;
	int r = bt_request_object(req, &body, err);

	if (r == 0)
		r = bt_body_shape_check(BT_BODY_NETWORK_CONNECT, body, err);
	if (r == 0)
		r = bt_network_connect(req->api->engine, req->name, body, err);
	return r < 0 ? r : bt_answer_empty(req, MHD_HTTP_OK);
}

int bt_networks_disconnect(struct bt_request *req, struct bt_err *err)
{
	const json_t *body;
	int r = bt_request_object(req, &body, err);

	if (r == 0)
		r = bt_body_shape_check(BT_BODY_NETWORK_CONNECT, body, err);
	if (r == 0)
		r = bt_network_disconnect(req->api->engine, req->name, body, err);
	return r < 0 ? r : bt_answer_empty(req, MHD_HTTP_OK);
}
