/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_LAYERS_PRIV_H
#define BT_STORE_LAYERS_PRIV_H

/*
 * What layers.c (images' layers), layers_rw.c (containers' layers) and
 * layers_sweep.c (start-up) share. Nobody else includes this.
 */

#include <limits.h>
#include <pthread.h>

#include "store/layers.h"
#include "store/nursery.h"
#include "store/overlay.h"
#include "store/reaper.h"
#include "store/spread.h"

/* The directories of a layer, or of all, below the data root. */
#define BT_LAYERS_DIR     "overlay2"
#define BT_LAYERS_MOUNTS  "image/overlay2/layerdb/mounts"
#define BT_LAYERS_EMPTY   "image/overlay2/empty"   /* a lower directory for who has none */
#define BT_LAYERS_LINKS   "image/overlay2/links"   /* see struct bt_overlay, `scratch` */
#define BT_LAYERS_NURSERY "image/overlay2/nursery" /* see store/nursery.h */
/* Renamed to this before it is removed, so that the name is free at once. */
#define BT_LAYERS_REMOVING "-removing"

struct bt_layers {
	struct bt_db *db; /* borrowed */
	char *root;       /* <data-root> */
	char *dir;        /* <data-root>/overlay2 */
	int dirfd;        /* of it */
	int mounts_fd;    /* of BT_LAYERS_MOUNTS */
	struct bt_reaper *reaper;
	struct bt_spread spread;
	struct bt_nursery nursery;
	pthread_mutex_t init_lock; /* held while the places of mounts are made in an image */
};

/** The directories of `chain_id` and what lies below it, topmost first, as "<dir>/<cache
 * id>/diff"; -ENOENT with kind NOT_FOUND. Release with bt_layers_lowers_done_(). */
struct bt_layers_lowers {
	char *paths[BT_OVERLAY_LOWERS_MAX];
	size_t len;
};
/** The directories of `chain_id`, the uppermost first. Returns 0 or a negative errno. */
bt_nodiscard int bt_layers_lowers_(struct bt_layers *layers, const char *chain_id,
				   struct bt_layers_lowers *ret, struct bt_err *err);
/** Release and empty it. */
void bt_layers_lowers_done_(struct bt_layers_lowers *lowers);

/**
 * The places of the mounts that every container gets (/proc, /sys, /dev, and three files in /etc),
 * where an image has them not: made once, in a directory of its topmost layer's that lies above the
 * image and below each container, so that a start makes none of them and a container's own layer
 * holds only what the container changed (docs/decisions/0050).
 *
 * Make them, unless that was done before. Returns 0 or a negative errno: then each start makes what
 * is missing, and it is tried again.
 */
bt_nodiscard int bt_layers_init_make_(struct bt_layers *layers,
				      const struct bt_layers_lowers *lowers);
/** Put them on top of `lowers`, if there are any. Returns 0 or -ENOMEM. */
bt_nodiscard int bt_layers_init_add_(struct bt_layers_lowers *lowers);

/** Start-up: bring the database and the directories together. */
bt_nodiscard int bt_layers_sweep_(struct bt_layers *layers, struct bt_err *err);

#endif
