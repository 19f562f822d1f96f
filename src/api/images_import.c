/* SPDX-License-Identifier: Apache-2.0 */

/* POST /images/create?fromSrc=…: an image of an archive, from the request or a URL. */

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
#include "engine/engine.h"
#include "image/images.h"
#include "image/import_url.h"

/* An import with its strings, which outlive the request's thread; all owned but `images`. */
struct import {
	struct bt_images *images;
	char *url, *ref, *message, *platform, *created;
	char **changes;
};

static void import_release(void *arg)
{
	struct import *import = arg;

	free(import->url);
	free(import->ref);
	free(import->message);
	free(import->platform);
	free(import->created);
	for (size_t i = 0; import->changes && import->changes[i]; i++)
		free(import->changes[i]);
	free(import->changes);
	free(import);
}

static void import_destroyp(struct import **import)
{
	if (*import)
		import_release(*import);
}

static int import_run(struct bt_job *job, void *arg, struct bt_err *err)
{
	const struct import *import = arg;
	const struct bt_progress progress = { .fn = bt_job_message, .arg = job };

	return bt_images_import_url(
		import->images, import->url,
		&(struct bt_import){ .ref = import->ref,
				     .message = import->message,
				     .platform = import->platform,
				     .changes = (const char *const *)import->changes,
				     .created = import->created },
		&progress, err);
}

static bool copy(const struct bt_request *req, const char *name, char **to)
{
	const char *text = bt_query_text(&req->query, name);

	*to = text ? strdup(text) : NULL;
	return !text || *to;
}

static bool copy_changes(struct bt_request *req, struct import *import)
{
	bt_auto_free const char **changes = bt_params_texts(req, "changes");
	size_t n = 0;

	while (changes && changes[n])
		n++;
	import->changes = changes ? calloc(n + 1, sizeof(*import->changes)) : NULL;
	for (size_t i = 0; import->changes && i < n; i++) {
		import->changes[i] = strdup(changes[i]);
		if (!import->changes[i])
			return false;
	}
	return import->changes != NULL;
}

/* The name for the image: NULL where none is wanted. */
static bool make_ref(const struct bt_request *req, char **ret)
{
	const char *repo = bt_query_text(&req->query, "repo");
	const char *tag = bt_query_text(&req->query, "tag");

	*ret = NULL;
	if (repo)
		*ret = tag ? bt_str_format("%s:%s", repo, tag) : strdup(repo);
	return !repo || *ret;
}

static int import_body(struct bt_request *req, const struct import *import, struct bt_err *err)
{
	char id[72];
	int r = bt_images_import(
		import->images, req->body_fd,
		&(struct bt_import){ .ref = import->ref,
				     .message = import->message,
				     .platform = import->platform,
				     .changes = (const char *const *)import->changes,
				     .created = import->created },
		id, err);

	return r < 0 ? r : bt_answer_json(req, MHD_HTTP_OK, json_pack("{ss}", "status", id), err);
}

int bt_images_import_create(struct bt_request *req, struct bt_err *err)
{
	bt_auto(import_destroyp) struct import *import = calloc(1, sizeof(*import));

	if (!import || !copy(req, "fromSrc", &import->url) ||
	    !copy(req, "message", &import->message) || !copy(req, "platform", &import->platform) ||
	    !copy(req, "created", &import->created) || !make_ref(req, &import->ref) ||
	    !copy_changes(req, import))
		return bt_err_sys(err, -ENOMEM, "import an image");
	import->images = bt_engine_images(req->api->engine);
	if (strcmp(import->url, "-") == 0)
		return import_body(req, import, err);
	return bt_job_answer(req, BT_ANSWER_JSON, import_run, import_release, bt_take(import), err);
}
