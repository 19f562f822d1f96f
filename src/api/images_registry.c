/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "api/answer.h"
#include "api/handlers.h"
#include "api/job.h"
#include "api/params.h"
#include "api/request.h"
#include "api/server.h"
#include "base/auto.h"
#include "base/str.h"
#include "codec/image_ref.h"
#include "engine/engine.h"
#include "image/images.h"
#include "image/index_push.h"
#include "image/login.h"
#include "image/pull.h"
#include "image/push.h"
#include "image/search.h"

#define AUTH_HEADER "X-Registry-Auth"

/* A pull with its strings, which outlive the request's thread. */
struct pull {
	struct bt_images *images;
	char *name, *tag, *platform, *auth; /* owned */
	bool all_tags;
};

static void pull_release(void *arg)
{
	struct pull *pull = arg;

	free(pull->name);
	free(pull->tag);
	free(pull->platform);
	if (pull->auth)
		explicit_bzero(pull->auth, strlen(pull->auth));
	free(pull->auth);
	free(pull);
}

static int pull_run(struct bt_job *job, void *arg, struct bt_err *err)
{
	const struct pull *pull = arg;
	const struct bt_pull how = { .name = pull->name,
				     .tag = pull->tag,
				     .platform = pull->platform,
				     .auth = pull->auth,
				     .all_tags = pull->all_tags,
				     .progress = { .fn = bt_job_message, .arg = job } };

	return bt_pull(pull->images, &how, err);
}

static bool copy(const char *from, char **to)
{
	*to = from ? strdup(from) : NULL;
	return !from || *to;
}

/* Without tag and digest Docker's API means every tag. A colon at the end is what `pull -a` of
 * old clients sends. */
static int resolve_name(struct pull *pull, struct bt_err *err)
{
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	size_t len = strlen(pull->name);
	int r;

	if (len > 0 && pull->name[len - 1] == ':')
		pull->name[len - 1] = '\0';
	r = bt_image_ref_parse(pull->name, &ref, err);
	if (r == 0)
		pull->all_tags = !pull->tag && !ref.tag && !ref.digest;
	return r;
}

int bt_images_registry_pull(struct bt_request *req, struct bt_err *err)
{
	const char *name = bt_query_text(&req->query, "fromImage");
	struct pull *pull;
	int r = 0;

	if (!name)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "neither fromImage nor fromSrc says what to create");
	pull = calloc(1, sizeof(*pull));
	if (!pull)
		return bt_err_sys(err, -ENOMEM, "pull an image");
	pull->images = bt_engine_images(req->api->engine);
	if (!copy(name, &pull->name) || !copy(bt_query_text(&req->query, "tag"), &pull->tag) ||
	    !copy(bt_query_text(&req->query, "platform"), &pull->platform) ||
	    !copy(bt_request_header(req, AUTH_HEADER), &pull->auth))
		r = bt_err_sys(err, -ENOMEM, "pull an image");
	if (r == 0)
		r = resolve_name(pull, err);
	if (r < 0) {
		pull_release(pull);
		return r;
	}
	return bt_job_answer(req, BT_ANSWER_JSON, pull_run, pull_release, pull, err);
}

int bt_images_registry_inspect(struct bt_request *req, struct bt_err *err)
{
	json_t *found;
	int r = bt_pull_inspect(bt_engine_images(req->api->engine), req->name,
				bt_request_header(req, AUTH_HEADER), &found, err);

	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, found, err);
}

int bt_images_registry_manifest(struct bt_request *req, struct bt_err *err)
{
	json_t *found;
	int r = bt_pull_manifest(bt_engine_images(req->api->engine), req->name,
				 bt_request_header(req, AUTH_HEADER),
				 bt_query_bool(&req->query, "insecure", false), &found, err);

	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, found, err);
}

int bt_images_registry_push_index(struct bt_request *req, struct bt_err *err)
{
	struct bt_index_push push = { .name = req->name,
				      .auth = bt_request_header(req, AUTH_HEADER),
				      .insecure = bt_query_bool(&req->query, "insecure", false) };
	char digest[BT_DIGEST_SIZE];
	int r = bt_request_object(req, &push.body, err);

	if (r == 0)
		r = bt_index_push(bt_engine_images(req->api->engine), &push, digest, err);
	return r < 0 ? r
		     : bt_answer_json(req, MHD_HTTP_CREATED, json_pack("{ss}", "Digest", digest),
				      err);
}

int bt_images_registry_search(struct bt_request *req, struct bt_err *err)
{
	bt_auto_filters struct bt_filters *filters = NULL;
	const char *term = bt_query_text(&req->query, "term");
	json_t *found;
	int64_t limit;
	int r = bt_params_filters(req, &filters, err);

	if (r == 0)
		r = bt_query_i64(&req->query, "limit", 0, &limit, err);
	if (r < 0)
		return r;
	if (!term)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "a term to search for is missing");
	r = bt_search(bt_engine_images(req->api->engine), term, limit,
		      bt_request_header(req, AUTH_HEADER), filters, &found, err);
	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, found, err);
}

static int push_run(struct bt_job *job, void *arg, struct bt_err *err)
{
	const struct pull *push = arg;
	const struct bt_push how = { .name = push->name,
				     .tag = push->tag,
				     .auth = push->auth,
				     .progress = { .fn = bt_job_message, .arg = job } };

	return bt_push(push->images, &how, err);
}

/* An image here is for one platform: the one that is to be pushed, or none. */
static int check_push_platform(const struct bt_request *req, struct bt_err *err)
{
	const char *tag = bt_query_text(&req->query, "tag");
	bt_auto_free char *platform = NULL, *name = NULL;
	int r = bt_params_platform(req, &platform, err);

	if (r < 0 || !platform)
		return r;
	name = tag ? bt_str_format("%s:%s", req->name, tag) : strdup(req->name);
	if (!name)
		return bt_err_sys(err, -ENOMEM, "push an image");
	return bt_images_check_platform(bt_engine_images(req->api->engine), name, platform, err);
}

int bt_images_registry_push(struct bt_request *req, struct bt_err *err)
{
	struct pull *push;
	int r = check_push_platform(req, err);

	if (r < 0)
		return r;
	push = calloc(1, sizeof(*push));
	if (!push)
		return bt_err_sys(err, -ENOMEM, "push an image");
	push->images = bt_engine_images(req->api->engine);
	if (!copy(req->name, &push->name) || !copy(bt_query_text(&req->query, "tag"), &push->tag) ||
	    !copy(bt_request_header(req, AUTH_HEADER), &push->auth)) {
		pull_release(push);
		return bt_err_sys(err, -ENOMEM, "push an image");
	}
	return bt_job_answer(req, BT_ANSWER_JSON, push_run, pull_release, push, err);
}

int bt_images_registry_login(struct bt_request *req, struct bt_err *err)
{
	const json_t *body;
	json_t *answer;
	int r = req->empty ? bt_err_set(err, BT_ERR_INVALID, EINVAL, "EOF")
			   : bt_request_object(req, &body, err);

	if (r == 0)
		r = bt_login(bt_engine_images(req->api->engine), body, &answer, err);
	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, answer, err);
}
