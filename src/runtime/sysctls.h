/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_SYSCTLS_H
#define BT_RUNTIME_SYSCTLS_H

/*
 * Which kernel parameters a container may have of its own: those of a namespace
 * that is not the host's. Any other would be the host's, which linux.sysctl must
 * not reach.
 */

#include "base/attr.h"
#include "base/err.h"
#include "runtime/plan.h"

/** Check linux.sysctl; runc's words. Returns 0 or -errno with kind INVALID. */
bt_nodiscard int bt_sysctls_check(const struct bt_plan *plan, struct bt_err *err);

#endif
