/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_MOUNT_MODE_H
#define BT_ENGINE_MOUNT_MODE_H

/*
 * The mode of a bind in its short form: what stands behind the second colon of
 * "source:destination:ro,rslave". Words with commas between, one of a kind at most.
 */

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

/** Set what `mode` says on `point`, a mount point of mounts.h, whose Type decides which words it
 * may have. INVALID "invalid mode: ..." for a word that is unknown or none of its type's, for two
 * of a kind, and for an empty word. `point` may have got some of the words then. */
bt_nodiscard int bt_mount_mode_apply(json_t *point, const char *mode, struct bt_err *err);

/** Is `word` one of the kernel's kinds of propagation, as Docker writes them ("rshared")? */
bool bt_mount_mode_is_propagation(const char *word);

#endif
