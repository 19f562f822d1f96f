/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_UNDO_H
#define BT_ENGINE_CONTAINER_UNDO_H

/*
 * Taking a container apart, in the order that a crash can resume: what is on
 * disk first, its row last.
 */

#include "base/attr.h"
#include "base/err.h"
#include "engine/container.h"

/** Remove files, writable layer, addresses and row. Resumes where an earlier try stopped. The
 * container does not run and its row says REMOVING. */
bt_nodiscard int bt_container_dismantle(struct bt_container *container, struct bt_err *err);

/** The same for one whose creation failed: what cannot be removed now is swept at the next start;
 * reported, not returned. */
void bt_container_undo(struct bt_container *container);

#endif
