/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_USHER_H
#define BT_RUNTIME_USHER_H

/*
 * The init's birth where namespaces of others and a user namespace come together.
 *
 * A process may enter a namespace only with rights over it, and has those rights
 * no longer once it is in another user namespace; and what is made new must belong
 * to that user namespace. So a child, the usher, enters first the others and last
 * the user namespace, and clones the init from there as its sibling.
 */

#include "runtime/plan.h"

/** Does the plan need one? Otherwise the init is cloned directly, and joins by itself. */
bool bt_usher_needed(const struct bt_plan *plan);

/**
 * Clone the init through an usher. In the init it returns 0. In the caller it returns
 * the init's pid, fills *ret_pidfd (owned), and the usher has ended; or -errno.
 */
bt_nodiscard pid_t bt_usher_clone(const struct bt_plan *plan, int *ret_pidfd, struct bt_err *err);

#endif
