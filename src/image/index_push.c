/* SPDX-License-Identifier: Apache-2.0 */

#include "image/index_push.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"
#include "image/images_private.h"
#include "image/manifest.h"
#include "registry/session.h"

struct job {
	struct bt_image_ref ref;
	struct bt_credentials credentials;
	struct bt_session *session;
	char *repo; /* "registry/path" */
};

static void job_done(struct job *job)
{
	bt_session_destroy(job->session);
	bt_image_ref_done(&job->ref);
	bt_credentials_done(&job->credentials);
	free(job->repo);
}

/* Put `text` as `ref`, which may be its digest, and see that the registry calls it the same. */
static int put(struct job *job, const char *ref, const char *media_type, const char *text,
	       const char *digest, struct bt_err *err)
{
	bt_auto_free char *theirs = NULL;
	int r = bt_session_put_manifest(job->session, ref, media_type, text, strlen(text), &theirs,
					err);

	if (r == 0 && theirs && strcmp(theirs, digest) != 0)
		return bt_err_set(err, BT_ERR_SYSTEM, EBADMSG,
				  "the registry calls the manifest %s, it is %s", theirs, digest);
	return r;
}

/* The blob `descriptor` of the repository `from` is to be in ours as well. */
static int mount_blob(struct job *job, const json_t *descriptor, const char *from,
		      struct bt_err *err)
{
	bt_auto_free char *url = NULL;
	const char *digest;
	int64_t size;
	int r = bt_manifest_descriptor(descriptor, &digest, &size, err);

	if (r == 0)
		r = bt_session_has_blob(job->session, digest, err);
	if (r == 0)
		r = bt_session_begin_upload(job->session, digest, from, &url, err);
	if (r != 0)
		return r < 0 ? r : 0;
	bt_session_drop_upload(job->session, url);
	return bt_err_set(err, BT_ERR_INVALID, ENOENT,
			  "failed to mount blob %s of %s to %s: push the image there first", digest,
			  from, job->repo);
}

static int mount_blobs(struct job *job, const json_t *manifest, const char *from,
		       struct bt_err *err)
{
	int r = mount_blob(job, bt_json_obj(manifest, "config"), from, err);
	const json_t *layer;
	size_t i;

	json_array_foreach (bt_json_arr(manifest, "layers"), i, layer) {
		if (r == 0)
			r = mount_blob(job, layer, from, err);
	}
	return r;
}

/* The repository `repo` within the registry that ours is in, or NULL. */
static const char *beside(const struct job *job, const char *repo)
{
	const char *rest = bt_str_after(repo, job->ref.domain);

	return rest && rest[0] == '/' ? rest + 1 : NULL;
}

/* One manifest of the index. */
static int push_entry(struct job *job, const json_t *entry, struct bt_err *err)
{
	const char *repo = bt_json_str(entry, "Repository", "");
	const char *type = bt_json_str(entry, "MediaType", "");
	const char *text = bt_json_str(entry, "Text", "");
	json_auto_t *manifest = NULL;
	char digest[BT_DIGEST_SIZE];
	int r;

	if (strcmp(repo, job->repo) == 0)
		return 0;
	if (!beside(job, repo))
		return bt_err_set(err, BT_ERR_INVALID, EXDEV,
				  "cannot use source images from a different registry than the "
				  "target image: %.200s and %s",
				  repo, job->ref.domain);
	r = bt_manifest_parse(text, strlen(text), type, &manifest, err);
	if (r == 0 && bt_manifest_is_index(manifest))
		r = bt_err_set(err, BT_ERR_INVALID, EINVAL,
			       "invalid manifest: an index inside of an index");
	if (r == 0)
		r = mount_blobs(job, manifest, beside(job, repo), err);
	if (r < 0)
		return r;
	bt_digest_of(text, strlen(text), digest);
	return put(job, digest, type, text, digest, err);
}

static int start(struct job *job, struct bt_images *images, const struct bt_index_push *push,
		 struct bt_err *err)
{
	bt_auto(bt_settings_done) struct bt_settings settings = { 0 };
	int r = bt_name_parse(push->name, &job->ref, err);

	if (r == 0)
		r = bt_images_settings_(images, &settings, err);
	if (r < 0)
		return r;
	if (job->ref.digest)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "cannot push a digest reference");
	job->repo = bt_name_repo(&job->ref);
	if (!job->repo || bt_credentials_parse(push->auth, &job->credentials) < 0)
		return bt_err_sys(err, -ENOMEM, "push an index");
	return bt_session_open(&(struct bt_session_target){ .domain = job->ref.domain,
							    .path = job->ref.path,
							    .push = true,
							    .insecure = push->insecure,
							    .settings = &settings,
							    .credentials = &job->credentials },
			       &job->session, err);
}

int bt_index_push(struct bt_images *images, const struct bt_index_push *push,
		  char ret_digest[BT_DIGEST_SIZE], struct bt_err *err)
{
	const char *text = bt_json_str(push->body, "Text", "");
	const char *type = bt_json_str(push->body, "MediaType", "");
	bt_auto(job_done) struct job job = { .session = NULL };
	json_auto_t *index = NULL;
	const json_t *entry;
	size_t i;
	int r;

	r = bt_manifest_parse(text, strlen(text), type, &index, err);
	if (r == 0 && !bt_manifest_is_index(index))
		r = bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid manifest: no index");
	if (r == 0)
		r = start(&job, images, push, err);
	json_array_foreach (bt_json_arr(push->body, "Manifests"), i, entry) {
		if (r == 0)
			r = push_entry(&job, entry, err);
	}
	if (r < 0)
		return r;
	bt_digest_of(text, strlen(text), ret_digest);
	return put(&job, bt_image_ref_tag_or_latest(&job.ref), type, text, ret_digest, err);
}
