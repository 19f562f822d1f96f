/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_MANIFEST_STORE_H
#define BT_CLI_MANIFEST_STORE_H

/*
 * Indexes that are being put together, which docker calls manifest lists: below
 * "manifests" of the configuration's directory a directory for each, and in it
 * a file for each image, in docker's form, so that both work on the same ones:
 * {"Ref", "Descriptor", "Raw": the manifest in base 64, "SchemaV2Manifest" or
 * "OCIManifest": the same parsed}.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "client/config.h"

/** The whole name of an image, "docker.io/library/a:latest", from what was typed (owned). Kind
 * INVALID where that is none. */
bt_nodiscard int bt_manifest_store_name(const char *text, char **ret, struct bt_err *err);

/** The entries of the list, an array (a new reference) in the order of their files' names. Names
 * are whole ones. Kind NOT_FOUND where there is no such list. */
bt_nodiscard int bt_manifest_store_list(const struct bt_config *config, const char *list,
					json_t **ret, struct bt_err *err);

/** One entry (a new reference). Kind NOT_FOUND where the list, or the entry, is not there. */
bt_nodiscard int bt_manifest_store_get(const struct bt_config *config, const char *list,
				       const char *name, json_t **ret, struct bt_err *err);

/** Write one entry, by its "Ref"; the list is made where it is not there. */
bt_nodiscard int bt_manifest_store_put(const struct bt_config *config, const char *list,
				       const json_t *entry, struct bt_err *err);

/** Remove the list. Kind NOT_FOUND where there is none. */
bt_nodiscard int bt_manifest_store_remove(const struct bt_config *config, const char *list,
					  struct bt_err *err);

#endif
