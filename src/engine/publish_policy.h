/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_PUBLISH_POLICY_H
#define BT_ENGINE_PUBLISH_POLICY_H

/*
 * Who reaches a published port: the daemon's choice (publish-policy of
 * daemon.json), which a container's label berth.publish-policy overrides.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

#define BT_PUBLISH_POLICY_LABEL "berth.publish-policy"

/** The policies, by their names "all", "host-firewall", "loopback". */
enum bt_publish_policy {
	BT_PUBLISH_ALL,           /* everybody, as Docker */
	BT_PUBLISH_HOST_FIREWALL, /* whom the host's firewall would let reach that port of the host
				   */
	BT_PUBLISH_LOOPBACK,      /* the host itself, where no address is named */
};

/** By its name; INVALID, naming what there is. */
bt_nodiscard int bt_publish_policy_parse(const char *text, enum bt_publish_policy *ret,
					 struct bt_err *err);
/** Of a container with this Config (may be NULL) under a daemon with this default (NULL: all). */
bt_nodiscard int bt_publish_policy_of(const char *fallback, const json_t *config,
				      enum bt_publish_policy *ret, struct bt_err *err);

#endif
