/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_ROOTLESS_H
#define BT_RUNTIME_ROOTLESS_H

/*
 * Containers of users who are not root. Nothing that makes a container can be
 * done without rights over a mount namespace, so the user namespace that the
 * specification asks for is made first, with a mount namespace of its own, and the
 * runtime goes on in there as its root: the container's init finds itself in the
 * right user namespace already. Later commands reach into it from outside, as its
 * owner may.
 */

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "codec/oci_spec.h"

enum bt_rootless {
	BT_ROOTLESS_AUTO, /* as bt_rootless_here() says */
	BT_ROOTLESS_ON,
	BT_ROOTLESS_OFF,
};

/** Is this process without the rights of the machine's root: another user, or root of a user
 * namespace? Control groups may be out of reach then. */
bool bt_rootless_here(void);

/**
 * Go on in the specification's user namespace. Does nothing for root.
 *
 * Returns 0 where the caller goes on, in a new process as a rule, and *spec has no user namespace
 * to be made any more; 1 in the process that was called, once the new one has ended with the exit
 * code *ret_code; or -errno, kind INVALID where the specification has no user namespace.
 */
bt_nodiscard int bt_rootless_enter(struct bt_oci_spec *spec, int *ret_code, struct bt_err *err);

#endif
