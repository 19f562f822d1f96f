/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_PUBLISH_H
#define BT_ENGINE_CONTAINER_PUBLISH_H

/*
 * Changing the published ports of a container, running or not: PublishAdd and
 * PublishRm of POST /containers/{id}/update, which Docker's API does not have.
 * Each is a list of texts as `-p` takes them.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/container.h"

/** Carry out what `body` asks for, and change `hc` (HostConfig, for the row) accordingly. INVALID
 * where a text is none, or a port to remove is not published; else as a start's. Under the
 * container's operation lock. */
bt_nodiscard int bt_container_publish(struct bt_container *c, const json_t *body,
				      const json_t *config, json_t *hc, struct bt_err *err);

#endif
