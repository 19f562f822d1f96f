/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_RETIRE_H
#define BT_NET_RETIRE_H

/*
 * Interfaces of the host that go, without anybody waiting for it. The kernel
 * removes an interface only when all of its processors have forgotten it, in
 * some 40 ms; what others can see of it is gone at once here: its name, its
 * addresses, its routes. Until the kernel is through it is called
 * berth-gone0, is down, and belongs to a group that all of them share: a
 * single request removes whoever is in it, whatever daemon put it there. So
 * a daemon that is killed in between leaves nothing that the next would not
 * take away.
 */

#include "base/attr.h"
#include "base/err.h"
#include "net/rtnl.h"

/** The group of interfaces (IFLA_GROUP) that are on their way. */
#define BT_RETIRE_GROUP 0x62740067u

struct bt_retire;

/** Begin, in the calling thread's network namespace, which all later calls must be in, too; what
 * an earlier daemon left is removed in the background. `*ret` is owned by the caller. */
bt_nodiscard int bt_retire_open(struct bt_retire **ret, struct bt_err *err);
/** Wait until all are gone, and free it; NULL is fine. */
void bt_retire_close(struct bt_retire *retire);

/** The interface `index` is nobody's any more: when this returns its name and addresses are free.
 * `rtnl` is borrowed. Returns 0, or -errno: then it may still be there as it was. */
bt_nodiscard int bt_retire_link(struct bt_retire *retire, struct bt_rtnl *rtnl, int index);

#endif
