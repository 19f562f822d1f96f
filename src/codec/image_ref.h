/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CODEC_IMAGE_REF_H
#define BT_CODEC_IMAGE_REF_H

/*
 * Image references: what a user types after `pull` or `run`.
 *
 *     [domain/]path[:tag][@digest]
 *
 * A name without a domain belongs to docker.io, and there a path of a single
 * component belongs to library/: "alpine" is "docker.io/library/alpine". The
 * first component is a domain only if it has a '.' or ':' or is "localhost".
 *
 * This module knows the text form only. It does no I/O and looks nothing up:
 * image/images.h finds what is here, image/pull.h asks a registry.
 */

#include "base/attr.h"
#include "base/err.h"

/** A parsed reference. All strings are owned by the struct. */
struct bt_image_ref {
	char *domain; /* "docker.io", "localhost:5000" */
	char *path;   /* "library/alpine"; lower case */
	char *tag;    /* NULL if none was given */
	char *digest; /* "sha256:<64 hex>", or NULL */
};

/**
 * Parse a reference. No tag is invented: callers that want "latest" ask
 * bt_image_ref_tag_or_latest().
 *
 * @text: borrowed; not kept.
 * @ret:  owned by the caller on success, to release with bt_image_ref_done();
 *        untouched on failure.
 *
 * Returns 0, or -EINVAL with kind INVALID (the message names the part that is
 * wrong), or -ENOMEM.
 */
bt_nodiscard int bt_image_ref_parse(const char *text, struct bt_image_ref *ret, struct bt_err *err);

/**
 * The tag, or "latest" where neither tag nor digest was given, or NULL where
 * only a digest was.
 *
 * Returns a string borrowed from `ref`, valid until it is released.
 */
const char *bt_image_ref_tag_or_latest(const struct bt_image_ref *ref);

/** Release what `ref` owns and leave it empty. An empty `ref` is fine. */
void bt_image_ref_done(struct bt_image_ref *ref);

/** Declares a local reference that is released when its scope ends. */
#define bt_auto_image_ref bt_auto(bt_image_ref_done)

#endif
