/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_COMMIT_H
#define BT_IMAGE_COMMIT_H

/*
 * `commit` and `export`: what a container's writable layer holds becomes an
 * image's layer, or its whole root an archive.
 */

#include "base/attr.h"
#include "base/err.h"
#include "image/images.h"
#include "image/save.h"

/** What becomes an image. Strings borrowed. */
struct bt_commit {
	const char *container_id; /* of the writable layer */
	const char *image_id;     /* what it was made of, or NULL */
	const json_t *config;     /* the container's Config; the new image's, before `changes` */
	const char *author, *comment, *ref; /* each may be NULL */
	const char *created_by;             /* for the history: the container's command, or NULL */
	const char *const *changes;         /* Dockerfile instructions, NULL-terminated, or NULL */
};

/** Commit. The caller has paused the container where that was wanted. */
bt_nodiscard int bt_commit(struct bt_images *images, const struct bt_commit *commit,
			   char ret_id[72], struct bt_err *err);

/** Write a container's root file system as a tar archive; `root` (borrowed) is its mounted root,
 * as bt_layers_rw_mount() or the running container has it, there with the map `ids` (NULL: none).
 * Does not cross into other mounts. */
bt_nodiscard int bt_commit_export(int root, const struct bt_id_map *ids, bt_save_write_fn fn,
				  void *arg, struct bt_err *err);

/** `diff`: [{"Path": "/a", "Kind": 0}] with 0 changed, 1 added, 2 deleted. */
bt_nodiscard int bt_commit_diff(struct bt_images *images, const char *container_id, json_t **ret,
				struct bt_err *err);

#endif
