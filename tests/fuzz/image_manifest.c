/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "image/manifest.h"
#include "image/media.h"
#include "image/stack.h"

/* The first byte chooses what the transport says that the rest is. */
static const char *const types[] = { "", BT_MEDIA_OCI_INDEX, BT_MEDIA_OCI_MANIFEST,
				     BT_MEDIA_DOCKER_V2, "text/plain" };

static void use(const json_t *manifest)
{
	struct bt_platform host;
	struct bt_err err = { 0 };
	const json_t *entry;
	const char *digest;
	int64_t bytes;
	size_t i;

	bt_platform_host(&host);
	if (bt_manifest_is_index(manifest)) {
		entry = bt_manifest_choose(manifest, &host);
		if (entry && bt_manifest_descriptor(entry, &digest, &bytes, &err) == 0 && bytes < 0)
			abort();
		return;
	}
	if (!bt_json_obj(manifest, "config") || !bt_json_arr(manifest, "layers"))
		abort();
	json_array_foreach (bt_json_arr(manifest, "layers"), i, entry)
		if (bt_manifest_descriptor(entry, &digest, &bytes, &err) == 0 &&
		    strlen(digest) != 71)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bt_err err = { 0 };
	const json_t *ids = NULL;
	json_t *manifest = NULL;
	char *text;

	if (size == 0)
		return 0;
	text = malloc(size);
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (bt_manifest_parse(text, size - 1, types[data[0] % 5], &manifest, &err) < 0) {
		if (err.kind == BT_ERR_NONE || err.msg[0] == '\0')
			abort();
	} else {
		use(manifest);
		if (bt_stack_diff_ids(manifest, 1, &ids, &err) == 0 && json_array_size(ids) != 1)
			abort();
		json_decref(manifest);
	}
	free(text);
	return 0;
}
