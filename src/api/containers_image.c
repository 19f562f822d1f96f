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
#include "engine/container_image.h"

int bt_containers_image_commit(struct bt_request *req, struct bt_err *err)
{
	const char *repo = bt_query_text(&req->query, "repo");
	const char *tag = bt_query_text(&req->query, "tag");
	bt_auto_free const char **changes = bt_params_texts(req, "changes");
	bt_auto_free char *ref = repo && tag ? bt_str_format("%s:%s", repo, tag) : NULL;
	struct bt_container_commit how = {
		.container = bt_query_text(&req->query, "container"),
		.ref = ref ? ref : repo,
		.author = bt_query_text(&req->query, "author"),
		.comment = bt_query_text(&req->query, "comment"),
		.config = json_is_object(req->body) ? req->body : NULL,
		.changes = changes,
		.pause = bt_query_bool(&req->query, "pause", true),
	};
	char id[72];
	int r;

	if (!changes || (repo && tag && !ref))
		return bt_err_sys(err, -ENOMEM, "commit a container");
	if (!how.container)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid name or ID supplied: \"\"");
	r = bt_container_commit(req->api->engine, &how, id, err);
	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_CREATED, json_pack("{ss}", "Id", id), err);
}

int bt_containers_image_changes(struct bt_request *req, struct bt_err *err)
{
	json_t *changes;
	int r = bt_container_changes(req->api->engine, req->name, &changes, err);

	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, changes, err);
}

static int write_export(struct bt_job *job, void *arg, struct bt_err *err)
{
	return bt_container_export_write(arg, bt_job_write, job, err);
}

static void release_export(void *arg)
{
	bt_container_export_close(arg);
}

int bt_containers_image_export(struct bt_request *req, struct bt_err *err)
{
	struct bt_container_export *export;
	int r = bt_container_export_open(req->api->engine, req->name, &export, err);

	return r < 0 ? r
		     : bt_job_answer(req, "application/octet-stream", write_export, release_export,
				     export, err);
}
