/* SPDX-License-Identifier: Apache-2.0 */

#include "image/pull.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"
#include "codec/platform.h"
#include "image/blobs.h"
#include "image/images_private.h"
#include "image/manifest.h"
#include "image/media.h"
#include "image/pull_layers.h"
#include "image/stack.h"
#include "registry/session.h"

#define CONFIG_MAX (8 << 20)
#define TAGS_MAX   10000

/* One pull: the repository, and what is known of the image so far. */
struct job {
	struct bt_images *images;
	const struct bt_pull *pull;
	struct bt_image_ref ref;
	struct bt_credentials credentials;
	struct bt_platform platform;
	struct bt_session *session;
	char *repo;
	bool asks;                   /* nothing is pulled: who is denied hears it (401) */
	char digest[BT_DIGEST_SIZE]; /* of what the tag names: an index, or a manifest */
};

static void job_done(struct job *job)
{
	bt_session_destroy(job->session);
	bt_image_ref_done(&job->ref);
	bt_credentials_done(&job->credentials);
	free(job->repo);
}

static int cancelled(int r, struct bt_err *err)
{
	return r < 0 ? bt_err_set(err, BT_ERR_UNAVAILABLE, ECANCELED,
				  "the pull was cancelled: the client has gone")
		     : 0;
}

static int open_session(struct job *job, bool no_mirrors, struct bt_err *err)
{
	bt_auto(bt_settings_done) struct bt_settings settings = { 0 };
	int r = bt_images_settings_(job->images, &settings, err);

	if (r < 0)
		return r;
	bt_session_destroy(bt_take(job->session));
	return bt_session_open(&(struct bt_session_target){ .domain = job->ref.domain,
							    .path = job->ref.path,
							    .no_mirrors = no_mirrors,
							    .by_digest = job->ref.digest != NULL,
							    .insecure = job->pull->insecure,
							    .settings = &settings,
							    .credentials = &job->credentials },
			       &job->session, err);
}

/* The registry's answer in the words that Docker's clients know. */
static int translate(const struct job *job, const char *tag, struct bt_err *err)
{
	bt_auto_free char *name = bt_name_text(job->repo, tag);
	struct bt_err why = *err;

	if (bt_str_after(why.msg, "denied:") || bt_str_after(why.msg, "unauthorized:")) {
		if (job->asks)
			return bt_err_set(err, BT_ERR_UNAUTHORIZED, EACCES, "%s", why.msg);
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
				  "pull access denied for %s, repository does not exist or may "
				  "require 'docker login': %s",
				  bt_name_familiar(job->repo), why.msg);
	}
	if (bt_str_after(why.msg, "manifest unknown"))
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "manifest for %s not found: %s",
				  name ? name : tag, why.msg);
	if (bt_str_after(why.msg, "name unknown"))
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "repository %s not found: %s",
				  bt_name_familiar(job->repo), why.msg);
	return -why.errnum;
}

/* A manifest's or an index's text by tag or digest, checked against the digest if it is one. */
static int get_text(struct job *job, const char *ref, char ret_digest[BT_DIGEST_SIZE],
		    struct bt_session_manifest *ret, struct bt_err *err)
{
	bt_auto(bt_session_manifest_done) struct bt_session_manifest m = { 0 };
	int r;

	r = bt_session_get_manifest(job->session, ref, &m, err);
	if (r < 0 && bt_session_is_mirror(job->session)) {
		r = open_session(job, true, err);
		if (r == 0)
			r = bt_session_get_manifest(job->session, ref, &m, err);
	}
	if (r < 0)
		return translate(job, ref, err);
	bt_digest_of(m.text, m.len, ret_digest);
	if (bt_name_is_digest(ref) && strcmp(ref, ret_digest) != 0)
		return bt_err_set(
			err, BT_ERR_INVALID, EBADMSG,
			"manifest verification failed for digest %s: the registry sent %s", ref,
			ret_digest);
	*ret = bt_take_struct(m);
	return 0;
}

static int get_manifest(struct job *job, const char *ref, char ret_digest[BT_DIGEST_SIZE],
			json_t **ret, struct bt_err *err)
{
	bt_auto(bt_session_manifest_done) struct bt_session_manifest m = { 0 };
	int r = get_text(job, ref, ret_digest, &m, err);

	return r < 0 ? r : bt_manifest_parse(m.text, m.len, m.media_type, ret, err);
}

/* The image's manifest, by way of an index where there is one. */
static int resolve(struct job *job, const char *ref, json_t **ret, struct bt_err *err)
{
	json_auto_t *top = NULL;
	char digest[BT_DIGEST_SIZE];
	const json_t *entry;
	const char *want;
	int64_t size;
	int r;

	r = get_manifest(job, ref, job->digest, &top, err);
	if (r < 0)
		return r;
	if (!bt_manifest_is_index(top)) {
		*ret = bt_take(top);
		return 0;
	}
	entry = bt_manifest_choose(top, &job->platform);
	if (!entry)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
				  "no matching manifest for %s/%s%s%s in the manifest list entries",
				  job->platform.os, job->platform.arch,
				  job->platform.variant[0] ? "/" : "", job->platform.variant);
	r = bt_manifest_descriptor(entry, &want, &size, err);
	if (r == 0)
		r = get_manifest(job, want, digest, ret, err);
	if (r == 0 && bt_manifest_is_index(*ret)) {
		json_decref(bt_take(*ret));
		r = bt_err_set(err, BT_ERR_INVALID, EBADMSG,
			       "invalid manifest: an index inside of an index");
	}
	return r;
}

static int append(void *arg, const void *data, size_t len)
{
	bt_str_add(arg, data, len);
	return ((struct bt_str *)arg)->failed;
}

static int get_config(struct job *job, const json_t *manifest, struct bt_str *ret,
		      struct bt_err *err)
{
	char digest[BT_DIGEST_SIZE];
	const char *want;
	int64_t size;
	int r;

	r = bt_manifest_descriptor(bt_json_obj(manifest, "config"), &want, &size, err);
	if (r < 0)
		return r;
	if (size > CONFIG_MAX)
		return bt_err_set(err, BT_ERR_INVALID, EFBIG,
				  "invalid manifest: the configuration is too large");
	r = bt_session_get_blob(job->session, want, size, append, ret, err);
	if (r < 0)
		return translate(job, want, err);
	bt_digest_of(bt_str_get(ret), ret->len, digest);
	if (strcmp(digest, want) != 0)
		return bt_err_set(err, BT_ERR_INVALID, EBADMSG,
				  "image config verification failed for digest %s: the registry "
				  "sent %s",
				  want, digest);
	return 0;
}

/* Is the image for the platform that was asked for by name? */
static int check_platform(const struct job *job, const json_t *config, struct bt_err *err)
{
	struct bt_platform have;

	bt_manifest_platform(config, &have);
	if (strcmp(have.os, "windows") == 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "image operating system \"windows\" cannot be used on this "
				  "platform: operating system is not supported");
	if (!job->pull->platform || !job->pull->platform[0] || !have.arch[0] ||
	    bt_platform_match(&job->platform, &have) > 0)
		return 0;
	return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT,
			  "image with reference %s was found but its platform (%s/%s) does not "
			  "match the specified platform (%s/%s)",
			  bt_name_familiar(job->repo), have.os, have.arch, job->platform.os,
			  job->platform.arch);
}

/* Where the layers are, for who pushes them there or beside. A hint, not worth a failure. */
static void note_blobs(struct job *job, const json_t *layers, const json_t *diff_ids)
{
	const json_t *layer;
	size_t i;

	json_array_foreach (layers, i, layer) {
		struct bt_blob blob = { .size = bt_json_i64(layer, "size", 0) };

		(void)snprintf(blob.digest, sizeof(blob.digest), "%s",
			       bt_json_str(layer, "digest", ""));
		(void)snprintf(blob.media_type, sizeof(blob.media_type), "%s",
			       bt_json_str(layer, "mediaType", ""));
		(void)snprintf(blob.repo, sizeof(blob.repo), "%s", job->repo);
		bt_discard(bt_blobs_note(job->images,
					 json_string_value(json_array_get(diff_ids, i)), &blob,
					 BT_ERR_IGNORED));
	}
}

static int pull_image(struct job *job, const json_t *manifest, char ret_id[72], struct bt_err *err)
{
	bt_auto(bt_stack_done) struct bt_stack stack = { .layers = job->images->layers };
	bt_auto_str struct bt_str text = { .max = CONFIG_MAX };
	const json_t *layers = bt_json_arr(manifest, "layers"), *diff_ids;
	json_auto_t *config = NULL;
	int r;

	r = get_config(job, manifest, &text, err);
	if (r == 0)
		r = bt_json_parse(bt_str_get(&text), text.len, BT_JSON_UNIQUE, &config, err);
	if (r == 0)
		r = check_platform(job, config, err);
	if (r == 0)
		r = bt_stack_diff_ids(config, json_array_size(layers), &diff_ids, err);
	if (r == 0)
		r = bt_pull_layers(&(struct bt_pull_layers){ .images = job->images,
							     .session = job->session,
							     .progress = &job->pull->progress,
							     .descriptors = layers,
							     .diff_ids = diff_ids },
				   &stack, err);
	if (r == 0)
		r = bt_images_add(job->images, bt_str_get(&text), text.len, bt_stack_top(&stack),
				  NULL, NULL, ret_id, err);
	if (r < 0)
		return r;
	bt_stack_taken(&stack);
	note_blobs(job, layers, diff_ids);
	return 0;
}

/* The image has its names. Returns 1 where they were new, 0 where nothing has changed. */
static int name_image(struct job *job, const char *tag, const char *id, struct bt_err *err)
{
	bt_auto(bt_image_row_done_) struct bt_image_row before = { 0 };
	bt_auto_free char *text =
		bt_str_format("%s%c%s", job->repo, bt_name_is_digest(tag) ? '@' : ':', tag);
	bool known;
	int r;

	if (!text)
		return bt_err_sys(err, -ENOMEM, "name an image");
	known = bt_images_find_(job->images, text, &before, BT_ERR_IGNORED) == 0 &&
		strcmp(before.id, id) == 0;
	r = bt_images_add_name(job->images, id, job->repo, tag, err);
	if (r == 0)
		r = bt_images_add_name(job->images, id, job->repo, job->digest, err);
	return r < 0 ? r : !known;
}

static int say_end(struct job *job, const char *tag, const char *id, bool fresh, struct bt_err *err)
{
	const struct bt_progress *progress = &job->pull->progress;
	bt_auto_free char *name = bt_name_text(job->repo, tag);
	bt_auto_free char *digest = bt_str_format("Digest: %s", job->digest);
	bt_auto_free char *status = NULL;

	if (name)
		status = bt_str_format(fresh ? "Status: Downloaded newer image for %s"
					     : "Status: Image is up to date for %s",
				       name);
	if (!digest || !status)
		return bt_err_sys(err, -ENOMEM, "pull");
	bt_images_tell_(job->images, "pull", id, name);
	/* The image is here, whether anybody hears of it or not. */
	(void)bt_progress_status(progress, NULL, digest);
	(void)bt_progress_status(progress, NULL, status);
	return 0;
}

static int pull_tag(struct job *job, const char *tag, struct bt_err *err)
{
	bt_auto_free char *from = bt_str_format("Pulling from %s", job->ref.path);
	json_auto_t *manifest = NULL;
	char id[72];
	int r;

	if (!from)
		return bt_err_sys(err, -ENOMEM, "pull");
	r = resolve(job, tag, &manifest, err);
	if (r < 0)
		return r;
	r = cancelled(bt_progress_status(&job->pull->progress, tag, from), err);
	if (r == 0)
		r = pull_image(job, manifest, id, err);
	if (r == 0)
		r = name_image(job, tag, id, err);
	return r < 0 ? r : say_end(job, tag, id, r == 1, err);
}

/* Parse what the client sent, and reach the registry. */
static int job_start(struct job *job, const char *name, const char *tag, struct bt_err *err)
{
	bt_auto_free char *full = NULL;
	int r;

	if (tag && tag[0])
		full = bt_str_format("%s%c%s", name, bt_name_is_digest(tag) ? '@' : ':', tag);
	else
		full = strdup(name);
	if (!full)
		return bt_err_sys(err, -ENOMEM, "pull");
	r = bt_name_parse(full, &job->ref, err);
	if (r == 0)
		r = bt_platform_parse(job->pull->platform, &job->platform, err);
	if (r < 0)
		return r;
	job->repo = bt_name_repo(&job->ref);
	if (!job->repo || bt_credentials_parse(job->pull->auth, &job->credentials) < 0)
		return bt_err_sys(err, -ENOMEM, "pull");
	r = open_session(job, false, err);
	return r < 0 ? translate(job, "", err) : 0;
}

static int pull_all_tags(struct job *job, struct bt_err *err)
{
	json_auto_t *tags = NULL;
	json_t *tag;
	size_t i;
	int r;

	r = bt_session_list_tags(job->session, TAGS_MAX, &tags, err);
	if (r < 0)
		return translate(job, "", err);
	json_array_foreach (tags, i, tag) {
		r = pull_tag(job, json_string_value(tag), err);
		if (r < 0)
			return r;
	}
	return 0;
}

int bt_pull(struct bt_images *images, const struct bt_pull *pull, struct bt_err *err)
{
	bt_auto(job_done) struct job job = { .images = images, .pull = pull };
	int r;

	r = job_start(&job, pull->name, pull->tag, err);
	if (r < 0)
		return r;
	if (pull->all_tags && !job.ref.tag && !job.ref.digest)
		return pull_all_tags(&job, err);
	return pull_tag(
		&job, job.ref.digest ? job.ref.digest : bt_image_ref_tag_or_latest(&job.ref), err);
}

/* The platforms an index offers, or the one of a single image. */
static int list_platforms(struct job *job, const json_t *manifest, json_t *platforms,
			  struct bt_err *err)
{
	bt_auto_str struct bt_str text = { .max = CONFIG_MAX };
	json_auto_t *config = NULL;
	json_t *entry;
	size_t i;
	int r;

	json_array_foreach (bt_json_arr(manifest, "manifests"), i, entry)
		if (bt_json_obj(entry, "platform") &&
		    json_array_append(platforms, bt_json_obj(entry, "platform")) < 0)
			return bt_err_sys(err, -ENOMEM, "inspect an image");
	if (bt_manifest_is_index(manifest))
		return 0;
	r = get_config(job, manifest, &text, err);
	if (r == 0)
		r = bt_json_parse(bt_str_get(&text), text.len, 0, &config, err);
	if (r < 0)
		return r;
	return json_array_append_new(platforms, json_pack("{ssss}", "architecture",
							  bt_json_str(config, "architecture", ""),
							  "os", bt_json_str(config, "os", ""))) < 0
		       ? bt_err_sys(err, -ENOMEM, "inspect an image")
		       : 0;
}

/* What `name` names, as it was sent; checked against the digest if it is one. */
static int fetch_named(struct job *job, const char *name, struct bt_session_manifest *ret,
		       struct bt_err *err)
{
	const char *ref;
	int r;

	r = job_start(job, name, NULL, err);
	if (r < 0)
		return r;
	ref = job->ref.digest ? job->ref.digest : bt_image_ref_tag_or_latest(&job->ref);
	return get_text(job, ref, job->digest, ret, err);
}

/* What an image's configuration says it is for, as the platform of a descriptor (new). */
static int find_platform(struct job *job, const json_t *manifest, json_t **ret, struct bt_err *err)
{
	static const char *const keys[] = { "architecture", "os", "os.version", "os.features",
					    "variant" };
	bt_auto_str struct bt_str text = { .max = CONFIG_MAX };
	json_auto_t *config = NULL, *platform = json_object();
	int r = get_config(job, manifest, &text, err);

	if (r == 0)
		r = bt_json_parse(bt_str_get(&text), text.len, 0, &config, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (json_object_get(config, keys[i]) &&
		    json_object_set(platform, keys[i], json_object_get(config, keys[i])) < 0)
			return bt_err_sys(err, -ENOMEM, "read a manifest");
	*ret = bt_take(platform);
	return 0;
}

int bt_pull_manifest(struct bt_images *images, const char *name, const char *auth, bool insecure,
		     json_t **ret, struct bt_err *err)
{
	struct bt_pull pull = { .name = name, .auth = auth, .insecure = insecure };
	bt_auto(job_done) struct job job = { .images = images, .pull = &pull };
	bt_auto(bt_session_manifest_done) struct bt_session_manifest m = { 0 };
	json_auto_t *manifest = NULL, *platform = NULL;
	int r = fetch_named(&job, name, &m, err);

	if (r == 0)
		r = bt_manifest_parse(m.text, m.len, m.media_type, &manifest, err);
	if (r == 0 && !bt_manifest_is_index(manifest))
		r = find_platform(&job, manifest, &platform, err);
	if (r < 0)
		return r;
	*ret = json_pack("{s{ss ss sI sO*} ss%}", "Descriptor", "mediaType", m.media_type, "digest",
			 job.digest, "size", (json_int_t)m.len, "platform", platform, "Text",
			 m.text, m.len);
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "read a manifest");
}

int bt_pull_inspect(struct bt_images *images, const char *name, const char *auth, json_t **ret,
		    struct bt_err *err)
{
	struct bt_pull pull = { .name = name, .auth = auth };
	bt_auto(job_done) struct job job = { .images = images, .pull = &pull, .asks = true };
	bt_auto(bt_session_manifest_done) struct bt_session_manifest m = { 0 };
	json_auto_t *manifest = NULL, *platforms = json_array();
	int r = fetch_named(&job, name, &m, err);

	if (r == 0)
		r = bt_manifest_parse(m.text, m.len, m.media_type, &manifest, err);
	if (r == 0)
		r = list_platforms(&job, manifest, platforms, err);
	if (r < 0)
		return r;
	*ret = json_pack("{s{sssssI}sO}", "Descriptor", "mediaType", m.media_type, "digest",
			 job.digest, "size", (json_int_t)m.len, "Platforms", platforms);
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "inspect an image");
}
