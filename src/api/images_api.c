/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "api/answer.h"
#include "api/compat.h"
#include "api/handlers.h"
#include "api/params.h"
#include "api/request.h"
#include "api/server.h"
#include "base/auto.h"
#include "codec/json.h"
#include "engine/engine.h"
#include "image/images.h"

/* An image is half a kilobyte, and its labels may be long. */
#define LIST_MAX (512u << 20)

static struct bt_images *images_of(const struct bt_request *req)
{
	return bt_engine_images(req->api->engine);
}

/* Before API 1.41 a reference could be given without filters, too. */
static int list_filters(const struct bt_request *req, struct bt_filters **ret, struct bt_err *err)
{
	const char *reference = bt_query_text(&req->query, "filter");
	json_auto_t *json = NULL;
	bt_auto_free char *text = NULL;

	if (!reference || req->version >= 41)
		return bt_params_filters(req, ret, err);
	if (bt_query_text(&req->query, "filters"))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "filter and filters cannot be given at once");
	json = json_pack("{s[s]}", "reference", reference);
	if (!json || bt_json_dump(json, &text, NULL) < 0)
		return bt_err_sys(err, -ENOMEM, "list images");
	return bt_filters_parse(text, ret, err);
}

int bt_images_api_list(struct bt_request *req, struct bt_err *err)
{
	bt_auto_filters struct bt_filters *filters = NULL;
	/* "digests" says nothing: Docker answers them always, too. */
	struct bt_images_list_options opt = {
		.all = bt_query_bool(&req->query, "all", false),
		.shared_sizes = bt_query_bool(&req->query, "shared-size", false),
		.virtual_size = req->version < 44,
	};
	bt_auto_str struct bt_str list = { .max = LIST_MAX };
	int r = list_filters(req, &filters, err);

	if (r < 0)
		return r;
	opt.filters = filters;
	r = bt_images_list(images_of(req), &opt, &list, err);
	return r < 0 ? r : bt_answer_json_text(req, MHD_HTTP_OK, &list, err);
}

/* An image here is for one platform: the one that was asked for, or none. */
static int check_platform(const struct bt_request *req, struct bt_err *err)
{
	bt_auto_free char *platform = NULL;
	int r = bt_params_platform(req, &platform, err);

	if (r == 0 && platform)
		r = bt_images_check_platform(images_of(req), req->name, platform, err);
	return r;
}

int bt_images_api_inspect(struct bt_request *req, struct bt_err *err)
{
	json_auto_t *image = NULL;
	int r;

	if (bt_query_bool(&req->query, "manifests", false) &&
	    bt_query_text(&req->query, "platform"))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "conflicting options: manifests and platform options cannot both "
				  "be set");
	r = check_platform(req, err);
	if (r == 0)
		r = bt_images_inspect(images_of(req), req->name, &image, err);
	if (r == 0)
		r = bt_compat_image(image, req->version, err);
	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, bt_take(image), err);
}

int bt_images_api_history(struct bt_request *req, struct bt_err *err)
{
	json_t *history;
	int r = check_platform(req, err);

	if (r == 0)
		r = bt_images_inspect_history(images_of(req), req->name, &history, err);

	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, history, err);
}

int bt_images_api_tag(struct bt_request *req, struct bt_err *err)
{
	const char *repo = bt_query_text(&req->query, "repo");
	const char *tag = bt_query_text(&req->query, "tag");
	int r;

	if (!repo)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "the parameter repo is missing: nothing to tag the image with");
	r = bt_images_add_tag(images_of(req), req->name, repo, tag, err);
	return r < 0 ? r : bt_answer_empty(req, MHD_HTTP_CREATED);
}

/* Of an image of one platform that one can be removed, and no other. */
static int check_platforms(const struct bt_request *req, struct bt_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && bt_query_value(&req->query, "platforms", i); i++) {
		bt_auto_free char *platform = NULL;

		r = bt_params_platforms(req, "platforms", i, &platform, err);
		if (r == 0 && platform)
			r = bt_images_check_platform(images_of(req), req->name, platform, err);
	}
	return r;
}

int bt_images_api_remove(struct bt_request *req, struct bt_err *err)
{
	bool force = bt_query_bool(&req->query, "force", false);
	bool noprune = bt_query_bool(&req->query, "noprune", false);
	json_t *removed;
	int r = check_platforms(req, err);

	if (r == 0)
		r = bt_images_remove(images_of(req), req->name, force, noprune, &removed, err);
	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, removed, err);
}

int bt_images_api_prune(struct bt_request *req, struct bt_err *err)
{
	bt_auto_filters struct bt_filters *filters = NULL;
	json_t *pruned;
	int r = bt_params_filters(req, &filters, err);

	if (r == 0)
		r = bt_images_prune(images_of(req), filters, &pruned, err);
	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, pruned, err);
}

int bt_images_api_create(struct bt_request *req, struct bt_err *err)
{
	if (bt_query_text(&req->query, "fromSrc"))
		return bt_images_import_create(req, err);
	return bt_images_registry_pull(req, err);
}
