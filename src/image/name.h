/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_NAME_H
#define BT_IMAGE_NAME_H

/*
 * Names of images as Docker's users know them: parsing with Docker's wording
 * of what is wrong, and the familiar form that leaves out docker.io/library.
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "codec/image_ref.h"

/** Parse a name, "index.docker.io" being "docker.io". Kind INVALID with Docker's message. */
bt_nodiscard int bt_name_parse(const char *text, struct bt_image_ref *ret, struct bt_err *err);

/** "docker.io/library/alpine": a new string (owned), or NULL without memory. */
char *bt_name_repo(const struct bt_image_ref *ref);

/** The familiar form of a repository, "alpine" for "docker.io/library/alpine"; borrowed from
 * `repo`. */
const char *bt_name_familiar(const char *repo);

/** "alpine:3" or "alpine@sha256:…", familiar: a new string (owned), or NULL without memory.
 * `tag` is a tag or a digest. */
char *bt_name_text(const char *repo, const char *tag);

/** Is `tag`, as stored, a digest? */
bool bt_name_is_digest(const char *tag);

#endif
