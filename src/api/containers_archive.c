/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <microhttpd.h>
#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>

#include "api/answer.h"
#include "api/handlers.h"
#include "api/job.h"
#include "api/request.h"
#include "api/server.h"
#include "base/auto.h"
#include "codec/json.h"
#include "engine/container_archive.h"

#define STAT_HEADER "X-Docker-Container-Path-Stat"

static int path_of(const struct bt_request *req, const char **ret, struct bt_err *err)
{
	const char *path = bt_query_text(&req->query, "path");

	if (!path)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "bad parameter: 'path' cannot be empty");
	*ret = path;
	return 0;
}

/* The description of the file travels as JSON in base64. */
static int add_stat(struct bt_request *req, const json_t *stat, struct bt_err *err)
{
	bt_auto_free char *text = NULL, *encoded = NULL;
	size_t len;

	if (bt_json_dump(stat, &text, &len) < 0)
		return bt_err_sys(err, -ENOMEM, "describe a file");
	encoded = calloc(1, BASE64_ENCODE_RAW_LENGTH(len) + 1);
	if (!encoded)
		return bt_err_sys(err, -ENOMEM, "describe a file");
	base64_encode_raw(encoded, len, (const uint8_t *)text);
	return bt_answer_header(req, STAT_HEADER, encoded, err);
}

int bt_containers_archive_head(struct bt_request *req, struct bt_err *err)
{
	json_auto_t *stat = NULL;
	const char *path = NULL;
	int r = path_of(req, &path, err);

	if (r == 0)
		r = bt_container_archive_open(req->api->engine, req->name, path, &stat, NULL, err);
	if (r == 0)
		r = add_stat(req, stat, err);
	return r < 0 ? r : bt_answer_empty(req, MHD_HTTP_OK);
}

static int write_archive(struct bt_job *job, void *arg, struct bt_err *err)
{
	return bt_container_archive_write(arg, bt_job_write, job, err);
}

static void release_archive(void *arg)
{
	bt_container_archive_close(arg);
}

int bt_containers_archive_get(struct bt_request *req, struct bt_err *err)
{
	struct bt_container_archive *archive;
	json_auto_t *stat = NULL;
	const char *path = NULL;
	int r = path_of(req, &path, err);

	if (r == 0)
		r = bt_container_archive_open(req->api->engine, req->name, path, &stat, &archive,
					      err);
	if (r < 0)
		return r;
	r = add_stat(req, stat, err);
	if (r < 0) {
		bt_container_archive_close(archive);
		return r;
	}
	return bt_job_answer(req, "application/x-tar", write_archive, release_archive, archive,
			     err);
}

int bt_containers_archive_put(struct bt_request *req, struct bt_err *err)
{
	struct bt_container_put put = {
		.keep_kinds = bt_query_bool(&req->query, "noOverwriteDirNonDir", false),
		.copy_owner = bt_query_bool(&req->query, "copyUIDGID", false),
		.fd = req->body_fd,
	};
	int r = path_of(req, &put.path, err);

	if (r == 0)
		r = bt_container_archive_put(req->api->engine, req->name, &put, err);
	return r < 0 ? r : bt_answer_empty(req, MHD_HTTP_OK);
}
