/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_OVERLAY_VIEW_H
#define BT_STORE_OVERLAY_VIEW_H

/*
 * Overlay mounts as a user namespace sees them. The layers are taken through an
 * id-mapped mount: what root of the user namespace makes is root's on disk, so
 * that layers are shared by containers of any user namespace and of none, and
 * nothing is ever copied or chowned. Who mounts acts as that root, too: overlay
 * makes its files as whoever mounted it, and the host's root has no counterpart
 * in there.
 */

#include "base/attr.h"
#include "store/overlay.h"
#include "sys/userns.h"

struct bt_overlay_view {
	const struct bt_overlay *overlay;
	const struct bt_userns_view *view;
	const char *base; /* the directory on one mount that all its layers are in; an empty lower
			   * one may be elsewhere */
	/* Do as on kernels before 6.15, which take only layers that are mounted somewhere: in a
	 * mount namespace of this call's own. */
	bool attached;
};

/** Mount; everything is borrowed. -EINVAL also where the kernel cannot: the file system of the
 * layers must take id-mapped mounts, and overlay those as layers (Linux 5.19). Returns an owned
 * descriptor or a negative errno. */
bt_nodiscard int bt_overlay_view_mount(const struct bt_overlay_view *v);

#endif
