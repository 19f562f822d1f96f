/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_STORE_REAPER_H
#define BT_STORE_REAPER_H

/*
 * Removes directory trees behind everybody's back: a thread that exists while
 * there is something to remove. What it has not done when the daemon ends is
 * found and removed at the next start.
 */

#include "base/attr.h"

struct bt_reaper;

/** Called on the reaper's thread when a tree is gone, with the argument of bt_reaper_create() and
 * the name; may be NULL. */
typedef void (*bt_reaper_gone_fn)(void *arg, const char *name);

/** Trees in the directory `dirfd` (borrowed). Returns 0 or -ENOMEM. */
bt_nodiscard int bt_reaper_create(int dirfd, bt_reaper_gone_fn gone, void *arg,
				  struct bt_reaper **ret);
/** Wait for the tree being removed, forget the others. NULL is fine. */
void bt_reaper_destroy(struct bt_reaper *reaper);
/** Remove `name` some time soon, once however often it is asked for before that begins; without
 * memory or threads, after the next start. */
void bt_reaper_add(struct bt_reaper *reaper, const char *name);

#endif
