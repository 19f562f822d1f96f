/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <microhttpd.h>
#include <string.h>

#include "api/answer.h"
#include "api/handlers.h"
#include "api/params.h"
#include "api/request.h"
#include "api/server.h"
#include "base/auto.h"
#include "base/str.h"
#include "engine/body_shape.h"
#include "engine/network.h"

/* A network is half a kilobyte, and its labels may be long. */
#define LIST_MAX (512u << 20)

int bt_networks_list(struct bt_request *req, struct bt_err *err)
{
	bt_auto_filters struct bt_filters *filters = NULL;
	bt_auto_str struct bt_str list = { .max = LIST_MAX };
	int r = bt_params_filters(req, &filters, err);

	if (r == 0)
		r = bt_network_list(req->api->engine, filters, &list, err);
	return r < 0 ? r : bt_answer_json_text(req, MHD_HTTP_OK, &list, err);
}

/* All networks are of this machine; of more than that, "verbose" would tell the services. */
static int check_inspect(const struct bt_request *req, struct bt_err *err)
{
	static const char *const truths[] = { "1", "t", "T",     "true",  "True",  "TRUE", "0",
					      "f", "F", "false", "False", "FALSE", NULL };
	const char *scope = bt_query_text(&req->query, "scope");
	const char *verbose = bt_query_text(&req->query, "verbose");
	size_t i = 0;

	while (verbose && truths[i] && strcmp(truths[i], verbose) != 0)
		i++;
	if (!truths[i])
		return bt_err_set(
			err, BT_ERR_INVALID, EINVAL,
			"invalid value for verbose: %.100s: strconv.ParseBool: parsing \"%.100s\": invalid syntax",
			verbose, verbose);
	if (scope && strcmp(scope, "local") != 0)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "network %s not found", req->name);
	return 0;
}

int bt_networks_inspect(struct bt_request *req, struct bt_err *err)
{
	json_t *network;
	int r = check_inspect(req, err);

	if (r < 0)
		return r;
	r = bt_network_inspect(req->api->engine, req->name, &network, err);

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
