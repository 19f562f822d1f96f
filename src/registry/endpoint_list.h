/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_REGISTRY_ENDPOINT_LIST_H
#define BT_REGISTRY_ENDPOINT_LIST_H

/*
 * Whom to ask for what a registry's name stands for: its mirrors and itself, by
 * what the daemon is told, by Docker's certs.d/DOMAIN with certificates, or by
 * containerd's certs.d/DOMAIN/hosts.toml, which takes the place of both.
 */

#include "base/attr.h"
#include "base/err.h"
#include "registry/endpoint.h"
#include "registry/session_target.h"

/** The ways to reach `target`, best first, into an array (owned, each with its texts). Returns how
 * many, or a negative errno; kind INVALID for a hosts.toml that is wrong. */
bt_nodiscard int bt_endpoint_list(const struct bt_session_target *target, struct bt_endpoint **ret,
				  struct bt_err *err);

#endif
