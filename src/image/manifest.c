/* SPDX-License-Identifier: Apache-2.0 */

#include "image/manifest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"
#include "image/media.h"
#include "store/digest.h"
#include "store/layers.h"

#define ENTRIES_MAX 1024

static int invalid(struct bt_err *err, const char *why)
{
	return bt_err_set(err, BT_ERR_INVALID, EBADMSG, "invalid manifest: %s", why);
}

static bool is_index_type(const char *type)
{
	return strcmp(type, BT_MEDIA_OCI_INDEX) == 0 || strcmp(type, BT_MEDIA_DOCKER_LIST) == 0;
}

static bool is_manifest_type(const char *type)
{
	return strcmp(type, BT_MEDIA_OCI_MANIFEST) == 0 || strcmp(type, BT_MEDIA_DOCKER_V2) == 0;
}

static int check_image(const json_t *manifest, struct bt_err *err)
{
	const char *type = bt_json_str(bt_json_obj(manifest, "config"), "mediaType", "");

	if (!bt_json_obj(manifest, "config") || !bt_json_arr(manifest, "layers"))
		return invalid(err, "it has neither manifests nor a configuration and layers");
	if (json_array_size(bt_json_arr(manifest, "layers")) > BT_LAYERS_MAX)
		return invalid(err, "too many layers");
	if (type[0] && strcmp(type, BT_MEDIA_OCI_CONFIG) != 0 &&
	    strcmp(type, BT_MEDIA_DOCKER_CONFIG) != 0)
		return bt_err_set(
			err, BT_ERR_INVALID, EBADMSG,
			"unsupported media type %.100s: this is an artifact, not an image", type);
	return 0;
}

static int check(const json_t *manifest, const char *media_type, struct bt_err *err)
{
	const char *own = bt_json_str(manifest, "mediaType", "");
	const char *type =
		is_index_type(media_type) || is_manifest_type(media_type) ? media_type : own;

	if (!json_is_object(manifest))
		return invalid(err, "no JSON object");
	if (bt_json_i64(manifest, "schemaVersion", 0) == 1 ||
	    bt_str_after(media_type, "application/vnd.docker.distribution.manifest.v1+"))
		return bt_err_set(err, BT_ERR_INVALID, EPROTONOSUPPORT,
				  "Docker Image Format v1 and Docker Image manifest version 2, "
				  "schema 1 are not supported: push the image again with a current "
				  "tool");
	/* One text must not be two things (CVE-2021-41190). */
	if (json_object_get(manifest, "manifests") &&
	    (json_object_get(manifest, "layers") || json_object_get(manifest, "config")))
		return invalid(err, "both an index and an image");
	if (own[0] && strcmp(own, type) != 0)
		return invalid(err, "its media type is not the one it was sent as");
	if (type[0] && is_index_type(type) != (bt_json_arr(manifest, "manifests") != NULL))
		return invalid(err, "its content is not what its media type says");
	if (!bt_json_arr(manifest, "manifests"))
		return check_image(manifest, err);
	return json_array_size(bt_json_arr(manifest, "manifests")) > ENTRIES_MAX
		       ? invalid(err, "too many entries")
		       : 0;
}

int bt_manifest_parse(const char *text, size_t len, const char *media_type, json_t **ret,
		      struct bt_err *err)
{
	json_auto_t *manifest = NULL;
	int r;

	r = bt_json_parse(text, len, BT_JSON_UNIQUE, &manifest, err);
	if (r < 0)
		return bt_err_context(err, "invalid manifest");
	r = check(manifest, media_type, err);
	if (r == 0)
		*ret = bt_take(manifest);
	return r;
}

bool bt_manifest_is_index(const json_t *manifest)
{
	return bt_json_arr(manifest, "manifests") != NULL;
}

void bt_manifest_platform(const json_t *object, struct bt_platform *ret)
{
	(void)snprintf(ret->os, sizeof(ret->os), "%s", bt_json_str(object, "os", ""));
	(void)snprintf(ret->arch, sizeof(ret->arch), "%s", bt_json_str(object, "architecture", ""));
	(void)snprintf(ret->variant, sizeof(ret->variant), "%s",
		       bt_json_str(object, "variant", ""));
}

const json_t *bt_manifest_choose(const json_t *index, const struct bt_platform *platform)
{
	const json_t *best = NULL, *entry;
	int best_score = 0;
	size_t i;

	json_array_foreach (bt_json_arr(index, "manifests"), i, entry) {
		struct bt_platform offered;
		int score;

		bt_manifest_platform(bt_json_obj(entry, "platform"), &offered);
		/* An index of one image need not say for what it is. */
		score = bt_json_obj(entry, "platform") ? bt_platform_match(platform, &offered)
			: json_array_size(bt_json_arr(index, "manifests")) == 1 ? 1
										: 0;
		if (score > best_score) {
			best = entry;
			best_score = score;
		}
	}
	return best;
}

int bt_manifest_descriptor(const json_t *descriptor, const char **ret_digest, int64_t *ret_size,
			   struct bt_err *err)
{
	const char *digest = bt_json_str(descriptor, "digest", "");
	int64_t size = bt_json_i64(descriptor, "size", -1);

	if (!bt_digest_is_valid(digest))
		return invalid(err, "a digest that is not SHA-256");
	if (size < 0)
		return invalid(err, "a size that is none");
	*ret_digest = digest;
	*ret_size = size;
	return 0;
}
