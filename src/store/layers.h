/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_LAYERS_H
#define BT_STORE_LAYERS_H

/*
 * Layers: unpacked once, kept as overlay lower directories under
 * <data-root>/overlay2/<cache id>/diff, keyed by chain id (OCI image-spec,
 * config.md, "Layer ChainID"), counted by reference in the database. A row is
 * written before its directory is made and removed after it is gone; start-up
 * sweeps what a crash left.
 *
 * This header is the small interface behind which other forms of layers (EROFS
 * images, lazily pulled ones) can come: nobody above it knows a directory.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "store/db.h"
#include "store/inflate.h"
#include "sys/userns.h"

struct bt_layers;

/** Open the layers of a data root, finish or sweep what a crash left. Borrows `db`. */
bt_nodiscard int bt_layers_open(const char *data_root, struct bt_db *db, struct bt_layers **ret,
				struct bt_err *err);
/** Close. NULL is fine. */
void bt_layers_close(struct bt_layers *layers);

/** What unpacking found out. Strings "sha256:<64 hex>". */
struct bt_layer_result {
	char chain_id[72];
	char diff_id[72];
	int64_t size; /* bytes of the unpacked files, as Docker counts them */
};

/**
 * Unpack one layer's archive, read from `fd` until its end: tar, plain or compressed with
 * gzip or zstd, found by its first bytes. Hostile input: extraction stays beneath the layer's
 * directory (openat2), sizes and counts are bounded by `max_bytes`.
 *
 * @parent:  chain id of the layer below, or NULL.
 * @diff_id: what the uncompressed archive must hash to, or NULL where nobody promised.
 * @max_bytes: of the uncompressed archive; 0: the daemon's default bound.
 *
 * An already known chain id is kept, and the new copy dropped. The caller gets one reference.
 * After a failure nothing is left.
 */
bt_nodiscard int bt_layers_unpack(struct bt_layers *layers, const char *parent, int fd,
				  const char *diff_id, int64_t max_bytes,
				  struct bt_layer_result *ret, struct bt_err *err);

/** Where a layer's archive comes from, and what is known of it. */
struct bt_layer_source {
	bt_inflate_read_fn read; /* packed or plain */
	void *arg;
	const char *diff_id; /* as in bt_layers_unpack() */
	int64_t max_bytes;
};
/** bt_layers_unpack() from wherever `source` reads. */
bt_nodiscard int bt_layers_unpack_from(struct bt_layers *layers, const char *parent,
				       const struct bt_layer_source *source,
				       struct bt_layer_result *ret, struct bt_err *err);

/** Add a reference. -ENOENT with kind NOT_FOUND where the chain id is unknown. */
bt_nodiscard int bt_layers_ref(struct bt_layers *layers, const char *chain_id, struct bt_err *err);
/** Drop a reference; a layer without any is removed (in the background where it is large). */
bt_nodiscard int bt_layers_unref(struct bt_layers *layers, const char *chain_id,
				 struct bt_err *err);

/** Told of each layer that is of no use any more, topmost first. */
typedef void (*bt_layers_gone_fn)(void *arg, const char *chain_id);
/** bt_layers_unref() as a part of the caller's transaction. `gone` may be NULL. Returns 0, or 1
 * where layers became useless: bt_layers_collect() removes them, after the commit; or a negative
 * errno. */
bt_nodiscard int bt_layers_drop(struct bt_layers *layers, const char *chain_id,
				bt_layers_gone_fn gone, void *arg, struct bt_err *err);
/** Remove what bt_layers_drop() found useless, in the background. */
void bt_layers_collect(struct bt_layers *layers);

#define BT_LAYERS_MAX 128

/** The diff id and the size of each layer of `chain_id`, lowest first, into an array of at most
 * BT_LAYERS_MAX. Returns how many, or a negative errno. */
bt_nodiscard int bt_layers_chain(struct bt_layers *layers, const char *chain_id,
				 struct bt_layer_result ret[BT_LAYERS_MAX], struct bt_err *err);

/** Takes bytes in order. Returns 0 or a negative errno, which ends the work. */
typedef int (*bt_layers_write_fn)(void *arg, const void *data, size_t len);
/** Write a layer's archive, plain tar, byte for byte as it was unpacked; -EBADMSG at the end
 * where somebody has changed the layer's files since. The caller has a reference. */
bt_nodiscard int bt_layers_write(struct bt_layers *layers, const char *chain_id,
				 bt_layers_write_fn fn, void *arg, struct bt_err *err);

/** How long that archive is; without reading the layer's files. */
bt_nodiscard int bt_layers_archive_size(struct bt_layers *layers, const char *chain_id,
					int64_t *ret, struct bt_err *err);

struct bt_layer_copy;

/**
 * The two halves of bt_layers_unpack_from(), for who unpacks several layers of an image at once:
 * first each on its own, then, from the lowest, on top of one another.
 */
bt_nodiscard int bt_layers_prepare(struct bt_layers *layers, const struct bt_layer_source *source,
				   struct bt_layer_copy **ret, struct bt_err *err);
/** The diff id of what was unpacked; borrowed. */
const char *bt_layer_copy_diff_id(const struct bt_layer_copy *copy);
/** `parent` as in bt_layers_unpack(). The copy is to be released all the same. */
bt_nodiscard int bt_layers_adopt(struct bt_layer_copy *copy, const char *parent,
				 struct bt_layer_result *ret, struct bt_err *err);
/** Release; what was not adopted is removed. NULL is fine. */
void bt_layer_copy_destroy(struct bt_layer_copy *copy);

/** Make a container's writable layer on top of `chain_id` (NULL: an empty root): rows first,
 * then directories overlay2/<id>/{diff,work}, and Docker's
 * image/overlay2/layerdb/mounts/<id>/mount-id for those who read it. Takes a reference. */
bt_nodiscard int bt_layers_rw_create(struct bt_layers *layers, const char *id, const char *chain_id,
				     struct bt_err *err);

/** The two halves of bt_layers_rw_create(), for who has rows of its own to write: the layer's rows,
 * as a part of the caller's transaction, and then its directories. Of the latter the caller
 * removes what a failure leaves: bt_layers_discard_rw(). */
bt_nodiscard int bt_layers_add_rw(struct bt_layers *layers, const char *id, const char *chain_id,
				  struct bt_err *err);
/** The second half: the directories. */
bt_nodiscard int bt_layers_make_rw(struct bt_layers *layers, const char *id, struct bt_err *err);
/** Make the directory of other files of a container, where those of its layer are
 * (store/nursery.h). Returns 0 or a negative errno, -EEXIST where there is one. */
bt_nodiscard int bt_layers_make_dir(struct bt_layers *layers, const char *path, mode_t mode);
/** Has bt_layers_make_rw() come to its end? */
bool bt_layers_has_rw(struct bt_layers *layers, const char *id);

/** How files in a mounted root look; borrowed for the time of a call. */
struct bt_layers_look {
	const struct bt_userns_view *view; /* whose ids they have, NULL: those on disk */
	const char *label;                 /* their context of SELinux, NULL: those on disk */
};

/** Mount a container's root: a detached overlay mount (fsopen, fsconfig, fsmount), writable.
 * Returns an owned descriptor or a negative errno. Nothing appears on the host.
 *
 * @look: NULL: as on disk. NOT_IMPLEMENTED where the kernel or the file system cannot. */
bt_nodiscard int bt_layers_rw_mount(struct bt_layers *layers, const char *id,
				    const struct bt_layers_look *look, struct bt_err *err);

/** The same for a container whose root need not survive a power cut, because it is removed when
 * the container ends: fsync(2) in it does nothing, and unmounting it does not wait for the disk. */
bt_nodiscard int bt_layers_rw_mount_volatile(struct bt_layers *layers, const char *id,
					     const struct bt_layers_look *look, struct bt_err *err);

/** The same, of an image's layers, read-only. */
bt_nodiscard int bt_layers_rw_mount_ro(struct bt_layers *layers, const char *chain_id,
				       const struct bt_layers_look *look, struct bt_err *err);

/** Can layers be mounted with a view? Tried with two empty directories. 0, or NOT_IMPLEMENTED with
 * what is missing. */
bt_nodiscard int bt_layers_check_view(struct bt_layers *layers, const struct bt_userns_view *view,
				      struct bt_err *err);

/** Remove a container's writable layer and drop its reference. A missing one is fine. The
 * directory is renamed away at once and removed behind. */
bt_nodiscard int bt_layers_rw_remove(struct bt_layers *layers, const char *id, struct bt_err *err);

/** The two halves of bt_layers_rw_remove(), the other way round. As a part of the caller's
 * transaction, remove the rows: returns 1 where layers below became useless
 * (bt_layers_collect() after the commit), 0, or a negative errno. */
bt_nodiscard int bt_layers_drop_rw(struct bt_layers *layers, const char *id, struct bt_err *err);
/** Empty the writable layer, for a removal whose rows find no room on a disk that the layer itself
 * fills. Returns 0 or a negative errno; then a part may be left. */
bt_nodiscard int bt_layers_empty_rw(struct bt_layers *layers, const char *id, struct bt_err *err);
/** Then rename its directories away, and `files` (the path of another tree of its owner's, or
 * NULL), to be removed behind. What a crash between the two leaves has no row and is swept at
 * the next start. */
bt_nodiscard int bt_layers_discard_rw(struct bt_layers *layers, const char *id, const char *files,
				      struct bt_err *err);

/** Paths as GraphDriver.Data shows them; new strings (owned). */
struct bt_layer_paths {
	char *lower; /* "a:b:c", topmost first; "" for none */
	char *upper, *work, *merged;
};
/** Fill in the paths of a container's root. */
bt_nodiscard int bt_layers_rw_paths(struct bt_layers *layers, const char *id,
				    struct bt_layer_paths *ret, struct bt_err *err);
/** The same for an image: `upper` is its topmost layer, `lower` those below. */
bt_nodiscard int bt_layers_rw_image_paths(struct bt_layers *layers, const char *chain_id,
					  struct bt_layer_paths *ret, struct bt_err *err);
/** Release the strings. */
void bt_layers_rw_paths_done(struct bt_layer_paths *paths);

/** Bytes in a container's writable layer, walked now. */
bt_nodiscard int bt_layers_rw_size(struct bt_layers *layers, const char *id, int64_t *ret,
				   struct bt_err *err);

#endif
