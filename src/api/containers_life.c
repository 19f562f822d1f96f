/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <limits.h>
#include <microhttpd.h>

#include "api/answer.h"
#include "api/compat.h"
#include "api/handlers.h"
#include "api/params.h"
#include "api/request.h"
#include "api/server.h"
#include "base/auto.h"
#include "engine/container_create.h"
#include "engine/container_pause.h"
#include "engine/container_remove.h"
#include "engine/container_restart.h"
#include "engine/container_start.h"
#include "engine/container_stop.h"
#include "engine/container_update.h"

/* A call that has nothing to tell: 204, or 304 where nothing had to be done (a result of 1). */
static int done(struct bt_request *req, int r)
{
	if (r < 0)
		return r;
	return bt_answer_empty(req, r == 1 ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_NO_CONTENT);
}

int bt_containers_life_create(struct bt_request *req, struct bt_err *err)
{
	const char *name = bt_query_text(&req->query, "name");
	const char *platform = bt_query_text(&req->query, "platform");
	json_auto_t *shaped = NULL;
	const json_t *body;
	json_t *created;
	int r;

	/* Whoever sends nothing has forgotten something, as Docker sees it only here. */
	if (req->empty)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid JSON: got EOF while reading request body");
	r = bt_request_object(req, &body, err);
	if (r == 0 && req->version < 18) {
		shaped = bt_compat_create(body, req->version);
		body = shaped;
		r = shaped ? 0 : bt_err_sys(err, -ENOMEM, "read the request");
	}
	if (r == 0)
		r = bt_container_create(req->api->engine, name, platform, body, &created, err);
	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_CREATED, created, err);
}

int bt_containers_life_start(struct bt_request *req, struct bt_err *err)
{
	const char *keys = bt_query_text(&req->query, "detachKeys");

	/* Below 1.24 a HostConfig could come with start and replaced that of create. Docker 28
	 * takes it in no version; a client of then that sends one gives the same to create. */
	if (json_object_size(req->body) > 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "starting container with non-empty request body was deprecated "
				  "since API v1.22 and removed in v1.24");
	return done(req, bt_container_start(req->api->engine, req->name, keys, err));
}

/* `t` in seconds; not given: the container's own. */
static int timeout_of(const struct bt_request *req, int *ret, struct bt_err *err)
{
	int64_t t;
	int r = bt_query_i64(&req->query, "t", INT_MIN, &t, err);

	if (r < 0)
		return r;
	if (t != INT_MIN && (t < -1 || t > INT_MAX))
		t = t < -1 ? -1 : INT_MAX;
	*ret = (int)t;
	return 0;
}

int bt_containers_life_stop(struct bt_request *req, struct bt_err *err)
{
	const char *sig = bt_query_text(&req->query, "signal");
	int timeout, r = timeout_of(req, &timeout, err);

	if (r < 0)
		return r;
	return done(req, bt_container_stop(req->api->engine, req->name, sig, timeout, err));
}

int bt_containers_life_restart(struct bt_request *req, struct bt_err *err)
{
	const char *sig = bt_query_text(&req->query, "signal");
	int timeout, r = timeout_of(req, &timeout, err);

	if (r < 0)
		return r;
	return done(req, bt_container_restart(req->api->engine, req->name, sig, timeout, err));
}

int bt_containers_life_kill(struct bt_request *req, struct bt_err *err)
{
	const char *sig = bt_query_text(&req->query, "signal");

	return done(req, bt_container_kill(req->api->engine, req->name, sig, err));
}

int bt_containers_life_pause(struct bt_request *req, struct bt_err *err)
{
	return done(req, bt_container_pause(req->api->engine, req->name, true, err));
}

int bt_containers_life_unpause(struct bt_request *req, struct bt_err *err)
{
	return done(req, bt_container_pause(req->api->engine, req->name, false, err));
}

int bt_containers_life_rename(struct bt_request *req, struct bt_err *err)
{
	const char *name = bt_query_text(&req->query, "name");

	if (!name)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "Neither old nor new names may be empty");
	return done(req, bt_container_rename(req->api->engine, req->name, name, err));
}

int bt_containers_life_update(struct bt_request *req, struct bt_err *err)
{
	const json_t *body;
	json_t *answer;
	int r = bt_request_object(req, &body, err);

	if (r == 0)
		r = bt_container_update(req->api->engine, req->name, body, &answer, err);
	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, answer, err);
}

int bt_containers_life_remove(struct bt_request *req, struct bt_err *err)
{
	return done(req, bt_container_remove(req->api->engine, req->name,
					     bt_query_bool(&req->query, "v", false),
					     bt_query_bool(&req->query, "force", false),
					     bt_query_bool(&req->query, "link", false), err));
}

int bt_containers_life_prune(struct bt_request *req, struct bt_err *err)
{
	bt_auto_filters struct bt_filters *filters = NULL;
	json_t *pruned;
	int r = bt_params_filters(req, &filters, err);

	if (r == 0)
		r = bt_container_prune(req->api->engine, filters, &pruned, err);
	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, pruned, err);
}
