/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <microhttpd.h>
#include <string.h>

#include "api/answer.h"
#include "api/handlers.h"
#include "api/request.h"
#include "api/server.h"
#include "base/auto.h"
#include "codec/json.h"
#include "engine/disk_usage.h"
#include "engine/info.h"

/* The builder that is offered: the classic one, not BuildKit. */
#define BUILDER "1"

int bt_system_ping(struct bt_request *req, struct bt_err *err)
{
	bool head = req->method == BT_METHOD_HEAD;
	char *text = head ? NULL : strdup("OK");

	if (!head && !text)
		return bt_err_sys(err, -ENOMEM, "answer a ping");
	bt_answer_text(req, MHD_HTTP_OK, BT_ANSWER_TEXT, text, text ? 2 : 0);
	if (bt_answer_header(req, "Builder-Version", BUILDER, err) < 0 ||
	    bt_answer_header(req, "Swarm", "inactive", err) < 0 ||
	    bt_answer_header(req, "Cache-Control", "no-cache, no-store, must-revalidate", err) < 0)
		return -err->errnum;
	return bt_answer_header(req, "Pragma", "no-cache", err);
}

int bt_system_options(struct bt_request *req, struct bt_err *err bt_unused)
{
	return bt_answer_empty(req, MHD_HTTP_OK);
}

static int add_versions(json_t *object)
{
	return json_object_set_new(object, "ApiVersion", json_string(BT_ROUTE_VERSION_MAX_STR)) |
	       json_object_set_new(object, "MinAPIVersion", json_string(BT_ROUTE_VERSION_MIN_STR));
}

/* What clients print of the engine is told twice: at the top, and as a component. */
static int fill_engine(json_t *version)
{
	static const char *const told[] = { "Os",        "Arch",      "KernelVersion",
					    "GitCommit", "GoVersion", "BuildTime" };
	json_t *component, *details;
	size_t i;
	int r = 0;

	json_array_foreach (bt_json_arr(version, "Components"), i, component) {
		if (strcmp(bt_json_str(component, "Name", ""), "Engine") != 0)
			continue;
		details = bt_json_obj(component, "Details");
		for (size_t k = 0; k < sizeof(told) / sizeof(told[0]); k++)
			r |= json_object_set_new(details, told[k],
						 json_string(bt_json_str(version, told[k], "")));
		r |= json_object_set_new(details, "Experimental", json_string("false"));
		r |= add_versions(details);
	}
	return r;
}

int bt_system_version(struct bt_request *req, struct bt_err *err)
{
	json_auto_t *version = NULL;
	int r = bt_info_version(req->api->engine, &version, err);

	if (r < 0)
		return r;
	if (fill_engine(version) != 0 || add_versions(version) != 0)
		return bt_err_sys(err, -ENOMEM, "answer the version");
	return bt_answer_json(req, MHD_HTTP_OK, bt_take(version), err);
}

int bt_system_info(struct bt_request *req, struct bt_err *err)
{
	json_t *info;
	int r = bt_info_get(req->api->engine, &info, err);

	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, info, err);
}

/* Without a type all are meant. */
static int df_types(const struct bt_request *req, struct bt_disk_usage *ret, struct bt_err *err)
{
	const char *type;
	size_t i;

	for (i = 0; (type = bt_query_value(&req->query, "type", i)); i++) {
		if (strcmp(type, "image") == 0)
			ret->images = true;
		else if (strcmp(type, "container") == 0)
			ret->containers = true;
		else if (strcmp(type, "volume") == 0)
			ret->volumes = true;
		else if (strcmp(type, "build-cache") == 0)
			ret->build_cache = true;
		else
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "unknown object type: %.100s", type);
	}
	if (i == 0)
		*ret = (struct bt_disk_usage){ true, true, true, true };
	return 0;
}

int bt_system_df(struct bt_request *req, struct bt_err *err)
{
	struct bt_disk_usage what = { 0 };
	json_t *df;
	int r = df_types(req, &what, err);

	if (r == 0)
		r = bt_disk_usage_get(req->api->engine, &what, &df, err);
	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, df, err);
}

int bt_system_plugins(struct bt_request *req, struct bt_err *err)
{
	return bt_answer_json(req, MHD_HTTP_OK, json_array(), err);
}

int bt_system_build_prune(struct bt_request *req, struct bt_err *err)
{
	return bt_answer_json(req, MHD_HTTP_OK,
			      json_pack("{sn si}", "CachesDeleted", "SpaceReclaimed", 0), err);
}

int bt_system_plugin(struct bt_request *req, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "plugin \"%.200s\" not found", req->name);
}

int bt_system_no_swarm(struct bt_request *req bt_unused, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_UNAVAILABLE, EAGAIN,
			  "This node is not a swarm manager. Use \"docker swarm init\" or \"docker "
			  "swarm join\" to connect this node to swarm and try again.");
}

int bt_system_no_swarm_to_leave(struct bt_request *req bt_unused, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_UNAVAILABLE, EAGAIN, "This node is not part of a swarm");
}

int bt_system_no_cluster_volume(struct bt_request *req bt_unused, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_UNAVAILABLE, EAGAIN,
			  "volume update only valid for cluster volumes, but swarm is unavailable");
}

int bt_system_not_offered(struct bt_request *req, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, ENOSYS, "berth does not offer %.200s",
			  req->path);
}
