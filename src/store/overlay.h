/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_OVERLAY_H
#define BT_STORE_OVERLAY_H

/*
 * Overlay mounts that appear nowhere: made by fsopen(2), fsconfig(2) and
 * fsmount(2), used through their descriptor, gone with its last copy.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

/** Docker's own limit is 128 directories for an image, with the one on top. */
#define BT_OVERLAY_LOWERS_MAX 128

/** What to mount; absolute paths, borrowed. */
struct bt_overlay {
	const char *const *lowers; /* topmost first; at least one */
	size_t lowers_len;
	const char *upper, *work; /* NULL: read-only, and then at least two lowers */
	/* No file in it need survive a power cut: fsync(2) inside does nothing, and the unmount
	 * does not wait for the disk (overlayfs.rst, "Volatile mount"). */
	bool volatile_upper;
	/* Do as on kernels before 6.8, which take all lower directories in one short text. */
	bool as_one_text;
	const char *scratch; /* a directory where links for that may be made */
	const char *label;   /* SELinux's context of all files in it; NULL: those on disk */
};

/** Mount. Returns an owned descriptor (usable as a directory and for move_mount(2)) or a
 * negative errno. */
bt_nodiscard int bt_overlay_mount(const struct bt_overlay *o);

#endif
