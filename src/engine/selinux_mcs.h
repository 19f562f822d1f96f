/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_SELINUX_MCS_H
#define BT_ENGINE_SELINUX_MCS_H

/*
 * Pairs of SELinux's categories, "s0:c17,c901": each container has one of its own, so
 * that the policy keeps containers of the same type apart (multi-category security).
 * Which ones are in use is counted here, for those that name a pair may share it.
 */

#include <stdint.h>

#include "base/attr.h"

/** Categories c0 to c1023, as policies define them. */
#define BT_SELINUX_MCS_CATEGORIES 1024
/** Room for the text of any pair. */
#define BT_SELINUX_MCS_LEN sizeof("s0:c1022,c1023")

struct bt_selinux_mcs;

/** None in use but the pair of the two highest, which is the unconfined containers'. NULL without
 * memory. */
struct bt_selinux_mcs *bt_selinux_mcs_create(void);
/** NULL is fine. */
void bt_selinux_mcs_destroy(struct bt_selinux_mcs *mcs);

/** A random pair that nobody uses, counted as used. Returns 0, or -ENOSPC where most are. */
bt_nodiscard int bt_selinux_mcs_take(struct bt_selinux_mcs *mcs, uint32_t *ret_pair);
/** Count one more user of a pair; 0 is none. */
void bt_selinux_mcs_hold(struct bt_selinux_mcs *mcs, uint32_t pair);
/** Count one less. NULL and 0 are fine. */
void bt_selinux_mcs_drop(struct bt_selinux_mcs *mcs, uint32_t pair);

/** The level with that pair. */
void bt_selinux_mcs_print(uint32_t pair, char ret[BT_SELINUX_MCS_LEN]);
/** The pair of a level of the form "s0:c1,c2"; 0 where it is of another. */
uint32_t bt_selinux_mcs_parse(const char *level);

#endif
