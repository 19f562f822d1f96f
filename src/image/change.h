/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_CHANGE_H
#define BT_IMAGE_CHANGE_H

/*
 * `--change` of import and commit: single Dockerfile instructions that edit an
 * image's configuration (Dockerfile reference: CMD, ENTRYPOINT, ENV, EXPOSE,
 * HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR), with the
 * variables of the configuration's own environment.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

/** Apply one line to `config` (the object "config" of an image's configuration). Kind INVALID
 * where it is no such instruction or malformed. */
bt_nodiscard int bt_change_apply(json_t *config, const char *line, struct bt_err *err);

/** Apply several; `changes` is NULL-terminated and may be NULL. A text may hold several lines, with
 * comments and backslashes at their ends as in a Dockerfile. */
bt_nodiscard int bt_change_apply_all(json_t *config, const char *const *changes,
				     struct bt_err *err);

#endif
