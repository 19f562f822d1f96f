/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_BODY_SHAPE_H
#define BT_ENGINE_BODY_SHAPE_H

/*
 * The types of what lies in the bodies of requests, however deep. Whoever reads
 * a member later takes another type for an absent one, so what is wrong is
 * refused here, by its name, and nothing that a client sends is passed over in
 * silence. Members that the API does not have are none of its business.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

enum bt_body {
	BT_BODY_CONTAINER_CREATE, /* what lies below the members of Config and HostConfig */
	BT_BODY_CONTAINER_UPDATE,
	BT_BODY_EXEC, /* of create and start */
	BT_BODY_NETWORK_CREATE,
	BT_BODY_NETWORK_CONNECT, /* of disconnect, too */
};

/** INVALID "invalid JSON: HostConfig.Mounts[1].Target must be a string" where a member of `value`
 * (borrowed; an object, or NULL for none) has another type than the API says. null is what
 * is absent. */
bt_nodiscard int bt_body_shape_check(enum bt_body body, const json_t *value, struct bt_err *err);

#endif
