/* SPDX-License-Identifier: Apache-2.0 */

#include "image/push.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"
#include "image/images_private.h"
#include "image/media.h"
#include "image/push_layers.h"
#include "registry/session.h"

struct job {
	struct bt_images *images;
	const struct bt_progress *progress;
	struct bt_image_ref ref;
	struct bt_credentials credentials;
	struct bt_session *session;
	char *repo;
};

static void job_done(struct job *job)
{
	bt_session_destroy(job->session);
	bt_image_ref_done(&job->ref);
	bt_credentials_done(&job->credentials);
	free(job->repo);
}

static int no_memory(struct bt_err *err)
{
	return bt_err_sys(err, -ENOMEM, "push");
}

/* The configuration is small: in one piece. */
static int push_config(struct job *job, const char *text, const char *digest, struct bt_err *err)
{
	bt_auto_free char *url = NULL;
	int r;

	r = bt_session_has_blob(job->session, digest, err);
	if (r != 0)
		return r < 0 ? r : 0;
	r = bt_session_begin_upload(job->session, digest, NULL, &url, err);
	if (r != 0)
		return r < 0 ? r : 0;
	return bt_session_end_upload(job->session, url, digest, text, strlen(text), err);
}

static int put_manifest(struct job *job, const char *tag, json_t *manifest,
			char ret_digest[BT_DIGEST_SIZE], size_t *ret_len, struct bt_err *err)
{
	bt_auto_free char *text = NULL, *theirs = NULL;
	int r;

	if (!manifest || bt_json_dump(manifest, &text, ret_len) < 0)
		return no_memory(err);
	bt_digest_of(text, *ret_len, ret_digest);
	r = bt_session_put_manifest(job->session, tag, BT_MEDIA_DOCKER_V2, text, *ret_len, &theirs,
				    err);
	if (r == 0 && theirs && strcmp(theirs, ret_digest) != 0)
		return bt_err_set(err, BT_ERR_SYSTEM, EBADMSG,
				  "the registry calls the manifest %s, it is %s", theirs,
				  ret_digest);
	return r;
}

static int say_end(struct job *job, const char *tag, const char *digest, size_t len)
{
	bt_auto_free char *line = bt_str_format("%s: digest: %s size: %zu", tag, digest, len);

	if (line)
		(void)bt_progress_status(job->progress, NULL, line);
	return bt_progress_aux(job->progress, json_pack("{sssssI}", "Tag", tag, "Digest", digest,
							"Size", (json_int_t)len));
}

static int push_image(struct job *job, const char *tag, const struct bt_image_row *row,
		      struct bt_err *err)
{
	json_auto_t *layers = NULL, *manifest = NULL;
	bt_auto_free char *config = NULL;
	char digest[BT_DIGEST_SIZE];
	size_t len = 0;
	int r;

	r = bt_images_config_(job->images, row->id, &config, err);
	if (r == 0)
		r = bt_push_layers(&(struct bt_push_layers){ .images = job->images,
							     .session = job->session,
							     .progress = job->progress,
							     .repo = job->repo,
							     .domain = job->ref.domain,
							     .chain_id = row->chain_id },
				   &layers, err);
	if (r == 0)
		r = push_config(job, config, row->id, err);
	if (r < 0)
		return r;
	manifest =
		json_pack("{sisss{sssIss}sO}", "schemaVersion", 2, "mediaType", BT_MEDIA_DOCKER_V2,
			  "config", "mediaType", BT_MEDIA_DOCKER_CONFIG, "size",
			  (json_int_t)strlen(config), "digest", row->id, "layers", layers);
	r = put_manifest(job, tag, manifest, digest, &len, err);
	if (r == 0)
		r = bt_images_add_name(job->images, row->id, job->repo, digest, err);
	if (r < 0)
		return r;
	(void)say_end(job, tag, digest, len);
	return 0;
}

/* `*ret_full`: the image's whole name (owned). */
static int find_image(struct job *job, const char *tag, char **ret_full, struct bt_image_row *ret,
		      struct bt_err *err)
{
	bt_auto_free char *full = bt_str_format("%s:%s", job->repo, tag);
	int r;

	if (!full)
		return no_memory(err);
	r = bt_images_find_(job->images, full, ret, err);
	if (r == -ENOENT)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
				  "An image does not exist locally with the tag: %s",
				  bt_name_familiar(job->repo));
	if (r == 0)
		*ret_full = bt_take(full);
	return r;
}

static int push_tag(struct job *job, const char *tag, struct bt_err *err)
{
	bt_auto(bt_image_row_done_) struct bt_image_row row = { 0 };
	bt_auto_free char *full = NULL;
	int r = find_image(job, tag, &full, &row, err);

	if (r == 0)
		r = push_image(job, tag, &row, err);
	if (r == 0)
		bt_images_tell_(job->images, "push", row.id, bt_name_familiar(full));
	return r;
}

/* The tags of the repository, as an array (owned). */
static int list_tags(struct job *job, json_t **ret, struct bt_err *err)
{
	json_auto_t *tags = json_array();
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r;

	r = bt_db_prepare(job->images->db, &q, err,
			  "SELECT tag FROM image_names WHERE repo = ?1 ORDER BY tag");
	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, job->repo);
	while ((r = bt_db_step(&q, err)) > 0)
		if (!bt_name_is_digest(bt_db_text(&q, 0)) &&
		    json_array_append_new(tags, json_string(bt_db_text(&q, 0))) < 0)
			return no_memory(err);
	if (r < 0)
		return r;
	if (json_array_size(tags) == 0)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
				  "An image does not exist locally with the tag: %s",
				  bt_name_familiar(job->repo));
	*ret = bt_take(tags);
	return 0;
}

static int check_images(struct job *job, const json_t *tags, struct bt_err *err)
{
	const json_t *tag;
	size_t i;
	int r = 0;

	json_array_foreach (tags, i, tag) {
		bt_auto(bt_image_row_done_) struct bt_image_row row = { 0 };
		bt_auto_free char *full = NULL;

		r = r < 0 ? r : find_image(job, json_string_value(tag), &full, &row, err);
	}
	return r;
}

static int start(struct job *job, const struct bt_push *push, json_t **ret_tags, struct bt_err *err)
{
	bt_auto(bt_settings_done) struct bt_settings settings = { 0 };
	bt_auto_free char *line = NULL;
	int r;

	r = bt_name_parse(push->name, &job->ref, err);
	if (r < 0)
		return r;
	if (job->ref.digest)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "cannot push a digest reference");
	job->repo = bt_name_repo(&job->ref);
	if (!job->repo || bt_credentials_parse(push->auth, &job->credentials) < 0)
		return no_memory(err);
	if (push->tag && push->tag[0])
		*ret_tags = json_pack("[s]", push->tag);
	else if (job->ref.tag)
		*ret_tags = json_pack("[s]", job->ref.tag);
	else
		r = list_tags(job, ret_tags, err);
	if (r < 0)
		return r;
	line = bt_str_format("The push refers to repository [%s]", job->repo);
	if (!line || !*ret_tags)
		return no_memory(err);
	if (bt_progress_status(job->progress, NULL, line) < 0)
		return bt_err_set(err, BT_ERR_UNAVAILABLE, ECANCELED,
				  "the push was cancelled: the client has gone");
	/* Before anybody is asked: there may be nothing to push, or nobody there. */
	r = check_images(job, *ret_tags, err);
	if (r == 0)
		r = bt_images_settings_(job->images, &settings, err);
	if (r < 0)
		return r;
	return bt_session_open(&(struct bt_session_target){ .domain = job->ref.domain,
							    .path = job->ref.path,
							    .push = true,
							    .settings = &settings,
							    .credentials = &job->credentials },
			       &job->session, err);
}

int bt_push(struct bt_images *images, const struct bt_push *push, struct bt_err *err)
{
	bt_auto(job_done) struct job job = { .images = images, .progress = &push->progress };
	json_auto_t *tags = NULL;
	json_t *tag;
	size_t i;
	int r;

	r = start(&job, push, &tags, err);
	if (r < 0)
		return r;
	json_array_foreach (tags, i, tag) {
		r = push_tag(&job, json_string_value(tag), err);
		if (r < 0)
			return r;
	}
	return 0;
}
