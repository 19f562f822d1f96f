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
#include "codec/json.h"
#include "engine/engine.h"
#include "image/load.h"
#include "image/save.h"

/* What a load tells is kept until its archive has arrived; honest ones tell some lines. */
#define LOAD_ANSWER_MAX (8u << 20)

struct save {
	struct bt_images *images;
	char **names; /* NULL-terminated, owned */
};

static void save_release(void *arg)
{
	struct save *save = arg;

	for (char **name = save->names; name && *name; name++)
		free(*name);
	free(save->names);
	free(save);
}

static int save_run(struct bt_job *job, void *arg, struct bt_err *err)
{
	struct save *save = arg;

	return bt_save(save->images, (const char *const *)save->names, bt_job_write, job, err);
}

/* Add the names in `text`, which some clients join with commas. */
static int add_names(struct save *save, const char *text, size_t *n)
{
	bt_auto_free char *copy = strdup(text);
	char *rest = copy, *part;

	while (copy && (part = strsep(&rest, ",")) != NULL) {
		char **grown = *part ? realloc(save->names, (*n + 2) * sizeof(*grown)) : NULL;

		if (*part == '\0')
			continue;
		if (!grown)
			return -ENOMEM;
		save->names = grown;
		save->names[*n] = strdup(part);
		save->names[*n + 1] = NULL;
		if (!save->names[(*n)++])
			return -ENOMEM;
	}
	return copy ? 0 : -ENOMEM;
}

static int names_of(const struct bt_request *req, struct save *save, struct bt_err *err)
{
	const char *text = req->name;
	size_t n = 0;
	int r = text ? add_names(save, text, &n) : 0;

	for (size_t i = 0; r == 0 && !req->name && (text = bt_query_value(&req->query, "names", i));
	     i++)
		r = add_names(save, text, &n);
	if (r < 0)
		return bt_err_sys(err, r, "save images");
	if (n == 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "no image to save was named");
	return 0;
}

/* An image here is for one platform: the one that was asked for, or none. */
static int check_platform(const struct bt_request *req, const struct save *save, struct bt_err *err)
{
	bt_auto_free char *platform = NULL;
	int r = bt_params_platform(req, &platform, err);

	for (char **name = save->names; r == 0 && platform && *name; name++)
		if (bt_images_check_platform(save->images, *name, platform, err) < 0)
			r = bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
				       "no suitable export target found for platform %s", platform);
	return r;
}

int bt_images_archive_save(struct bt_request *req, struct bt_err *err)
{
	struct save *save = calloc(1, sizeof(*save));
	int r;

	if (!save)
		return bt_err_sys(err, -ENOMEM, "save images");
	save->images = bt_engine_images(req->api->engine);
	r = names_of(req, save, err);
	if (r == 0)
		r = bt_save_check(save->images, (const char *const *)save->names, err);
	if (r == 0)
		r = check_platform(req, save, err);
	if (r < 0) {
		save_release(save);
		return r;
	}
	return bt_job_answer(req, "application/x-tar", save_run, save_release, save, err);
}

static int keep_message(void *arg, const json_t *message)
{
	struct bt_str *text = arg;

	bt_json_append(text, message);
	bt_str_puts(text, "\r\n");
	return text->failed;
}

int bt_images_archive_load(struct bt_request *req, struct bt_err *err)
{
	bt_auto_str struct bt_str text = { .max = LOAD_ANSWER_MAX };
	const struct bt_progress progress = { .fn = keep_message, .arg = &text };
	bt_auto_free char *platform = NULL;
	char *answer = NULL;
	size_t len;
	int r = bt_params_platform(req, &platform, err);

	if (r == 0)
		r = bt_load(bt_engine_images(req->api->engine), req->body_fd, platform,
			    bt_query_bool(&req->query, "quiet", true), &progress, err);
	if (r < 0)
		return r;
	len = text.len;
	if (bt_str_steal(&text, &answer) < 0)
		return bt_err_sys(err, -ENOMEM, "answer a load");
	return bt_answer_text(req, MHD_HTTP_OK, BT_ANSWER_JSON, answer, len);
}
