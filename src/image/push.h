/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_PUSH_H
#define BT_IMAGE_PUSH_H

/*
 * `push`: what the registry has is skipped, what a sister repository there has
 * is mounted, the rest packed and uploaded; the manifest comes last.
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "image/images.h"
#include "image/progress.h"

/** What to push. Strings borrowed. */
struct bt_push {
	const char *name; /* of the repository, without tag */
	const char *tag;  /* NULL: all tags of it */
	const char *auth; /* X-Registry-Auth as it came, or NULL */
	struct bt_progress progress;
};

/** Push. Progress ends with "TAG: digest: … size: …" and the aux object. Kind NOT_FOUND: "An
 * image does not exist locally with the tag: NAME". */
bt_nodiscard int bt_push(struct bt_images *images, const struct bt_push *push, struct bt_err *err);

#endif
