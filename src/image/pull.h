/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_PULL_H
#define BT_IMAGE_PULL_H

/*
 * `pull`, and what a registry says about an image: manifests by the OCI
 * distribution specification, layers streamed from the registry into the layer
 * store, all at once, checked on the way (digest, size, diff id).
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "image/images.h"
#include "image/progress.h"

/** What to pull. Strings borrowed. */
struct bt_pull {
	const char *name;     /* "alpine", "reg:5000/a", perhaps with tag or digest */
	const char *tag;      /* tag or digest apart, or NULL */
	const char *platform; /* "linux/arm64", or NULL: this machine's */
	const char *auth;     /* X-Registry-Auth as it came (base64url of JSON), or NULL */
	bool all_tags;
	bool insecure; /* the registry may have any certificate, or none */
	struct bt_progress progress;
};

/**
 * Pull. Progress ends with Docker's "Digest: …" and "Status: …" lines. After a failure nothing
 * is named and no layer left.
 *
 * Returns 0 or a negative errno; kind NOT_FOUND, UNAUTHORIZED or FORBIDDEN with Docker's wording
 * ("manifest for x:y not found: …", "pull access denied for x, …").
 */
bt_nodiscard int bt_pull(struct bt_images *images, const struct bt_pull *pull, struct bt_err *err);

/** GET /distribution/NAME/json: {"Descriptor": …, "Platforms": […]}, asked of the registry. */
bt_nodiscard int bt_pull_inspect(struct bt_images *images, const char *name, const char *auth,
				 json_t **ret, struct bt_err *err);

/** The manifest or index that NAME names, as its registry has it: {"Descriptor": {mediaType,
 * digest, size, and of an image its platform}, "Text": what the registry sent} (a new reference).
 * `insecure`: it may have any certificate, or none. */
bt_nodiscard int bt_pull_manifest(struct bt_images *images, const char *name, const char *auth,
				  bool insecure, json_t **ret, struct bt_err *err);

#endif
