/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_IMAGES_H
#define BT_IMAGE_IMAGES_H

/*
 * Images: configurations by id (the digest of the configuration), the tags and
 * digests that name them, and what Docker's API answers about them. Any thread.
 */

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "store/layers.h"

struct bt_images;

/** What a container needs of its image. Owned strings. */
struct bt_image {
	char *id;       /* "sha256:<64 hex>" */
	char *chain_id; /* of the topmost layer; NULL for an image without layers */
	json_t *config; /* the whole OCI/Docker image configuration */
};
/** Release what it owns and leave it empty. */
void bt_image_done(struct bt_image *image);
#define bt_auto_image bt_auto(bt_image_done)

/** Open the images of a data root. Borrows `db` and `layers`. */
bt_nodiscard int bt_images_open(const char *data_root, struct bt_db *db, struct bt_layers *layers,
				struct bt_images **ret, struct bt_err *err);
/** Close. NULL is fine. */
void bt_images_close(struct bt_images *images);

/** Find by reference, "sha256:<id>", id or unambiguous id prefix, as Docker resolves names.
 * Kind NOT_FOUND: "No such image: NAME:TAG" with Docker's wording. */
bt_nodiscard int bt_images_get(struct bt_images *images, const char *name, struct bt_image *ret,
			       struct bt_err *err);

/** Does `name` (a reference, an id or its beginning) mean the image `id`? */
bool bt_images_means(struct bt_images *images, const char *name, const char *id);

/** A callback that tells how many containers use an image id, and whether one of them runs;
 * names the first in `ret_container` (13 bytes: its short id); or -ENOMEM. Given by engine/ at
 * start. */
typedef int (*bt_images_users_fn)(void *arg, const char *image_id, bool *ret_running,
				  char ret_container[13]);
/** The same for all images at once, for lists: {id: count} (owned), without those that nobody uses.
 * NULL: without memory, or nobody uses any. */
typedef json_t *(*bt_images_user_counts_fn)(void *arg);
/** Set the callbacks; before any thread uses `images`. Either may be NULL: nobody uses an image. */
void bt_images_set_users(struct bt_images *images, bt_images_users_fn fn,
			 bt_images_user_counts_fn counts, void *arg);

/** A callback for events ("import", "tag", "untag", "delete", "pull", "push", "load", "save",
 * "prune": its `name` is the number of bytes that it reclaimed). */
typedef void (*bt_images_event_fn)(void *arg, const char *action, const char *id, const char *name);
/** Set the callback; before any thread uses `images`. */
void bt_images_set_events(struct bt_images *images, bt_images_event_fn fn, void *arg);

struct bt_settings;

/** How registries are reached (registry/settings.h); copied. At any time: a transfer that has begun
 * goes on as it began. */
bt_nodiscard int bt_images_set_registries(struct bt_images *images,
					  const struct bt_settings *settings, struct bt_err *err);

/** How `import` makes an image. Borrowed; each may be NULL or 0. */
struct bt_import {
	const char *ref, *message, *platform;
	/* Dockerfile instructions (CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER,
	 * VOLUME, WORKDIR, HEALTHCHECK), NULL-terminated */
	const char *const *changes;
	const char *created; /* RFC 3339, instead of now: the same archive then is the same image */
};

/** `import`: a root file system's archive from `fd` becomes an image of one layer. `ret_id`
 * "sha256:…". */
bt_nodiscard int bt_images_import(struct bt_images *images, int fd, const struct bt_import *import,
				  char ret_id[72], struct bt_err *err);
/** The same with an archive that `read` gives (codec and bounds as store/inflate.h says), to whose
 * end it is read. What can be refused before anything is read, is. */
bt_nodiscard int bt_images_import_from(struct bt_images *images, bt_inflate_read_fn read, void *arg,
				       const struct bt_import *import, char ret_id[72],
				       struct bt_err *err);

/**
 * A configuration whose layers are here becomes an image, by its bytes (`len` of them), as pull,
 * load, commit and import end. Where the image is known already it stays as it is.
 *
 * @chain_id: of the topmost layer, of which the caller has a reference and gives it away by
 *            success; NULL without layers.
 * @parent:   image id, or NULL.
 * @ref:      a name to give it, or NULL; one with a digest only is stored as such.
 */
bt_nodiscard int bt_images_add(struct bt_images *images, const char *config, size_t len,
			       const char *chain_id, const char *parent, const char *ref,
			       char ret_id[72], struct bt_err *err);

/** Give an image, by id, a name: `tag` is a tag or a digest, `repo` in full
 * ("docker.io/library/alpine"). Another image loses it. */
bt_nodiscard int bt_images_add_name(struct bt_images *images, const char *id, const char *repo,
				    const char *tag, struct bt_err *err);

struct bt_filters;
struct bt_str;

struct bt_images_list_options {
	bool all;          /* images, too, that only others are built on */
	bool shared_sizes; /* "SharedSize": bytes of layers that other images have, too; else -1 */
	bool virtual_size; /* "VirtualSize", as API versions below 1.44 have it */
	const struct bt_filters *filters; /* or NULL */
};

/** `images`: Docker's answer as text, appended to `out` (which was empty). */
bt_nodiscard int bt_images_list(struct bt_images *images, const struct bt_images_list_options *opt,
				struct bt_str *out, struct bt_err *err);
/** Is the image `name` for `platform` ("os/arch[/variant]")? Kind NOT_FOUND where it is not. */
bt_nodiscard int bt_images_check_platform(struct bt_images *images, const char *name,
					  const char *platform, struct bt_err *err);
/** `image inspect`, as new JSON (owned). */
bt_nodiscard int bt_images_inspect(struct bt_images *images, const char *name, json_t **ret,
				   struct bt_err *err);
/** `history`. */
bt_nodiscard int bt_images_inspect_history(struct bt_images *images, const char *name, json_t **ret,
					   struct bt_err *err);
/** `tag`. */
bt_nodiscard int bt_images_add_tag(struct bt_images *images, const char *name, const char *repo,
				   const char *tag, struct bt_err *err);
/** `rmi`: the list of {"Untagged":…} and {"Deleted":…}. */
bt_nodiscard int bt_images_remove(struct bt_images *images, const char *name, bool force,
				  bool noprune, json_t **ret, struct bt_err *err);
/** `image prune`: {"ImagesDeleted": […], "SpaceReclaimed": bytes}. Filters: dangling (true unless
 * given), label, label!, until. */
bt_nodiscard int bt_images_prune(struct bt_images *images, const struct bt_filters *filters,
				 json_t **ret, struct bt_err *err);
/** Bytes of all layers, each once, for `system df`. */
bt_nodiscard int bt_images_layers_size(struct bt_images *images, int64_t *ret, struct bt_err *err);
/** How many images there are, for `info`. */
int bt_images_count(struct bt_images *images);

#endif
