/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_RESERVE_H
#define BT_ENGINE_RESERVE_H

/*
 * A little room on the disk that is kept for removing things: to remove one, the
 * database must first be told, and on a full disk it could not be.
 */

/** Make the reserve in `data_root` unless it is there. Without room there is none. */
void bt_reserve_refill(const char *data_root);
/** Give its room away. */
void bt_reserve_spend(const char *data_root);

#endif
