/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_MOUNTS_H
#define BT_ENGINE_MOUNTS_H

/*
 * What a container mounts besides the defaults: -v, --mount, and the image's
 * VOLUMEs, as mount points. A mount point is the object that inspect shows
 * (Type, Name, Source, Destination, Driver, Mode, RW, Propagation), with some
 * members behind it that only the engine reads:
 *
 *   NonRecursive, ReadOnlyNonRecursive, Create (make a missing source), NoCopy,
 *   Subpath, Anonymous, Labels, Options, TmpfsOptions, ImageId
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

/** Mounts and volumes of one container, those of its image and of --volumes-from counted in: each
 * is compared with each, and the kernel has a limit of its own (fs.mount-max). */
#define BT_MOUNTS_MAX 1024

/**
 * Collect. Pure: nothing is made or looked up; an anonymous volume gets its name here.
 *
 * INVALID in Docker's words for a malformed or doubled specification, and for more than
 * BT_MOUNTS_MAX.
 */
bt_nodiscard int bt_mounts_collect(const json_t *config, const json_t *hc, json_t **ret,
				   struct bt_err *err);

/** Add the mount points `from` (of another container), except where something is mounted
 * already by its own wish; the later container counts where two mount something at one place. They
 * are filled by nobody but their first user. `mode`: "", or words of mount_mode.h that every mount
 * may have, of which only "ro" has an effect, as with Docker; INVALID for others. */
bt_nodiscard int bt_mounts_add_from(json_t *mounts, const json_t *from, const char *mode,
				    struct bt_err *err);

/** A new array of the mount points as inspect shows them. */
json_t *bt_mounts_public(const json_t *mounts);

#endif
