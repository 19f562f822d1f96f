/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_IMAGE_H
#define BT_ENGINE_CONTAINER_IMAGE_H

/*
 * What a container has become: as an image (`commit`), as an archive
 * (`export`), as a list of changes (`diff`).
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;
struct bt_container_export;

/** What to make of a container. Borrowed; each but `container` may be NULL. */
struct bt_container_commit {
	const char *container;
	const char *ref; /* the new image's name */
	const char *author, *comment;
	const json_t *config;       /* a Config that the container's own completes */
	const char *const *changes; /* Dockerfile instructions, NULL-terminated */
	bool pause;                 /* hold the container still meanwhile, if it runs */
};

/** POST /commit. `ret_id` is "sha256:…". */
bt_nodiscard int bt_container_commit(struct bt_engine *engine,
				     const struct bt_container_commit *commit, char ret_id[72],
				     struct bt_err *err);

/** GET /containers/{id}/changes: a list, or null where nothing was changed. */
bt_nodiscard int bt_container_changes(struct bt_engine *engine, const char *ref, json_t **ret,
				      struct bt_err *err);

/** GET /containers/{id}/export: find the root. Release with bt_container_export_close(). */
bt_nodiscard int bt_container_export_open(struct bt_engine *engine, const char *ref,
					  struct bt_container_export **ret, struct bt_err *err);
/** Write the root, without what is mounted in it, as tar. */
bt_nodiscard int bt_container_export_write(struct bt_container_export *export,
					   int (*fn)(void *arg, const void *data, size_t len),
					   void *arg, struct bt_err *err);
/** Release. NULL is fine. */
void bt_container_export_close(struct bt_container_export *export);

#endif
