/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/manifest_index.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "client/auth.h"
#include "client/base64.h"
#include "client/sha256.h"
#include "client/target.h"
#include "codec/json.h"

#define INDENT       3
#define OCI_INDEX    "application/vnd.oci.image.index.v1+json"
#define OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define DOCKER_LIST  "application/vnd.docker.distribution.manifest.list.v2+json"

int bt_manifest_index_fetch(struct bt_cli *cli, const char *name, bool insecure, json_t **ret,
			    struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };
	bt_auto_str struct bt_str header = { 0 };
	struct bt_api *api;
	int r = bt_cli_api(cli, &api, err);

	if (r == 0)
		r = bt_auth_header(&cli->config, name, &header, err);
	if (r < 0)
		return r;
	bt_str_puts(&target, "/distribution/");
	bt_target_path(&target, name);
	bt_str_puts(&target, "/manifest");
	bt_target_add_flag(&target, "insecure", insecure);
	return bt_api_call_with(api,
				&(struct bt_api_request){ .method = "GET",
							  .target = bt_str_get(&target),
							  .extra = bt_str_get(&header) },
				ret, err) < 0
		       ? -err->errnum
		       : 0;
}

int bt_manifest_index_entry(const char *name, const json_t *fetched, json_t **ret,
			    struct bt_err *err)
{
	const json_t *descriptor = bt_json_obj(fetched, "Descriptor");
	const char *text = bt_json_str(fetched, "Text", "");
	bool oci = strcmp(bt_json_str(descriptor, "mediaType", ""), OCI_MANIFEST) == 0;
	bt_auto_str struct bt_str raw = { 0 };
	json_auto_t *manifest = NULL;
	int r = bt_json_parse(text, strlen(text), BT_JSON_UNIQUE, &manifest, err);

	if (r < 0)
		return bt_err_context(err, "%s", name);
	if (bt_json_arr(manifest, "manifests"))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "%s is a manifest list", name);
	bt_base64_encode(&raw, text, strlen(text), false);
	*ret = json_pack("{ss sO ss sO}", "Ref", name, "Descriptor", descriptor, "Raw",
			 bt_str_get(&raw), oci ? "OCIManifest" : "SchemaV2Manifest", manifest);
	return *ret && !raw.failed ? 0 : bt_err_sys(err, -ENOMEM, "read a manifest");
}

static bool is_right(const json_t *entry, const char *text, size_t len)
{
	const char *digest = bt_json_str(bt_json_obj(entry, "Descriptor"), "digest", "");
	char hex[65];

	bt_sha256_hex(text, len, hex);
	return strncmp(digest, "sha256:", 7) == 0 && strcmp(digest + 7, hex) == 0;
}

/* The parsed manifest as text, in one of the two forms that tools write. */
static bool write_again(const json_t *entry, struct bt_str *ret)
{
	static const size_t forms[] = { JSON_COMPACT, JSON_INDENT(INDENT) };
	const json_t *manifest = bt_json_obj(entry, "OCIManifest");

	if (!manifest)
		manifest = bt_json_obj(entry, "SchemaV2Manifest");
	for (size_t i = 0; manifest && i < sizeof(forms) / sizeof(forms[0]); i++) {
		bt_auto_free char *text = json_dumps(manifest, forms[i]);

		if (text && is_right(entry, text, strlen(text))) {
			bt_str_puts(ret, text);
			return true;
		}
	}
	return false;
}

int bt_manifest_index_raw(const json_t *entry, struct bt_str *ret, struct bt_err *err)
{
	const char *raw = bt_json_str(entry, "Raw", NULL);
	bool right;

	if (raw)
		right = bt_base64_decode(ret, raw) == 0 && !ret->failed &&
			is_right(entry, bt_str_get(ret), ret->len);
	else
		right = write_again(entry, ret);
	return right ? 0
		     : bt_err_set(err, BT_ERR_INVALID, EBADMSG,
				  "%s: the manifest is not the one that its digest names: create "
				  "the list again",
				  bt_json_str(entry, "Ref", ""));
}

/* The platform's members in the order in which docker writes them, without empty ones (new). */
static json_t *ordered(const json_t *platform)
{
	static const char *const keys[] = { "architecture", "os", "os.version", "os.features",
					    "variant" };
	json_t *out = json_object();

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_t *value = json_object_get(platform, keys[i]);
		bool empty = json_is_string(value) ? json_string_length(value) == 0
						   : json_array_size(value) == 0;

		/* An architecture and a system there always are. */
		if (value && (!empty || i < 2))
			(void)json_object_set(out, keys[i], value);
	}
	return out;
}

static int add_descriptor(json_t *manifests, const json_t *entry, struct bt_err *err)
{
	const json_t *descriptor = bt_json_obj(entry, "Descriptor");
	const json_t *platform = bt_json_obj(descriptor, "platform");

	if (bt_json_str(platform, "architecture", "")[0] == '\0' ||
	    bt_json_str(platform, "os", "")[0] == '\0')
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "manifest %s must have an OS and Architecture to be pushed to a "
				  "registry",
				  bt_json_str(entry, "Ref", ""));
	return json_array_append_new(manifests,
				     json_pack("{ss sI ss so}", "mediaType",
					       bt_json_str(descriptor, "mediaType", ""), "size",
					       (json_int_t)bt_json_i64(descriptor, "size", 0),
					       "digest", bt_json_str(descriptor, "digest", ""),
					       "platform", ordered(platform))) < 0
		       ? bt_err_sys(err, -ENOMEM, "write a manifest list")
		       : 0;
}

int bt_manifest_index_text(const json_t *entries, char **ret, const char **ret_type,
			   struct bt_err *err)
{
	const json_t *first = bt_json_obj(json_array_get(entries, 0), "Descriptor");
	bool oci = strcmp(bt_json_str(first, "mediaType", ""), OCI_MANIFEST) == 0;
	json_auto_t *manifests = json_array(), *index = NULL;
	const json_t *entry;
	size_t i;

	json_array_foreach (entries, i, entry) {
		int r = add_descriptor(manifests, entry, err);

		if (r < 0)
			return r;
	}
	*ret_type = oci ? OCI_INDEX : DOCKER_LIST;
	index = json_pack("{si ss sO}", "schemaVersion", 2, "mediaType", *ret_type, "manifests",
			  manifests);
	*ret = index ? json_dumps(index, JSON_INDENT(INDENT)) : NULL;
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "write a manifest list");
}
