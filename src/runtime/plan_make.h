/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_PLAN_MAKE_H
#define BT_RUNTIME_PLAN_MAKE_H

/*
 * From a request to a plan.
 */

#include "runtime/plan.h"

/** Work out the plan for a container. *ret is filled only on success. */
bt_nodiscard int bt_plan_make(const struct bt_launch_request *req, struct bt_plan *ret,
			      struct bt_err *err);

/** Close and release everything the plan owns. */
void bt_plan_done(struct bt_plan *plan);

#define bt_auto_plan bt_auto(bt_plan_done)

#endif
