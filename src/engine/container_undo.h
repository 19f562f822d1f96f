/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_UNDO_H
#define BT_ENGINE_CONTAINER_UNDO_H

/*
 * Taking a container apart, in the order that a crash can resume: its volumes, its
 * rows in one transaction, and then its directories, which belong to nobody from
 * then on: they are renamed away and removed behind, or swept at the next start.
 */

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/container.h"

/** Does it mount volumes? Only then its removal has steps that must be resumed. */
bool bt_container_has_volumes(const struct bt_container *container);

/** Remove addresses, volumes, rows, files and writable layer. Resumes where an earlier try stopped.
 * The container does not run; where it has volumes, its row says REMOVING. */
bt_nodiscard int bt_container_dismantle(struct bt_container *container, struct bt_err *err);

/** The same for one whose creation failed: what cannot be removed now is swept at the next start;
 * reported, not returned. */
void bt_container_undo(struct bt_container *container);

/** The volumes that those who were removed left to one that was being made, as
 * bt_volume_claim_drop() returns them (taken; may be NULL): remove those that nobody has. What
 * cannot be removed is reported. */
void bt_container_undo_volumes(struct bt_engine *engine, json_t *left);

#endif
